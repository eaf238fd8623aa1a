#!/bin/bash
# Locks, work without the network, repositories and snapshots, over small signed archives made here.
# shellcheck disable=SC2317 # shunit2 calls the functions
. "$JEOS_TOP/tests/lib/archive.sh"

suite=bookworm

oneTimeSetUp() {
	work=$(mktemp -d) || exit 1
	archive_make "$work/model" || exit 1
	archive_add_base "$work/model"
	archive_add_package "$work/model" web 1.0 'Depends: common'
	archive_add_package "$work/model" common 1.0 'Section: libs'
	archive_add_package "$work/model" tool 1.0
	archive_publish "$work/model" "$suite" || exit 1
}

oneTimeTearDown() {
	archive_stop
	[ -z "${work-}" ] || rm -rf "$work"
}

# Each test has an archive, a store and a recipe of its own.
setUp() {
	cp -a "$work/model" "$work/debian"
	export JEOS_STORE=$work/store
	recipe "mirror: file://$work/debian" 'packages: [web, tool]'
}

tearDown() {
	archive_stop
	rm -rf "$work"/{debian,more,archive,store,out,recipe.yaml,small.lock}
}

# recipe LINE...: writes the recipe, which has these lines too.
recipe() {
	{
		echo 'name: small'
		echo "suite: $suite"
		echo "keyring: $work/model/keyring.gpg"
		echo 'kernel: none'
		printf '%s\n' "$@"
	} >"$work/recipe.yaml"
}

# run ARGUMENT...: leaves $status, $work/stdout and $work/stderr.
run() {
	"$JEOS" "$@" >"$work/stdout" 2>"$work/stderr"
	status=$?
}

# These packages make no root, so a build can only go wrong; how far it comes tells what it found.
build() {
	run build -o "$work/out" "$@" "$work/recipe.yaml"
}

good() {
	run "$@"
	assertEquals "$*: $(cat "$work/stderr")" 0 "$status"
}

# assert_refused STATUS TEXT...
assert_refused() {
	assertEquals "$(cat "$work/stderr")" "$1" "$status"
	shift
	for text in "$@"; do
		assertContains "$(cat "$work/stderr")" "$text"
	done
}

# assert_plan "PACKAGE VERSION..." [OPTION...]: what would be installed beside the base system.
assert_plan() {
	local expected=$1
	shift
	good plan "$@" "$work/recipe.yaml"
	assertEquals "$expected" "$(awk '/^  (web|common|tool|extra) / { print $1, $2 }' \
		"$work/stdout" | xargs)"
}

# A second version of everything; the new web needs the new common.
publish_news() {
	archive_add_package "$work/debian" web 2.0 'Depends: common (>= 2)'
	archive_add_package "$work/debian" common 2.0
	archive_add_package "$work/debian" tool 2.0
	archive_publish "$work/debian" "$suite"
}

