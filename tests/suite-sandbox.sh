#!/bin/bash
# The sandbox seen from outside: the modes that a host allows, what jeos says where it allows none,
# and the sandbox's own tests as an unprivileged user.

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/user.sh"

oneTimeSetUp() {
	[ "$(id -u)" != 0 ] || user_make "$TMPDIR/home"
}

oneTimeTearDown() {
	user_remove
}

test_the_sandbox_works_for_an_unprivileged_user() {
	need_root 'become another user' && need_no_chroot || return 0
	local name status
	for name in sandbox-enter sandbox-run sandbox-tree hooks; do
		cp "${JEOS%/*}/tests/unit/test-$name" "$home/" || return 1
		(cd "$home" && as_user CMOCKA_MESSAGE_OUTPUT=TAP "./test-$name") >"$TMPDIR/log" 2>&1
		status=$?
		assertEquals "$name: $(grep -A20 '^not ok' "$TMPDIR/log")" 0 $status
	done
}

test_doctor_names_the_mode() {
	need_root 'try the modes of root' && need_no_chroot || return 0
	assertContains "$("$JEOS" doctor)" 'privileges               root'
	assertContains "$("$JEOS" doctor --json)" '"name":"privileges","state":"ok","detail":"root"'
	cd "$home" || return 1
	assertContains "$(as_user ./jeos doctor)" 'privileges               user namespace'
	assertContains "$(setpriv --bounding-set -sys_admin "$JEOS" doctor)" 'chroot: root that may not'
	cd "$JEOS_TOP" || return 1
}

# doctor_fails MESSAGE COMMAND...: the command says what is missing, and exits with 6.
doctor_fails() {
	local message=$1 status
	shift
	"$@" >"$TMPDIR/output" 2>"$TMPDIR/errors"
	status=$?
	assertEquals "$* ($(<"$TMPDIR/errors"))" 6 $status
	assertContains "$*" "$(<"$TMPDIR/errors")" "$message"
}

test_what_is_missing_is_named_with_its_remedy() {
	need_root 'take rights away' || return 0
	local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups env -i HOME=/nonexistent)
	mkdir -m 777 "$TMPDIR/store"
	cd "$home" || return 1
	doctor_fails 'usermod --add-subuids' "${nobody[@]}" ./jeos doctor --store "$TMPDIR/store"
	doctor_fails 'uidmap' as_user PATH=/nonexistent ./jeos doctor
	doctor_fails 'capability SYS_CHROOT' \
		setpriv --bounding-set -sys_admin,-sys_chroot "$JEOS" doctor
	cd "$JEOS_TOP" || return 1
	rm -rf "$TMPDIR/store"
}

# A chroot is no mount point, so that its mounts cannot be made private the ordinary way.
test_root_in_a_chroot_can_build_and_its_mounts_stay_private() {
	need_root 'make a chroot' && need_no_chroot || return 0
	local tree=$TMPDIR/chroot
	mkdir -p "$tree/usr" "$tree/proc" "$tree/dev" && cp "$JEOS" "$tree/jeos" &&
		ldd "$JEOS" | grep -o '/[^ ]*' | xargs cp -L --parents -t "$tree"
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount --propagation shared sh -c '
		mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev"
		cat /proc/self/mountinfo >"$2/before"
		chroot "$1" /jeos doctor --store /store >"$2/output" 2>&1
		cat /proc/self/mountinfo >"$2/after"' sh "$tree" "$TMPDIR"
	assertContains "$(<"$TMPDIR/output")" 'privileges               root'
	assertContains "$(<"$TMPDIR/output")" 'layers are shared'
	diff "$TMPDIR/before" "$TMPDIR/after"
	assertTrue 'the mounts are as before' $?
}

# shellcheck disable=SC1091
. shunit2
