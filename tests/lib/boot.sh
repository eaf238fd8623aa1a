# shellcheck shell=bash
# For suites that boot guests, whose current directory is $TMPDIR.

# shellcheck disable=SC2034 # they are for tests
run() { # run ARGUMENT...: jeos's exit status in $status, its output in $output, errors in $errors
	"$JEOS" "$@" >output 2>errors </dev/null
	status=$?
	output=$(<output)
	errors=$(<errors)
}

# identity FILE: what must not change.
identity() {
	sha256sum "$1" && stat -c '%Y.%y %s %b %a' "$1"
}

# Nothing of a test's machinery runs or lies about.
assert_nothing_left() {
	assertNull 'a directory is left' "$(find . -maxdepth 3 -name 'boot.??????')"
	assertNull 'an emulator is left' "$(emulators)"
}

# The emulators that this suite has started: their working directory is below ours.
emulators() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/exe") = */qemu-system-* ]] &&
			[[ $(readlink "$process/cwd") = "$TMPDIR"/* ]] && echo "${process#/proc/}"
	done
}

# wait_for_emulator: until one runs; it then is in $emulator.
wait_for_emulator() {
	local try
	for try in $(seq 100); do
		emulator=$(emulators)
		[ -n "$emulator" ] && return 0
		sleep 0.1
	done
	fail "no emulator after $try tries"
}
