# shellcheck shell=sh disable=SC2154,SC2094
# The first program of a guest with a read-only root: lays an overlay over it, whose upper side is in
# memory, or on the filesystem with the $uuid, and starts /sbin/init (or $JEOS_INIT) in there, with
# what the kernel gave. In the guest then:
#
#     /run/jeos/root       the root as it is in the image
#     /run/jeos/changes    upper: what differs from it
#
# What is mounted already goes along.
set -f
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
wait_for=10 # seconds for the device to appear

fail() {
	echo "jeos: changes of the root: $*"
	exit 1 # the end of the first program is a panic: it shows
} >&2

# Of a root without the package `mount` its busybox can.
command -v mount >/dev/null || mount() { busybox mount "$@"; }
command -v findfs >/dev/null || findfs() { busybox findfs "$@"; }
command -v pivot_root >/dev/null || pivot_root() { busybox pivot_root "$@"; }

mount_kernel_filesystems() {
	[ -e /proc/self ] || mount -t proc -o nosuid,nodev,noexec proc /proc
	[ -e /sys/class ] || mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
	[ -c /dev/null ] || mount -t devtmpfs -o nosuid dev /dev
	while read -r _ point _; do
		[ "$point" = /run ] && return
	done </proc/self/mounts
	mount -t tmpfs -o nosuid,nodev,mode=755 run /run
}

wait_for_device() {
	until device=$(findfs "UUID=$uuid" 2>/dev/null); do
		read -r now _ </proc/uptime
		: "${deadline:=$((${now%.*} + wait_for))}"
		[ "${now%.*}" -lt "$deadline" ] || fail "no filesystem $uuid in $wait_for s"
		sleep 0.1
	done
}

mount_changes() {
	if [ "$uuid" ]; then
		wait_for_device
		mount -t ext4 "$device" /mnt || fail "$device does not mount"
	else
		mount -t tmpfs -o mode=755 changes /mnt || fail "no memory for them"
	fi
	[ -d /mnt/upper ] || mkdir -m 755 /mnt/upper /mnt/work /mnt/root
	mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work root /mnt/root ||
		fail "no overlay"
}

mount_kernel_filesystems
mount_changes
cd /mnt/root || fail "no overlay"
for directory in dev proc sys run; do
	mount -n -o move /$directory $directory
done
mkdir -p run/jeos/root run/jeos/changes
pivot_root . mnt || fail "no other root"
mount -n -o move /mnt/mnt /run/jeos/changes
mount -n -o move /mnt /run/jeos/root
exec "${JEOS_INIT:-/sbin/init}" "$@" <dev/console >dev/console 2>&1
