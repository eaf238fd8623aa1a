# Boots, in turns on the same emulator with the same memory and one processor, each with its kernel
# given to it: jeos's appliances, their kernels as ELF files (PVH), beside the packages of minimal as
# mmdebstrap leaves them, with the distribution's cloud kernel as it is and the initramfs that
# initramfs-tools makes. The numbers are those of `jeos test --json`, for both sides.
# shellcheck shell=bash disable=SC2154 # run sets what these use
boots=$work/boots memory=${BOOT_MEMORY:-256M}
mkdir -p "$boots"
say 'boot: appliances, the first kernel from nothing'
printf '%s\n' 'name: micro-guest' "from: $PWD/recipes/guest.yaml" 'platforms: [microvm]' \
	'disk: {formats: [raw]}' >"$boots/micro-guest.yaml"
forget
"$out/jeos" build -q -o "$boots" "$recipe" >&2
jeos kernel build -o "$boots" recipes/guest.yaml
"$out/jeos" build -q -o "$boots" recipes/tiny-web.yaml "$boots/micro-guest.yaml" >&2

say 'boot: the same packages by hand'
plan=$("$out/jeos" plan --json "$recipe")
suite=$(jq -r .suite <<<"$plan")
packages=$(jq -r '[.packages[].name, .kernel.name, "initramfs-tools"] | join(",")' <<<"$plan")
"$by_hand" fetch "$suite" "$boots/by-hand" "$packages" >&2
"$by_hand" mmdebstrap "$suite" "$boots/by-hand" "$packages" >&2
root=$boots/by-hand/by-hand.root
printf '/dev/vda / ext4 defaults 0 1\n' >"$root/etc/fstab"
# The harness boots what GRUB would.
mkdir -p "$root/boot/grub"
for kernel in "$root"/boot/vmlinuz-*; do
	printf '%s\n' "linux /boot/${kernel##*/} root=/dev/vda ro console=ttyS0 quiet" \
		"initrd /boot/initrd.img-${kernel##*/vmlinuz-}"
done >"$root/boot/grub/grub.cfg"
mke2fs -q -F -t ext4 -d "$root" "$boots/by-hand.img" 2G

# boot NAME IMAGE [OPTION...]: adds what it took to NAME.times, NAME-init.times and NAME-cpu.times:
# power-on to ready and to /sbin/init, and the emulator's processor time until ready.
boot() {
	local name=$1 image=$2 verdict
	shift 2
	"$out/jeos" test --json --memory "$memory" "$@" "$image" \
		>"$work/$name.json" 2>"$work/$name.log" ||
		{ cat "$work/$name.log" "$work/$name.json" >&2; say "$name: that went wrong"; exit 1; }
	verdict='.verdicts[0].boot | [.total_milliseconds,
		.firmware_milliseconds + .kernel_milliseconds, .processor_milliseconds] | @tsv'
	jq -r "$verdict" "$work/$name.json" | while read -r ready init processor; do
		awk "BEGIN { print $ready / 1000, 0 }" >>"$work/$name.times"
		awk "BEGIN { print $init / 1000, 0 }" >>"$work/$name-init.times"
		awk "BEGIN { print $processor / 1000, 0 }" >>"$work/$name-cpu.times"
	done
}

# boot_row TITLE NAME TARGET: ready, and below the same in processor time, which a busy host
# disturbs less.
boot_row() {
	row "power-on to ready, $1" boot-by-hand "$2" "$3"
	row 'the same in processor time of the emulator' boot-by-hand-cpu "$2-cpu"
}

for ((run = 1; run <= runs; run++)); do
	say "boot: run $run of $runs"
	boot boot-by-hand "$boots/by-hand.img" --boot direct
	boot boot-minimal "$boots"/minimal-*.qcow2 --boot pvh
	boot boot-guest "$boots"/guest-*.qcow2 --boot pvh
	boot boot-micro-guest "$boots"/micro-guest-*.img --boot pvh --platform microvm
	boot boot-tiny-web "$boots"/tiny-web-*.qcow2 --boot pvh
done

# smallest IMAGE: the least mebibytes in which it gets ready and the kernel kills nothing.
smallest() {
	local least=none mebibytes
	printf '%s\n' "from: $recipe" 'name: small' 'test: {ready-within: 300s, checks: [{run:' \
		'"! dmesg | grep -E \"Out of memory|oom-kill\""}]}' >"$boots/small.yaml"
	for mebibytes in 128 96 80 72 64 56 48 40; do
		"$out/jeos" test -q --boot pvh --memory "${mebibytes}M" --recipe "$boots/small.yaml" \
			"$1" >"$work/smallest.log" 2>&1 || break
		least=$mebibytes
	done
	echo "$least"
}

say 'boot: the smallest memory'
least=$(smallest "$boots"/minimal-*.qcow2)
least_guest=$(smallest "$boots"/guest-*.qcow2)
# In megabytes, as kernels are counted.
"$out/jeos" kernel export -o "$boots/kernel.deb" recipes/guest.yaml >&2
kernel=$(dpkg-deb --fsys-tarfile "$boots/kernel.deb" | tar -tv |
	awk '/boot\/vmlinuz-/ { printf "%.2f", $3 / 1000000 }')

boot_row minimal boot-minimal 1/3
boot_row guest boot-guest 1/5
row 'power-on to /sbin/init, guest on microvm' boot-by-hand-init boot-micro-guest-init 1/10
boot_row 'tiny-web, init: minimal' boot-tiny-web 1/15
line 'smallest memory for minimal' '' "$least MiB" '' '64 MiB' "${least/none/999}" 64
line 'smallest memory for guest' '' "$least_guest MiB" '' '64 MiB' "${least_guest/none/999}" 64
row 'guest, its kernel built from nothing on this host' '' jeos-kernel '240 s'
line 'kernel image for kvm alone' '' "$kernel MB" '' '5 MB' "$kernel" 5
