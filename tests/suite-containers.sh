#!/bin/bash
# Containers: templates and images become running systems by the engines that they are made for, and
# by one with the restrictions of OpenVZ and Linux-VServer.
# time-limit: 1800

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/user.sh"
. "$JEOS_TOP/tests/lib/console.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	mkdir overlays && cp -R "$JEOS_TOP/overlays/tiny-web" overlays/ &&
		cp "$JEOS_TOP/tests/fixtures/boot/container.yaml" . &&
		"$JEOS" -q build container.yaml >/dev/null
}

oneTimeTearDown() {
	[ -z "${user-}" ] || user_remove
}

need_containers() {
	need_root 'start containers' && need_programs "$@" &&
		need 'no namespaces here' unshare --mount --net true
}

assert_nothing_left() {
	assertNull 'a directory is left' "$(find . -maxdepth 3 -name 'boot.??????')"
	assertNull 'a process is left' "$(pgrep -f "$PWD/[^ ]*/boot-")"
}

# boots_on PLATFORM SUFFIX: every check passes, the image stays.
boots_on() {
	local image=out/contained-1.0-amd64.$2 before
	before=$(sha256sum "$image")
	"$JEOS" test --platform "$1" --recipe container.yaml --log "$1" "$image" >output 2>errors ||
		fail "exit status, $(<errors)"
	assertEquals 'failed checks' '' "$(grep -A3 '^not ok' output)"
	assertEquals 'checks' 7 "$(grep -c '^ok' output)"
	assertEquals 'the image' "$before" "$(sha256sum "$image")"
	assert_nothing_left
}

test_systemd_nspawn() {
	need_containers systemd-nspawn || return 0
	boots_on nspawn tar.zst
}

# No mounts, no network set-up, no device nodes but those of the template.
test_openvz_template_with_its_restrictions() {
	need_containers lxc-start || return 0
	boots_on openvz openvz.tar.gz
	assertContains 'it may not mount' "$(cat openvz/*.log)" 'permission denied'
}

test_vserver_template() {
	need_containers lxc-start || return 0
	boots_on vserver vserver.tar.gz
}

test_lxc_creates_and_starts_it() {
	need_containers lxc-create lxc-start || return 0
	boots_on lxc rootfs.tar.xz
}

test_oci_runtime() {
	need_containers runc umoci skopeo || return 0
	boots_on oci oci.tar
}

# runs SUFFIX: the platform is that of the archive, its console a terminal like ours.
runs() {
	local image=out/contained-1.0-amd64.$1
	console_begin --store "$PWD/store" "$image"
	console_has_shell
	console_types 'stty size\r'
	console_shows '40 100'
	console_types 'poweroff\r'
	console_ended 0
	assert_nothing_left
}

test_run_by_systemd_nspawn() {
	need_containers systemd-nspawn && runs tar.zst
}

test_run_by_lxc() {
	need_containers lxc-create lxc-start && runs rootfs.tar.xz
}

test_run_with_the_restrictions_of_openvz() {
	need_containers lxc-start && runs openvz.tar.gz
}

# The program of the container has the console.
test_run_by_an_oci_runtime() {
	need_containers runc umoci skopeo || return 0
	printf '%s\n' 'name: program' "from: $PWD/container.yaml" 'service: read -r line; echo "it was $line"' \
		'platforms: [oci]' >program.yaml
	"$JEOS" -q build program.yaml >/dev/null || fail build
	console_begin --store "$PWD/store" out/program-1.0-amd64.oci.tar
	console_shows 'Ctrl-A X'
	console_types 'forty-two\r'
	console_shows 'it was forty-two'
	console_ended 0
	assert_nothing_left
}

test_run_ends_by_its_key() {
	need_containers lxc-start || return 0
	console_begin --store "$PWD/store" --platform vserver out/contained-1.0-amd64.vserver.tar.gz
	console_shows '# '
	console_types '\001x'
	console_ended 0
	assert_nothing_left
}

test_run_leads_no_port_into_a_container() {
	need_containers lxc-start || return 0
	"$JEOS" run --store "$PWD/store" --port 8080:80 out/contained-1.0-amd64.openvz.tar.gz \
		>output 2>errors </dev/null
	assertEquals 'exit status' 2 $?
	assertContains "$(<errors)" '--port: no port of this host leads into a container'
}

