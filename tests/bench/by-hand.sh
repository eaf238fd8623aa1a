#!/bin/sh
# What one does by hand: mmdebstrap, mke2fs -d, qemu-img convert. The result has no boot loader and
# no partition table. Usage:
#   by-hand.sh fetch SUITE WORK PACKAGE,...    the packages and indices, kept in WORK/cache
#   by-hand.sh tree SUITE WORK PACKAGE,...     WORK/by-hand.root from them
#   by-hand.sh build SUITE WORK PACKAGE,...    WORK/by-hand.qcow2 from them
#   by-hand.sh image TREE WORK                 WORK/by-hand.qcow2 from a tree
# COMPRESS=yes compresses the image, as one does for shipping.
set -eu
what=$1 subject=$2 work=$3 packages=${4-}
mkdir -p "$work/cache/archives" "$work/cache/lists"
cd "$work"
rm -f by-hand.tar by-hand.img by-hand.qcow2

# bootstrap TARGET OPTION...: mmdebstrap, which finds in its place what was fetched before.
bootstrap() {
	target=$1
	shift
	mmdebstrap --quiet --variant=minbase --include="$packages" \
		--skip=download/empty,essential/unlink,cleanup/apt/cache \
		--setup-hook='mkdir -p "$1/var/cache/apt/archives" "$1/var/lib/apt/lists"' \
		--setup-hook="sync-in $PWD/cache/archives /var/cache/apt/archives" \
		--setup-hook="sync-in $PWD/cache/lists /var/lib/apt/lists" \
		"$@" "$subject" "$target"
}

case $what in
fetch)
	bootstrap /dev/null \
		--customize-hook="sync-out /var/cache/apt/archives $PWD/cache/archives" \
		--customize-hook="sync-out /var/lib/apt/lists $PWD/cache/lists"
	exit
	;;
tree | build)
	bootstrap by-hand.tar --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb'
	rm -rf by-hand.root
	mkdir by-hand.root
	tar -xf by-hand.tar -C by-hand.root
	rm by-hand.tar
	[ "$what" = build ] || exit 0
	subject=by-hand.root
	;;
esac
mke2fs -q -t ext4 -L root -d "$subject" by-hand.img 2G
qemu-img convert -O qcow2 ${COMPRESS:+-c} by-hand.img by-hand.qcow2
rm -f by-hand.img
