#!/bin/sh
# The init of the initramfs: loads what reaches the root, waits for it, mounts it, hands over.
# Forks are dear under emulation, so it does what it can with the shell's own means.
# Of the kernel's command line it obeys root= (/dev/NAME, UUID=, LABEL=, PARTUUID=), rootfstype=
# (ext4 unless told), rootflags=, ro, rw and init=.
set -f

wait_for=10 # seconds for the root's device to appear
new=/new

fail() {
	set +f
	echo "jeos: no root: $*"
	echo "jeos: block devices:" /sys/class/block/*
	[ "$refused" ] && echo "jeos: modules that found no hardware:$refused"
	exit 1 # the end of init is a panic: it shows, and panic= can turn it into a restart
} >&2

read_command_line() {
	mode=ro type=ext4 flags='' init=/sbin/init root=''
	read -r words </proc/cmdline
	for word in $words; do
		case $word in
		root=*) root=${word#root=} ;;
		rootfstype=*) type=${word#rootfstype=} ;;
		rootflags=*) flags=,${word#rootflags=} ;;
		init=*) init=${word#init=} ;;
		ro | rw) mode=$word ;;
		esac
	done
}

# Each line: a module, and those that it needs.
load_modules() {
	while read -r module needs; do
		for need in $needs /; do
			case "$refused " in *" $need "*) break ;; esac
		done
		[ "$need" = / ] && insmod "/modules/$module" 2>/dev/null ||
			refused="$refused $module"
	done </modules/order
}

# Of an id, as its bytes lie in a GPT: the first three fields are little-endian. Sets $bytes.
id_bytes() {
	bytes='' number=0 IFS=-
	for field in $1; do
		number=$((number + 1)) reversed=''
		while [ $number -le 3 ] && [ "$field" ]; do
			rest=${field#??}
			reversed=${field%"$rest"}$reversed
			field=$rest
		done
		bytes=$bytes$reversed$field
	done
	unset IFS
}

# The unique id of a partition, a directory of /sys/class/block, as bytes: of an MBR, which is the
# shorter one, the disk's signature and the partition's number; else what its GPT entry has.
partition_id() {
	read -r number <"$1/partition" || return
	read -r sector <"$1/../queue/logical_block_size" || return
	while read -r line; do
		case $line in DEVNAME=*) disk=${line#DEVNAME=} ;; esac
	done <"$1/../uevent"
	case $bytes in
	??????????)
		hexdump -s 440 -n 4 -e '4/1 "%02x"' "/dev/$disk"
		printf %02x "$number"
		;;
	*) hexdump -s $((2 * sector + (number - 1) * 128 + 16)) -n 16 -e '16/1 "%02x"' "/dev/$disk" ;;
	esac
}

# The last partition is asked first, for that is where a root that grows is.
find_by_partition_id() {
	id_bytes "$1"
	set +f
	partitions=''
	for partition in /sys/class/block/*/partition; do
		partitions="${partition%/partition} $partitions"
	done
	set -f
	for partition in $partitions; do
		[ "$(partition_id "$partition")" = "$bytes" ] || continue
		device=/dev/${partition##*/}
		break
	done
	[ "$device" ]
} 2>/dev/null

# Sets $device to what root= means, if it exists by now.
find_root() {
	device=''
	case $root in
	UUID=* | LABEL=*) device=$(findfs "$root" 2>/dev/null) ;;
	PARTUUID=*) find_by_partition_id "${root#PARTUUID=}" ;;
	*) [ -b "$root" ] && device=$root ;;
	esac
	[ "$device" ]
}

wait_for_root() {
	[ "$root" ] || fail "the kernel's command line names none"
	until find_root; do
		read -r now _ </proc/uptime
		: "${deadline:=$((${now%.*} + wait_for))}"
		[ "${now%.*}" -lt "$deadline" ] || fail "$root did not appear in $wait_for s"
		sleep 0.01
	done
}

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
read_command_line
load_modules
wait_for_root
mount -t "$type" -o "$mode$flags" "$device" $new || fail "$device does not mount as $type"
[ -x "$new$init" ] || [ -L "$new$init" ] || fail "$device has no $init"
for directory in proc sys dev; do
	mount -o move /$directory $new/$directory
done
exec switch_root $new "$init" "$@"
