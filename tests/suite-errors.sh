#!/bin/bash
# Bad input and bad luck, end to end: one clear message, the right exit status, and nothing left
# behind: no artefact, no work directory, no process, no mount.
# time-limit: 900
# alone

. "$JEOS_TOP/tests/lib/store.sh"
. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	scratch=$TMPDIR/errors
	mkdir -p "$scratch/hooks" "$scratch/overlays"
	cd "$scratch" || exit 1
	store=$JEOS_STORE
}

setUp() {
	rm -rf out hooks/* overlays/*
}

recipe() { # recipe LINE...: small.yaml, the smallest that can be built, with more lines
	printf '%s\n' 'name: small' 'suite: bookworm' 'kernel: none' \
		'disk: {size: 512M, firmware: [bios]}' "$@" >small.yaml
}

hook() { # hook LINE...: hooks/hook
	printf '%s\n' '#!/bin/sh' "$@" >hooks/hook
	chmod +x hooks/hook
}

build() { # build [ARGUMENT...]: exit status in $status, messages in $errors
	"$JEOS" build "$@" small.yaml </dev/null >output 2>errors
	status=$?
	errors=$(<errors)
}

# Our programs, and whatever works in the store or names it.
processes() {
	local program
	{
		for program in $(pgrep -x jeos); do
			grep -lsz "^TMPDIR=$TMPDIR\$" "/proc/$program/environ"
		done
		find /proc/[0-9]*/root /proc/[0-9]*/cwd -lname "$store/*"
		pgrep -fa "$store/"
	} 2>/dev/null
}

assert_nothing_left() { # assert_nothing_left WHAT
	[ -z "$(processes)" ] || sleep 2 # a killed one may need a moment to go
	assertEquals "$1: processes" '' "$(processes)"
	assertEquals "$1: mounts" '' "$(grep -F -e "$store/" -e "$scratch" /proc/self/mounts)"
	assertEquals "$1: work directories" '' "$(ls -A "$store/work")"
	assertEquals "$1: artefacts" '' "$(find out -type f 2>/dev/null)"
}

assert_failure() { # assert_failure STATUS MESSAGE-PART...: of the last build
	local part
	assertEquals "exit status; $errors" "$1" "$status"
	shift
	for part; do
		assertContains "$errors" "$part"
	done
	assertEquals "one message" 1 "$(grep -c '^jeos: ' errors)"
	assert_nothing_left "$*"
}

test_recipes_that_cannot_be() {
	local lines status_wanted part
	while IFS='|' read -r lines status_wanted part; do
		recipe "$lines"
		build
		assert_failure "$status_wanted" "$part"
	done <<-'END'
		packages: [no-such-package]|3|small.yaml:5:12:
		packages: [systemd=1.0]|3|small.yaml:5:12:
		suite: bookworm|3|small.yaml:5:1:
		pakages: [apt]|3|packages
		architecture: vax|3|small.yaml:5:15:
		platforms: [kvn]|3|kvm
		overlays: [missing]|3|small.yaml:5:12:
		hooks: [missing]|3|small.yaml:5:9:
		from: missing|3|small.yaml:5:7:
		from: small|3|small.yaml:5:7:
		hostname: [a]|3|small.yaml:5:11:
		hook-timeout: 4X|3|small.yaml:5:15:
		mirror: http://127.0.0.1:1/debian|4|127.0.0.1:1
		keyring: small.yaml|4|small.yaml
	END
	recipe
	sed -i 's/bookworm/bookwurm/' small.yaml
	build
	assert_failure 3 bookwurm 'small.yaml:2:8:'
	sed -i 's/512M/4X/; s/bookwurm/bookworm/' small.yaml
	build
	assert_failure 3 'small.yaml:4:14:' 4X
	printf 'name: small\n\tsuite: x\n' >small.yaml
	build
	assert_failure 3 'small.yaml:2:'
	rm small.yaml
	build
	assert_failure 3 small.yaml
}

test_forbidden_package_names_the_chain() {
	recipe 'packages: [systemd-sysv]' 'without: [libapparmor1]'
	build
	assert_failure 3 'small.yaml:6:11:' libapparmor1 'systemd-sysv' 'depends on'
}

test_hook_that_fails() {
	recipe 'hooks: [hook]'
	hook 'echo first' 'echo the reason >&2' 'exit 7'
	build
	assert_failure 5 'hook `hook`: exit status 7' 'the reason'
}

