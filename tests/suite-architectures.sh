#!/bin/bash
# Other architectures: roots that are built here run there.
# time-limit: 7200

. "$JEOS_TOP/tests/lib/archive.sh"
. "$JEOS_TOP/tests/lib/boot.sh"
. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	for folder in recipes overlays hooks kernel-configs; do
		ln -s "$JEOS_TOP/$folder" "$folder"
	done
}

# recipe ARCHITECTURE LINE...: ./ARCHITECTURE.yaml, a small root that is still Debian's.
recipe() {
	local architecture=$1
	shift
	printf '%s\n' "name: small" "suite: ${release:-bookworm}" "architecture: $architecture" \
		'base: essential' 'packages: [e2fsprogs, fdisk]' 'init: minimal' \
		'service: exec busybox httpd -f -h /etc' 'frozen: true' \
		'strip: [character-sets, documentation, info, kernel-modules, locales, man-pages]' \
		'platforms: [kvm]' "$@" >"$architecture.yaml"
}

# The checks of a guest that is up: the machine is what the recipe says.
checks() {
	printf '%s\n' 'disk: {size: 512M}' 'test:' '  memory: 512M' '  ready-within: 600s' '  checks:' \
		"    - run: {command: uname -m, output: ^$1\$}" '    - port: 80' \
		"    - run: {command: dpkg --print-architecture, output: ^$2\$}"
}

# program_of IMAGE PATH: a file of the image's root, as ./program.
program_of() {
	qemu-img convert -O raw "$1" raw.img &&
		start=$(sfdisk -d raw.img | sed -n 's/.*start= *\([0-9]*\),.*name="root".*/\1/p') &&
		debugfs -R "dump $2 program" "raw.img?offset=$((start * 512))" 2>/dev/null
	rm -f raw.img
}

# boots NAME PATH...: the last run's boots passed by these ways, with all checks that there are.
boots() {
	local name=$1 path
	shift
	assertEquals "$errors" 0 "$status"
	assertNotContains "$output" "$output" 'not ok'
	for path; do
		assertContains "$output" "$name kvm $path: ready"
		assertContains "$output" "$name kvm $path: power-off"
	done
	grep '^# .*: ready in' output
}

# The cheapest kernel: Debian's for the cloud, by device tree and by UEFI with ACPI.
test_arm64_boots() {
	need_programs qemu-system-aarch64 qemu-aarch64-static || return 0
	recipe arm64 'kernel: cloud' "$(checks aarch64 arm64)"
	run test arm64.yaml
	boots small direct uefi
}

# Its programs run as they are.
test_i386_builds_without_an_emulator() {
	recipe i386 'kernel: none'
	run build i386.yaml
	assertEquals "$errors" 0 "$status"
	program_of out/small-0-i386.qcow2 /usr/bin/dpkg
	assertContains "$(readelf -h program)" 'Intel 80386'
}

