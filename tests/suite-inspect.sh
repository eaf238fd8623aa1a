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
		mke2fs -q -F -d "$tree" $options "$image" 64M >"$TMPDIR/log" 2>&1 ||
			fail "$(<"$TMPDIR/log")"
		assert_tree "$image"
	done <<-'END'
		-t ext4
		-t ext4 -b 1024
		-t ext4 -O ^metadata_csum,^64bit -I 128
		-t ext4 -O metadata_csum,64bit,metadata_csum_seed
		-t ext4 -O bigalloc
		-t ext4 -b 1024 -g 256 -O meta_bg,^resize_inode,^flex_bg
		-t ext4 -b 1024 -g 256 -O meta_bg,^resize_inode,^flex_bg,^sparse_super,sparse_super2
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

# A disk as other tools make it, its root number 1 behind number 15 as in Debian's cloud images.
test_partitions_and_fat() {
	local disk=$TMPDIR/disk start=2048 length=65536 root=67584 name='A rather long name, ä.txt'
	truncate -s 128M "$disk"
	sgdisk -n 15:$start:+$length -t 15:ef00 -c 15:firmware -n 1:$root:0 -t 1:8304 -c 1:system \
		"$disk" >/dev/null
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
	inspect "$disk.qcow2" --partition 15 --cat /EFI/BOOT/BOOTX64.EFI
	assertTrue 'a large file' "cmp -s '$TMPDIR/output' '$tree/large'"
	inspect --json "$disk.qcow2"
	assertEquals '["gpt",15,"EFI system","LABEL",1,"Linux root","uefi"]' "$(jq -c '[.partitions.table,
		(.partitions.list[0] | .number, .["type-name"], .filesystem.label),
		(.partitions.list[1] | .number, .["type-name"]), (.boot | keys[])]' "$TMPDIR/output")"
}

test_squashfs_as_mksquashfs_makes_it() {
	need_programs mksquashfs || return 0
	local options image=$TMPDIR/squashfs
	while read -r options; do
		rm -f "$image"
		# shellcheck disable=SC2086 # options are words
		mksquashfs "$tree" "$image" -quiet -no-progress $options >"$TMPDIR/log" 2>&1 ||
			fail "$(<"$TMPDIR/log")"
		assert_tree "$image"
	done <<-'END'
		-comp gzip -b 4096
		-comp zstd -no-fragments -noI -noD
		-comp xz
		-comp xz -Xbcj x86 -Xdict-size 100% -b 1M
	END
	mksquashfs "$tree" "$image" -noappend -quiet -no-progress -comp lz4 >/dev/null
	inspect "$image"
	assertContains "$errors" 'compressed by lz4: jeos reads gzip, xz and zstd'
}

test_swap() {
	truncate -s 1M "$TMPDIR/swap"
	mkswap -L name "$TMPDIR/swap" >/dev/null 2>&1
	inspect --json "$TMPDIR/swap"
	assertEquals "$errors" '["swap","name"]' \
		"$(jq -c '.partitions.list[0].filesystem | [.type, .label]' "$TMPDIR/output")"
}

