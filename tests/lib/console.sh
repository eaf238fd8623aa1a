# shellcheck shell=bash
# For suites that type at the console of `jeos run`, in a terminal of 40 lines and 100 columns. What
# it shows goes to the file `console`; its store, in which the guest's files are meanwhile, is
# $JEOS_STORE or that of the options.

# console_begin OPTION... IMAGE
console_begin() {
	rm -f keyboard
	mkfifo keyboard || fail 'no keyboard'
	TERM=dumb timeout 600 script -qec 'stty rows 40 cols 100; stty -a >before
		"$JEOS" run '"${*@Q}"'; status=$?; stty -a >after; exit $status' /dev/null \
		<keyboard >console 2>&1 &
	console_job=$!
	exec 9>keyboard
}

# console_shows TEXT: waits for it.
console_shows() {
	local try
	for try in $(seq 1500); do
		grep -qF "$1" console && return 0
		kill -0 "$console_job" 2>/dev/null || break
		sleep 0.2
	done
	fail "no \`$1' on the console after $try looks: $(<console)"
	return 1
}

# console_types TEXT: as printf(1) has it.
console_types() {
	# shellcheck disable=SC2059
	printf "$1" >&9
}

# console_ended STATUS: it ends in time, and the terminal is as it was.
console_ended() {
	wait "$console_job"
	status=$?
	assertEquals "exit status, $(<console)" "$1" $status
	exec 9>&-
	assertEquals 'the terminal' "$(<before)" "$(<after)"
}

# console_has_shell: that of root, by whom the guest is then turned off.
console_has_shell() {
	console_shows '# ' || return 1
	console_types 'echo $((6*7)) is the answer\r'
	console_shows '42 is the answer'
}
