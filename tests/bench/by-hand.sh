#!/bin/sh
# What one does by hand: mmdebstrap, mke2fs -d, qemu-img convert. The result has no boot loader and
# no partition table. PACKAGES, names with commas between, may be empty. Usage:
#   by-hand.sh fetch SUITE WORK PACKAGES          what mmdebstrap needs, kept in WORK/cache
#   by-hand.sh mmdebstrap SUITE WORK PACKAGES     WORK/by-hand.root from it
#   by-hand.sh debootstrap SUITE WORK PACKAGES    the same; keeps what it needs itself
#   by-hand.sh build SUITE WORK PACKAGES          WORK/by-hand.qcow2 from it
#   by-hand.sh image TREE WORK                    WORK/by-hand.qcow2 from a tree
# COMPRESS=yes compresses the image, as one does for shipping. An older root is moved into $ASIDE.
set -eu
what=$1 subject=$2 work=$3 packages=${4-}
mkdir -p "$work/cache/archives" "$work/cache/lists" "$work/cache/debootstrap"
cd "$work"
rm -f by-hand.tar by-hand.img by-hand.qcow2
if [ -e by-hand.root ]; then
	mkdir -p "$ASIDE"
	mv -T by-hand.root "$(mktemp -d "$ASIDE/root.XXXXXX")"
fi

# by_mmdebstrap TARGET OPTION...: it finds in its place what was fetched before. Like the others it
# leaves usrmerge out, and with it perl, that roots made today have no use for.
by_mmdebstrap() {
	target=$1
	shift
	printf 'Package: usrmerge\nPin: release *\nPin-Priority: -1\n' >preferences
	mmdebstrap --quiet --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		${packages:+--include="$packages"} \
		--skip=download/empty,essential/unlink,cleanup/apt/cache \
		--setup-hook='mkdir -p "$1/var/cache/apt" "$1/var/lib/apt"' \
		--setup-hook="cp $PWD/preferences \"\$1/etc/apt/preferences.d/usrmerge\"" \
		--setup-hook="cp -a $PWD/cache/archives \"\$1/var/cache/apt/\"" \
		--setup-hook="cp -a $PWD/cache/lists \"\$1/var/lib/apt/\"" \
		"$@" "$subject" "$target"
}

# The indices of the suite it fetches each time.
by_debootstrap() {
	debootstrap --variant=minbase --cache-dir="$PWD/cache/debootstrap" \
		${packages:+--include="$packages"} "$subject" by-hand.root
}

image() {
	mke2fs -q -t ext4 -L root -d "$1" by-hand.img 2G
	qemu-img convert -O qcow2 ${COMPRESS:+-c} by-hand.img by-hand.qcow2
	rm by-hand.img
}

case $what in
fetch)
	by_mmdebstrap /dev/null \
		--customize-hook="cp -a \"\$1/var/cache/apt/archives\" $PWD/cache/" \
		--customize-hook="cp -a \"\$1/var/lib/apt/lists\" $PWD/cache/"
	;;
mmdebstrap)
	by_mmdebstrap by-hand.root --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb'
	;;
debootstrap)
	by_debootstrap
	;;
build)
	by_mmdebstrap by-hand.tar --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb'
	mkdir by-hand.root
	tar -xf by-hand.tar -C by-hand.root
	rm by-hand.tar
	image by-hand.root
	;;
image)
	image "$subject"
	;;
esac
