#!/bin/bash
# The command line: help, the manual, completion and listings all come from one table, and agree.

. "$JEOS_TOP/tests/lib/need.sh"

run() { # run ARGUMENT...: jeos's exit status in $status, its output in $output, errors in $errors
	"$JEOS" "$@" >"$TMPDIR/output" 2>"$TMPDIR/errors" </dev/null
	status=$?
	output=$(<"$TMPDIR/output")
	errors=$(<"$TMPDIR/errors")
}

commands() {
	"$JEOS" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

options() { # options COMMAND: the long names
	"$JEOS" "$1" --help | grep -o -- '^  \(-., \|    \)--[a-z-]*' | grep -o -- '--.*'
}

test_help_of_every_command() {
	local command
	assertTrue "[ $(commands | wc -l) -ge 7 ]"
	for command in $(commands); do
		run "$command" --help
		assertEquals "$command" 0 $status
		assertEquals "$command" "jeos $command: " "$(head -n 1 <<<"$output" | grep -o '^[^:]*: ')"
		assertNull "$command" "$errors"
	done
}

test_manual_has_every_command_and_option() {
	local page=$JEOS_TOP/builder/jeos.1.scd command option section
	for command in $(commands); do
		section=$(sed -n "/^\\*jeos $command\\*/,/^\\*jeos /p" "$page")
		assertNotNull "the manual misses: jeos $command" "$section"
		for option in $(options "$command"); do
			grep -qF -- "*$option*" <(echo "$section"; sed -n '/^# OPTIONS/,$p' "$page")
			assertTrue "the manual misses: jeos $command $option" $?
		done
	done
}

test_wrong_usage_is_2_and_says_what_is_meant() {
	local words message
	while IFS='|' read -r words message; do
		# shellcheck disable=SC2086 # words are words
		run $words
		assertEquals "jeos $words" 2 $status
		assertContains "jeos $words" "$errors" "$message"
		assertEquals "jeos $words" 1 "$(wc -l <<<"$errors")"
		assertNull "jeos $words" "$output"
	done <<-'END'
		|no command; `jeos --help` lists them
		biuld x|biuld: unknown command; did you mean `build`?
		xyzzy|xyzzy: unknown command; `jeos --help` lists them
		build|RECIPE... is missing
		build --outptu x|--outptu: unknown option
		build -o|--output: its argument DIR is missing
		plan a b|too many arguments
		--quiet=yes list stages|takes no argument
		list|is missing
		list platform|did you mean `platforms`?
	END
}

test_listings() {
	local listing
	for listing in formats filesystems platforms architectures stages strip fragments; do
		run list $listing
		assertEquals "$listing" 0 $status
		assertFalse "$listing has rows of name and summary" \
			"grep -vE '^[a-z0-9-]+ +[^ ]' '$TMPDIR/output'"
		assertTrue "$listing has rows" "[ -s '$TMPDIR/output' ]"
		run --json list $listing
		assertEquals "$listing" '[{"name":"' "${output:0:10}"
	done
}

test_version() {
	run --version
	assertEquals 0 $status
	assertTrue "$output" "grep -qE '^jeos [0-9.]+$' '$TMPDIR/output'"
}

complete_words() { # complete_words WORD...: what bash would offer for the last one
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_jeos
	echo "${COMPREPLY[*]}"
}

test_completion() {
	run completion
	assertEquals 0 $status
	# shellcheck disable=SC1091
	. "$TMPDIR/output"
	assertEquals "$(commands | xargs)" "$(complete_words jeos '')"
	assertEquals build "$(complete_words jeos bu)"
	assertEquals --output "$(complete_words jeos build --ou)"
	assertEquals platforms "$(complete_words jeos list pl)"
	assertEquals 'files' '' "$(complete_words jeos build '')"
	assertEquals "$(options check | xargs)" "$(complete_words jeos check --)"
}

# The recipe that the README shows, with the overlay and the hook that it names.
test_recipe_of_the_readme_is_good() {
	local top=$TMPDIR/readme
	mkdir -p "$top/hooks" "$top/overlays/web"
	cp -r "$JEOS_TOP/recipes" "$JEOS_TOP/overlays" "$JEOS_TOP/hooks" "$top"
	printf '#!/bin/sh\n' >"$top/hooks/enable-nginx"
	chmod +x "$top/hooks/enable-nginx"
	sed -n '/^    name: web$/,/^$/s/^    //p' "$JEOS_TOP/README.md" >"$top/recipes/web.yaml"
	run check "$top/recipes/web.yaml"
	assertEquals "$errors" 0 $status
	assertContains "$output" ok
}

test_install() {
	local to=$TMPDIR/installed/usr/local
	need 'an instrumented program is not for installing' \
		[ "$JEOS" = "$JEOS_TOP/build/jeos" ] || return 0
	make -s -C "$JEOS_TOP" install DESTDIR="$TMPDIR/installed" >"$TMPDIR/output" 2>&1 ||
		fail "$(<"$TMPDIR/output")"
	assertEquals "$("$JEOS" --version)" "$("$to/bin/jeos" --version)"
	assertEquals "$("$JEOS" completion)" "$(<"$to/share/bash-completion/completions/jeos")"
	assertTrue 'manual pages' "[ -s $to/share/man/man1/jeos.1 ] && [ -s $to/share/man/man5/jeos-recipe.5 ]"
	assertNull 'recipes and what they name are as here' "$(for folder in recipes overlays hooks kernel-configs; do
		diff -r --no-dereference "$JEOS_TOP/$folder" "$to/share/jeos/$folder"
	done 2>&1)"
}

test_output_that_cannot_be_written() {
	"$JEOS" list stages >/dev/full 2>"$TMPDIR/errors"
	assertEquals 1 $?
	assertContains "$(<"$TMPDIR/errors")" 'No space left'
}

. shunit2
