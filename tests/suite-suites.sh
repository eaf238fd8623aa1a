#!/bin/bash
# Other suites than bookworm: Debian's next one, Ubuntu's, by mirror and keyring, and what debootstrap
# does not know yet. No mirror of Ubuntu, nor one of suites that change from day to day, need be in
# reach: a small archive here has their names and kernels, filled with Debian's packages.
# time-limit: 1200
# shellcheck disable=SC2317 # shunit2 calls the functions
. "$JEOS_TOP/tests/lib/archive.sh"
. "$JEOS_TOP/tests/lib/boot.sh"
. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	archive_make ubuntu || return 1
	debian_recipe
	# What comes of it is of no use here: its packages are.
	"$JEOS" build -q debian.yaml >build.log 2>&1 </dev/null || { cat build.log && return 1; }
	"$JEOS" plan --json debian.yaml >debian.json || return 1
	jq -r '.packages[] | .sha256' debian.json | while read -r hash; do
		archive_add_deb ubuntu "$(stored "$hash")" || return 1
	done
	add_kernel && archive_publish ubuntu jammy 'Origin: Ubuntu' || return 1
	archive_add_package ubuntu tzdata 2099 'Architecture: all' &&
		archive_publish ubuntu jammy-security 'Origin: Ubuntu'
}

stored() { # stored HASH: a package of the store, by the beginning of its hash
	echo "$JEOS_STORE/packages/$1"*.deb
}

debian_recipe() {
	printf '%s\n' 'name: debian' 'suite: bookworm' 'base: essential' \
		'packages: [e2fsprogs, fdisk, usr-is-merged]' 'init: minimal' 'service: sleep inf' \
		'kernel: cloud' 'disk: {size: 512M, firmware: [bios]}' >debian.yaml
}

# Debian's kernel as Ubuntu has it: the modules in a package of their own, with the configuration.
add_kernel() {
	local image
	image=$(stored "$(jq -r .kernel.sha256 debian.json)")
	mkdir -p modules/DEBIAN && dpkg-deb -R "$image" image && mkdir modules/boot &&
		mv image/lib modules/ && mv image/boot/config-* modules/boot/ || return 1
	find image/DEBIAN -type f ! -name control -delete
	control linux-modules-99-generic '' >modules/DEBIAN/control
	control linux-image-99-generic 'Depends: linux-modules-99-generic' >image/DEBIAN/control
	for part in image modules; do
		dpkg-deb --root-owner-group -Znone -b $part $part.deb >/dev/null &&
			archive_add_deb ubuntu $part.deb || return 1
	done
	archive_add_package ubuntu linux-image-virtual 99 'Depends: linux-image-99-generic'
}

control() { # control NAME LINE
	printf '%s\n' "Package: $1" 'Version: 99' "Architecture: $(dpkg --print-architecture)" \
		'Maintainer: Tests <tests@test.invalid>' 'Installed-Size: 90000' ${2:+"$2"} \
		'Description: a kernel, or a part of it'
}

# recipe LINE...: recipe.yaml, a root of the small archive.
recipe() {
	printf '%s\n' 'name: small' "suite: $recipe_suite" "mirror: file://$TMPDIR/ubuntu" \
		"keyring: $TMPDIR/ubuntu/keyring.gpg" 'base: essential' 'packages: [e2fsprogs, fdisk]' \
		'init: minimal' 'service: exec busybox httpd -f -h /etc' \
		'disk: {size: 512M, firmware: [bios]}' "$@" >recipe.yaml
}

# The kernel is in two packages; a suite beside the first one is looked at.
test_ubuntu_resolves() {
	recipe_suite=jammy
	recipe 'packages: [tzdata]'
	sed -i '/e2fsprogs, fdisk/d' recipe.yaml
	run plan recipe.yaml
	assertEquals "$errors" 0 "$status"
	assertTrue 'its image' "grep -Eq '^ *linux-image-99-generic +99 ' output"
	assertTrue 'its modules' "grep -Eq '^ *linux-modules-99-generic +99 ' output"
	assertTrue 'of the security suite' "grep -E '^ *tzdata +2099 .* jammy-security' output"
	assertContains "$errors" 'jammy-updates: no such suite on the mirror'
}

