#!/bin/bash
# Kernels of our own for other architectures than this machine's: Kconfig grants all that is asked
# for. With JEOS_TEST_FULL=1 some are compiled and booted, among them those of ports, whose archive
# is a small one here: what boots is a program of our own.
# time-limit: 14400
# shellcheck disable=SC2317 # shunit2 calls the functions
. "$JEOS_TOP/tests/lib/archive.sh"
. "$JEOS_TOP/tests/lib/boot.sh"
. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	ln -s "$JEOS_TOP/kernel-configs" .
	archive_make ports || return 1
	local port package
	for port in m68k powerpc; do
		for package in 'base-files 12' 'busybox-static 1'; do
			# shellcheck disable=SC2086 # two words
			archive_add_package ports $package "Architecture: $port" 'Essential: yes' \
				'Priority: required' || return 1
		done
		ARCHIVE_ARCHITECTURES=$port archive_publish ports bookworm || return 1
	done
	ARCHIVE_ARCHITECTURES='m68k powerpc' archive_publish ports bookworm
}

# recipe ARCHITECTURE [LINE...]: ./ARCHITECTURE.yaml; ports are in our archive.
recipe() {
	local mirror=()
	case $1 in
	m68k | powerpc) mirror=("mirror: file://$TMPDIR/ports" "keyring: $TMPDIR/ports/keyring.gpg") ;;
	esac
	printf '%s\n' 'name: small' "architecture: $1" "suite: ${release:-bookworm}" 'base: essential' \
		'kernel: guest' 'frozen: true' "${mirror[@]}" "${@:2}" >"$1.yaml"
}

# configures ARCHITECTURE OPTION...: it does, and has these, which its machine's console needs.
configures() {
	local option architecture=$1
	recipe "$architecture"
	run kernel configure -o "$architecture.config" "$architecture.yaml"
	assertEquals "$errors" 0 "$status"
	for option in EXT4_FS VIRTIO_BLK VIRTIO_NET DEVTMPFS_MOUNT "${@:2}"; do
		assertTrue "$option" "grep -qx 'CONFIG_$option=y' '$architecture.config'"
	done
}

# One of each sort: no PC at all, another source, a port.
test_s390x_configures() { configures s390x VIRTIO_PCI SCLP_CONSOLE S390_GUEST; }
test_riscv64_configures() {
	release=trixie configures riscv64 VIRTIO_PCI SERIAL_8250_CONSOLE
}
test_m68k_configures() { configures m68k VIRTIO_MMIO GOLDFISH_TTY; }

test_others_configure() {
	need_full || return 0
	configures armhf VIRTIO_PCI SERIAL_AMBA_PL011_CONSOLE
	configures armel VIRTIO_PCI SERIAL_AMBA_PL011_CONSOLE
	configures ppc64el VIRTIO_PCI HVC_CONSOLE
	configures powerpc VIRTIO_PCI SERIAL_PMACZILOG_CONSOLE
}

test_main_archive_has_no_ports() {
	recipe m68k
	sed -i '/^mirror/d; /^keyring/d' m68k.yaml
	run plan m68k.yaml
	assertEquals "$errors" 3 "$status"
	assertContains "$errors" "m68k.yaml:2:15: suite \`bookworm\` has no architecture \`m68k\`"
	assertContains "$errors" "Debian's ports have it: name their archive by \`mirror\` and \`keyring\`"
}

# Debian's root, our kernel, QEMU's machine.
boots() { # boots ARCHITECTURE MACHINE
	need_full || return 0
	recipe "$1" 'packages: [e2fsprogs, fdisk]' 'init: minimal' \
		'service: exec busybox httpd -f -h /etc' 'disk: {size: 512M}' 'test:' \
		'  memory: 512M' '  ready-within: 600s' '  checks:' '    - port: 80' \
		"    - run: {command: uname -mr, output: '-guest $2'}" \
		'    - absent: {files: [/boot/initrd.img]}'
	run test --boot direct "$1.yaml"
	assertEquals "$errors" 0 "$status"
	assertNotContains "$output" "$output" 'not ok'
	assertContains "$output" 'small kvm direct: ready'
	grep '^# .*: ready in' output
}

test_i386_boots() { boots i386 i686; }
test_arm64_boots() { boots arm64 aarch64; }
test_armhf_boots() { boots armhf armv7l; }
test_armel_boots() { boots armel armv7l; }
test_ppc64el_boots() { boots ppc64el ppc64le; }
test_s390x_boots() { boots s390x s390x; }
test_riscv64_boots() { release=trixie boots riscv64 riscv64; }

# A kernel and one static program as an image, on the machine that jeos knows for it.
port_boots() { # port_boots ARCHITECTURE CONSOLE
	need_full || return 0
	local architecture=$1 compiler
	compiler=$1-linux-gnu-gcc
	need_programs "$compiler" || return 0
	recipe "$architecture"
	run kernel build "$architecture.yaml"
	assertEquals "$errors" 0 "$status"
	run kernel export -o kernel.deb "$architecture.yaml"
	assertEquals "$errors" 0 "$status"
	rm -rf kernel tree && dpkg-deb -x kernel.deb kernel
	mkdir -p tree/{sbin,dev,proc,boot/grub}
	"$compiler" -static -O1 -o tree/sbin/init "$JEOS_TOP/tests/fixtures/first-program.c"
	cp kernel/boot/vmlinuz-* tree/boot/vmlinuz
	echo "linux /boot/vmlinuz root=/dev/vda rw panic=-1 console=$2" >tree/boot/grub/grub.cfg
	rm -f "static-0-$architecture.img"
	mke2fs -q -t ext4 -d tree "static-0-$architecture.img" 128M 2>/dev/null
	timeout 600 "$JEOS" run --boot direct "static-0-$architecture.img" >console 2>errors </dev/null ||
		fail "$(tail -n 20 console errors)"
	assertContains "$(<console)" "first program: Linux 6.1."
	assertContains "$(<console)" ' on /dev/vda, read and written'
}

test_m68k_boots() { port_boots m68k ttyGF0; }
test_powerpc_boots() { port_boots powerpc ttyPZ0; }

. shunit2
