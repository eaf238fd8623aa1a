#!/bin/bash
# The harness: the shipped recipes boot every way and pass, what is wrong with a guest is found and
# told by its exit status, and neither the image nor anything else is left changed.
# time-limit: 3600

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/boot.sh"

oneTimeSetUp() {
	fixtures=$JEOS_TOP/tests/fixtures/boot
	out=$TMPDIR/out
	image=$out/minimal-1.0-amd64.qcow2
	cd "$TMPDIR" || return 1
	"$JEOS" -q build -o "$out" "$JEOS_TOP/recipes/minimal.yaml" >/dev/null || return 1
	make_empty_image && make_raw_image
}

# An image with a root, but without anything that starts: it never leaves the firmware.
make_empty_image() {
	mkdir -p tree/usr/lib/systemd && : >tree/usr/lib/systemd/systemd
	truncate -s 16M empty.img && mke2fs -q -t ext4 -d tree empty.img
}

# The minimal appliance as a raw disk, whose GRUB configuration a test can replace.
make_raw_image() {
	qemu-img convert -O raw "$image" raw.img || return 1
	root_start=$(sfdisk -d raw.img | sed -n 's/.*start= *\([0-9]*\),.*name="root".*/\1/p')
	debugfs_root -R 'cat /boot/grub/grub.cfg' >grub.cfg && grep -q '^linux ' grub.cfg
}

debugfs_root() {
	debugfs "$@" "raw.img?offset=$((root_start * 512))" 2>/dev/null
}

# boot_with WORDS: the raw image's kernel gets these words more.
boot_with() {
	sed "s|^linux .*|& $1|" grub.cfg >changed.cfg
	printf 'rm /boot/grub/grub.cfg\nwrite changed.cfg /boot/grub/grub.cfg\n' >commands
	debugfs_root -w -f commands >/dev/null
}

# boots_every_way RECIPE: three boots, all checks passed, the image as it was.
boots_every_way() {
	local name=$1 before after
	"$JEOS" -q build -o "$out" "$JEOS_TOP/recipes/$name.yaml" >/dev/null
	before=$(identity "$out/$name-1.0-amd64.qcow2")
	run test -o "$out" --junit junit.xml --tap result.tap "$JEOS_TOP/recipes/$name.yaml"
	after=$(identity "$out/$name-1.0-amd64.qcow2")
	assertEquals "$output$errors" 0 $status
	assertEquals "$output" 3 "$(grep -c "^ok [0-9]* - $name kvm [a-z]*: ready$" result.tap)"
	assertEquals 'they come in order, whichever was ready first' 'bios uefi direct' \
		"$(sed -n 's/^ok .* kvm \([a-z]*\): ready$/\1/p' result.tap | xargs)"
	assertEquals 'what was printed' "$output" "$(<result.tap)"
	assertEquals "$output" "1..$(grep -c '^ok ' result.tap)" "$(sed -n 2p result.tap)"
	assertEquals "$before" "$after"
	assertContains "$(ls "$out/$name-1.0-amd64.qcow2.logs")" kvm-uefi.log
	assert_nothing_left
}

test_minimal_boots_every_way() {
	boots_every_way minimal
}

# With a kernel that is compiled here, unless another test has done it.
test_guest_boots_every_way() {
	boots_every_way guest
}

# With nothing but what it runs.
test_sealed_boots_every_way() {
	boots_every_way sealed
}

test_ssh_boots_every_way() {
	boots_every_way ssh
}