# The usual PATH, but for these emulators.
path_without_emulators() {
	printf '%s' "$PATH" | tr : '\n' | while read -r directory; do
		mkdir -p "bin$directory" && ln -sf "$directory"/* "bin$directory/" &&
			rm -f "bin$directory"/qemu-*-static && echo "$PWD/bin$directory"
	done | paste -sd:
}

test_a_missing_emulator_is_named() {
	need_programs qemu-s390x-static || return 0
	local path
	path=$(path_without_emulators)
	recipe s390x 'kernel: none'
	PATH=$path run build s390x.yaml
	assertEquals "$errors" 6 "$status"
	assertContains "$errors" 'running programs of s390x: program `qemu-s390x-static` not found'
	assertContains "$errors" 'apt-get install qemu-user-static'
}

# runs:arm64, whose script runs a program of its architecture.
archive_of_arm64() {
	archive_make more || return 1
	mkdir -p runs/DEBIAN
	printf '%s\n' 'Package: runs' 'Version: 1' 'Architecture: arm64' 'Depends: libc6' \
		'Maintainer: Tests <tests@test.invalid>' 'Description: runs' >runs/DEBIAN/control
	printf '%s\n' '#!/bin/sh' 'exec /lib/ld-linux-aarch64.so.1 --version' >runs/DEBIAN/postinst
	chmod 755 runs/DEBIAN/postinst
	dpkg-deb --root-owner-group -b runs runs.deb >/dev/null && archive_add_deb more runs.deb &&
		ARCHIVE_ARCHITECTURES=arm64 archive_publish more extra &&
		archive_add_package more unused 1 && ARCHIVE_ARCHITECTURES=amd64 archive_publish more extra &&
		ARCHIVE_ARCHITECTURES='amd64 arm64' archive_publish more extra
}

# Beside packages of the recipe's own architecture there may be others, which run programs, too.
test_packages_of_another_architecture() {
	need_programs qemu-aarch64-static || return 0
	archive_of_arm64 || fail 'no archive'
	printf '%s\n' 'name: mixed' 'suite: bookworm' 'architecture: amd64' 'base: essential' \
		'kernel: none' 'packages: ["runs:arm64"]' "repositories: [{mirror: \"file://$PWD/more\",
			suite: extra, keyring: $PWD/more/keyring.gpg}]" >mixed.yaml
	local usual=$PATH
	PATH=$(path_without_emulators)
	run build mixed.yaml
	PATH=$usual
	assertEquals "$errors" 5 "$status"
	assertContains "$errors" 'running programs of arm64: program `qemu-aarch64-static` not found'
	run build mixed.yaml
	assertEquals "$errors" 0 "$status"
	program_of out/mixed-0-amd64.qcow2 /usr/lib/aarch64-linux-gnu/libc.so.6
	assertContains "$(readelf -h program)" AArch64
}

# What is registered where, of the kernel's user namespace that asks.
registered() {
	unshare --mount sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
		ls /proc/sys/fs/binfmt_misc' | grep -v -x -e register -e status
}

# Without user namespaces it is registered on the host, that is, in the namespace that is there,
# and taken away again; what a killed build has left there goes with the next one.
test_registration_on_the_host() {
	need_root 'be root in a user namespace' || return 0
	need_no_chroot || return 0
	need_programs qemu-s390x-static || return 0
	recipe s390x 'kernel: none' 'without: [dpkg]'
	cat >namespace.sh <<-'end'
		mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
		echo 0 >/proc/sys/user/max_user_namespaces
		inode=$(stat -L -c %i /proc/self/ns/pid)
		echo ":jeos-s390x-$inode-999999:M::left:\xff\xff\xff\xff:/bin/true:" \
			>/proc/sys/fs/binfmt_misc/register
		ls /proc/sys/fs/binfmt_misc
		"$JEOS" build s390x.yaml
		echo "status $?, left: $(ls /proc/sys/fs/binfmt_misc)"
	end
	need 'user namespaces of root are not allowed' \
		unshare --user --map-root-user --mount true || return 0
	output=$(unshare --user --map-root-user --mount sh namespace.sh 2>&1)
	assertContains "$output" '-999999'
	assertContains "$output" 'building small-0-s390x (root)'
	assertContains "$output" 'dpkg'
	assertContains "$output" $'status 3, left: register\nstatus'
	assertNull "$(registered)"
}

# Everything that Debian has, in QEMU's machine for it.
every_architecture() { # every_architecture NAME MACHINE [PATH...]: also by these ways
	local name=$1 machine=$2
	recipe "$name" 'kernel: generic' "$(checks "$machine" "$name")"
	run test "$name.yaml"
	boots small direct "${@:3}"
}

test_i386_boots() { every_architecture i386 i686 bios uefi; }
test_armhf_boots() { every_architecture armhf armv7l; }

# Of armel Debian has kernels for boards only: armhf's runs it, too.
test_armel_boots() {
	local kernel
	recipe armhf 'kernel: generic'
	run build armhf.yaml
	assertEquals "$errors" 0 "$status"
	kernel=$JEOS_STORE/packages/$("$JEOS" plan --json armhf.yaml | jq -r .kernel.sha256).deb
	rm -rf kernel && dpkg-deb -R "$kernel" kernel &&
		sed -i 's/^Architecture: .*/Architecture: armel/' kernel/DEBIAN/control &&
		dpkg-deb --root-owner-group -Znone -b kernel armel.deb >/dev/null
	recipe armel 'kernel: {package: armel.deb}' "$(checks armv7l armel)"
	run test armel.yaml
	boots small direct
	rm -rf kernel armel.deb
}

test_ppc64el_boots() { every_architecture ppc64el ppc64le; }
test_s390x_boots() { every_architecture s390x s390x; }
test_mipsel_boots() { every_architecture mipsel mips; }
test_mips64el_boots() { every_architecture mips64el mips64; }
test_riscv64_boots() { release=trixie every_architecture riscv64 riscv64; }

. shunit2
