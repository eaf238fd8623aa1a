#!/bin/bash
# `jeos check` over recipes that are good, with what they come to, and over recipes that are bad in
# one way each: every line of the error begins with one of the fixture's `# expect:` lines, in turn.
# shellcheck disable=SC2317 # shunit2 calls the functions
. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	work=$(mktemp -d)
	cp -rL "$JEOS_TOP/tests/fixtures/recipes" "$work/" && cd "$work/recipes" || exit 1
	kernel_package good/kernel.deb
}

kernel_package() { # kernel_package FILE: one that does not say how it was configured
	mkdir -p "$work/kernel/DEBIAN" "$work/kernel/boot"
	printf '%s\n' 'Package: linux-image-1' 'Version: 1' 'Architecture: amd64' \
		'Maintainer: Tests <tests@test.invalid>' 'Description: a kernel' >"$work/kernel/DEBIAN/control"
	echo kernel >"$work/kernel/boot/vmlinuz-1"
	dpkg-deb --root-owner-group -b "$work/kernel" "$1" >/dev/null
}

oneTimeTearDown() {
	[ -z "${work-}" ] || rm -rf "$work"
}

# check ARGUMENT...: leaves $status, $work/out and $work/err.
check() {
	"$JEOS" check "$@" >"$work/out" 2>"$work/err"
	status=$?
}

test_good_recipes() {
	for recipe in good/*.yaml; do
		[ -f "${recipe%.yaml}.expected" ] || continue
		check --show "$recipe"
		assertEquals "$recipe: $(cat "$work/err")" 0 $status
		assertEquals "$recipe" '' "$(diff "${recipe%.yaml}.expected" "$work/out" 2>&1)"
	done
}

test_bad_recipes() {
	for recipe in bad/*.yaml; do
		check "$recipe"
		assertEquals "$recipe: exit status" 3 $status
		assertEquals "$recipe: output" '' "$(cat "$work/out")"
		sed -n 's/^# expect: /jeos: /p' "$recipe" | sed '2,$s/^jeos: //' >"$work/expected"
		assertTrue "$recipe: expects nothing" "[ -s '$work/expected' ]"
		while IFS= read -r expected && IFS= read -r line <&3; do
			[ "${line#"$expected"}" != "$line" ] ||
				fail "$recipe: expected '$expected', not '$line'"
		done <"$work/expected" 3<"$work/err"
		assertEquals "$recipe: lines of $(cat "$work/err")" \
			"$(wc -l <"$work/expected")" "$(wc -l <"$work/err")"
	done
}

test_secrets_are_not_shown() {
	check bad/password-hash.yaml
	assertEquals 3 $status
	assertNotContains "$(cat "$work/err")" secret
}

test_all_recipes_are_reported() {
	check good/full.yaml bad/version.yaml good/least.yaml bad/suite.yaml
	assertEquals 3 $status
	assertEquals 'good/full.yaml: ok
good/least.yaml: ok' "$(cat "$work/out")"
	assertContains "$(cat "$work/err")" bad/version.yaml:
	assertContains "$(cat "$work/err")" bad/suite.yaml:
}

test_json() {
	check --json good/least.yaml bad/kernel.yaml "$work/none.yaml"
	assertEquals 3 $status
	assertEquals '{"recipe":"good/least.yaml","ok":true,"errors":[]}' "$(sed -n 1p "$work/out")"
	assertContains "$(sed -n 2p "$work/out")" '"ok":false,"errors":[{"message":"unknown kernel `guset`'
	assertContains "$(sed -n 2p "$work/out")" '"file":"bad/kernel.yaml","line":4,"column":9}]}'
	assertContains "$(sed -n 3p "$work/out")" '"message":"cannot read the recipe: '
	assertEquals 3 "$(wc -l <"$work/out")"
}

test_files_that_are_no_recipe() {
	check "$work/none.yaml"
	assertEquals 3 $status
	assertEquals "jeos: cannot read the recipe: $work/none.yaml: No such file or directory" \
		"$(cat "$work/err")"
	check "$work"
	assertEquals 3 $status
	assertContains "$(cat "$work/err")" 'Is a directory'
	{
		echo 'summary: |'
		yes ' many lines' | head -c 1100000
	} >"$work/large.yaml"
	check "$work/large.yaml"
	assertEquals 3 $status
	assertContains "$(cat "$work/err")" 'larger than'
	printf 'name: a\nsuite: bookworm\nsummary: caf\351\n' >"$work/latin.yaml"
	check "$work/latin.yaml"
	assertEquals 3 $status
	assertContains "$(cat "$work/err")" "$work/latin.yaml:3:13: invalid text"
}

# What the manual shows works, given the overlays and hooks that it names.
test_examples_of_the_manual() {
	mkdir -p "$work"/overlays/{web,shop} "$work/hooks"
	install -m 755 good/hooks/enable "$work/hooks/enable-shop"
	echo 'suite: bookworm' >"$work/minimal.yaml"
	awk -v work="$work" '
		/^```/ { inside = !inside; count += inside; next }
		inside { print > (work "/example-" count ".yaml") }
	' "$JEOS_TOP/builder/recipe/jeos-recipe.5.scd"
	check "$work"/example-*.yaml
	assertEquals "$(cat "$work/err")" 0 $status
	assertEquals 3 "$(grep -c ': ok$' "$work/out")"
}

test_usage() {
	check
	assertEquals 2 $status
	assertContains "$(cat "$work/err")" 'RECIPE is missing'
}

# An oracle for the schema: it accepts what jeos accepts, and sees what a schema can see.
test_schema_by_another_program() {
	need_programs jsonschema yq || return 0
	check --schema
	local accepted=() rejected=() recipe
	for recipe in good/*.yaml "$JEOS_TOP"/recipes/*.yaml; do
		[ -e "$recipe" ] || continue
		yq . "$recipe" >"$work/$(basename "$recipe").json"
		accepted+=(-i "$work/$(basename "$recipe").json")
	done
	jsonschema --output pretty "${accepted[@]}" "$work/out" >"$work/judged" 2>&1
	assertEquals "$(cat "$work/judged")" "$((${#accepted[@]} / 2))" \
		"$(grep -c '^===\[SUCCESS\]' "$work/judged")"
	for recipe in bad/{key-unknown,type-list,type-text,type-mapping,type-boolean}*.yaml \
		bad/{type-number,type-number-quoted,type-checks,type-flags,type-nothing}.yaml \
		bad/{size-unit,size-multiple,number-range,duration,name,name-end}.yaml \
		bad/{version,suite,mirror,component,package,without-version,hostname}.yaml \
		bad/{password-hash,ssh-key,platform,kernel,strip,firmware,format,filesystem}.yaml \
		bad/overlay-outside.yaml \
		bad/check-{scalar,empty,unknown,two,run-empty,run-status,port,files,memory}.yaml; do
		yq . "$recipe" >"$work/$(basename "$recipe").json"
		rejected+=(-i "$work/$(basename "$recipe").json")
	done
	jsonschema --output pretty "${rejected[@]}" "$work/out" >"$work/judged" 2>&1
	assertEquals '' "$(grep '^===\[SUCCESS\]' "$work/judged")"
	assertTrue 'none was judged' "grep -q '^===.ValidationError' '$work/judged'"
}

. shunit2