# What UEFI starts, by objcopy and mtools: the kernel that GRUB reads out of it, by the same command
# line; the root has it not once more.
test_one_kernel_for_every_firmware() {
	local start pieces section piece
	start=$(sfdisk -d raw.img | sed -n 's/.*start= *\([0-9]*\),.*name="ESP".*/\1/p')
	mcopy -n -i "raw.img@@$((start * 512))" ::/EFI/BOOT/BOOTX64.EFI program.efi
	objcopy -O binary --only-section=.cmdline program.efi cmdline
	assertEquals "$(sed -n 's/^linux [^ ]* //p' grub.cfg)" "$(<cmdline)"
	assertContains "$(<cmdline)" "root=PARTUUID=$(sfdisk -d raw.img |
		sed -n 's/.*uuid=\([^,]*\), name="root".*/\1/p' | tr 'A-F' 'a-f')"
	pieces='s/^[a-z]* (uki)\([0-9]*\)+\([0-9]*\).*/skip=\1 count=\2/p'
	for section in linux initrd; do
		objcopy -O binary --only-section=.$section program.efi $section
		piece=$(grep "^$section " grub.cfg | sed -n "$pieces")
		# shellcheck disable=SC2086 # two words
		dd if=program.efi of=piece bs=512 $piece status=none
		truncate -s "$(stat -c %s $section)" piece
		assertTrue "$section" "[ -s piece ] && cmp piece $section"
	done
	assertEquals HdrS "$(dd if=linux bs=1 skip=514 count=4 status=none)"
	assertNotContains "$(debugfs_root -R 'ls /boot')" vmlinuz
}

# Without firmware and without PCI; the kernel as a PC loads it, and as an ELF file.
test_microvm_is_given_a_kernel() {
	printf '%s\n' "from: $JEOS_TOP/recipes/minimal.yaml" 'name: micro' 'platforms: [microvm]' \
		'disk: {formats: [raw]}' >micro.yaml
	"$JEOS" -q build -o "$out" micro.yaml >/dev/null || fail 'build'
	run test --platform microvm --recipe micro.yaml "$out/micro-1.0-amd64.img"
	assertEquals "$output$errors" 0 $status
	assertContains "$output" 'micro-1.0-amd64 microvm direct: power-off'
	assertContains "$output" 'micro-1.0-amd64 microvm pvh: power-off'
	assertNotContains "$output" 'microvm bios'
	run run --platform microvm --machine q35 "$out/micro-1.0-amd64.img"
	assertEquals "$errors" 2 $status
	rm -r "$out"/micro-*
}

test_another_machine_and_the_kernel_as_an_elf_file() {
	run test --machine pc --boot pvh "$image"
	assertEquals "$output$errors" 0 $status
	assertContains "$output" 'minimal-1.0-amd64 kvm-pc pvh: ready'
}

test_json_tells_where_the_time_went() {
	run test --json --boot direct "$image"
	assertEquals "$output$errors" 0 $status
	# The parts add up, and all of them took time.
	assertEquals "$output" true "$(jq '.verdicts[0].boot |
		[.firmware_milliseconds, .kernel_milliseconds, .userspace_milliseconds] as $parts |
		($parts | min > 50) and ($parts | add) == .total_milliseconds and
		.processor_milliseconds > 1000' output)"
	assertEquals "$output" true "$(jq '.verdicts[0] | .memory_used > 10000000 and
		.memory_used < .memory' output)"
	assertEquals "$output" true "$(jq '.verdicts[0].analysis |
		(.units | length > 3 and all(.[]; .name | test("[.](service|mount|device)"))) and
		(.critical_chain | contains("multi-user.target @"))' output)"
}

# The appliance without systemd, with a kernel that need not be built: the distribution's package,
# given as a file.
test_tiny_web_boots() {
	local kernel
	kernel=$("$JEOS" plan --json "$JEOS_TOP/recipes/minimal.yaml" | jq -r .kernel.sha256)
	ln -s "$JEOS_STORE/packages/$kernel.deb" kernel.deb
	printf '%s\n' 'name: tiny' "from: $JEOS_TOP/recipes/tiny-web.yaml" \
		'kernel: {package: kernel.deb}' 'test: {memory: 96M}' >tiny.yaml
	run test --boot direct -o "$out" tiny.yaml
	assertEquals "$output$errors" 0 $status
	assert_nothing_left
}

