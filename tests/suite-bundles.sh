#!/bin/bash
# Bundles of whole appliances: what comes out of them is the root, by the programs that use them.
# time-limit: 1800

. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	out=$TMPDIR/out
	echo 'You may.' >licence
	cat >box.yaml <<-END
		name: box
		version: "1.0"
		summary: a box with "quotes" & <brackets>
		suite: bookworm
		base: essential
		init: minimal
		service: exec sleep infinity
		kernel: none
		disk: {size: 1G, firmware: [bios], formats: [tar-zst, oci, lxc, lxc-meta, openvz, wsl, ova]}
		platforms: [virtualbox, vmware]
		appliance: {vendor: Example, eula: licence, properties: [{key: admin, value: root}]}
		container: {environment: [A=b], ports: [80]}
	END
	"$JEOS" build -q -o "$out" box.yaml >built 2>&1 || { cat built; return 1; }
	box=$out/box-1.0-$(dpkg --print-architecture)
}

# What a container's root is like: everything of the archive, in one order, kernel or not.
describe() {
	(cd "$1" && find . -mindepth 1 -printf '%P %M %U:%G %n %l %Ts %s\n' | sed '/ d/s/[0-9]*$//') |
		LC_ALL=C sort | grep -v '^etc/fstab '
}

unpack_root() {
	[ -d root ] || { mkdir root && tar -C root --xattrs --xattrs-include='*' --numeric-owner \
		-xpf "$box.tar.zst"; }
	describe root >root.list
	[ "$(wc -l <root.list)" -gt 1000 ]
}

test_the_archive_is_the_root() {
	need_root 'unpack owners' || return 0
	assertTrue 'unpacks' unpack_root
	assertEquals 'differs' '' "$(tar --numeric-owner -C root --compare -f "$box.tar.zst" 2>&1)"
	assertEquals 'installed' 'install ok installed' \
		"$(dpkg-query --admindir=root/var/lib/dpkg -Wf '${Status}' coreutils)"
}

test_oci_by_skopeo_and_umoci() {
	need_root 'unpack owners' || return 0
	need_programs skopeo umoci jq || return 0
	unpack_root
	assertEquals '{"Cmd":["/bin/sh","-c","exec sleep infinity"],"ExposedPorts":{"80/tcp":{}}}' \
		"$(skopeo inspect --config "oci-archive:$box.oci.tar" |
			jq -cs '.[0].config | {Cmd, ExposedPorts}')"
	assertTrue 'copies' "skopeo copy -q 'oci-archive:$box.oci.tar' oci:layout:it"
	assertTrue 'unpacks' "umoci unpack --image layout:it bundle >umoci.log 2>&1"
	assertEquals '' "$(describe bundle/rootfs | diff root.list -)"
}

test_lxc_makes_a_container_of_it() {
	need_root 'make containers' || return 0
	need_programs lxc-create || return 0
	unpack_root
	lxc-create -P "$TMPDIR" -n guest -t local -- -m "$box.meta.tar.xz" -f "$box.rootfs.tar.xz" \
		>lxc.log 2>&1 || fail "$(cat lxc.log)"
	assertContains "$(cat lxc.log)" 'You just created box 1.0'
	assertContains "$(cat guest/config)" 'common.conf'
	# LXC adds a mount point to it.
	assertEquals '' "$(diff <(grep -Ev '^dev(/pts)? ' root.list) \
		<(describe guest/rootfs | grep -Ev '^dev(/pts)? '))"
}

test_openvz_brings_device_nodes() {
	need_root 'make device nodes' || return 0
	mkdir vz
	assertTrue "tar -C vz --numeric-owner -xpzf '$box.openvz.tar.gz'"
	assertEquals 'character special file 1:3' "$(stat -c '%F %t:%T' vz/dev/null)"
	assertTrue 'starts' "chroot vz /bin/sh -c ': >/dev/null && exit'"
	assertEquals '' "$(find vz/boot vz/usr/lib/modules -mindepth 1 2>/dev/null)"
}

test_wsl_says_how_it_starts() {
	assertContains "$(tar -xzOf "$box.wsl" etc/wsl-distribution.conf)" 'defaultName = box'
}

test_ova() {
	need_programs xmllint qemu-img || return 0
	mkdir ova
	tar -C ova -xf "$box.ova"
	assertTrue 'rules' "xmllint --noout --relaxng '$JEOS_TOP/tests/fixtures/ovf.rng' ova/*.ovf 2>&1"
	assertEquals 'You may.' "$(xmllint --xpath 'string(//*[local-name()="License"])' ova/*.ovf |
		head -n 1)"
	assertContains "$(qemu-img info ova/*.vmdk)" 'virtual size: 1 GiB'
	assertTrue 'manifest' "cd ova && sed -n 's/SHA256(\(.*\))= \(.*\)/\2  \1/p' ./*.mf |
		sha256sum --quiet --strict -c -"
}

test_again_the_same() {
	local file
	sed 's/lxc, //' box.yaml >again.yaml # the largest of the work, and no other writer's
	"$JEOS" build -q --force -o again again.yaml >log 2>&1 || fail "$(cat log)"
	for file in again/box-*.{tar.zst,oci.tar,meta.tar.xz,openvz.tar.gz,wsl,ova}; do
		assertTrue "$file" "cmp '$file' 'out/${file#*/}'"
	done
}

