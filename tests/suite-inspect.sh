#!/bin/bash
# jeos inspect: images that other programs wrote are read as those programs meant them.

. "$JEOS_TOP/tests/lib/need.sh"

# Every kind of inode, and what is special about some. What only root may make others do without.
make_tree() {
	local tree=$1 i
	mkdir -p "$tree/etc" "$tree/deep/a/b/c" "$tree/empty" "$tree/many"
	printf 'PRETTY_NAME="A System"\nID=test\n' >"$tree/etc/os-release"
	echo guest >"$tree/etc/hostname"
	printf 'contents\n' >"$tree/deep/a/b/c/file"
	ln "$tree/deep/a/b/c/file" "$tree/second-name"
	ln -s deep/a "$tree/short-link"
	ln -s "$(printf 'long/%.0s' {1..60})" "$tree/long-link"
	ln -s /etc/os-release "$tree/absolute-link"
	mkfifo "$tree/fifo"
	: >"$tree/nothing"
	head -c 3000000 /dev/urandom >"$tree/large"
	truncate -s 20M "$tree/sparse"
	printf x | dd of="$tree/sparse" bs=1 seek=15000000 conv=notrunc status=none
	: >"$tree/$(printf 'n%.0s' {1..250})"
	for i in {1..300}; do : >"$tree/many/name-$i"; done
	printf 'odd' >"$tree/odd name
with a newline"
	chmod 4755 "$tree/large"
	chmod 1777 "$tree/empty"
	touch -d '1999-12-31 23:59:58' "$tree/etc/hostname"
	setfattr -n user.comment -v something "$tree/etc/hostname" 2>/dev/null
	[ "$(id -u)" != 0 ] && return
	chown 1000:70000 "$tree/etc/os-release"
	mknod "$tree/null" c 1 3 2>/dev/null
	mknod "$tree/big" b 259 300 2>/dev/null
	return 0
}

# Everything that find(1) sees of a tree, in an order of its own.
describe() {
	(cd "$1" && find . -mindepth 1 -path ./lost+found -prune -o -mindepth 1 \
		-printf '%P\t%M\t%U\t%G\t%y:%l\t%Ts\0') | sort -z | tr '\0\n' '\n ' |
		awk -F '\t' -v OFS='\t' '{ split($5, kind, ":"); if (kind[1] == "d") $6 = 0; print }'
}