test_every_failed_check_is_found() {
	local before
	before=$(identity "$image")
	run test --boot direct --junit mixed.xml --recipe "$fixtures/mixed.yaml" "$image"
	assertEquals "$output$errors" 10 $status
	sed -n 's/^\(ok\|not ok\) \([0-9]*\) .*/\2 \1/p' output >outcomes
	cat >expected <<-'END'
		1 ok
		2 ok
		3 not ok
		4 ok
		5 not ok
		6 ok
		7 not ok
		8 not ok
		9 not ok
		10 ok
		11 not ok
		12 ok
		13 not ok
		14 ok
		15 not ok
		16 ok
		17 not ok
		18 ok
		19 ok
	END
	assertEquals "$output" "$(<expected)" "$(<outcomes)"
	assertContains "$output" '# exit status 4, not 0'
	assertContains "$output" '# the output does not match ^three$:'
	assertContains "$output" '# still running after 2 s, ended'
	assertContains "$output" '# connection refused'
	assertContains "$output" '# module virtio-net is there: virtio_net'
	assertContains "$output" '# file /no/such is not there'
	assertContains "$output" 'broken.service'
	assertContains "$errors" '1 of 1 boots failed the test; the worst one failed'
	assertEquals "$before" "$(identity "$image")"
	assert_nothing_left
}

test_xml_is_well_formed() {
	need_programs xmllint || return 0
	assertTrue 'junit.xml' 'xmllint --noout junit.xml mixed.xml'
}

test_json_tells_the_accelerator_and_why() {
	run test --json --boot bios --recipe "$fixtures/brief.yaml" empty.img
	assertContains "$output" '"status":"timed out","exit_status":11'
	if [ -e /sys/module/kvm_pvm ] && [ -w /dev/kvm ]; then
		assertContains "$output" '"accelerator":"tcg (no KVM: emulated: '
	else
		assertTrue "$output" "grep -Eq '\"accelerator\":\"(kvm|tcg) \\(' output"
	fi
	run test --json --accel tcg --memory 1000000G --boot bios empty.img
	assertContains "$output" '"accelerator":"tcg (asked for)"'
}

test_a_guest_without_a_system_hangs_in_the_firmware() {
	run test --boot bios --recipe "$fixtures/brief.yaml" empty.img
	assertEquals "$output$errors" 11 $status
	assertContains "$output" '# not up after 20 s: it stands in its firmware; the last lines'
	assertContains "$output" '#     No bootable device.'
}

test_a_silent_hang_is_told_from_one_in_the_firmware() {
	boot_with 'systemd.unit=basic.target'
	run test --boot bios --recipe "$fixtures/brief.yaml" raw.img
	assertEquals "$output$errors" 11 $status
	assertContains "$output" '# not up after 20 s: it stands in its userspace'
}

test_a_panic_is_told_with_its_reason() {
	boot_with 'init=/bin/false'
	run test --boot direct raw.img
	assertEquals "$output$errors" 12 $status
	assertContains "$output" '# Kernel panic - not syncing: Attempted to kill init'
	boot_with 'root=UUID=00000000-0000-0000-0000-000000000000'
	run test --boot direct raw.img
	assertEquals "$output$errors" 12 $status
	assertContains "$output" 'UUID=00000000-0000-0000-0000-000000000000 did not appear'
}

test_a_guest_that_goes_away_has_failed() {
	boot_with 'systemd.unit=poweroff.target'
	run test --boot direct raw.img
	assertEquals "$output$errors" 10 $status
	assertContains "$output" '# the guest turned itself off in its userspace'
	boot_with 'systemd.unit=reboot.target'
	run test --boot direct raw.img
	assertEquals "$output$errors" 12 $status
	assertContains "$output" '# the guest reset itself in its userspace'
}

test_the_emulator_fails() {
	run test --memory 1000000G --boot bios empty.img
	assertEquals "$output$errors" 13 $status
	assertContains "$output" '# QEMU does not start: exit status 1'
	assertContains "$output" 'cannot set up guest memory'
	"$JEOS" test --boot bios empty.img >output 2>errors &
	wait_for_emulator
	kill -KILL "$emulator"
	wait $!
	assertEquals 13 $?
	assertContains "$(<output)" '# QEMU ended by itself: killed by SIGKILL'
	assert_nothing_left
}

test_interrupts_leave_nothing() {
	local signal pid
	for signal in INT TERM HUP; do
		# Background jobs of a script ignore SIGINT unless they are told not to.
		env --default-signal=INT "$JEOS" test --boot bios empty.img >output 2>errors &
		pid=$!
		wait_for_emulator
		kill -"$signal" "$pid"
		wait "$pid" 2>/dev/null
		status=$?
		assertEquals "$signal" $((128 + $(kill -l "$signal"))) $status
		assertNull "$signal" "$(<output)"
		assert_nothing_left
	done
}

