#!/bin/bash
# Layouts: read-only roots, other tables and more partitions, from the recipe to the booted guest.
# time-limit: 1800

. "$JEOS_TOP/tests/lib/boot.sh"
. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	out=$TMPDIR/out
	cd "$TMPDIR" || return 1
	printf '%s\n' 'name: sealed' "from: $JEOS_TOP/recipes/tiny-web.yaml" 'kernel: cloud' \
		'disk: {root: squashfs, size: content, formats: [raw], partitions: [' \
		'  {use: swap, size: 32M}, {use: data, size: 16M, mount: /srv/data}]}' \
		'test: {memory: 192M, checks: [' \
		"  {run: {command: grep ' /run/jeos/root ' /proc/mounts, output: squashfs ro}}," \
		'  {run: touch /srv/www/new && ls /run/jeos/changes/upper/srv/www/new},' \
		'  {run: {command: touch /run/jeos/root/new, status: 1}},' \
		"  {run: {command: grep ' /srv/data ' /proc/mounts, output: ext4 rw}}," \
		'  {run: {command: cat /proc/swaps, output: partition}}]}' >sealed.yaml
	sed 's/^name: .*/name: kept/; s/size: content,/changes: persistent, table: mbr,/
		s/{use: swap[^}]*}, //; /proc.swaps/d; s/ext4 rw}},/ext4 rw}}]}/' sealed.yaml >kept.yaml
	printf '%s\n' 'name: plain' "from: $JEOS_TOP/recipes/tiny-web.yaml" 'kernel: cloud' \
		'disk: {table: mbr, size: 256M, firmware: [bios], formats: [raw, ext4]}' \
		'test: {memory: 192M}' >plain.yaml
}

# passes NAME PATH: the recipe's image boots by that, all its checks pass, and it stays as it was.
passes() {
	local image before
	image=$(echo "$out/$1"-0-*.img "$out/$1"-1.0-*.img | tr ' ' '\n' | grep -v '[*]')
	before=$(sha256sum "$image")
	run test -o "$out" --boot "$2" "$1.yaml"
	assertEquals "$output$errors" 0 $status
	assertEquals "$before" "$(sha256sum "$image")"
}

# grows NAME IMAGE: on a disk of 3 GiB what is written to fills it.
grows() {
	cp --sparse=always "$2" "$1.large.img"
	truncate -s 3G "$1.large.img"
	printf '%s\n' "name: $1" "from: $1.yaml" 'test: {checks: [{run: {within: 90s, command:' \
		'  "for i in $(seq 80); do set -- $(df -m / | tail -n 1);' \
		'  [ $2 -gt 2400 ] && exit 0; sleep 1; done; df -m; exit 1"}}]}' >large.yaml
	run test --boot bios --recipe large.yaml "$1.large.img"
	assertEquals "$output$errors" 0 $status
	rm "$1.large.img"
}

test_a_sealed_root_is_what_was_planned() {
	"$JEOS" -q build -o "$out" sealed.yaml >/dev/null 2>errors || fail "$(<errors)"
	image=$out/sealed-1.0-amd64.img
	assertContains "$(sfdisk --verify "$image" 2>&1)" 'No errors detected'
	assertContains "$(sgdisk -v "$image")" 'No problems found'
	# The manifest has the ranges that the disk has.
	assertEquals "$(jq -r '.disk.partitions[] | "\(.start / 512) \(.length / 512)"' \
		"$out/sealed-1.0-amd64.manifest.json")" \
		"$(sfdisk -J "$image" | jq -r '.partitiontable.partitions[] | "\(.start) \(.size)"')"
	start=$(sfdisk -J "$image" | jq '.partitiontable.partitions[2].start')
	dd if="$image" of=root.img bs=512 skip="$start" status=none
	assertContains "$(unsquashfs -ll root.img)" /sbin/init
	assertNotContains 'the kernel is on the ESP' "$(unsquashfs -l root.img)" /boot/vmlinuz
	assertContains "$(unsquashfs -cat root.img etc/fstab)" "$(printf 'none\tswap')"
}

test_a_sealed_root_boots_and_forgets() {
	passes sealed bios
}

