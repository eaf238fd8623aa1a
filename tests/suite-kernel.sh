#!/bin/bash
# Kernels that are built: what a plan says of them, the package that comes out, in the store, in
# files and in a guest, and what is wrong with recipes and archives. The source is a small one of our
# own, whose makefile takes seconds; the suite of booting builds and boots a real one.
# shellcheck disable=SC2317 # shunit2 calls the functions
# time-limit: 3600
. "$JEOS_TOP/tests/lib/kernel.sh"

oneTimeSetUp() {
	kernels_set_up || return 1
	"$JEOS" build -q -o out recipe.yaml >build.log 2>&1 || { cat build.log && return 1; }
	kernel_is_there
}

key_of() { # key_of LINE...: of the kernel that a recipe with them would have
	recipe "$@"
	"$JEOS" plan --json recipe.yaml | jq -r .kernel.key
}

test_plan_tells_all_beforehand() {
	recipe 'kernel: guest'
	run plan recipe.yaml
	assertEquals "$output" 0 $status
	assertContains "$output" "linux-source-99 "
	assertContains "$output" "linux-image-jeos 99.0.1-1+jeos.${key:0:12}  ${key:0:16}  cached"
	assertEquals true "$("$JEOS" plan --json recipe.yaml | jq '.kernel |
		(.tools | map(.name) | contains(["gcc", "make", "bc"])) and
		.source.version == "99.0.1-1" and (.configuration | length) == 64')"
}

test_key_is_of_what_goes_in() {
	fragment one CONFIG_ONE=y
	assertEquals 'another size of disk' "$key" "$(key_of 'kernel: guest' 'hostname: other')"
	local with
	with=$(key_of 'kernel: {config: guest, add: [one]}')
	assertNotEquals "$key" "$with"
	fragment one 'CONFIG_ONE=y' '# and a comment'
	assertEquals "$with" "$(key_of 'kernel: {config: guest, add: [one]}')"
	fragment one CONFIG_ONE=n
	assertNotEquals "$with" "$(key_of 'kernel: {config: guest, add: [one]}')"
}

test_package_is_one() {
	assertTrue 'dpkg-deb reads it' "dpkg-deb -I '$kernel' >info && dpkg-deb -x '$kernel' unpacked"
	assertEquals linux-image-jeos "$(dpkg-deb -f "$kernel" Package)"
	assertEquals "$key" "$(dpkg-deb -f "$kernel" Jeos-Kernel)"
	assertEquals 'linux (= 99.0.1-1)' "$(dpkg-deb -f "$kernel" Built-Using)"
	assertEquals 'boot boot/config-99.0.1-test boot/vmlinuz-99.0.1-test lib lib/modules lib/modules/99.0.1-test lib/modules/99.0.1-test/modules.builtin lib/modules/99.0.1-test/modules.builtin.modinfo lib/modules/99.0.1-test/modules.order' \
		"$(cd unpacked && find . -mindepth 1 | sed 's,^\./,,' | sort | xargs)"
	assertEquals 'nothing twice' '' "$(dpkg-deb --fsys-tarfile "$kernel" | tar -t | sort | uniq -d)"
	assertTrue 'its sums' "dpkg-deb -e '$kernel' control && (cd unpacked && md5sum --quiet -c ../control/md5sums)"
	assertContains "$(<unpacked/boot/config-99.0.1-test)" CONFIG_VIRTIO_BLK=y
}

test_build_sees_the_source_and_not_the_host() {
	dpkg-deb -x "$kernel" unpacked
	local image=unpacked/boot/vmlinuz-99.0.1-test
	assertContains "$(<$image)" ./arch/x86/head.S
	assertContains 'rules stay' "$(<$image)" ./sound/Kconfig
	assertNotContains "$(<$image)" ./arch/arm
	assertNotContains "$(<$image)" ./sound/core.c
	assertNotContains "$(<$image)" ./Documentation
	assertContains "$(<$image)" jeos@jeos
}

# A hook sees it as one that is installed, and what leaves the root later is taken off its files.
test_hooks_know_the_package() {
	mkdir -p hooks
	printf '%s\n' '#!/bin/sh' 'dpkg-query -W linux-image-jeos && dpkg --verify linux-image-jeos' >hooks/ask
	chmod +x hooks/ask
	recipe 'kernel: guest' 'hooks: [ask]'
	run build -o hooked recipe.yaml
	assertEquals "$output" 0 $status
	rm -rf hooked
}