# A damaged image is an error that says what and where, whoever looks at it.
test_damage_is_named() {
	local image=$TMPDIR/damaged what at bytes message
	while IFS='|' read -r what at bytes message; do
		rm -f "$image"
		mke2fs -q -F -t ext4 -b 4096 -d "$tree" "$image" 64M >/dev/null
		# shellcheck disable=SC2059 # the bytes are a format
		printf "$bytes" | dd of="$image" bs=1 seek="$at" conv=notrunc status=none
		inspect "$image"
		assertEquals "$what: $errors" 1 $status
		assertContains "$what" "$errors" "$message"
		differ "$image" "$image"
		assertEquals "$what" 2 $status
		assertContains "$what" "$errors" "$message"
		"$JEOS" -q test "$image" 2>"$TMPDIR/errors" >/dev/null
		assertContains "$what" "$(<"$TMPDIR/errors")" "$message"
	done <<-'END'
		more blocks than there are|1028|\xff\xff\xff\x7f|the superblock: wrong checksum, at byte 1024 of the disk
		a block size|1048|\x77|the superblock: an impossible block size
		no place for inodes|4104|\xff\xff\xff\xff|the descriptor of group 0: no place for its inodes, at byte 4096
		features|1120|\xc3|jeos does not read
	END
	mke2fs -q -F -t ext4 -b 4096 -d "$tree" "$image" 64M
	at=$(debugfs -R 'imap /' "$image" 2>/dev/null | sed -n 's/.*block \([0-9]*\), offset 0x\([0-9a-f]*\)/\1 0x\2/p')
	at=$((${at% *} * 4096 + ${at#* }))
	printf x | dd of="$image" bs=1 seek=$((at + 40)) conv=notrunc status=none
	inspect "$image"
	assertContains "$errors" "inode 2: wrong checksum, at byte $at of the disk"
	mke2fs -q -F -t ext4 -b 4096 -O ^metadata_csum -d "$tree" "$image" 64M
	dd if=/dev/zero of="$image" bs=1 count=12 seek=$((at + 40)) conv=notrunc status=none
	inspect "$image"
	assertEquals "$errors" 1 $status
	assertContains "$errors" 'inode 2: no header of extents, at byte'
}

# Archives, by whatever they are compressed, of one tree.
test_tar() {
	local option
	for option in '' z J --zstd; do
		# shellcheck disable=SC2086 # nothing, or an option
		tar -C "$tree" -c ${option:+-${option#-}} --xattrs --format=pax --sparse \
			-f "$TMPDIR/archive" . 2>/dev/null
		assert_tree "$TMPDIR/archive"
	done
	(cd "$tree" && tar -cf "$TMPDIR/archive" etc many deep/a/b/c/file)
	inspect "$TMPDIR/archive" --ls /deep/a
	assertEquals 'directories that the archive does not have' 0 $status
	assertContains "$output" /deep/a/b
}

test_tar_that_leads_out() {
	mkdir -p "$TMPDIR/out/in"
	echo x >"$TMPDIR/out/file"
	(cd "$TMPDIR/out/in" && tar -P -cf "$TMPDIR/archive" ../file 2>/dev/null)
	inspect "$TMPDIR/archive"
	assertEquals 1 $status
	assertContains "$errors" 'a name that no file can have'
	# A link to elsewhere, then a file below it.
	(cd "$TMPDIR/out/in" && ln -s /tmp link && tar -cf "$TMPDIR/archive" link && rm link &&
		mkdir link && : >link/file && tar -rf "$TMPDIR/archive" link/file)
	inspect "$TMPDIR/archive" -x / -o "$TMPDIR/nowhere"
	assertEquals 1 $status
	assertContains "$errors" 'no directory'
	assertFalse '[ -e /tmp/file ]'
	tar -C "$tree" -czf "$TMPDIR/archive" .
	truncate -s 5000 "$TMPDIR/archive"
	inspect "$TMPDIR/archive"
	assertEquals 1 $status
	assertContains "$errors" 'tar: damaged'
}

# Layers as umoci makes them: files that go, directories that go, files that change.
test_oci() {
	need_programs umoci skopeo || return 0
	local image=$TMPDIR/oci bundle=$TMPDIR/bundle
	umoci init --layout "$image" && umoci new --image "$image:one" &&
		umoci unpack --rootless --image "$image:one" "$bundle"
	assertEquals umoci 0 $?
	cp -a "$tree"/{etc,many,deep,second-name,short-link} "$bundle/rootfs/"
	umoci repack --image "$image:one" "$bundle"
	rm -rf "$bundle" && umoci unpack --rootless --image "$image:one" "$bundle"
	rm -r "$bundle/rootfs/many" "$bundle/rootfs/etc/hostname"
	echo more >>"$bundle/rootfs/deep/a/b/c/file"
	umoci repack --image "$image:one" "$bundle"
	inspect "$image" -x / -o "$TMPDIR/layers"
	assertEquals "$errors" 0 $status
	assertNull "$(diff <(sums "$bundle/rootfs") <(sums "$TMPDIR/layers"))"
	assertNull "$(diff <(cd "$bundle/rootfs" && find . | sort) <(cd "$TMPDIR/layers" && find . | sort))"
	skopeo copy -q "oci:$image:one" "oci-archive:$TMPDIR/oci.tar" 2>/dev/null
	inspect "$TMPDIR/oci.tar" --cat /etc/os-release
	assertEquals "$errors" "$(<"$tree/etc/os-release")" "$output"
	rm "$image"/blobs/sha256/*
	inspect "$image"
	assertEquals 1 $status
	assertContains "$errors" 'OCI: blobs/sha256/'
}

differ() { # differ ARGUMENT...: as inspect
	"$JEOS" -q diff "$@" >"$TMPDIR/output" 2>"$TMPDIR/errors" </dev/null
	status=$?
	output=$(<"$TMPDIR/output")
	errors=$(<"$TMPDIR/errors")
}

# One tree in a disk, on a whole disk and in an archive has the same files.
test_diff_whatever_the_format() {
	local image=$TMPDIR/image
	mke2fs -q -F -t ext4 -d "$tree" "$image" 64M
	qemu-img convert -f raw -O vmdk "$image" "$image.vmdk"
	tar -C "$tree" -c --xattrs --format=pax -f "$image.tar" . 2>/dev/null
	differ "$image" "$image.vmdk"
	assertEquals "$output$errors" 0 $status
	differ --exact "$image" "$image.vmdk"
	assertEquals "$output$errors" 0 $status
	differ "$image" "$image.tar" --ignore times
	assertEquals 1 $status
	assertEquals 'the image: its partition table is `none` and `of an archive`
the root: its type is `ext4` and `tar`' "$output"
	differ "$image" "$JEOS_TOP/README.md"
	assertEquals 2 $status
	assertNull "$output"
}

test_diff_names_what_differs() {
	local image=$TMPDIR/image
	mke2fs -q -F -t ext4 -d "$tree" "$image" 64M
	cp --sparse=always "$image" "$image.other"
	debugfs -w -f - "$image.other" >"$TMPDIR/log" 2>&1 <<-END
		rm /nothing
		sif /etc/hostname mode 0100600
		sif /large uid 7
		sif /sparse mtime 20200101000000
		write $TMPDIR/log /new
		rm /deep/a/b/c/file
		rm /second-name
	END
	printf x | dd of="$image.other" bs=1 seek=$((1024 * 1024 * 60)) conv=notrunc status=none
	differ "$image" "$image.other" -i times
	assertEquals 1 $status
	assertEquals '/deep/a/b/c/file: only the first has it
/etc/hostname: its mode is `100644` and `100600`
/large: its owner is `0` and `7`
/new: only the second has it
/nothing: only the first has it
/second-name: only the first has it' "$(grep -v 'the root' <<<"$output")"
	differ "$image" "$image.other" --json
	assertEquals 1 "$(jq '[.[] | select(.subject == "/sparse" and .what == "modification time")] | length' "$TMPDIR/output")"
	differ "$image" "$image.other" -i time
	assertEquals 2 $status
	# shellcheck disable=SC2016 # the back quotes are the message's
	assertContains "$errors" 'did you mean `times`?'
}

test_convert() {
	local image=$TMPDIR/convert format family
	mke2fs -q -F -t ext4 -d "$tree" "$image" 64M
	while read -r format family; do
		"$JEOS" -q convert "$image" "$format" -o "$image.$format"
		assertEquals "$format" 0 $?
		assertTrue "$format" "qemu-img compare -q -f raw -F $family '$image' '$image.$format'"
		"$JEOS" -q convert "$image.$format" qcow2 -c zstd -o "$image.again"
		assertTrue "$format" "qemu-img compare -q -f raw -F qcow2 '$image' '$image.again'"
		assertTrue "$format" "qemu-img check -q '$image.again'"
		rm "$image.again"
	done <<-'END'
		raw raw
		qcow2 qcow2
		vdi vdi
		vhd vpc
		vhd-fixed vpc
		vmdk vmdk
		vmdk-stream vmdk
	END
	"$JEOS" -q convert "$image" qcow2 -o "$image.qcow2" 2>"$TMPDIR/errors"
	assertEquals 1 $?
	assertContains "$(<"$TMPDIR/errors")" '--force replaces it'
	cp "$image.qcow2" "$image.first"
	assertTrue 'by force' "'$JEOS' -q convert -f '$image' qcow2 -o '$image.qcow2'"
	assertTrue 'the same bytes' "cmp '$image.first' '$image.qcow2'"
	"$JEOS" -q convert "$image" tar -o "$image.x" 2>"$TMPDIR/errors"
	assertEquals 2 $?
	"$JEOS" -q convert "$image" raw -f -o "$image" 2>"$TMPDIR/errors"
	assertEquals 2 $?
	assertContains "$(<"$TMPDIR/errors")" 'the image itself'
	assertNull 'nothing is left' "$(find "$TMPDIR" -name '*.part')"
	# A disk in an archive, as appliances for VirtualBox and Google's cloud have it.
	(cd "$TMPDIR" && touch a.ovf a.nvram && mv convert.vmdk-stream a.vmdk &&
		tar -cf "$image.ova" a.ovf a.nvram a.vmdk &&
		mv convert.raw disk.raw && tar -czSf "$image.tar.gz" disk.raw)
	for format in ova tar.gz; do
		"$JEOS" -q convert "$image.$format" qcow2 -o "$image.again"
		assertEquals "$format" 0 $?
		assertTrue "$format" "qemu-img compare -q -f raw -F qcow2 '$image' '$image.again' && rm '$image.again'"
	done
	assert_tree "$image.ova"
	(cd "$TMPDIR" && touch b.vmdk && tar -rf "$image.ova" b.vmdk)
	inspect "$image.ova"
	assertContains "$errors" 'several disks, such as a.vmdk and b.vmdk: take out the one'
}

. shunit2
