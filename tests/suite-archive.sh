#!/bin/bash
# Archives that are right, and archives that are wrong in one way each: `jeos plan` and the fetching
# of `jeos build`, over small signed archives made here.
# shellcheck disable=SC2317 # shunit2 calls the functions
. "$JEOS_TOP/tests/lib/archive.sh"

suite=bookworm

oneTimeSetUp() {
	work=$(mktemp -d) || exit 1
	archive_make "$work/model" || exit 1
	archive_add_base "$work/model"
	archive_add_package "$work/model" web 1.0 'Depends: web-common, tools | toolbox'
	archive_add_package "$work/model" web-common 1.0 'Depends: wifi'
	archive_add_package "$work/model" wifi 1.0
	archive_add_package "$work/model" tools 1.0 'Architecture: all'
	archive_add_package "$work/model" rival 1.0 'Conflicts: tools'
	archive_add_package "$work/model" toolbox 1.0 'Conflicts: web'
	archive_publish "$work/model" "$suite" || exit 1
}

oneTimeTearDown() {
	archive_stop
	[ -z "${work-}" ] || rm -rf "$work"
}

# Each test has an archive, a store and a recipe of its own.
setUp() {
	cp -a "$work/model" "$work/debian"
	mirror=file://$work/debian
	export JEOS_STORE=$work/store
}

tearDown() {
	archive_stop
	rm -rf "$work/debian" "$work/debian-security" "$work/store" "$work/out"
}

# run COMMAND [RECIPE-LINE...]: leaves $status, $work/stdout and $work/stderr.
run() {
	{
		echo 'name: small'
		echo 'version: "1"'
		echo 'summary: a test'
		echo "suite: $suite"
		echo "mirror: $mirror"
		echo "keyring: $work/model/keyring.gpg"
		echo 'kernel: none'
		printf '%s\n' "${@:2}"
	} >"$work/recipe.yaml"
	case $1 in
	build) set -- build -o "$work/out" ;;
	*) set -- "$1" ;;
	esac
	"$JEOS" "$@" "$work/recipe.yaml" >"$work/stdout" 2>"$work/stderr"
	status=$?
}

assert_plan() {
	assertEquals "$(cat "$work/stderr")" 0 "$status"
	for package in "$@"; do
		assertTrue "$package: $(cat "$work/stdout")" \
			"grep -Eq '^ *${package%=*} +${package#*=} ' '$work/stdout'"
	done
}

# assert_refused STATUS TEXT...: the message holds the texts; nothing is left behind.
assert_refused() {
	assertEquals "$(cat "$work/stderr")" "$1" "$status"
	for text in "${@:2}"; do
		assertContains "$(cat "$work/stderr")" "$text"
	done
	assertEquals '' "$(find "$work/store/work" -mindepth 1)"
	assertEquals '' "$(find "$work/store" -name '*.part')"
	assertFalse 'an artefact was left' "[ -e '$work/out' ] && [ -n \"\$(ls '$work/out')\" ]"
}

test_base_and_dependencies() {
	run plan 'packages: [web]'
	assert_plan base-files=12 passwd=1:4 libpam=1.5 apt=2.6 web=1.0 wifi=1.0 tools=1.0
	assertNotContains "$(cat "$work/stdout")" toolbox
}

test_indices_are_fetched_once() {
	archive_serve "$work/debian" || fail 'no server'
	mirror=$ARCHIVE_URL
	run plan 'packages: [web]'
	assert_plan web=1.0
	cp "$work/stdout" "$work/first"
	rm -rf "$work/debian/dists/$suite/main"
	run plan 'packages: [web]'
	assert_plan web=1.0
	assertEquals '' "$(diff "$work/first" "$work/stdout")"
}

test_indices_by_name() {
	archive_publish "$work/debian" "$suite" 'Acquire-By-Hash: no'
	rm -rf "$work/debian/dists/$suite/main/binary-$(dpkg --print-architecture)/by-hash"
	run plan
	assert_plan apt=2.6
}

test_detached_signature() {
	rm "$work/debian/dists/$suite/InRelease"
	run plan
	assert_plan apt=2.6
}

