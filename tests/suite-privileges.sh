#!/bin/bash
# The same image, byte for byte, from each mode: root, root that may neither mount nor unshare, an
# unprivileged user; nothing cached; whatever the umask, the language and the time zone are.
# time-limit: 1800

deny="$JEOS_TOP/${JEOS#"$JEOS_TOP"/}"
deny=${deny%/*}/tests/lib/deny

oneTimeSetUp() {
	made_user=
	scratch=$TMPDIR/privileges
	mkdir -p "$scratch"
	cd "$scratch" || exit 1
	cat >light.yaml <<-'END'
		name: light
		suite: bookworm
		kernel: none
		disk: {size: 512M, firmware: [bios], formats: [raw]}
		strip: [documentation, locales, man-pages, apt-lists, apt-caches]
	END
	"$JEOS" build -o reference light.yaml >log 2>&1
	status=$?
	[ "$(id -u)" = 0 ] || return 0
	user=$(awk -F: '$1 !~ /^[0-9]/ && $3 >= 65535 { print $1 }' /etc/subuid | head -n 1)
	if [ -z "$user" ] || ! id "$user" >/dev/null 2>&1; then
		user=jeos-test made_user=yes
		useradd --no-create-home --shell /bin/sh "$user"
	fi
}

oneTimeTearDown() {
	[ -z "$made_user" ] || userdel "$user"
	made_user=
	cd / && rm -rf "$scratch"
}

# fresh NAME: a store of its own with the packages of the shared one, and nothing built yet.
fresh() {
	mkdir -p "$1/store"
	cp -al "$JEOS_STORE/packages" "$JEOS_STORE/indices" "$1/store/" 2>/dev/null ||
		cp -a "$JEOS_STORE/packages" "$JEOS_STORE/indices" "$1/store/"
}

# same_image NAME MODE COMMAND...: what it builds in NAME is the reference.
same_image() {
	local name=$1 mode=$2
	shift 2
	(cd "$name" && "$@" --store "$scratch/$name/store" build -o out ../light.yaml) >log 2>&1
	assertEquals "$(<log)" 0 $?
	assertContains "$(<log)" "building light-0-amd64 ($mode)"
	cmp "reference/light-0-amd64.img" "$name/out/light-0-amd64.img"
	assertTrue "$name: the same bytes" $?
	rm -rf "$name"
}

need_root() {
	[ "$(id -u)" = 0 ] && return 0
	startSkipping
	echo "skip: only root can $1"
	assertTrue true
	return 1
}

test_reference() {
	assertEquals "$(<log)" 0 "$status"
	assertTrue 'an image' '[ -s reference/light-0-amd64.img ]'
}

test_again_from_nothing() {
	local mode='user namespace'
	[ "$(id -u)" != 0 ] || mode=root
	fresh again
	same_image again "$mode" env LC_ALL=C TZ=Pacific/Kiritimati sh -c 'umask 077; exec "$@"' \
		sh "$JEOS"
}

test_root_that_may_not_mount() {
	need_root 'be a root that may not mount' || return 0
	"$deny" unshare -m --propagation unchanged true 2>/dev/null
	assertFalse 'the filter denies' $?
	fresh denied
	same_image denied chroot "$deny" "$JEOS"
}

test_unprivileged_user() {
	need_root 'become another user' || return 0
	fresh user
	cp "$JEOS" user/jeos
	find user -type d -exec chown "$user:" {} +
	same_image user 'user namespace' \
		setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
		env -i PATH="$PATH" HOME="$scratch/user" TZ=America/St_Johns LC_ALL=C.UTF-8 ./jeos
}

# shellcheck disable=SC1091
. shunit2
