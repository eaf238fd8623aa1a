#!/bin/bash
# The same bytes: from one build to the next, with layers and without, in each mode (root, a root
# that may neither mount nor unshare, ordinary users), whatever the environment, on another day; and
# what is said when they are not.
# time-limit: 1200

. "$JEOS_TOP/tests/lib/store.sh"
. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/user.sh"

oneTimeSetUp() {
	scratch=$TMPDIR/reproducible
	mkdir -p "$scratch/hooks" && chmod 755 "$TMPDIR" "$scratch"
	cd "$scratch" || exit 1
	# An account, a directory of its own, triggers, a package's own script.
	printf '%s\n' 'name: small' 'suite: bookworm' 'kernel: cloud' \
		'disk: {size: 512M, firmware: [bios, uefi], formats: [raw, qcow2]}' \
		'packages: [dbus, less]' >small.yaml
	fresh_store store
	build first store
}

oneTimeTearDown() {
	user_remove
}

# fresh_store PATH: with the packages of the shared one, and nothing built yet.
fresh_store() {
	rm -rf "$1"
	copy_packages "$1"
}

ends_with() { # ends_with STATUS COMMAND...: its output in ./log
	local status wanted=$1
	shift
	"$@" >"$scratch/log" 2>&1 </dev/null
	status=$?
	assertEquals "$* ($(<"$scratch/log"))" "$wanted" $status
}

build() { # build OUTPUT STORE
	ends_with 0 "$JEOS" --store "$2" build --force -o "$1" small.yaml
}

same() { # same WHAT DIRECTORY: its artefacts are those of the first build
	local file
	for file in first/*.img first/*.qcow2; do
		cmp "$file" "$2/${file#*/}"
		assertTrue "$1: ${file#*/}" $?
	done
	rm -rf "$2"
}

test_layers_or_none() {
	build second store
	assertContains "$(<log)" '(cached)'
	same 'from layers' second
	"$JEOS" --store store cache clean --layers >/dev/null
	build second store
	assertNotContains "$(<log)" '(cached)'
	same 'without layers' second
}

# A store that has the packages and has never seen an index.
test_a_lock_and_no_archive() {
	ends_with 0 "$JEOS" --store store lock small.yaml
	mkdir -p locked
	cp -al store/packages locked/
	ends_with 0 "$JEOS" --store locked --offline build -o third small.yaml
	assertNotContains "$(<log)" '(cached)'
	same 'from a lock' third
	rm -rf locked small.lock
}

# Nothing in a layer is from after its packages, so that it does not matter when it was made.
test_layers_of_another_day() {
	local newest
	newest=$(find store/layers -mindepth 2 -newermt '1 day ago' | head -n 5)
	assertEquals 'nothing in the layers is of today' '' "$newest"
}

test_environments() {
	umask 077
	cd / || return 1
	ends_with 0 env TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 \
		HOME=/nonexistent USER=somebody HOSTNAME=elsewhere SOURCE_DATE_EPOCH=1 \
		DEBIAN_FRONTEND=readline PERL5LIB=/nonexistent MAKEFLAGS=-j9 \
		"$JEOS" --store "$scratch/other" build -o "$scratch/second" "$scratch/small.yaml"
	cd "$scratch" || return 1
	umask 022
	same 'another environment' second
	rm -rf other
}

test_another_host_name() {
	need 'no other host name here' unshare --uts true || return 0
	"$JEOS" --store store cache clean --layers >/dev/null
	ends_with 0 unshare --uts sh -c 'hostname elsewhere && exec "$@"' - \
		"$JEOS" --store store build -o second small.yaml
	same 'another host name' second
}

test_an_ordinary_user() {
	need_root 'become another user' || return 0
	user_make "$scratch/home" || return 1
	cp small.yaml "$home/"
	mkdir -p "$home/store/packages"
	sed -n 's/.*"sha256": "\([0-9a-f]*\)".*/\1/p' first/*.manifest.json | while read -r hash; do
		[ ! -f "store/packages/$hash.deb" ] || cp "store/packages/$hash.deb" "$home/store/packages/"
	done
	chown -R --reference="$home" "$home"
	cd "$home" || return 1
	ends_with 0 as_user ./jeos --store store build small.yaml
	cd "$scratch" || return 1
	assertContains "$(<log)" 'user namespace'
	same 'an ordinary user' "$home/out"
	assertContains "$(cd "$home" && as_user ./jeos --store store cache show)" 'small: base'
	(cd "$home" && as_user ./jeos --store store cache clean >log 2>&1)
	assertEquals "the user's store is clean ($(<"$home/log"))" '' "$(find "$home/store" -mindepth 2)"
}

test_root_that_may_not_mount() {
	need_root 'give up rights' || return 0
	local deny=${JEOS%/*}/tests/lib/deny
	"$deny" unshare --mount --propagation unchanged true 2>/dev/null
	assertFalse 'the filter denies' $?
	"$JEOS" --store store cache clean --layers >/dev/null
	ends_with 0 "$deny" "$JEOS" --store store build --force -o second small.yaml
	assertContains "$(<log)" '(chroot)'
	assertNotContains 'all is made there' "$(<log)" '(cached)'
	same 'mount and unshare denied' second
	ends_with 0 setpriv --bounding-set -sys_admin \
		"$JEOS" --store store build --force -o second small.yaml
	assertContains "$(<log)" '(chroot)'
	same 'a plain chroot' second
}

test_verify_minimal() {
	ends_with 0 "$JEOS" build --verify -o second "$JEOS_TOP/recipes/minimal.yaml"
	assertContains "$(<log)" 'two builds from nothing are the same'
	rm -rf second
}

test_verify_names_what_differs() {
	cat >hooks/unruly <<-'END'
		#!/bin/sh
		head -c 8 /dev/urandom | od -An -tx1 >/opt/random
		date +%s.%N >/etc/stamp
		touch "/srv/only-$(date +%N)"
		ln -s "$(date +%N)" /opt/link
		chown -h "$(($(date +%s) % 60000))" /opt/link
	END
	chmod +x hooks/unruly
	{
		cat small.yaml
		echo 'hooks: [unruly]'
	} >unruly.yaml
	ends_with 1 "$JEOS" --store store build --verify -o second unruly.yaml
	assertContains 'random contents' "$(<log)" '/opt/random: its contents, from byte'
	assertContains 'a date' "$(<log)" '/etc/stamp: its contents, from byte'
	assertContains 'names' "$(<log)" 'only the first has it'
	assertContains 'a target' "$(<log)" '/opt/link: its '
	assertContains 'an owner' "$(<log)" '/opt/link: its owner is '
	assertNotContains 'nothing else' "$(<log)" '/usr/'
	assertEquals 'nothing is left at work' '' "$(ls -A store/work)"
	rm -rf second
}

# shellcheck disable=SC1091
. shunit2
