#!/bin/bash
# Xen: guests that xl makes in a dom0 of jeos's own, of the kinds PV, PVH and HVM.
# time-limit: 2400

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/boot.sh"
. "$JEOS_TOP/tests/lib/console.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	cp "$JEOS_TOP/tests/fixtures/boot/xen.yaml" . && mkdir recipes overlays &&
		cp -R "$JEOS_TOP/overlays/"{tiny-web,xen-dom0} overlays/ &&
		cp "$JEOS_TOP/recipes/xen-dom0.yaml" recipes/ &&
		"$JEOS" -q build xen.yaml >/dev/null
	image=out/xen-1.0-amd64.img
	sync $image # or its blocks are counted anew meanwhile
}

# passes OPTION...: as a guest of Xen, with every check; the image stays as it is.
passes() {
	local before
	before=$(identity "$image")
	run test --platform xen --recipe checks.yaml --log logs "$@" "$image"
	assertEquals "exit status, $output$errors" 0 $status
	assertEquals "failed checks, $output" 0 "$(grep -c '^not ok' <<<"$output")"
	assertEquals "the only check skipped, $output" "$(grep 'no failed units' <<<"$output")" \
		"$(grep '# SKIP' <<<"$output")"
	assertEquals 'the image' "$before" "$(identity "$image")"
	assert_nothing_left
}

# checks LINE...: those of the recipe, and these.
checks() {
	printf '%s\n' 'name: checks' "from: $PWD/xen.yaml" 'test:' '  checks:' "$@" >checks.yaml
}

is_of_type() {
	checks "    - run: {command: cat /sys/hypervisor/guest_type, output: ^$1\$}" \
		'    - run: {command: cat /proc/mounts, output: ^/dev/xvda}' \
		'    - run: {command: cat /proc/consoles, output: ^hvc0}' \
		'    - run: test -d /sys/bus/xen/drivers/vif/vif-0'
}

test_pv() {
	is_of_type PV
	passes --boot direct
	assertContains 'the log is the console' "$(<logs/xen-direct.log)" 'Requesting system poweroff'
}

test_pvh() {
	is_of_type PVH
	passes --boot pvh
	assertContains 'the log is the console' "$(<logs/xen-pvh.log)" 'Requesting system poweroff'
}

test_run_has_the_console() {
	console_begin --platform xen --boot pvh "$image"
	console_has_shell
	console_types 'cat /sys/hypervisor/guest_type; poweroff\r'
	console_ended 0
	assertContains "$(<console)" 'PVH'
	assertContains "$(<console)" 'reboot: System halted'
	assertNull 'a work directory is left' "$(find "$JEOS_STORE/work" -name 'boot.??????' -newer before)"
	assertNull "$(emulators)"
}

# All that minimal is checked for.
test_systemd_by_pvh() {
	need_full || return 0
	printf '%s\n' 'name: light' "from: $JEOS_TOP/recipes/minimal.yaml" 'kernel: generic' \
		'platforms: [kvm, xen]' 'disk: {formats: [raw]}' 'test:' '  ready-within: 240s' '  checks:' \
		'    - run: {command: cat /sys/hypervisor/guest_type, output: "^PVH$"}' >light.yaml
	"$JEOS" -q build light.yaml >/dev/null || fail build
	run test --platform xen --boot pvh --recipe light.yaml out/light-1.0-amd64.img
	assertEquals "exit status, $output$errors" 0 $status
}

# Its firmware reads the kernel through a disk that QEMU emulates in dom0: two minutes.
test_hvm_in_xen() {
	need_full || return 0
	checks '    - run: {command: cat /sys/hypervisor/guest_type, output: ^HVM$}' \
		'  ready-within: 600s'
	passes --boot bios --machine hvm-guest
}

# The PC of such a guest, without Xen.
test_hvm_by_its_pc() {
	checks '    - run: ls -d /sys/bus/pci/drivers/ata_piix/*[0-9]'
	passes --boot bios
}

# Xen's reason, not a time-out.
test_a_guest_that_xen_cannot_make() {
	run test --platform xen --boot direct --memory 16M --recipe xen.yaml "$image"
	assertEquals "exit status, $output$errors" 13 $status
	assertContains "$output" 'Out of memory'
	assertContains "$output" 'xen-dom0: Xen does not take the guest'
	assert_nothing_left
}

test_what_cannot_be() {
	run test --platform xen --boot direct --accel kvm --recipe xen.yaml "$image"
	assertEquals "exit status, $errors" 6 $status
	assertContains "$errors" 'not with --accel kvm'
	run --offline --store empty test --platform xen --boot direct --recipe xen.yaml "$image"
	assertNotEquals 'nothing to build the host of' 0 $status
	assertContains "$errors" 'the host of xen: '
	mv recipes/xen-dom0.yaml away.yaml
	run test --platform xen --boot direct --recipe xen.yaml "$image"
	mv away.yaml recipes/xen-dom0.yaml
	assertEquals "exit status, $errors" 6 $status
	assertContains "$errors" 'recipes/xen-dom0.yaml: not found'
}

. shunit2