test_hook_that_kills_itself() {
	recipe 'hooks: [hook]'
	hook 'kill -SEGV $$'
	build
	assert_failure 5 'killed by SIGSEGV'
}

test_hook_that_hangs() {
	recipe 'hooks: [hook]' 'hook-timeout: 2s'
	hook 'trap "" TERM INT' 'setsid sleep 600 &' 'exec >/dev/null 2>&1' 'sleep 600'
	build
	assert_failure 5 'still running after 2 s'
}

test_hook_that_leaves_a_daemon_behind() {
	recipe 'hooks: [hook]' 'hook-timeout: 60s'
	hook 'setsid sleep 600 &'
	SECONDS=0
	build
	assertEquals "$errors" 0 $status
	assertTrue "it was not waited for: $SECONDS s" "[ $SECONDS -lt 30 ]"
	rm -rf out
	assert_nothing_left daemon
}

test_hook_that_is_no_program() {
	recipe 'hooks: [hook]'
	printf '#!/no/such/interpreter\n' >hooks/hook
	chmod +x hooks/hook
	build
	assert_failure 5 'hook'
}

test_tree_larger_than_the_disk() {
	recipe 'hooks: [hook]'
	hook 'head -c 600000000 /dev/urandom >/big'
	build
	assert_failure 1 'the filesystem is full' 'raise disk.size'
	recipe
	sed -i 's/512M/64M/' small.yaml
	build
	assert_failure 1 'raise disk.size'
}