sums() {
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

oneTimeSetUp() {
	tree=$TMPDIR/tree
	make_tree "$tree"
}

inspect() { # inspect ARGUMENT...: its exit status in $status, its output in $output
	"$JEOS" -q inspect "$@" >"$TMPDIR/output" 2>"$TMPDIR/errors" </dev/null
	status=$?
	output=$(<"$TMPDIR/output")
	errors=$(<"$TMPDIR/errors")
}

# assert_tree IMAGE: what comes out of it is what went in.
assert_tree() {
	local to=$TMPDIR/extracted
	rm -rf "$to"
	inspect "$1" --extract / --output "$to"
	assertEquals "$1: $errors" 0 $status
	rm -rf "$to/lost+found"
	assertNull "$1: contents" "$(diff <(sums "$tree") <(sums "$to"))"
	if [ "$(id -u)" = 0 ]; then
		assertNull "$1: attributes" "$(diff <(describe "$tree") <(describe "$to"))"
		assertEquals "$1: hard links" 2 "$(stat -c %h "$to/second-name")"
	fi
	assertTrue "$1: holes" "[ $(stat -c %b "$to/sparse") -lt 1000 ]"
}

test_ext4_as_mke2fs_makes_it() {
	local options image=$TMPDIR/image
	while read -r options; do
		rm -f "$image"
		# shellcheck disable=SC2086 # options are words
		mke2fs -q -F -d "$tree" $options "$image" 64M >"$TMPDIR/log" 2>&1
		assertEquals "$(<"$TMPDIR/log")" 0 $?
		assert_tree "$image"
	done <<-'END'
		-t ext4
		-t ext4 -b 1024
		-t ext4 -O ^metadata_csum,^64bit -I 128
		-t ext4 -O metadata_csum,64bit,metadata_csum_seed
		-t ext4 -O bigalloc
		-t ext3
		-t ext2 -b 1024
	END
}

test_what_is_inside_is_told() {
	local image=$TMPDIR/image
	mke2fs -q -F -t ext4 -L name -U 01234567-89ab-cdef-0123-456789abcdef -d "$tree" "$image" 64M
	inspect "$image"
	assertContains "$output" 'A System, host name guest'
	assertContains "$output" 'partition table: none'
	inspect --json "$image"
	assertEquals '"name"' "$(jq '.partitions.list[0].filesystem.label' "$TMPDIR/output")"
	assertEquals '"01234567-89ab-cdef-0123-456789abcdef"' \
		"$(jq '.partitions.list[0].filesystem.uuid' "$TMPDIR/output")"
	assertEquals "$(dumpe2fs -h "$image" 2>/dev/null | sed -n 's/^Free blocks: *//p')" \
		"$(jq '.partitions.list[0].filesystem | .free / (.facts["block size"] | tonumber)' "$TMPDIR/output")"
	inspect "$image" --cat /absolute-link
	assertEquals "$(<"$tree/etc/os-release")" "$output"
	inspect "$image" --cat short-link/b/../b/c/file
	assertEquals contents "$output"
	inspect "$image" --ls /etc
	assertEquals 2 "$(wc -l <<<"$output")"
	inspect --json "$image" --ls / -R
	assertEquals "$(find "$tree" -mindepth 1 -printf x | wc -c)" \
		"$(jq 'map(select(.path | startswith("/lost+found") | not)) | length' "$TMPDIR/output")"
}

test_wrong_use() {
	local image=$TMPDIR/image
	mke2fs -q -F -t ext4 -d "$tree" "$image" 64M
	inspect "$image" --cat /etc
	assertEquals 1 $status
	assertContains "$errors" 'not a regular file'
	inspect "$image" --cat /etc/../../../etc/passwd
	assertContains "$errors" 'it has no file'
	inspect "$image" --extract /etc
	assertEquals 2 $status
	inspect "$image" --cat /a --ls /b
	assertEquals 2 $status
	inspect "$image" --show partition
	assertEquals 2 $status
	assertContains "$errors" 'did you mean `partitions`?'
	mkdir -p "$TMPDIR/full/etc/mine"
	inspect "$image" --extract /etc -o "$TMPDIR/full"
	assertEquals 1 $status
	assertContains "$errors" 'in the way'
	assertTrue "[ -d $TMPDIR/full/etc/mine ]"
	inspect "$image" --partition 7 --ls /
	assertContains "$errors" 'no partition `7`'
	inspect "$JEOS_TOP/README.md"
	assertEquals 1 $status
	assertContains "$errors" 'no filesystem that jeos reads'
}

# A disk as sgdisk, mkfs.fat, mcopy and mke2fs make it, in a format that qemu-img writes.
test_partitions_and_fat() {
	local disk=$TMPDIR/disk start=2048 length=65536 root=67584 name='A rather long name, ä.txt'
	truncate -s 128M "$disk"
	sgdisk -n 1:$start:+$length -t 1:ef00 -c 1:firmware -n 2:$root:0 -t 2:8304 -c 2:system "$disk" \
		>/dev/null
	mkfs.fat -n LABEL --offset $start "$disk" $((length / 2)) >/dev/null
	printf 'a long name\n' >"$TMPDIR/$name"
	mmd -i "$disk@@1M" ::EFI ::EFI/BOOT
	mcopy -i "$disk@@1M" "$TMPDIR/$name" ::EFI/
	mcopy -i "$disk@@1M" "$tree/large" ::EFI/BOOT/BOOTX64.EFI
	mke2fs -q -F -t ext4 -d "$tree" "$TMPDIR/root" 64M
	dd if="$TMPDIR/root" of="$disk" bs=512 seek=$root conv=notrunc,sparse status=none
	qemu-img convert -c -O qcow2 "$disk" "$disk.qcow2"
	assert_tree "$disk.qcow2"
	inspect "$disk.qcow2" --partition firmware --cat "/EFI/$name"
	assertEquals 'a long name' "$output"
	inspect "$disk.qcow2" --partition 1 --cat /EFI/BOOT/BOOTX64.EFI
	assertTrue 'a large file' "cmp -s '$TMPDIR/output' '$tree/large'"
	inspect --json "$disk.qcow2"
	assertEquals '["gpt","EFI system","LABEL","Linux root","uefi"]' "$(jq -c '[.partitions.table,
		(.partitions.list[0] | .["type-name"], .filesystem.label),
		.partitions.list[1]["type-name"], (.boot | keys[])]' "$TMPDIR/output")"
}

. shunit2