test_a_sealed_root_boots_by_uefi_and_is_reproducible() {
	need_full || return 0
	passes sealed uefi
	run build --verify -o "$TMPDIR/again" sealed.yaml
	assertEquals "$errors" 0 $status
	assertTrue 'the same bytes' "cmp $out/sealed-1.0-amd64.img again/sealed-1.0-amd64.img"
}

test_changes_are_kept_on_an_mbr_disk() {
	"$JEOS" -q build -o "$out" kept.yaml >/dev/null 2>errors || fail "$(<errors)"
	assertContains "$(sfdisk --verify "$out/kept-1.0-amd64.img" 2>&1)" 'No errors detected'
	assertContains "$(sfdisk -d "$out/kept-1.0-amd64.img")" 'label: dos'
	passes kept bios
	grows kept "$out/kept-1.0-amd64.img"
}

# By systemd, with the package fdisk: systemd-repart knows nothing but a root on GPT.
test_systemd_grows_an_mbr_disk() {
	need_full || return 0
	for root in ext4 'squashfs, changes: persistent'; do
		printf '%s\n' 'name: grown' "from: $JEOS_TOP/recipes/minimal.yaml" 'packages: [fdisk]' \
			"disk: {table: mbr, size: 1G, firmware: [bios], formats: [raw], root: $root}" \
			'test: {memory: 256M}' >grown.yaml
		"$JEOS" -q build --force -o "$out" grown.yaml >/dev/null 2>errors || fail "$(<errors)"
		grows grown "$out/grown-1.0-amd64.img"
	done
}

# The root of both images is the same; one of them is the whole disk.
test_an_mbr_disk_and_a_root_alone_boot() {
	"$JEOS" -q build -o "$out" plain.yaml >/dev/null 2>errors || fail "$(<errors)"
	assertContains "$(sfdisk --verify "$out/plain-1.0-amd64.img" 2>&1)" 'No errors detected'
	assertEquals 0 "$(e2fsck -fn "$out/plain-1.0-amd64.ext4" >fsck 2>&1; echo $?)"
	run test -o "$out" plain.yaml
	assertEquals "$output$errors" 0 $status
	assertContains "$output" 'plain.img kvm bios: root-grows: 384'
	assertContains "$output" 'plain.ext4 kvm direct: port: 80'
}

# What is recorded is what differs: the files that both have lie at the same place.
test_an_image_over_a_base_boots() {
	local base over name=over-1.0-amd64 disk='size: 256M, firmware: [bios]'
	base=$out/below-1.0-amd64.qcow2 over=$TMPDIR/over/$name.qcow2
	mkdir -p overlays/added/srv/www
	echo 'Only in the image above.' >overlays/added/srv/www/added
	for recipe in below over whole; do
		printf '%s\n' "name: $recipe" "from: $JEOS_TOP/recipes/tiny-web.yaml" 'kernel: cloud' \
			"disk: {$disk, base: out/below-1.0-amd64.qcow2}" 'hostname: same' \
			'overlays: [added]' 'test: {memory: 192M, checks: [' \
			'  {run: {command: cat /srv/www/added, output: image above}}]}' >"$recipe.yaml"
	done
	sed -i '/^overlays/d; s/, base: [^}]*//' below.yaml
	sed -i 's/, base: [^}]*//' whole.yaml
	run check over.yaml
	assertEquals 3 $status
	assertContains "$errors" 'over.yaml:4:'
	assertContains "$errors" 'for the base image'
	"$JEOS" -q build -o "$out" below.yaml whole.yaml >/dev/null 2>errors || fail "$(<errors)"
	"$JEOS" -q build -o over over.yaml >/dev/null 2>errors || fail "$(<errors)"
	assertTrue "$(qemu-img check "$over" 2>&1)" $?
	assertEquals '["../out/below-1.0-amd64.qcow2","qcow2",true]' \
		"$(qemu-img info --output=json "$over" | jq -c '[.["backing-filename"],
			.["backing-filename-format"], .["format-specific"].data["extended-l2"]]')"
	assertEquals "$(sha256sum <"$base" | cut -d ' ' -f 1)" \
		"$(jq -r .base.sha256 "over/$name.manifest.json")"
	assertTrue "$(stat -c '%s %n' "$base" "$over")" \
		"[ $(stat -c %s "$over") -lt $(($(stat -c %s "$base") / 3)) ]"
	# The same files as in an image that was written whole, but for the UUIDs in some.
	run diff "$over" "$out/whole-1.0-amd64.qcow2"
	assertEquals '/boot/grub/grub.cfg /etc/fstab' \
		"$(sed -n 's|^\(/[^:]*\): its contents.*|\1|p' <<<"$output" | xargs)"
	run test --boot bios -o over over.yaml
	assertEquals "$output$errors" 0 $status
	sed -i 's/size: 256M/size: 128M/' over.yaml
	run build -o over over.yaml
	assertEquals 3 $status
	assertContains "$errors" 'the base image is a disk of 256 MiB, and this one has 128 MiB'
	sed -i 's/size: 128M/size: 256M, formats: [vmdk]/' over.yaml
	run build -o over over.yaml
	assertEquals 3 $status
	assertContains "$errors" 'add qcow2 to `formats`'
	sed -i 's/\[vmdk]/[qcow2]/; s/name: over/name: below/' over.yaml
	run build -o "$out" over.yaml
	assertEquals "$errors" 1 $status
	assertContains "$errors" 'its own base'
	assertEquals 0 "$(qemu-img check "$base" >/dev/null 2>&1; echo $?)"
}