test_updates_and_security() {
	cp -a "$work/model" "$work/debian-security"
	rm -rf "$work/debian-security/dists/$suite"
	archive_add_package "$work/debian" wifi 1.0+deb12u1
	archive_publish "$work/debian" "$suite-updates"
	archive_add_package "$work/debian-security" tools 1.0+deb12u2 'Architecture: all'
	archive_publish "$work/debian-security" "$suite-security"
	archive_serve "$work" || fail 'no server'
	mirror=$ARCHIVE_URL/debian
	run plan 'packages: [web]'
	assert_plan wifi=1.0.deb12u1 tools=1.0.deb12u2 web=1.0
	assertContains "$(cat "$work/stdout")" "$suite-security"
}

test_wrong_key() {
	archive_make "$work/other" || fail 'no archive'
	archive_sign "$work/debian" "$suite" "$work/other/secret.gpg"
	run plan
	assert_refused 4 "$mirror/dists/$suite/InRelease: signed by key" 'which is not in'
	rm -rf "$work/other"
}

test_changed_release() {
	sed -i 's/^Origin: .*/Origin: Elsewhere/' "$work/debian/dists/$suite/InRelease"
	run plan
	assert_refused 4 "dists/$suite/InRelease: wrong signature: BADSIG"
}

test_unsigned_release() {
	cp "$work/debian/dists/$suite/Release" "$work/debian/dists/$suite/InRelease"
	run plan
	assert_refused 4 "dists/$suite/InRelease: it has no signature"
}

# A signed Release does not vouch for what stands beside it.
test_release_among_others() {
	release=$work/debian/dists/$suite/InRelease
	archive_make "$work/other" || fail 'no archive'
	archive_publish "$work/other" "$suite" 'Suite: evil'
	cp "$release" "$work/good"
	for files in "other/dists/$suite/InRelease good" "good other/dists/$suite/InRelease"; do
		# shellcheck disable=SC2086 # two files
		(cd "$work" && cat $files) >"$release"
		run plan
		assert_refused 4 "dists/$suite/InRelease: wrong signature: ERROR"
	done
	{
		echo 'Suite: evil'
		cat "$work/good"
		echo 'Suite: evil'
	} >"$release"
	run plan
	assert_plan apt=2.6
	rm -rf "$work/other" "$work/good"
}

test_expired_release() {
	archive_publish "$work/debian" "$suite" 'Valid-Until: Thu, 01 Jan 2026 00:00:00 UTC'
	run plan
	assert_refused 4 'expired on 2026-01-01 00:00:00 UTC'
}

test_release_of_another_suite() {
	archive_publish "$work/debian" "$suite" 'Suite: testing' 'Codename: trixie'
	run plan
	assert_refused 4 "it is of suite \`testing\`, codename \`trixie\`, not of \`$suite\`"
}

