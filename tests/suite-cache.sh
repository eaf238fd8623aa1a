#!/bin/bash
# The store: what a plan says of its layers, when nothing is done again, showing, cleaning, builds
# that are killed and builds side by side.
# time-limit: 900

. "$JEOS_TOP/tests/lib/store.sh"

oneTimeSetUp() {
	scratch=$TMPDIR/cache
	mkdir -p "$scratch/hooks" "$scratch/overlays/site"
	cd "$scratch" || exit 1
	recipe
	"$JEOS" build -o first small.yaml >log 2>&1 </dev/null
	status=$?
	assertEquals "the first build ($(<log))" 0 $status
	artefact=small-0-amd64.qcow2 image=out/small-0-amd64.qcow2
}

recipe() { # recipe LINE...: small.yaml, the smallest that can be built, with more lines
	printf '%s\n' 'name: small' 'suite: bookworm' 'kernel: none' \
		'disk: {size: 512M, firmware: [bios]}' "$@" >small.yaml
}

with_kernel() { # with_kernel LINE...: the same with a kernel, whose layer is made beside the root
	recipe "$@"
	sed -i 's/^kernel: none/kernel: cloud/' small.yaml
}

# A store with the packages of the shared one, and nothing built yet.
fresh_store() {
	rm -rf store out
	copy_packages store
}

# plan_layers: what the plan says of the layers
plan_layers() {
	"$JEOS" --store store plan small.yaml | sed -n '/^layers:/,/^disk:/p'
}

build() { # build [OPTION...]: with the store here
	"$JEOS" --store store build "$@" small.yaml >output 2>errors </dev/null
	status=$?
	assertEquals "build $* ($(<errors))" 0 $status
}