# The index forgets all packages, the pool does not.
forget_all() {
	rm -r "$work/debian/dists/$suite"
	for deb in "$work"/model/pool/{base-files,passwd,libpam,apt}/*; do
		archive_add_deb "$work/debian" "$deb"
	done
	publish_news
}

test_a_lock_holds() {
	good plan --json "$work/recipe.yaml"
	jq -S 'del(.states)' "$work/stdout" >"$work/before"
	good lock "$work/recipe.yaml"
	assertEquals "$work/small.lock: 7 packages" "$(cat "$work/stdout")"
	assertEquals 4 "$(grep -c '^base [a-z]' "$work/small.lock")"
	assertEquals 3 "$(grep -c '^add [a-z]' "$work/small.lock")"
	assertContains "$(cat "$work/small.lock")" "$(printf '\nrecipe packages web tool\n')"
	assertContains "$(grep '^add common' "$work/small.lock")" " $suite libs optional pool/common/"

	publish_news
	good plan --json "$work/recipe.yaml"
	assertEquals '' "$(jq -S 'del(.states)' "$work/stdout" | diff "$work/before" -)"
	assert_plan 'common 2.0 tool 2.0 web 2.0' --no-lock
	rm -r "$work/debian"
	assert_plan 'common 1.0 tool 1.0 web 1.0'
}

test_a_lock_moves_when_told() {
	good lock "$work/recipe.yaml"
	publish_news
	cp "$work/small.lock" "$work/old"
	good lock "$work/recipe.yaml"
	assertEquals '' "$(diff <(grep -v ^date "$work/old") <(grep -v ^date "$work/small.lock"))"

	good lock --update "$work/recipe.yaml" tool
	assertEquals "$(printf '%-32s 1.0 -> 2.0\n%s' tool "$work/small.lock: 7 packages")" \
		"$(cat "$work/stdout")"
	assert_plan 'common 1.0 tool 2.0 web 1.0'
	good lock -u "$work/recipe.yaml" web
	assert_plan 'common 2.0 tool 2.0 web 2.0'

	cp "$work/old" "$work/small.lock"
	good lock --update "$work/recipe.yaml"
	assert_plan 'common 2.0 tool 2.0 web 2.0'
}

# The old web stands in the way of the new common: it goes too.
test_what_does_not_fit_moves_too() {
	good lock "$work/recipe.yaml"
	archive_add_package "$work/debian" common 2.0 'Breaks: web (<< 2)'
	archive_add_package "$work/debian" web 2.0 'Depends: common'
	archive_add_package "$work/debian" tool 2.0
	archive_publish "$work/debian" "$suite"
	good lock --update "$work/recipe.yaml" common
	assert_plan 'common 2.0 tool 1.0 web 2.0'
}

test_a_changed_recipe() {
	good lock "$work/recipe.yaml"
	publish_news
	recipe "mirror: file://$work/debian" 'packages: [tool]'
	run plan "$work/recipe.yaml"
	assert_refused 3 "small.lock: the lock does not fit" '`packages` has changed' 'run `jeos lock'
	assert_plan 'tool 2.0' --no-lock
	good lock --json "$work/recipe.yaml"
	assertEquals '[["common","1.0",null],["web","1.0",null]]' \
		"$(jq -c '[.changes[] | [.name, .from, .to]]' "$work/stdout")"
	assert_plan 'tool 1.0'
	recipe "mirror: file://$work/debian" 'packages: [tool]' 'without: [web]'
	run build "$work/recipe.yaml"
	assert_refused 3 '`without` has changed'
}

test_damaged_locks() {
	good lock -o "$work/good.lock" "$work/recipe.yaml"
	assertFalse 'another file was asked for' "[ -e '$work/small.lock' ]"
	while IFS='|' read -r edit line why; do
		sed "$edit" "$work/good.lock" >"$work/small.lock"
		run plan "$work/recipe.yaml"
		assert_refused 3 "small.lock:$line: $why"
	done <<-'EOF'
		2s/1/2/|2|no lock of this version
		3i nonsense here|3|unknown word `nonsense`
		s/^date .*/date yesterday/|16|no date
		s/^base apt 2.6 /base apt /|18|a package has nine words
		s/^\(base apt .* \)[0-9a-f]\{64\} /\1abc /|18|its fourth word is no SHA-256
		s/^\(base apt .* [0-9a-f]\{64\}\) [0-9]*/\1 many/|18|its fifth word is no size
		s/^base apt /base a\/pt /|18|its name has a slash
		s/pool.apt/..\/..\/apt/|18|its path leads elsewhere
		/^base/d|20|the lock is not complete
	EOF
	good lock --update "$work/recipe.yaml"
	assertEquals '' "$(diff "$work/good.lock" "$work/small.lock")"
	rm "$work/good.lock"
}

test_wrong_usage() {
	run lock
	assert_refused 2
	run lock web
	assert_refused 2 'RECIPE is missing'
	run lock "$work/recipe.yaml" web
	assert_refused 2 'use --update'
	run lock --update "$work/recipe.yaml" web
	assert_refused 3 'no lock to update'
	good lock "$work/recipe.yaml"
	run lock --update "$work/recipe.yaml" wob
	assert_refused 2 'no package `wob`'
	run lock -o x "$work/recipe.yaml" "$work/recipe.yaml"
	assert_refused 2 'more than one recipe'
}

test_packages_that_the_index_forgot() {
	good lock "$work/recipe.yaml"
	forget_all
	build
	assertNotEquals "$(cat "$work/stderr")" 4 "$status"
	assertEquals 7 "$(find "$work/store/packages" -name '*.deb' | wc -l)"
	good lock "$work/recipe.yaml"
	assertContains "$(cat "$work/stderr")" 'web 1.0 is no longer in the archive'
	assert_plan 'common 2.0 tool 2.0 web 2.0'
}

