#!/bin/busybox sh
# shellcheck shell=dash
# What the init of a guest without systemd does beside running its service; /etc/inittab calls it:
#
#     init start    before the service: mounts, drivers, host name, network
#     init grow     after it: the root's partition and filesystem to the end of the disk
#     init stop     at the end: every process is told to go, the root is left clean
#
# and udhcpc(8), which sets `interface` and the like:
#
#     init deconfig|leasefail|bound|renew|nak
#
# Programs with a name that busybox knows are busybox itself: no other is loaded.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount_all() {
	# The shell finds busybox, for what follows, by /proc.
	[ -e /proc/self ] || /bin/busybox mount -t proc -o nosuid,nodev,noexec proc /proc
	[ -e /sys/class ] || mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
	[ -e /dev/null ] || mount -t devtmpfs -o nosuid dev /dev
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o nosuid,nodev,mode=1777 shm /dev/shm
	[ -e /run/jeos ] || mount -t tmpfs -o nosuid,nodev,mode=755 run /run
	mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /tmp
	mkdir -m 1777 /run/lock
}

# The kernel mounts the root read-write and replays its journal; a check is for a filesystem that
# has met errors.
check_root() {
	set -- /sys/fs/ext4/*/errors_count
	read -r errors <"$1" && [ "$errors" != 0 ] || return
	mount -o remount,ro / && e2fsck -p "$(root_device)"
	[ $? -gt 3 ] || reboot -f # e2fsck(8): whatever there was is mended
	mount -o remount,rw /
} 2>/dev/null

# What fstab names beside the root, whose line is for others.
mount_partitions() {
	while read -r _ point _ options _; do
		case $point:$options in
		'#'* | /:* | *noauto*) ;;
		none:sw) swapon -a ;;
		/*) mount "$point" ;;
		esac
	done </etc/fstab
}

# That of the filesystem which is written to, if it is one that grows: / or what lies over it.
root_device() {
	number=''
	while read -r _ _ at _ point _ rest; do
		case "$point: $rest" in "/:"*" - ext4 "* | "/run/jeos/changes:"*" - ext4 "*) number=$at ;; esac
	done </proc/self/mountinfo
	[ "$number" ] || return
	device=$(readlink -f "/sys/dev/block/$number")
	echo "/dev/${device##*/}"
}

# Those that the devices at hand ask for; a kernel with everything built in has none.
load_modules() {
	read -r release </proc/sys/kernel/osrelease
	[ -e "/lib/modules/$release/modules.alias" ] || return
	find /sys/devices -name modalias -exec cat {} + | sort -u | xargs modprobe -a -q
	modprobe -a -q evdev
} 2>/dev/null

start_network() {
	ip link set lo up
	for interface in /sys/class/net/*; do
		interface=${interface##*/}
		[ "$interface" = lo ] && continue
		ip link set "$interface" up
		# IPv6 comes by the kernel: router advertisements.
		udhcpc -f -R -i "$interface" -s "$0" -x "hostname:$name" >/dev/null 2>&1 &
	done
}

start() {
	mount_all
	check_root
	load_modules
	mount_partitions
	read -r name </etc/hostname
	echo "$name" >/proc/sys/kernel/hostname
	# The power button; it does what is in /etc/acpi.
	[ -e /dev/input/event0 ] && acpid -l /dev/null
	start_network
}

configure() {
	ip address replace "${ip:?}/${mask:?}" dev "$interface"
	for gateway in ${router-}; do
		ip route replace default via "$gateway" dev "$interface"
		break
	done
	{
		[ -z "${domain-}" ] || echo "search $domain"
		for server in ${dns-}; do
			echo "nameserver $server"
		done
	} >/run/resolv.conf
}

grow_partition() {
	read -r start <"$1/start"
	read -r size <"$1/size"
	read -r room <"$1/../size"
	[ $((room - start - size)) -gt 4096 ] || return 0 # sectors; GPT itself needs 33
	read -r number <"$1/partition"
	disk=$(readlink -f "$1/..")
	disk=/dev/${disk##*/}
	echo ', +' | sfdisk -q --no-reread --force -N "$number" "$disk" &&
		partx -u -n "$number" "$disk"
}

# Without sfdisk or resize2fs the root stays as it is.
grow() {
	device=$(root_device) || return 0
	block=$(readlink -f "/sys/class/block/${device##*/}")
	if [ -e "$block/partition" ] && [ -x /sbin/sfdisk ]; then
		said=$(grow_partition "$block" 2>&1) || echo "jeos: the partition $device: $said"
	fi
	if [ -x /sbin/resize2fs ]; then
		said=$(resize2fs "$device" 2>&1) || echo "jeos: the filesystem on $device: $said"
	fi
}

# Whether anything but init and this runs; the kernel's own threads have no command line.
is_busy() {
	for process in /proc/[2-9]* /proc/1?*; do
		[ "$process" = "/proc/$$" ] && continue
		line=''
		read -r line <"$process/cmdline"
		[ -n "$line" ] && return 0
	done 2>/dev/null
	return 1
}

stop() {
	kill -TERM -1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		for _ in 1 2 3 4 5; do
			is_busy || break 2
			sleep 0.1
		done
	done
	sync
	mount -o remount,ro /
} 2>/dev/null

case $1 in
start | grow | stop) "$1" ;;
bound | renew) configure ;;
deconfig) ip address flush dev "$interface" ;;
esac