test_a_plan_says_why_a_layer_is_to_do() {
	fresh_store
	recipe
	assertContains 'nothing is there' "$(plan_layers)" 'to do: the first of its sort'
	build
	assertContains 'all is there' "$(plan_layers)" 'cached'
	recipe 'strip: [documentation]'
	assertContains 'other rules' "$(plan_layers)" 'to do: strip rules changed'
	recipe 'packages: [netcat-openbsd]'
	assertContains 'one more layer' "$(plan_layers)" 'to do: the first of its sort'
	build
	recipe 'packages: [netcat-openbsd, less]'
	assertContains 'one more package' "$(plan_layers)" 'to do: +less'
	recipe 'packages: [less]'
	assertContains 'another package' "$(plan_layers)" 'to do: +less; -'
	sed -i 's/"package netcat-openbsd": "[^ ]*/"package netcat-openbsd": "1.0-1/' \
		store/layers/*.inputs
	rm -rf "$(grep -l netcat store/layers/*.inputs | sed 's/.inputs$//')"
	recipe 'packages: [netcat-openbsd]'
	assertContains 'another version' "$(plan_layers)" 'to do: netcat-openbsd 1.0-1 -> '
	assertContains "$("$JEOS" --store store --json plan small.yaml)" '"base":"cached"'
}

test_base_and_kernel_are_shared_by_recipes() {
	local layers
	fresh_store
	with_kernel 'packages: [netcat-openbsd]'
	build
	with_kernel 'packages: [less]'
	build
	assertEquals 'base and kernel' 2 "$(grep -c '(cached)' errors)"
	assertEquals 'and two layers of packages' 4 "$(find store/layers -name '*.inputs' | wc -l)"
	assertEquals 'a look at the kernel' 'small.yaml: ok' \
		"$("$JEOS" --store store check small.yaml 2>&1)"
	with_kernel 'strip: [documentation]'
	layers=$(plan_layers)
	assertTrue "the kernel is any base's ($layers)" "grep -q 'kernel .* cached' <<<'$layers'"
	assertTrue "another base ($layers)" "grep -q 'base .* to do' <<<'$layers'"
}

test_what_is_up_to_date_is_not_built() {
	local before
	rm -rf out
	fresh_store
	recipe 'overlays: [site]'
	echo one >overlays/site/page
	build
	before=$(stat -c %i "$image")
	build
	assertContains "$(<errors)" 'up to date'
	assertEquals 'the same file' "$before" "$(stat -c %i "$image")"
	build --force
	assertNotEquals 'built by force' "$before" "$(stat -c %i "$image")"
	before=$(sha256sum <"$image")
	echo two >overlays/site/page
	build
	assertNotEquals 'an overlay changed' "$before" "$(sha256sum <"$image")"
	before=$(sha256sum <"$image")
	echo spoiled >>"$image"
	build
	assertEquals 'a longer artefact is made again' "$before" "$(sha256sum <"$image")"
	sleep 0.1
	printf spoiled | dd of="$image" conv=notrunc status=none
	build
	assertEquals 'a changed artefact is made again' "$before" "$(sha256sum <"$image")"
	rm "$image"
	build
	assertEquals 'a missing artefact is made again' "$before" "$(sha256sum <"$image")"
	rm overlays/site/page
}

test_show() {
	local text
	fresh_store
	recipe
	build
	text=$("$JEOS" --store store cache show)
	assertContains 'the path' "$text" "store: $scratch/store"
	assertContains 'the layer and whose it is' "$text" 'small: base'
	assertEquals 'packages' "$(find store/packages -type f | wc -l)" \
		"$(awk '/^packages/ { print $NF }' <<<"$text")"
	assertContains "$("$JEOS" --store $'st\xe9' --json cache show 2>&1)" 'is no UTF-8'
	text=$("$JEOS" --store store --json cache show)
	assertContains 'as JSON' "$text" '"title":"small: base"'
	assertContains 'as JSON' "$text" '"kernels":{"count":0,"size":0,"used":0}'
}

test_clean_takes_the_least_recently_used_first() {
	local i
	rm -rf store out
	mkdir -p store/packages
	for i in 1 2 3 4; do
		head -c 1048576 /dev/urandom >"store/packages/$i.deb"
		touch -d "$i days ago" "store/packages/$i.deb"
	done
	"$JEOS" --store store cache clean --keep-days 3 >output
	assertEquals '1.deb 2.deb' "$(cd store/packages && echo *)"
	assertContains "$(<output)" 'removed 2 entries, 2.0 MiB'
	"$JEOS" --store store cache clean --max-size 1500K >output
	assertEquals '1.deb' "$(cd store/packages && echo *)"
	"$JEOS" --store store cache clean --layers --kernels >output
	assertEquals 'not selected' '1.deb' "$(cd store/packages && echo *)"
	assertContains "$("$JEOS" --store store --json cache clean --packages)" '"removed":1,'
	assertEquals '' "$(ls store/packages)"
}

test_clean_layers_only() {
	fresh_store
	recipe
	build
	"$JEOS" --store store cache clean --layers >output
	assertEquals 'no layer' '' "$(ls store/layers)"
	assertNotEquals 'packages stay' '' "$(ls store/packages)"
	build --force
	assertTrue 'the same bytes' "cmp $image first/$artefact"
}

test_clean_leaves_what_a_build_uses() {
	fresh_store
	printf '#!/bin/sh\nsleep 4\n' >hooks/slow
	chmod +x hooks/slow
	recipe 'hooks: [slow]'
	"$JEOS" --json --store store build --force small.yaml >output 2>events </dev/null &
	building=$!
	until grep -qs '"begin","stage":"hook"' events || ! kill -0 "$building"; do sleep 0.1; done
	"$JEOS" --store store cache clean >cleaned 2>&1
	assertContains "$(<cleaned)" 'a running build uses others, which are left'
	assertEquals 'the layer is there' 1 "$(find store/layers -mindepth 1 -maxdepth 1 -type d | wc -l)"
	assertNotEquals 'packages are there' '' "$(ls store/packages)"
	assertNotEquals 'its work is there' '' "$(ls store/work)"
	wait "$building"
	status=$?
	assertEquals "the build ($(tail -n 3 events))" 0 $status
	"$JEOS" --store store cache clean >cleaned 2>&1
	assertEquals 'nothing is left' '' "$(find store -mindepth 2)"
}

test_wrong_usage() {
	local arguments
	while read -r arguments; do
		# shellcheck disable=SC2086 # words
		"$JEOS" --store store cache $arguments >output 2>errors
		status=$?
		assertEquals "cache $arguments ($(<errors))" 2 $status
	done <<-'END'
		frob
		show --layers
		clean --keep-days soon
		clean --keep-days -1
		clean --max-size much
		clean show
	END
}

test_a_killed_build_leaves_nothing_wrong() {
	local i
	fresh_store
	rm -rf out
	with_kernel
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$JEOS" --store store build --force small.yaml >output 2>errors </dev/null &
		building=$!
		sleep "$((RANDOM % 6)).$((RANDOM % 10))"
		kill -KILL "$building" 2>/dev/null
		wait "$building" 2>/dev/null
		[ $((i % 3)) = 0 ] && "$JEOS" --store store cache clean --layers >/dev/null
	done
	build
	assertTrue 'the sums are right' '(cd out && sha256sum --quiet -c SHA256SUMS)'
	assertEquals 'nothing is left at work' '' "$(ls -A store/work)"
	mv out after
	build
	assertTrue 'the same bytes from layers' "cmp $image after/$artefact"
	"$JEOS" --store store cache clean --layers >/dev/null
	build --force
	assertTrue 'the same bytes from nothing' "cmp $image after/$artefact"
	rm -rf after
}

test_eight_builds_at_once() {
	local i pids=
	fresh_store
	with_kernel
	for i in 1 2 3 4 5 6 7 8; do
		"$JEOS" --store store build -o "out$i" small.yaml >/dev/null 2>"log$i" </dev/null &
		pids="$pids $!"
	done
	i=0
	for pid in $pids; do
		i=$((i + 1))
		wait "$pid"
		status=$?
		assertEquals "build $i ($(<"log$i"))" 0 $status
		assertTrue "build $i: the same bytes" "cmp out$i/$artefact out1/$artefact"
	done
	assertEquals 'one kernel, one base' 2 "$(find store/layers -name '*.inputs' | wc -l)"
	rm -rf out?
}

. shunit2
