# What the suites of kernels share: a source whose build takes seconds, recipes that have it built,
# and a store with kernels of the suite's own.
# shellcheck shell=bash
. "$JEOS_TOP/tests/lib/archive.sh"
. "$JEOS_TOP/tests/lib/need.sh"

# kernels_set_up: in $TMPDIR; the store has packages in common with others.
kernels_set_up() {
	cd "$TMPDIR" || return 1
	export ARCHIVE_ARCHITECTURES='amd64 arm64' # the second is built for, too
	archive_make more || return 1
	source_package && archive_publish more extra || return 1
	cp -r "$JEOS_TOP/kernel-configs" .
	# Packages come from the shared store; kernels and layers are this suite's own.
	mkdir -p store
	ln -s "$JEOS_STORE/packages" store/ && export JEOS_STORE=$TMPDIR/store
	recipe 'kernel: guest'
}

# kernel_is_there: the one of `recipe 'kernel: guest'`; it then is $kernel, and $key its key.
kernel_is_there() {
	key=$("$JEOS" kernel list --json | jq -r .key)
	kernel=$JEOS_STORE/kernels/$key.deb
	[ -f "$kernel" ]
}

# recipe LINE...: writes recipe.yaml, a small root with these lines.
recipe() {
	{
		printf '%s\n' 'name: small' 'suite: bookworm' 'disk: {size: 1G, firmware: [bios]}' \
			'strip: [documentation, locales, man-pages]' \
			"repositories: [{mirror: \"file://$TMPDIR/more\", suite: extra, keyring: $TMPDIR/more/keyring.gpg}]"
		printf '%s\n' "$@"
	} >recipe.yaml
}

# Makes linux-source-99, whose build copies what it is asked for. Its .config says FAIL, SLOW or
# DROP by options that a fragment sets.
source_package() {
	mkdir -p linux-source-99/{arch/{x86,arm},sound,Documentation} tree/usr/src tree/DEBIAN
	cp /dev/null linux-source-99/arch/x86/head.S
	cp /dev/null linux-source-99/arch/arm/head.S
	cp /dev/null linux-source-99/sound/core.c
	cp /dev/null linux-source-99/sound/Kconfig
	cp /dev/null linux-source-99/Documentation/index.rst
	echo before >linux-source-99/patched
	cat >linux-source-99/Kconfig <<-'END'
		config DROPPED
			bool "A thing that is not to be had"
			depends on NOWHERE
		config NOWHERE
			bool
	END
	cat >linux-source-99/Makefile <<-'END'
		.RECIPEPREFIX = >
		allnoconfig:
		>sed '/DROPPED/d' $(KCONFIG_ALLCONFIG) >$(O)/.config
		olddefconfig:
		>echo CONFIG_DEFAULTED=y >>$(O)/.config
		Image:
		>mkdir -p $(O)/arch/arm64/boot $(O)/include/config
		>echo 99.0.1-test >$(O)/include/config/kernel.release
		>{ echo $(ARCH) $(SUBARCH); $(CROSS_COMPILE)gcc -dumpmachine; cat patched; } >$(O)/arch/arm64/boot/Image
		bzImage:
		>@echo '  CC      init/main.o'
		>@if grep -q '^CONFIG_BROKEN=y' $(O)/.config; then echo 'main.c:1: error: broken' >&2; exit 1; fi
		>@if grep -q '^CONFIG_SLOW=y' $(O)/.config; then sleep 600; fi
		>mkdir -p $(O)/arch/x86/boot $(O)/include/config
		>echo 99.0.1-test >$(O)/include/config/kernel.release
		>{ find . -type f | sort; echo "$$KBUILD_BUILD_USER@$$KBUILD_BUILD_HOST"; gcc --version; } >$(O)/arch/x86/boot/bzImage
		>for module in virtio_pci virtio_blk virtio_scsi sd_mod ext4 virtio_net; do echo "kernel/$$module.ko"; done >$(O)/modules.builtin
		>printf 'virtio_net.license=GPL\0' >$(O)/modules.builtin.modinfo
		modules:
		>echo 'int extra;' | gcc -x c -c -o $(O)/extra.ko -
		modules_install: room = $(INSTALL_MOD_PATH)/lib/modules/99.0.1-test
		modules_install:
		>mkdir -p $(room)/kernel
		>cp $(O)/extra.ko $(room)/kernel/
		>cp $(O)/modules.builtin* $(room)/
		>echo kernel/extra.ko >$(room)/modules.order
		>ln -s /kernel/build $(room)/build
		>touch $(room)/modules.dep
	END
	tar -cJf tree/usr/src/linux-source-99.tar.xz linux-source-99
	printf '%s\n' 'Package: linux-source-99' 'Version: 99.0.1-1' 'Architecture: all' \
		'Maintainer: Tests <tests@test.invalid>' 'Description: a source' >tree/DEBIAN/control
	dpkg-deb --root-owner-group -Znone -b tree linux-source-99.deb >/dev/null &&
		archive_add_deb more linux-source-99.deb &&
		archive_add_package more linux-source 99.0.1-1 'Architecture: all' 'Depends: linux-source-99'
}

run() { # run ARGUMENT...: leaves $status, and $output with the errors
	output=$("$JEOS" "$@" 2>&1 </dev/null)
	status=$?
}

# assert_refused STATUS TEXT...
assert_refused() {
	assertEquals "$output" "$1" "$status"
	shift
	for text in "$@"; do
		assertContains "$output" "$text"
	done
	assert_nothing_left
}

fragment() { # fragment NAME LINE...
	printf '%s\n' '# For a test.' "${@:2}" >"kernel-configs/$1.config"
}

patch_file() { # patch_file NAME FROM TO: for the source's file `patched`
	fragment "$1"
	printf '%s\n' '# For a test.' '--- a/patched' '+++ b/patched' '@@ -1 +1 @@' "-$2" "+$3" \
		>"kernel-configs/$1.patch"
}

assert_nothing_left() {
	assertEquals "$key.deb" "$(ls "$JEOS_STORE/kernels")"
	assertEquals '' "$(ls "$JEOS_STORE/work")"
}