# The guest's own dpkg and apt would say so.
test_guest_knows_the_package() {
	local root=guest
	mkdir -p $root/var/lib $root/usr/lib
	local start
	qemu-img convert -O raw out/small-0-*.qcow2 small.img
	start=$(sfdisk --json small.img | jq '.partitiontable.partitions[-1].start * 512')
	debugfs -R "rdump /var/lib/dpkg $root/var/lib" "small.img?offset=$start" 2>/dev/null
	debugfs -R "rdump /boot $root" "small.img?offset=$start" 2>/dev/null
	debugfs -R "rdump /usr/lib/modules $root/usr/lib" "small.img?offset=$start" 2>/dev/null
	assertContains "$(dpkg --root="$PWD/$root" -l linux-image-jeos)" \
		"ii  linux-image-jeos 99.0.1-1+jeos.${key:0:12}"
	assertEquals '' "$(dpkg --root="$PWD/$root" --verify linux-image-jeos 2>&1)"
	assertEquals linux-image-jeos: \
		"$(dpkg --root="$PWD/$root" -S /boot/vmlinuz | cut -d' ' -f1)"
	assertEquals '' "$(dpkg --root="$PWD/$root" --audit)"
	assertFalse 'no stanza lies about' "[ -e $root/var/lib/dpkg/jeos-kernel ]"
	assertFalse 'no initramfs' "[ -e $root/boot/initrd.img ]"
	assertNotContains "$(<$root/boot/grub/grub.cfg)" initrd
	assertContains "$(<$root/boot/grub/grub.cfg)" 'linux /boot/vmlinuz root=PARTUUID='
	assertEquals "$key" "$(jq -r .kernel.key out/small-0-*.manifest.json)"
}

test_same_bytes_again() {
	cp "$kernel" first.deb
	"$JEOS" cache clean -q --kernels --layers >/dev/null
	assertFalse 'it is gone' "[ -e '$kernel' ]"
	recipe 'kernel: guest'
	run build -q --force -o again recipe.yaml
	assertEquals "$output" 0 $status
	assertTrue 'the package' "cmp first.deb '$kernel'"
	assertTrue 'the image' "cmp out/small-0-*.qcow2 again/small-0-*.qcow2"
}

test_export_and_import() {
	recipe 'kernel: guest'
	run kernel export recipe.yaml -o kernel.deb
	assertEquals "$output" 0 $status
	assertTrue "cmp kernel.deb '$kernel'"
	run kernel export "${key:0:8}"
	assertTrue 'its usual name' "cmp 'linux-image-jeos_99.0.1-1+jeos.${key:0:12}_amd64.deb' '$kernel'"
	run --store "$TMPDIR/other" kernel import kernel.deb
	assertEquals "$output" 0 $status
	assertTrue "cmp kernel.deb 'other/kernels/$key.deb'"
	assertContains "$("$JEOS" --store other kernel list)" "${key:0:16}  99.0.1-1+jeos.${key:0:12}"
	# What needs no kernel to be built fetches nothing to build one with.
	run --store "$TMPDIR/other" plan recipe.yaml
	assertContains "$output" cached
}

test_import_refuses_what_is_damaged() {
	local size
	size=$(stat -c %s "$kernel")
	head -c $((size - 2000)) "$kernel" >short.deb
	run kernel import short.deb
	assert_refused 4 'short.deb: damaged package'
	cp "$kernel" flipped.deb
	printf X | dd of=flipped.deb bs=1 seek=$((size - 1000)) conv=notrunc status=none
	run kernel import flipped.deb
	assert_refused 4 'flipped.deb: '
	run kernel import linux-source-99.deb
	assert_refused 4 'not a kernel that `jeos kernel export` wrote'
	run kernel export 0123
	assert_refused 2 'no kernel in the store has a key that begins so'
	dpkg-deb -R "$kernel" latin && LC_ALL=C sed -i 's/^Description:/& d\xe9j\xe0/' latin/DEBIAN/control
	dpkg-deb -b latin latin.deb >/dev/null && run --store "$TMPDIR/latin" kernel import latin.deb
	run --store "$TMPDIR/latin" --json kernel list
	assert_refused 4 'is no UTF-8'
}

test_given_package() {
	cp "$kernel" given.deb
	recipe 'kernel: {package: given.deb}'
	run build -q -o given recipe.yaml
	assertEquals "$output" 0 $status
	assertEquals "$(sha256sum <given.deb)" "$(jq -r .kernel.sha256 given/small-0-*.manifest.json)  -"
	recipe 'kernel: {package: linux-source-99.deb}'
	run build -q -o given recipe.yaml
	assert_refused 3 'recipe.yaml:6:19: linux-source-99.deb is no kernel'
}

test_unknown_fragment() {
	recipe 'kernel: {config: guest, add: [no-such-thing]}'
	run plan recipe.yaml
	assert_refused 3 'recipe.yaml:6:31: ' no-such-thing
}

