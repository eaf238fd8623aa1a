#!/bin/bash
# The build of a kernel: for another architecture, with patches, side by side, and how it fails or is
# interrupted. The source is a small one of our own, whose makefile takes seconds; with
# JEOS_TEST_FULL=1 a real one is compiled twice.
# shellcheck disable=SC2317 # shunit2 calls the functions
# time-limit: 3600
. "$JEOS_TOP/tests/lib/kernel.sh"

oneTimeSetUp() {
	kernels_set_up || return 1
	"$JEOS" -q kernel build recipe.yaml >build.log 2>&1 || { cat build.log && return 1; }
	kernel_is_there
}

test_symbol_that_is_dropped() {
	fragment dropped CONFIG_DROPPED=y
	recipe 'kernel: {config: guest, add: [dropped]}'
	run build -q -o out recipe.yaml
	assert_refused 3 DROPPED 'A thing that is not to be had' NOWHERE
}

test_compiler_that_fails() {
	fragment broken CONFIG_BROKEN=y
	recipe 'kernel: {config: guest, add: [broken]}'
	run build -q -o broken recipe.yaml
	assert_refused 1 'main.c:1: error: broken' "the whole log: broken/small-0-"
	assertContains "$(cat broken/*.kernel.log)" 'CC      init/main.o'
}

# For another architecture: that of the archive's cross compiler.
test_cross_build() {
	patch_file patched before after
	recipe 'kernel: {config: guest, add: [patched]}' 'architecture: arm64' 'base: essential'
	sed -i 's/bios/uefi/' recipe.yaml
	run kernel build recipe.yaml
	assertEquals "$output" 0 $status
	run kernel export recipe.yaml -o arm64.deb
	assertEquals "$output" 0 $status
	assertEquals arm64 "$(dpkg-deb -f arm64.deb Architecture)"
	dpkg-deb -x arm64.deb arm64
	assertEquals $'arm64 arm64\naarch64-linux-gnu\nafter' "$(cat arm64/boot/vmlinuz-*)"
	rm "$JEOS_STORE/kernels/$(dpkg-deb -f arm64.deb Jeos-Kernel).deb"
	assert_nothing_left
}

test_patch_that_does_not_fit() {
	patch_file misfit elsewhere after
	recipe 'kernel: {config: guest, add: [misfit]}'
	run kernel build recipe.yaml
	assert_refused 1 "patching the kernel's source" 'Hunk #1 FAILED' 'the whole log: ./small-0-'
}

test_kernel_that_is_not_built() {
	recipe 'kernel: cloud'
	run kernel build recipe.yaml
	assert_refused 3 'recipe.yaml:6:9: the kernel of this recipe is not built here'
}

# Two builds of one kernel: one compiles, the other takes what comes out.
test_builds_side_by_side_share() {
	fragment shared CONFIG_SHARED=y
	recipe 'kernel: {config: guest, add: [shared]}'
	local first second
	"$JEOS" kernel build recipe.yaml >first.log 2>&1 &
	first=$!
	"$JEOS" kernel build recipe.yaml >second.log 2>&1 &
	second=$!
	wait $first || fail "$(<first.log)"
	wait $second || fail "$(<second.log)"
	assertEquals 'one has compiled' 1 "$(cat first.log second.log | grep '^  compile ' | grep -vc cached)"
	rm "$JEOS_STORE/kernels/$("$JEOS" plan --json recipe.yaml | jq -r .kernel.key).deb"
	assert_nothing_left
}

# build_until_it_compiles: then $build is the process.
build_until_it_compiles() {
	local try
	fragment slow CONFIG_SLOW=y
	recipe 'kernel: {config: guest, add: [slow]}'
	rm -rf slow
	"$JEOS" build -q -o slow recipe.yaml >/dev/null 2>&1 &
	build=$!
	for try in $(seq 600); do
		grep -qs 'init/main.o' slow/*.kernel.log && break
		sleep 0.1
	done
	assertTrue "after $try tries it compiles" "[ $try -lt 600 ]"
}

test_interrupted_build() {
	build_until_it_compiles
	kill -TERM $build
	wait $build 2>/dev/null
	assertEquals $((128 + 15)) $?
	assert_nothing_left
}

test_killed_build() {
	build_until_it_compiles
	kill -KILL $build
	wait $build 2>/dev/null
	local try
	for try in $(seq 100); do # what ran in its sandbox takes a moment to die
		run cache show # sweeps what it left
		[ -z "$(ls "$JEOS_STORE/work")" ] && break
		sleep 0.1
	done
	assert_nothing_left
}

# A real one, compiled in two places.
test_real_kernel_has_the_same_bytes() {
	need 'a real kernel, twice, with JEOS_TEST_FULL=1' [ -n "${JEOS_TEST_FULL-}" ] || return 0
	local store
	for store in one other/place; do
		mkdir -p $store && ln -s "$(readlink store/packages)" $store/
		run --store "$PWD/$store" build -q -o $store/out "$JEOS_TOP/recipes/guest.yaml"
		assertEquals "$output" 0 $status
	done
	assertTrue 'the package' 'cmp one/kernels/*.deb other/place/kernels/*.deb'
	assertTrue 'the image' 'cmp one/out/*.qcow2 other/place/out/*.qcow2'
}

. shunit2