test_ubuntu_boots() {
	recipe_suite=jammy
	recipe 'frozen: true' 'test:' '  memory: 256M' '  checks:' '    - port: 80' \
		'    - present: {packages: [dpkg], modules: [virtio_net], files: ["/boot/config-*"]}' \
		'    - run: {command: readlink /bin /lib, output: usr/bin}' \
		'    - run: {command: cat /etc/apt/sources.list, output: ubuntu jammy main}'
	run test --boot direct recipe.yaml
	assertEquals "$errors$output" 0 "$status"
	assertNotContains "$output" "$output" 'not ok'
	assertContains "$output" 'small kvm direct: ready'
}

# Both packages are part of a lock, and of what decides on the kernel's layer.
test_ubuntu_is_locked() {
	recipe_suite=jammy
	recipe 'frozen: true'
	run lock recipe.yaml
	assertEquals "$errors" 0 "$status"
	assertContains "$(<small.lock)" 'kernel linux-image-99-generic 99 '
	assertContains "$(<small.lock)" 'part linux-modules-99-generic 99 '
	assertEquals "$("$JEOS" plan --no-lock --json recipe.yaml | jq -S .layers)" \
		"$("$JEOS" --offline plan --json recipe.yaml | jq -S .layers)"
	run check recipe.yaml
	assertEquals "$errors" 0 "$status"
	rm small.lock
}

# Debian's kernel as its suites have it after trixie: nothing in /boot, and in three packages.
add_kernel_in_parts() {
	local release directory part
	release=$(basename modules/lib/modules/*)
	for part in base binary modules; do
		directory=parts/$part/usr/lib/modules/$release
		mkdir -p "$directory" parts/$part/DEBIAN
		control linux-$part-100 '' >parts/$part/DEBIAN/control
		case $part in
		base) cp modules/lib/modules/"$release"/modules.* "$directory" &&
			cp modules/boot/config-* "$directory"/config ;;
		binary) cp image/boot/vmlinuz-* "$directory"/vmlinuz ;;
		modules) cp -R modules/lib/modules/"$release"/kernel "$directory" ;;
		esac || return 1
		dpkg-deb --root-owner-group -Znone -b parts/$part $part.deb >/dev/null &&
			archive_add_deb ubuntu $part.deb || return 1
	done
	archive_add_package ubuntu linux-image-100 100 \
		'Depends: linux-base-100, linux-binary-100, linux-modules-100'
	archive_add_package ubuntu linux-image-cloud-amd64 100 'Depends: linux-image-100'
}

# A suite that came after this debootstrap, with such a kernel.
test_suite_that_debootstrap_does_not_know() {
	add_kernel_in_parts || fail 'no kernel'
	local room
	for room in ubuntu/dists/jammy/main/*/; do
		cat "$room/Packages" >>ubuntu/pending
	done
	recipe_suite=unheard-of
	archive_publish ubuntu $recipe_suite || fail 'no archive'
	recipe 'frozen: true' 'test:' '  memory: 256M' '  checks:' '    - port: 80' \
		'    - present: {modules: [virtio_net], files: ["/boot/config-*"]}'
	run lock recipe.yaml
	assertEquals "$errors" 0 "$status"
	assertEquals "$(<small.lock)" 3 "$(grep -c '^part linux-.*-100 99 ' small.lock)"
	run test --boot direct recipe.yaml
	assertEquals "$errors$output" 0 "$status"
	assertNotContains "$output" "$output" 'not ok'
	rm small.lock
	sed -i /keyring/d recipe.yaml
	run plan recipe.yaml
	assertEquals "$errors" 3 "$status"
	assertContains "$errors" 'recipe.yaml:2:8: unknown suite `unheard-of`'
	assertContains "$errors" 'with `mirror` and `keyring` a recipe can have any suite'
}

# Debian's own are known by name: it is only the key that is missing.
test_suite_of_debian_that_debootstrap_does_not_know() {
	recipe_suite=forky
	archive_publish ubuntu forky || fail 'no archive'
	recipe
	sed -i /keyring/d recipe.yaml
	run plan recipe.yaml
	assertEquals "$errors" 4 "$status"
	assertNotContains "$errors" 'unknown suite'
}

# All that minimal says of itself holds in the next suite too.
test_trixie() {
	printf '%s\n' 'name: small' "from: $JEOS_TOP/recipes/minimal.yaml" 'suite: trixie' >recipe.yaml
	run test --boot direct recipe.yaml
	assertEquals "$errors$output" 0 "$status"
	assertNotContains "$output" "$output" 'not ok'
	assertContains "$output" 'small kvm direct: root-grows'
}

. shunit2
