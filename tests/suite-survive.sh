#!/bin/bash
# What a host does to a running guest: snapshots, suspending, live migration, taking memory.
# time-limit: 3600

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/boot.sh"

oneTimeSetUp() {
	fixtures=$JEOS_TOP/tests/fixtures/boot
	image=$TMPDIR/out/minimal-1.0-amd64.qcow2
	cd "$TMPDIR" || return 1
	"$JEOS" -q build -o out "$JEOS_TOP/recipes/minimal.yaml" >/dev/null
}

# Everything but the last check, of a port where nobody listens, passes.
survives() { # survives ARGUMENT...
	run test --recipe "$fixtures/survives.yaml" "$@" "$image"
	assertEquals "$output$errors" 10 $status
	assertEquals "$output" 1 "$(grep -c '^not ok' output)"
	assertTrue "$output" "grep -q '^not ok 7 - .*: survives: suspend, port 81' output"
	assertContains "$output" '# port 81 does not answer'
	assertTrue "$output" "grep -q '^# port 80 answered [0-9]* times, the longest gap was' output"
	assert_nothing_left
}

test_a_guest_survives_what_its_host_does() {
	survives --boot direct
}

test_a_guest_survives_on_another_machine_and_by_uefi() {
	need_full || return 0
	survives --boot bios --machine pc
	survives --boot uefi
}

. shunit2