# The same of an image that is there already.
test_convert_over_a_base() {
	local base=$out/below-1.0-amd64.qcow2 image=$out/whole-1.0-amd64.qcow2
	run convert --base "$base" -o rebased.qcow2 "$image" qcow2
	assertEquals "$errors" 0 $status
	assertTrue compare "qemu-img compare -q rebased.qcow2 '$image'"
	assertContains "$(qemu-img info rebased.qcow2)" 'backing file: out/below'
	run convert --base "$base" -o rebased.vmdk "$image" vmdk
	assertEquals 2 $status
	assertContains "$errors" 'records no differences; take qcow2'
	run convert --force --base "$base" -o "$base" "$image" qcow2
	assertEquals 1 $status
	assertContains "$errors" 'its own base'
	printf 'QFI\373\0\0\0\3' >no-image
	run convert --base no-image -o rebased2.qcow2 "$image" qcow2
	assertEquals 1 $status
	assertContains "$errors" '--base: no-image: qcow2 header: '
	run convert --base missing -o rebased2.qcow2 "$image" qcow2
	assertEquals 1 $status
	assertContains "$errors" '--base: missing: '
	assertEquals 0 "$(find . -name 'rebased2*' | wc -l)"
}

# With a kernel that is compiled, and device-mapper.
test_a_tampered_root_does_not_boot() {
	need_full || return 0
	printf '%s\n' 'name: checked' "from: $JEOS_TOP/recipes/tiny-web.yaml" \
		'disk: {root: squashfs, verity: true, size: content, firmware: [bios, uefi]}' \
		'test: {memory: 192M, checks: [' \
		'  {run: {command: cat /sys/block/dm-0/dm/name, output: ^root$}},' \
		"  {run: {command: grep ' /run/jeos/root ' /proc/mounts, output: /dev/.*squashfs ro}}," \
		'  {run: {command: touch /run/jeos/root/new, status: 1}}]}' >checked.yaml
	run test -o "$out" checked.yaml
	assertEquals "$output$errors" 0 $status
	qemu-img convert -O raw "$out/checked-1.0-amd64.qcow2" tampered.img
	read -r root hashes < <(sfdisk -J tampered.img |
		jq -r '.partitiontable.partitions[2:4] | "\(.[0].start) \(.[1].start)"')
	hash=$(jq -r .command_line "$out/checked-1.0-amd64.manifest.json" |
		sed 's/.* sha256 \([0-9a-f]*\) .*/\1/')
	dd if=tampered.img of=hashes.img bs=512 skip="$hashes" status=none
	dd if=tampered.img of=root.img bs=512 skip="$root" count=$((hashes - root)) status=none
	assertTrue veritysetup "veritysetup verify root.img hashes.img $hash"
	printf X | dd of=tampered.img bs=1 seek=$((root * 512 + 96)) conv=notrunc status=none
	run test --boot direct --recipe checked.yaml tampered.img
	assertEquals "$output$errors" 12 $status
}

. shunit2