test_artefacts_of_an_earlier_build_stay() {
	recipe
	build
	assertEquals "$errors" 0 $status
	sha256sum out/* >before
	recipe 'hooks: [hook]'
	hook 'exit 1'
	build
	assertEquals 5 $status
	assertTrue 'the earlier files are whole' 'sha256sum --quiet -c before'
	assertEquals 3 "$(find out -type f | wc -l)"
	rm -rf out
	assert_nothing_left earlier
}

test_output_that_cannot_be_made() {
	recipe
	touch taken
	build -o taken
	assert_failure 1 taken
	build -o taken/below
	assert_failure 1 taken/below
	rm taken
}

test_full_filesystem() {
	recipe
	mkdir -p small
	need 'only root may mount, and not everywhere' \
		unshare --mount --propagation unchanged true || return 0
	unshare --mount --propagation unchanged sh -c 'mount -t tmpfs -o size=20m none small && exec "$@"' - \
		"$JEOS" build -o small small.yaml >output 2>errors
	status=$?
	errors=$(<errors)
	assert_failure 1 'No space left'
}

# Everything on PATH but one program.
path_without() {
	rm -rf bin
	mkdir bin
	find /usr/bin /usr/sbin -mindepth 1 ! -name "$1" -exec ln -sf -t bin {} +
}

test_missing_program() {
	recipe
	path_without grub-mkimage
	PATH=$PWD/bin build
	assert_failure 6 grub-mkimage
	path_without gpgv
	PATH=$PWD/bin "$JEOS" --store "$scratch/store" build small.yaml 2>errors >output
	status=$?
	errors=$(<errors)
	assert_failure 6 gpgv
	rm -rf bin store
}

test_missing_subordinate_ids() {
	need_root 'be somebody without subordinate ids' || return 0
	recipe
	chmod 755 "$scratch"
	mkdir -m 777 nobody
	install -m 755 "$JEOS" nobody/jeos # it may lie where only root may go
	setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$scratch/nobody" \
		nobody/jeos --store nobody/store build -o nobody/out small.yaml >output 2>errors
	status=$?
	errors=$(<errors)
	assert_failure 6 'subordinate ids' usermod
	rm -rf nobody
}

test_images_that_are_none() {
	local image
	printf 'no image' >text.qcow2
	head -c 1048576 /dev/zero >zeros.img
	for image in missing.qcow2 text.qcow2 zeros.img /dev/null "$scratch"; do
		"$JEOS" test "$image" </dev/null >output 2>errors
		status=$?
		assertTrue "$image: exit status $status" "[ $status = 1 ] || [ $status = 2 ]"
		assertContains "$(<errors)" "$image"
	done
	assert_nothing_left images
}

# A store of its own with the packages of the shared one, and nothing built yet.
fresh_store() {
	rm -rf "$scratch/store"
	copy_packages "$scratch/store"
	store=$scratch/store
}

# short_of_room STORE-SIZE OUTPUT-SIZE: builds where both have no more than that; $status, $errors,
# and what is left in them in $left.
short_of_room() {
	unshare --mount sh -ec '
		mkdir -p small-store small-out
		mount -t tmpfs -o "size=$3" none small-store
		mount -t tmpfs -o "size=$4" none small-out
		mkdir small-store/packages small-store/indices
		mount --bind "$2/packages" small-store/packages
		mount --bind "$2/indices" small-store/indices
		status=0
		"$1" --store small-store build --offline -o small-out small.yaml >output 2>errors || status=$?
		ls -A small-store/work small-store/layers small-out | grep -v -e : -e "^$" >left || :
		exit $status' sh "$JEOS" "$JEOS_STORE" "$1" "$2" </dev/null
	status=$?
	errors=$(<errors) left=$(<left)
}

test_no_room() {
	need_root 'mount a small file system' && need_no_chroot || return 0
	recipe
	sed -i 's/kernel: none/kernel: cloud/' small.yaml
	build # so that all that comes from the archive is in the store
	rm -rf out
	recipe
	short_of_room 30M 1G
	assert_failure 1 'base: no room to unpack: it takes about' \
		"the file system at $scratch/small-store has" '--store DIR'
	assertEquals 'nothing is left' '' "$left"
	short_of_room 75M 1G
	assert_failure 1 'base: ' 'No space left on device'
	assertEquals 'nothing is left' '' "$left"
	short_of_room 1G 10M
	assert_failure 1 'image: ' 'No space left on device'
	assertEquals 'only the base is left' 2 "$(wc -l <<<"$left")"
	recipe
	sed -i 's/kernel: none/kernel: cloud/' small.yaml
	short_of_room 30M 1G
	assert_failure 1 'base: no room to unpack: it takes about'
	assertEquals 'nothing is left' '' "$left"
	short_of_room 140M 1G
	# Who meets it first is chance: a script of the packages, or jeos itself, beside it the kernel.
	case $errors in
	*': configuring the packages: '*) assert_failure 5 'base: ' 'No space left on device' ;;
	*) assert_failure 1 'No space left on device' ;;
	esac
	assertNotContains 'no half of a kernel, nor scratch files' "$left" kernel
	rm -rf small-store small-out
}

# interrupt_at STAGE SIGNAL: builds, and sends the signal when that stage begins; $status, $errors.
interrupt_at() {
	local line
	rm -f events
	mkfifo events
	# A shell's background jobs ignore SIGINT; a build started by a person does not.
	env --default-signal "$JEOS" --json --store "$store" build small.yaml >output 2>events \
		</dev/null &
	building=$!
	while read -r line; do
		printf '%s\n' "$line"
		case $line in *'"begin"'*"\"$1\""*) kill "-$2" "$building" ;; esac
	done <events >errors
	wait "$building"
	status=$?
	errors=$(<errors)
}

test_interrupt_at_each_stage() {
	local stage
	hook 'sleep 1'
	recipe 'packages: [dbus]' 'hooks: [hook]'
	sed -i 's/kernel: none/kernel: cloud/' small.yaml
	for stage in plan $("$JEOS" list stages | cut -d ' ' -f 1); do
		case $stage in base) fresh_store ;; esac
		interrupt_at "$stage" INT
		if [ "$stage" = manifest ] && [ $status = 0 ]; then
			rm -rf out # it may have been too late
		else
			assertEquals "$stage: exit status; $errors" 130 $status
			assertContains "$stage" "$errors" interrupted
		fi
		assert_nothing_left "SIGINT in $stage"
	done
	store=$JEOS_STORE
}

test_other_signals() {
	local signal
	recipe 'hooks: [hook]'
	hook 'sleep 20'
	for signal in TERM HUP; do
		interrupt_at hook $signal
		assertEquals $((128 + $(kill -l $signal))) $status
		assert_nothing_left $signal
	done
}

test_killed_build_is_swept_by_the_next() {
	recipe 'hooks: [hook]'
	hook 'sleep 20'
	interrupt_at hook KILL
	assertEquals 137 $status
	sleep 1
	assertEquals 'killed: processes' '' "$(processes)"
	assertEquals 'killed: artefacts' '' "$(find out -type f 2>/dev/null)"
	recipe
	build
	assertEquals "$errors" 0 $status
	rm -rf out
	assert_nothing_left 'SIGKILL, then a build'
}

. shunit2