spoil_index() {
	for file in "$work/debian/dists/$suite/main"/*/Packages.xz \
		"$work/debian/dists/$suite/main"/*/by-hash/SHA256/*; do
		"$@" "$file"
	done
}

test_wrong_hash_of_index() {
	# shellcheck disable=SC2016 # expands in the inner shell
	spoil_index sh -c 'printf X | dd of="$1" bs=1 seek=20 conv=notrunc 2>/dev/null' spoil
	run plan
	assert_refused 4 'by-hash/SHA256/' 'wrong hash: expected SHA-256'
}

test_truncated_index() {
	spoil_index truncate -s -1
	run plan
	assert_refused 4 'truncated:'
}

test_unreachable_mirror() {
	archive_serve "$work/debian" || fail 'no server'
	mirror=$ARCHIVE_URL
	archive_stop
	run plan
	assert_refused 4 "fetching $mirror/dists/$suite" 'Failed to connect'
}

test_mirror_without_the_suite() {
	suite=trixie
	run plan
	suite=bookworm
	assert_refused 4 "$mirror/dists/trixie: no such suite on the mirror"
}

test_unknown_suite() {
	suite=bookwrom
	run plan
	suite=bookworm
	assert_refused 3 "recipe.yaml:4:8: unknown suite \`bookwrom\`; did you mean \`bookworm\`?" \
		"and $mirror has none of that name"
}

test_unknown_component() {
	run plan 'components: [main, extra]'
	assert_refused 3 "recipe.yaml:8:20: suite \`bookworm\` has no component \`extra\`"
}

test_unknown_package() {
	run plan 'packages:' '  - wbe'
	assert_refused 3 "recipe.yaml:9:5: unknown package \`wbe\`; did you mean \`web\`?"
}

test_conflicting_packages() {
	run plan 'packages: [web, rival]'
	assert_refused 3 'recipe.yaml:8:12: the packages cannot be installed together:' \
		'rival conflicts with tools'
}

test_forbidden_package() {
	run plan 'packages: [web]' 'without: [wifi]'
	assert_refused 3 "recipe.yaml:9:11: wifi is forbidden by \`without\`, but needed: " \
		'web depends on web-common, which depends on wifi'
}

test_answers_that_nobody_asks_for() {
	run plan 'debconf: [web web/port string 80]'
	assert_refused 3 'recipe.yaml:8:11: `debconf` has answers, but no package brings debconf'
}

test_pins() {
	archive_add_package "$work/debian" wifi 2.0
	archive_publish "$work/debian" "$suite"
	run plan 'packages: [web]'
	assert_plan wifi=2.0
	run plan 'packages: [web, wifi=1.0]'
	assert_plan wifi=1.0
	run plan 'packages: [wifi=3.0]'
	assert_refused 3 "recipe.yaml:8:12: no such version: \`wifi=3.0\`; the archive has 1.0 in"
}

# The packages are toys: nothing here gets further than fetching.
test_wrong_hash_of_package() {
	printf X | dd of="$work/debian/pool/wifi/wifi_1.0_$(dpkg --print-architecture).deb" bs=1 \
		seek=100 conv=notrunc 2>/dev/null
	run build 'packages: [web]'
	assert_refused 4 'pool/wifi/wifi_1.0' 'wrong hash: expected SHA-256'
}

test_truncated_package() {
	truncate -s -10 "$work/debian/pool/wifi/wifi_1.0_$(dpkg --print-architecture).deb"
	archive_serve "$work/debian" || fail 'no server'
	mirror=$ARCHIVE_URL
	run build 'packages: [web]'
	assert_refused 4 'pool/wifi/wifi_1.0' 'truncated:'
}

test_missing_package() {
	rm -r "$work/debian/pool/wifi"
	archive_serve "$work/debian" || fail 'no server'
	mirror=$ARCHIVE_URL
	run build 'packages: [web]'
	assert_refused 4 'the mirror does not have: wifi 1.0 (pool/wifi/wifi_1.0'
}

# Sends half of each package, then stops, as a script of the server.
make_slow() {
	mkdir -p "$work/debian/cgi-bin"
	cat >"$work/debian/cgi-bin/slow" <<-'EOF'
		#!/bin/sh
		file=../$PATH_INFO
		[ -f "$file" ] || { printf 'Status: 404 Not Found\r\n\r\n'; exit; }
		length=$(stat -c %s "$file")
		printf 'Content-Length: %s\r\n\r\n' "$length"
		case $file in
		*/pool/*) head -c "$((length / 2))" "$file"; exec sleep 30 ;;
		*) cat "$file" ;;
		esac
	EOF
	chmod 755 "$work/debian/cgi-bin/slow"
}

test_interrupted_fetch_is_resumed() {
	make_slow
	archive_serve "$work/debian" || fail 'no server'
	mirror=$ARCHIVE_URL/cgi-bin/slow
	run plan 'packages: [web]' # writes the recipe
	"$JEOS" build -o "$work/out" "$work/recipe.yaml" >"$work/stdout" 2>"$work/stderr" &
	build=$!
	for _ in $(seq 100); do
		[ -n "$(find "$work/store/packages" -name '*.part' -size +8k)" ] && break
		sleep 0.1
	done
	kill -TERM "$build"
	wait "$build"
	status=$?
	assertEquals "$(cat "$work/stderr")" 143 "$status"
	assertEquals '' "$(find "$work/store/packages" -name '*.deb')"
	assertNotEquals '' "$(find "$work/store/packages" -name '*.part')"

	mirror=$ARCHIVE_URL
	run build 'packages: [web]'
	assertEquals '' "$(find "$work/store/packages" -name '*.part')"
	for file in "$work/store/packages"/*.deb; do
		assertEquals "$(sha256sum <"$file" | cut -d' ' -f1).deb" "${file##*/}"
	done
	assertEquals 8 "$(find "$work/store/packages" -name '*.deb' | wc -l)"
}

. shunit2
