# shellcheck shell=bash
# What a test needs of the host. Where that is missing the rest of the test function is skipped:
#
#   . "$JEOS_TOP/tests/lib/need.sh"
#   need_root 'become another user' || return 0
#   need 'no other host name here' unshare --uts true || return 0

# need REASON COMMAND...: whether the command succeeds.
need() {
	local reason=$1
	shift
	"$@" >/dev/null 2>&1 && return 0
	startSkipping
	echo "skip: $reason"
	assertTrue true # shunit2 counts what is asserted
	return 1
}

need_root() {
	need "only root can $1" [ "$(id -u)" = 0 ]
}

need_programs() {
	need "not all installed: $*" type "$@"
}

# In a chroot the kernel gives no user namespaces, and / has no propagation to choose.
need_no_chroot() {
	need 'this is a chroot itself' unshare --mount true
}

# What takes minutes is for `make check-full`.
need_full() {
	need 'only in make check-full (JEOS_TEST_FULL=1)' [ -n "${JEOS_TEST_FULL-}" ]
}
