#!/bin/bash
# Several recipes in one call: what they share is made once, and one that is wrong is named.
# time-limit: 900
# alone

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	mkdir hooks
	printf '%s\n' '#!/bin/sh' 'echo no such luck' 'exit 1' >hooks/unlucky
	chmod +x hooks/unlucky
	recipe one 'strip: [locales]'
	recipe two 'strip: [locales]' 'packages: [netbase]'
	recipe unlucky 'strip: [locales]' 'hooks: [unlucky]'
	recipe wrong 'no-such-key: 1'
}

tearDown() {
	rm -rf out
}

recipe() { # recipe NAME LINE...: NAME.yaml, nearly the smallest that can be built
	printf '%s\n' "name: $1" 'suite: bookworm' 'kernel: none' \
		'disk: {size: 512M, firmware: [bios]}' "${@:2}" >"$1.yaml"
}

build() { # build RECIPE...: exit status in $status, messages in $errors
	"$JEOS" --json build -o out "$@" </dev/null >output 2>errors
	status=$?
	errors=$(<errors)
}

artefacts() {
	(cd out 2>/dev/null && echo *.qcow2)
}

test_the_base_is_made_once() {
	build one.yaml two.yaml
	assertEquals "$errors" 0 $status
	assertEquals 'one-0-amd64.qcow2 two-0-amd64.qcow2' "$(artefacts)"
	assertEquals 'a result for each' 'one two' "$(jq -r .name output | xargs)"
	assertContains 'the second takes the base from the store' \
		"$(jq -r 'select(.event == "end" and .stage == "base").result' errors | tail -n 1)" \
		'(cached)'
	assertTrue 'sums of both' "(cd out && sha256sum --quiet -c SHA256SUMS)"
	assertEquals 2 "$(wc -l <out/SHA256SUMS)"
}

test_the_first_that_fails_is_named_and_is_the_last() {
	build one.yaml unlucky.yaml two.yaml
	assertEquals "$errors" 5 $status
	assertContains "$errors" '"status":5,"text":"unlucky.yaml: hook: '
	assertContains "$errors" 'two.yaml: not built'
	assertEquals 'what was built before it stays' one-0-amd64.qcow2 "$(artefacts)"
	assertEquals one "$(jq -r .name output)"
	assertEquals 'nothing else' '' "$(ls -A "$JEOS_STORE/work")"
}

test_all_are_read_before_the_first_is_built() {
	build one.yaml wrong.yaml
	assertEquals "$errors" 3 $status
	assertContains "$errors" 'wrong.yaml:5:1: '
	assertEquals '' "$(artefacts)"
}

test_two_must_not_write_the_same_file() {
	recipe one-again
	sed -i 's/one-again/one/' one-again.yaml
	build one.yaml one-again.yaml
	assertEquals "$errors" 2 $status
	assertContains "$errors" 'one.yaml and one-again.yaml: both are one-0-amd64'
	assertEquals '' "$(artefacts)"
}

. shunit2