# systemd makes control groups of its own.
need_systemd() {
	need_containers "$@" && need 'no control groups to write to' \
		test -w /sys/fs/cgroup/cgroup.procs -o -w /sys/fs/cgroup/systemd/cgroup.procs || return 1
	[ -d minimal ] && return 0
	printf '%s\n' 'name: minimal' "from: $JEOS_TOP/recipes/minimal.yaml" 'access: {console-login: true}' \
		'kernel: none' 'disk: {formats: [tar-zst, lxc, lxc-meta, openvz]}' 'platforms: [nspawn, lxc, openvz]' \
		>minimal.yaml
	"$JEOS" -q build -o minimal minimal.yaml >/dev/null || fail build
}

# systemd_by PLATFORM SUFFIX: multi-user.target is reached, no unit has failed, it can be turned off.
systemd_by() {
	"$JEOS" test --platform "$1" --log "systemd-$1" "minimal/minimal-1.0-amd64.$2" >output 2>errors ||
		fail "exit status, $(<output)$(<errors)"
	assertEquals 'checks' 4 "$(grep -c '^ok' output)"
	assertContains "$(<output)" 'no failed units'
	assertNotContains "$(<output)" '# SKIP'
	assert_nothing_left
}

test_systemd_as_init_by_nspawn() {
	need_systemd systemd-nspawn || return 0
	systemd_by nspawn tar.zst
	console_begin --store "$PWD/store" minimal/minimal-1.0-amd64.tar.zst
	console_has_shell
	console_types 'systemctl is-system-running --wait; cat /proc/1/comm; systemd-detect-virt\r'
	console_shows systemd-nspawn
	console_types 'poweroff\r'
	console_ended 0
	assertContains "$(<console)" 'running'
	assert_nothing_left
}

test_systemd_as_init_by_lxc() {
	need_systemd lxc-create lxc-start || return 0
	systemd_by lxc rootfs.tar.xz
}

# It mounts what it works with, and says so.
test_systemd_cannot_be_init_with_the_restrictions_of_openvz() {
	need_systemd lxc-start || return 0
	"$JEOS" test --platform openvz --log refused minimal/minimal-1.0-amd64.openvz.tar.gz >output 2>errors
	assertEquals 'exit status' 10 $?
	assertContains "$(<output)" 'Failed to mount API filesystems'
	assert_nothing_left
}

test_an_interrupt_ends_the_container() {
	need_containers lxc-start || return 0
	"$JEOS" test --platform openvz --recipe container.yaml --log interrupted \
		out/contained-1.0-amd64.openvz.tar.gz >output 2>errors &
	local job=$!
	for _ in $(seq 200); do
		pgrep -f "$PWD/[^ ]*/boot-" >/dev/null && break
		sleep 0.1
	done
	kill -TERM "$job"
	wait "$job"
	assertEquals 'exit status' 143 $?
	assert_nothing_left
}

test_an_unprivileged_user_is_told() {
	need_root 'become another user' && need_programs lxc-start || return 0
	user_make "$TMPDIR/home" || return 1
	chmod 755 "$TMPDIR"
	as_user sh -c 'cd && exec ./jeos test --platform openvz --log logs "$1"' - \
		"$PWD/out/contained-1.0-amd64.openvz.tar.gz" >output 2>errors
	assertEquals 'exit status' 6 $?
	assertContains "$(<errors)" 'only root can start containers'
}

test_no_cloud_tells_a_container_anything() {
	need_containers systemd-nspawn || return 0
	printf '%s\n' 'name: told' 'from: container.yaml' \
		'test: {cloud: {source: nocloud, hostname: told}}' >told.yaml
	"$JEOS" test --platform nspawn --recipe told.yaml out/contained-1.0-amd64.tar.zst >output 2>errors
	status=$?
	assertEquals "exit status, $(<output)$(<errors)" 6 $status
	assertContains "$(<errors)" 'containers are told nothing by a cloud'
}

test_a_missing_engine_is_named() {
	mkdir -p bare
	PATH=$PWD/bare "$JEOS" test --platform nspawn out/contained-1.0-amd64.tar.zst >output 2>errors
	assertEquals 'exit status' 6 $?
	assertContains "$(<errors)" 'systemd-container'
}

. shunit2
