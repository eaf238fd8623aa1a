# shellcheck shell=sh
# Runs in the guest root, in the sandbox, with every package unpacked and none configured: each
# preinst, then dpkg for all the rest. The file jeos/steps says which, a line each, in their order.
set -e
# This is a chroot, and none can tell: process 1 is the sandbox's. libc6 would have it start again,
# and wait a second for that.
mkdir -p /run/jeos/bin
printf '#!/bin/sh\n' >/run/jeos/bin/ischroot
# What a package does here follows from the version that was there before. There was none, so it is
# nothing, but for the many processes that it takes to find that out.
cat >/run/jeos/bin/dpkg-maintscript-helper <<'end'
#!/bin/sh
case " $* " in
*' -- install ' | *' -- install  ' | *' -- configure  ') exit ;;
esac
exec /usr/bin/dpkg-maintscript-helper "$@"
end
chmod 755 /run/jeos/bin/*
PATH=/run/jeos/bin:$PATH
cd /var/lib/dpkg

# preinst NAME PACKAGE ARCHITECTURE: runs it from tmp.ci/, beside its control file, as dpkg would:
# debconf looks there for the package's name.
preinst() (
	mkdir tmp.ci
	cp -p "jeos/$1.control" tmp.ci/control
	for member in preinst templates config; do
		[ ! -e "info/$1.$member" ] || cp -p "info/$1.$member" "tmp.ci/$member"
	done
	export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT='' DPKG_MAINTSCRIPT_NAME=preinst \
		DPKG_MAINTSCRIPT_PACKAGE="$2" DPKG_MAINTSCRIPT_ARCH="$3" \
		DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1
	if ! /var/lib/dpkg/tmp.ci/preinst install; then
		echo "the preinst of $1 failed" >&2
		exit 1
	fi
	rm -r tmp.ci
)

# configure NAME...: what the next one's preinst needs. Loops among them are broken as apt does it.
configure() {
	dpkg --configure --force-depends --force-unsafe-io "$@"
}

# unpack FILE: a package whose preinst diverts files of others.
unpack() {
	dpkg --unpack --force-depends --force-unsafe-io "/run/jeos/$1"
}

while read -r step arguments; do
	# shellcheck disable=SC2086 # words
	"$step" $arguments </dev/null
done <jeos/steps
rm -r jeos
# Modes and owners that were overridden before (dpkg-statoverride(1)) hold for new files too.
if [ -s statoverride ]; then
	while read -r user group mode path; do
		[ -e "$path" ] || continue
		chown "${user#\#}:${group#\#}" "$path"
		chmod "$mode" "$path"
	done <statoverride
fi
exec dpkg --configure -a --force-unsafe-io
