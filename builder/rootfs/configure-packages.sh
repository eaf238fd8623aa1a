# shellcheck shell=sh
# Runs in the guest root, in the sandbox, with every package unpacked and none configured: each
# preinst, then dpkg for all the rest. A preinst runs from tmp.ci/, beside its control file, as dpkg
# would run it: debconf looks there for the package's name.
set -e
# This is a chroot, and none can tell: process 1 is the sandbox's. libc6 would have it start again,
# and wait a second for that.
mkdir -p /run/jeos/bin
printf '#!/bin/sh\n' >/run/jeos/bin/ischroot
chmod 755 /run/jeos/bin/ischroot
PATH=/run/jeos/bin:$PATH
cd /var/lib/dpkg
export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT='' DPKG_MAINTSCRIPT_NAME=preinst
export DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1
while read -r name package architecture; do
	mkdir tmp.ci
	cp -p "jeos/$name.control" tmp.ci/control
	for member in preinst templates config; do
		[ ! -e "info/$name.$member" ] || cp -p "info/$name.$member" "tmp.ci/$member"
	done
	export DPKG_MAINTSCRIPT_PACKAGE="$package" DPKG_MAINTSCRIPT_ARCH="$architecture"
	if ! /var/lib/dpkg/tmp.ci/preinst install </dev/null; then
		echo "the preinst of $name failed" >&2
		exit 1
	fi
	rm -r tmp.ci
done <jeos/preinst
rm -r jeos
unset DPKG_ADMINDIR DPKG_ROOT DPKG_MAINTSCRIPT_NAME DPKG_MAINTSCRIPT_PACKAGE DPKG_MAINTSCRIPT_ARCH \
	DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT
# Modes and owners that were overridden before (dpkg-statoverride(1)) hold for new files too.
if [ -s statoverride ]; then
	while read -r user group mode path; do
		[ -e "$path" ] || continue
		chown "${user#\#}:${group#\#}" "$path"
		chmod "$mode" "$path"
	done <statoverride
fi
# Packages whose preinst diverts files of others.
set -- /run/jeos/*.deb
[ ! -e "$1" ] || dpkg --unpack --force-depends --force-unsafe-io "$@"
exec dpkg --configure -a --force-unsafe-io