test_check_knows_fragments() {
	fragment no-net '# CONFIG_NET is not set'
	recipe 'kernel: {config: guest, add: [no-net]}'
	run check recipe.yaml
	assert_refused 3 'kernel-configs/no-net.config:2:1: CONFIG_NET=n contradicts' base.config
	fragment loud CONFIG_SND=y
	recipe 'kernel: {config: guest, add: [loud]}'
	run check recipe.yaml
	assert_refused 3 'kernel-configs/loud.config:2:1: CONFIG_SND=y: no guest has sound'
	run list fragments
	assertContains "$output" 'loud               For a test.'
	recipe 'kernel: guest' 'platforms: [kvm, uml]'
	run check recipe.yaml
	assert_refused 3 'recipe.yaml:7:18: no kernel is for both `kvm` and `uml`'
}

test_platforms_need_options() {
	dpkg-deb -R "$kernel" lacking
	sed -i '/CONFIG_VIRTIO_NET=/d' lacking/boot/config-*
	dpkg-deb --root-owner-group -b lacking lacking.deb >/dev/null
	recipe 'kernel: {package: lacking.deb}'
	run build -q -o lacking.out recipe.yaml
	assert_refused 3 'recipe.yaml:6:19: platform kvm: linux-image-jeos lacks CONFIG_VIRTIO_NET' \
		'`kernel: guest` builds one'
	assert_check_agrees
}

# assert_check_agrees: with the build that was just refused.
assert_check_agrees() {
	local refused=${output/kernel: /}
	run check recipe.yaml
	assert_refused 3
	assertEquals "$refused" "$output"
	assertEquals "$refused" "jeos: $("$JEOS" check --json recipe.yaml 2>/dev/null | jq -r '.errors[].message')"
}

test_platforms_need_options_of_the_distribution() {
	sed -i 's/^Package: .*/Package: linux-image-99-lacking/' lacking/DEBIAN/control
	dpkg-deb --root-owner-group -b lacking lacking.deb >/dev/null
	archive_add_deb more lacking.deb
	archive_add_package more linux-image-cloud-amd64 99 'Depends: linux-image-99-lacking'
	archive_publish more extra
	recipe 'kernel: cloud'
	run plan recipe.yaml
	assertEquals "$output" 0 $status
	run check recipe.yaml
	assertEquals "$output" 0 $status
	assertContains "$output" 'it is not in the store; `jeos build` fetches it'
	run build -q -o lacking.out recipe.yaml
	assert_refused 3 'recipe.yaml:6:9: platform kvm: linux-image-99-lacking lacks CONFIG_VIRTIO_NET' \
		'`kernel: generic` has more drivers, `kernel: guest` builds one'
	assert_check_agrees
}

test_complete_configuration() {
	grep -hoE '^CONFIG_(EXT4_FS|DEVTMPFS|VIRTIO_PCI|VIRTIO_BLK|VIRTIO_NET)=y' kernel-configs/*.config >mine.config
	printf '%s\n' CONFIG_MINE=y CONFIG_MODULES=y CONFIG_DEVTMPFS_MOUNT=y >>mine.config
	recipe 'kernel: ./mine.config'
	run build -q -o mine recipe.yaml
	assertEquals "$output" 0 $status
	local built
	built=$(jq -r .kernel.key mine/small-0-*.manifest.json)
	dpkg-deb -x "$JEOS_STORE/kernels/$built.deb" mine
	assertContains "$(cat mine/boot/config-*)" CONFIG_MINE=y
	assertContains 'others get their defaults' "$(cat mine/boot/config-*)" CONFIG_DEFAULTED=y
	assertEquals 'kernel/extra.ko modules.builtin modules.builtin.modinfo modules.order' \
		"$(cd mine/lib/modules/99.0.1-test && find . -type f | sed 's,^\./,,' | sort | xargs)"
	rm "$JEOS_STORE/kernels/$built.deb"
}

test_archive_without_source_or_compiler() {
	archive_make bare
	archive_add_base bare
	archive_add_package bare busybox-static 1.0
	archive_publish bare bookworm
	printf '%s\n' 'name: bare' 'suite: bookworm' 'kernel: guest' "mirror: file://$TMPDIR/bare" \
		"keyring: $TMPDIR/bare/keyring.gpg" >recipe.yaml
	run plan recipe.yaml
	assert_refused 4 'kernel: suite `bookworm` has no package `linux-source`'
	archive_add_deb bare linux-source-99.deb
	archive_add_package bare linux-source 99.0.1-1 'Depends: linux-source-99'
	archive_publish bare bookworm
	run plan recipe.yaml
	assert_refused 4 'tools to build the kernel with: unknown package `'
}

# A lock names the source and the tools; the kernel is then the same without a look at the archive.
test_lock_has_the_tools() {
	recipe 'kernel: guest'
	run lock recipe.yaml
	assertEquals "$output" 0 $status
	assertContains "$(grep ^kernel small.lock)" 'kernel linux-source-99 99.0.1-1 '
	assertContains "$(grep ^tool small.lock)" 'tool gcc '
	assertEquals "$key" "$("$JEOS" --offline plan --json recipe.yaml | jq -r .kernel.key)"
	rm small.lock
}

. shunit2