test_several_boots_run_at_once() {
	local count try
	"$JEOS" test --boot bios --jobs 3 --machine pc empty.img empty.img raw.img >output 2>errors &
	for try in $(seq 100); do
		count=$(emulators | wc -l)
		[ "$count" = 3 ] && break
		sleep 0.1
	done
	assertEquals 3 "$count"
	kill $!
	wait $!
	assertEquals $((128 + 15)) $?
	assert_nothing_left
}

test_the_emulator_dies_with_jeos() {
	"$JEOS" test --boot bios empty.img >output 2>errors &
	wait_for_emulator
	kill -KILL $!
	wait $! 2>/dev/null
	sleep 1
	assertNull "$(emulators)"
	rm -rf empty.img.logs
}

test_a_missing_emulator_is_named() {
	PATH=/nowhere run test --boot bios empty.img
	assertEquals "$errors" 6 $status
	assertContains "$errors" 'qemu-system-x86_64: program not found; install qemu-system-x86'
	# Of all platforms, what cannot be run is told, and is no success when it is everything.
	PATH=/nowhere run test --platform all --boot bios --junit skipped.xml "$image"
	assertEquals "$errors" 6 $status
	assertContains "$output" 'ready # SKIP qemu-system-x86_64: program not found'
	assertContains "$errors" 'nothing was tested'
	assertContains "$(<skipped.xml)" '<skipped message="qemu-system-x86_64: program not found'
	assert_nothing_left
}

test_what_is_no_image_is_refused() {
	local before
	: >nothing.img
	echo 'no image' >text.img
	truncate -s 16M zeros.img
	truncate -s 1M cut.qcow2 && dd if="$image" of=cut.qcow2 bs=1k count=512 conv=notrunc status=none
	for file in nothing.img text.img zeros.img cut.qcow2 nowhere.img tree; do
		before=$(identity $file 2>&1)
		run test --boot bios $file
		assertEquals "$file: $errors" 1 $status
		assertContains "$errors" "$file"
		assertEquals "$file" 1 "$(grep -vc '^ ' errors)"
		assertEquals "$before" "$(identity $file 2>&1)"
	done
	run test empty.img
	assertContains "$errors" 'empty.img: nothing to boot'
	assertEquals 1 $status
	assert_nothing_left
}

test_wrong_usage() {
	local words message
	while IFS='|' read -r words message; do
		# shellcheck disable=SC2086 # words are words
		run $words
		assertEquals "jeos $words" 2 $status
		assertContains "jeos $words" "$errors" "$message"
	done <<-'END'
		test --boot bois empty.img|--boot: `bois` is unknown; known are bios, uefi, direct, pvh
		test --accel fast empty.img|--accel: `fast` is unknown; known are auto, kvm, tcg
		test --platform moon empty.img|--platform: `moon` is unknown
		test --machine moon empty.img|--machine: the platform kvm has no machine `moon`; it has q35, pc
		test --platform microvm --boot bios empty.img|--boot: no machine of the platform microvm boots by bios
		test --memory much empty.img|--memory: `much` is no size
		test --platform kvm,moon empty.img|--platform: `moon` is unknown
		test --jobs 0 empty.img|--jobs: `0` is no number from 1 to 1024
		test --jobs 2x empty.img|--jobs: `2x` is no number from 1 to 1024
		run --platform all empty.img|--platform: the image is run on one platform
		run --port 80 empty.img|--port: `80` is no pair of ports
		run --port 0:80 empty.img|--port: `0:80` is no pair of ports
		run --port 80:65536 empty.img|--port: `80:65536` is no pair of ports
	END
}

test_run_puts_the_console_on_the_terminal() {
	local before
	before=$(identity empty.img)
	(
		sleep 6
		printf '\001x'
	) | TERM=dumb timeout 60 script -qec "$JEOS run --boot bios empty.img" /dev/null >output 2>&1
	assertContains "$(<output)" 'No bootable device.'
	assertContains "$(<output)" 'QEMU: Terminated'
	assertContains "$(<output)" 'Ctrl-A X ends the guest'
	assertEquals "$before" "$(identity empty.img)"
	assertNull "$(emulators)"
}

. shunit2