test_sums_are_signed() {
	need_programs gpg gpgv || return 0
	export GNUPGHOME=$TMPDIR/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg -q --batch --passphrase '' --quick-generate-key vendor@example ed25519 sign never
	gpg -q --export >keyring.gpg
	assertTrue 'signs' "'$JEOS' build -q -o '$out' --sign vendor@example box.yaml >/dev/null"
	assertTrue 'good' "gpgv -q --keyring ./keyring.gpg '$out/SHA256SUMS.asc' '$out/SHA256SUMS' 2>&1"
	"$JEOS" build -q -o "$out" --sign nobody@example box.yaml >log 2>&1
	assertEquals 1 $?
	assertContains "$(cat log)" 'SHA256SUMS with the key nobody@example: gpg: exit status 2'
	assertTrue 'the old one stays' "[ -s '$out/SHA256SUMS.asc' ]"
	sed 's/"1.0"/"1.1"/; s/formats: .*]/formats: [lxc-meta]/' box.yaml >next.yaml
	assertTrue 'builds on' "'$JEOS' build -q -o '$out' next.yaml >/dev/null"
	assertFalse 'a signature that does not fit goes' "[ -e '$out/SHA256SUMS.asc' ]"
	gpgconf --kill all
	unset GNUPGHOME
}

# The files beside a configuration are those that it names, and boot.
test_firecracker_boots_what_it_names() {
	need_programs qemu-system-x86_64 jq || return 0
	cat >direct.yaml <<-END
		name: direct
		version: "1.0"
		from: $JEOS_TOP/recipes/minimal.yaml
		disk: {formats: [raw, vmlinuz, vmlinux, initrd, firecracker, cloud-hypervisor, xl]}
		platforms: [firecracker]
	END
	"$JEOS" build -q -o direct direct.yaml >log 2>&1 || fail "$(cat log)"
	cd direct || return 1
	assertTrue 'a command' 'sh -n ./*.cloud-hypervisor.sh'
	assertTrue 'assignments' "python3 -c 'exec(open(\"$(echo ./*.xl.cfg)\").read()); disk[0], kernel'"
	jq -r '."boot-source" | .kernel_image_path, .initrd_path, .boot_args' ./*.firecracker.json >names
	{ read -r kernel && read -r initrd && read -r line; } <names
	# On a busy host it could not measure its processor's clock.
	line="$line tsc_early_khz=$(awk '/^cpu MHz/ { print int($4 * 1000); exit }' /proc/cpuinfo)"
	timeout 300 qemu-system-x86_64 -M microvm -accel tcg,thread=multi -cpu max -m 256 -nodefaults \
		-nographic -serial stdio -no-reboot -kernel "$kernel" -initrd "$initrd" \
		-append "$line panic=-1 init=/bin/sh -- -c \"echo it-has-booted\"" \
		-drive "file=$(jq -r '.drives[0].path_on_host' ./*.firecracker.json),if=none,id=d,format=raw,snapshot=on" \
		-device virtio-blk-device,drive=d </dev/null >console 2>&1
	assertTrue "$(tail -n 20 console)" 'grep -q ^it-has-booted console'
	cd ..
}

# Whether or not it knows formats of disks; one that prints its arguments stands for it.
test_the_command_for_cloud_hypervisor() {
	local word
	mkdir -p bin command && cd command || return 1
	printf '%s\n' "name: command" "from: $JEOS_TOP/recipes/minimal.yaml" 'platforms: [cloud-hypervisor]' >command.yaml
	"$JEOS" build -q command.yaml >log 2>&1 || fail "$(cat log)"
	for word in '' ,image_type=raw; do
		printf '#!/bin/sh\n[ "$1" = --help ] && echo "--disk path=<path>%s" || printf "%%s\\n" "$@"\n' \
			"$word" >../bin/cloud-hypervisor
		chmod +x ../bin/cloud-hypervisor
		PATH=$PWD/../bin:$PATH sh out/command-1.0-amd64.cloud-hypervisor.sh --net tap= >arguments
		assertContains "$(<arguments)" "path=command-1.0-amd64.img$word"$'\n--cmdline'
		assertEquals 'what is added' 'tap=' "$(tail -n 1 arguments)"
	done
	cd ..
}

# refused WHAT RECIPE-LINES: exit status 3 and the message.
refused() {
	printf 'name: no\nsuite: bookworm\nbase: essential\nkernel: none\n%s\n' "$2" >no.yaml
	"$JEOS" build -q --offline -o no no.yaml >log 2>&1
	assertEquals "$2" 3 $?
	assertContains "$(cat log)" "$1"
}

test_what_a_bundle_lacks_is_named() {
	refused '`ova` describes a machine that no platform of the recipe has' \
		'disk: {formats: [ova]}'
	refused '`vmx` describes a machine with a disk beside it; add one of these formats: vmdk' \
		$'disk: {formats: [vmx]}\nplatforms: [vmware]'
	refused '`vmlinuz`: the recipe has no kernel' 'disk: {formats: [vmlinuz]}'
	refused '`gce` needs a disk whose size is a multiple of 1.0 GiB' \
		'disk: {size: 1500M, formats: [gce]}'
	refused '`libvirt` describes a machine with a disk beside it' 'disk: {formats: [libvirt]}'
	refused '`cloud-hypervisor` describes a machine with a disk beside it; add one of these formats: ext4, squashfs, raw' \
		'disk: {formats: [qcow2, cloud-hypervisor]}'
}

. shunit2
