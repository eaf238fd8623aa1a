#!/bin/bash
# User Mode Linux: an appliance boots in it as a program of an unprivileged user, over a COW file of
# jeos's own, and two of them share one image.
# time-limit: 3600

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/user.sh"
. "$JEOS_TOP/tests/lib/console.sh"

oneTimeSetUp() {
	recipe=$JEOS_TOP/tests/fixtures/boot/uml.yaml
	cd "$TMPDIR" || return 1
	type linux.uml >/dev/null || return 0
	image=out/uml-1.0-amd64.ext4
	mkdir overlays && cp -R "$JEOS_TOP/overlays/tiny-web" overlays/ && cp "$recipe" . &&
		"$JEOS" -q build uml.yaml >/dev/null
}

oneTimeTearDown() {
	[ -z "${user-}" ] || user_remove
}

need_uml() {
	need 'User Mode Linux (user-mode-linux) is not installed' type linux.uml
}

# identity FILE: what must not change.
identity() {
	sha256sum "$1" && stat -c '%Y.%y %s %a' "$1"
}

assert_nothing_left() {
	assertNull 'a directory is left' "$(find . -maxdepth 3 -name 'boot.??????')"
	assertNull 'a guest is left' "$(guests)"
}

# What this suite has started: its working directory is below ours.
guests() {
	local process directory
	for process in /proc/[0-9]*; do
		directory=$(readlink "$process/cwd" 2>/dev/null) || continue
		[[ $directory == "$PWD"/*boot.* ]] && echo "${process#/proc/}"
	done
}

test_every_check_passes_and_the_image_stays() {
	need_uml || return 0
	local before
	before=$(identity "$image")
	"$JEOS" test --log logs uml.yaml >output
	assertEquals 'exit status' 0 $?
	assertEquals 'failed checks' 0 "$(grep -c '^not ok' output)"
	assertEquals 'passed checks' 9 "$(grep -c '^ok' output)"
	assertEquals 'the image' "$before" "$(identity "$image")"
	assertContains 'the log is the console' "$(<logs/uml-direct.log)" 'Linux version'
	assert_nothing_left
}

test_a_root_in_a_partition() {
	need_uml || return 0
	printf '%s\n' 'name: parted' "from: $PWD/uml.yaml" 'disk: {formats: [raw]}' >parted.yaml
	"$JEOS" test --log partition parted.yaml >output 2>errors || fail "exit status, $(<errors)"
	assert_nothing_left
}

# Compiled from kernel-configs/, as a program.
test_a_kernel_of_our_own() {
	need_full || return 0
	ln -s "$JEOS_TOP/kernel-configs" . &&
		printf '%s\n' 'name: own' "from: $PWD/uml.yaml" 'kernel: guest' \
			'test: {checks: [{run: {command: uname -r, output: -guest}}]}' >own.yaml
	"$JEOS" test --log own own.yaml >output 2>errors || fail "exit status, $(<errors)"
	assertEquals 'failed checks' 0 "$(grep -c '^not ok' output)"
	assertContains "$(<output)" 'run: uname -r'
	assert_nothing_left
}

test_two_guests_share_an_image() {
	need_uml || return 0
	local before
	before=$(identity "$image")
	"$JEOS" test --platform uml --recipe uml.yaml --log one "$image" >one.tap &
	"$JEOS" test --platform uml --recipe uml.yaml --log two "$image" >two.tap
	assertEquals 'the second' 0 $?
	wait $!
	assertEquals 'the first' 0 $?
	assertEquals 'the image' "$before" "$(identity "$image")"
	assert_nothing_left
}

test_an_unprivileged_user_boots_it() {
	need_uml && need_root 'become another user' || return 0
	user_make "$TMPDIR/home" || return 1
	chmod 755 "$TMPDIR"
	as_user sh -c 'cd && exec ./jeos test --platform uml --log logs "$1"' - "$PWD/$image" \
		>user.tap 2>errors || fail "exit status, $(<errors)"
	assertContains "$(<user.tap)" 'ok 1 - '
}

test_a_panic_is_told() {
	need_uml || return 0
	cp --sparse=always "$image" broken.ext4
	debugfs -w -R 'rm /sbin/init' broken.ext4 >/dev/null 2>&1
	debugfs -w -R 'rm /usr/sbin/init' broken.ext4 >/dev/null 2>&1
	"$JEOS" test --platform uml --recipe uml.yaml --log broken broken.ext4 >output 2>errors
	assertEquals 'exit status' 12 $?
	assertContains "$(<output)" 'Kernel panic'
	assert_nothing_left
}

test_an_interrupt_leaves_nothing() {
	need_uml || return 0
	"$JEOS" test --platform uml --recipe uml.yaml --log interrupted "$image" >output 2>errors &
	local job=$!
	for _ in $(seq 100); do
		[ "$(guests)" ] && break
		sleep 0.1
	done
	kill -TERM "$job"
	wait "$job"
	assertEquals 'exit status' 143 $?
	assert_nothing_left
}

test_run_has_its_console() {
	need_uml || return 0
	local before
	before=$(identity "$image")
	console_begin --platform uml --store "$PWD/store" --port 18080:80 "$image"
	console_has_shell && assertContains "$(busybox wget -q -O - http://127.0.0.1:18080/)" 'Served by busybox'
	console_types 'poweroff\r'
	console_ended 0
	assertContains "$(<console)" 'reboot: System halted'
	assertEquals 'the image' "$before" "$(identity "$image")"
	assert_nothing_left
}

test_run_ends_by_its_key_and_by_a_signal() {
	need_uml || return 0
	console_begin --platform uml --store "$PWD/store" "$image"
	console_shows 'Linux version'
	console_types '\001x'
	console_ended 0
	assert_nothing_left
	"$JEOS" run --platform uml --store "$PWD/store" "$image" >output 2>errors </dev/null &
	local job=$!
	for _ in $(seq 100); do
		grep -q 'Linux version' output && break
		sleep 0.1
	done
	kill -TERM "$job"
	wait "$job"
	assertEquals 'exit status' 143 $?
	assert_nothing_left
}

test_run_tells_of_a_port_in_use() {
	need_uml || return 0
	timeout 60 busybox httpd -f -p 127.0.0.1:18081 &
	local listener=$!
	for _ in $(seq 50); do
		busybox nc -w 1 127.0.0.1 18081 </dev/null && break
		sleep 0.1
	done
	timeout 60 "$JEOS" run --platform uml --store "$PWD/store" --port 18081:80 "$image" \
		>output 2>errors </dev/null
	assertEquals 'exit status' 13 $?
	assertContains "$(<errors)" 'port 18081 of this host cannot be led into the guest'
	assert_nothing_left
	kill "$listener"
}

test_without_the_program_its_package_is_named() {
	mkdir -p bare && : >uml-empty.img && truncate -s 16M uml-empty.img &&
		mkdir -p tree/etc && : >tree/etc/inittab && mke2fs -q -t ext4 -d tree uml-empty.img
	PATH=$PWD/bare "$JEOS" test --platform uml uml-empty.img 2>errors >/dev/null
	assertEquals 'exit status' 6 $?
	assertContains "$(<errors)" 'linux.uml'
	assertContains "$(<errors)" 'user-mode-linux'
}

. shunit2