test_packages_that_are_gone() {
	good lock "$work/recipe.yaml"
	forget_all
	rm "$work"/debian/pool/{web,tool}/*_1.0_*
	build
	assert_refused 4 'small.lock: the mirror does not have: ' 'tool 1.0 (pool/' 'web 1.0 (pool/'
	assertNotContains "$(cat "$work/stderr")" 'common'
}

test_a_package_that_changed() {
	good lock "$work/recipe.yaml"
	printf x | dd of="$(echo "$work"/debian/pool/web/*)" conv=notrunc bs=1 seek=100 2>/dev/null
	build
	assert_refused 4 'web_1.0' 'wrong hash'
	assertEquals '' "$(find "$work/store/packages" -name "$(grep '^add web' "$work/small.lock" |
		cut -d' ' -f5).deb")"
}

test_offline() {
	run --offline plan "$work/recipe.yaml"
	assert_refused 4 "dists/$suite: offline, and not in the store"
	archive_publish "$work/debian" "$suite" "Valid-Until: $(LC_ALL=C date -Rud '10 sec')"
	good lock "$work/recipe.yaml"
	mv "$work/debian" "$work/archive"
	sleep 11
	assert_plan 'common 1.0 tool 1.0 web 1.0' --offline --no-lock
	assertContains "$(cat "$work/stderr")" 'it expired on'
	build --offline
	assert_refused 4 'offline, and not in the store: ' 'web 1.0'
	run plan --no-lock "$work/recipe.yaml"
	assert_refused 4

	mv "$work/archive" "$work/debian"
	build
	rm -r "$work/debian"
	build --offline
	assertNotEquals "$(cat "$work/stderr")" 4 "$status"

	# What the store keeps is checked like what comes from a mirror.
	sed -i 's/^Codename: /&x/' "$work"/store/indices/*.release
	run plan --offline --no-lock "$work/recipe.yaml"
	assert_refused 4 'wrong signature'
}

# A Release and its signature, for mirrors that sign it apart.
test_offline_with_a_signature_apart() {
	rm "$work/debian/dists/$suite/InRelease"
	good plan "$work/recipe.yaml"
	rm -r "$work/debian"
	assert_plan 'common 1.0 tool 1.0 web 1.0' --offline
}

test_a_repository_of_its_own() {
	archive_make "$work/more"
	archive_add_package "$work/more" extra 1.0 'Depends: web'
	archive_add_package "$work/more" tool 3.0
	archive_publish "$work/more" "$suite"
	archive_serve "$work/more" || fail 'no server'
	recipe "mirror: file://$work/debian" 'packages: [extra, tool]' \
		"repositories: [{mirror: $ARCHIVE_URL, suite: $suite, keyring: more/keyring.gpg}]"
	assert_plan 'common 1.0 extra 1.0 tool 3.0 web 1.0'
	good lock "$work/recipe.yaml"
	assertContains "$(cat "$work/small.lock")" "source deb [signed-by=/etc/apt/keyrings/repository-1.gpg] $ARCHIVE_URL $suite main"
	build
	assertEquals 8 "$(find "$work/store/packages" -name '*.deb' | wc -l)"

	recipe "mirror: file://$work/debian" 'packages: [extra, tool]' \
		"repositories: [{mirror: $ARCHIVE_URL, suite: $suite, keyring: model/keyring.gpg}]"
	run plan --no-lock "$work/recipe.yaml"
	assert_refused 4 "$ARCHIVE_URL" 'signed by key' 'model/keyring.gpg'
	recipe "mirror: file://$work/debian" \
		"repositories: [{mirror: $ARCHIVE_URL, suite: none, keyring: more/keyring.gpg}]"
	run plan --no-lock "$work/recipe.yaml"
	assert_refused 4 "$ARCHIVE_URL/dists/none: no such suite"
}

test_a_snapshot() {
	local past=$work/archive/debian/20250101T000000Z
	mkdir -p "${past%/*}"
	mv "$work/debian" "$past"
	archive_publish "$past" "$suite" 'Date: Wed, 01 Jan 2025 00:00:00 UTC' \
		'Valid-Until: Wed, 08 Jan 2025 00:00:00 UTC'
	recipe "mirror: file://${past%/*}" 'packages: [web]' 'snapshot: 20250101'
	assert_plan 'common 1.0 web 1.0'
	assertContains "$(cat "$work/stdout")" 'as of 2025-01-01 00:00:00 UTC'
	good lock "$work/recipe.yaml"
	assertContains "$(cat "$work/small.lock")" 'source deb [check-valid-until=no] '
	recipe "mirror: file://${past%/*}" 'packages: [web]' 'snapshot: 20250102T000000Z'
	run plan --no-lock "$work/recipe.yaml"
	assert_refused 4 "20250102T000000Z/dists/$suite: no such suite"
	mv "$past" "${past%/*}/20250109T000000Z"
	recipe "mirror: file://${past%/*}" 'packages: [web]' 'snapshot: 20250109'
	run plan --no-lock "$work/recipe.yaml"
	assert_refused 4 'it expired on 2025-01-08'
}

. shunit2
