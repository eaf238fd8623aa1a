#!/bin/bash
# Every platform that hardware of QEMU can stand in for: one root with the drivers of all of them,
# booted from the format of each, with its disk controller and network card, on a disk that has
# grown.
# time-limit: 5400

. "$JEOS_TOP/tests/lib/boot.sh"
. "$JEOS_TOP/tests/lib/need.sh"

key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKnDJtQpi7gpIZ1o5MxXGCnPnzWH1pJ3N3bZ0u5u4T2d'

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	cat >matrix.yaml <<-END
		name: matrix
		from: $JEOS_TOP/recipes/minimal.yaml
		kernel: generic
		platforms: [legacy-pc, virtualbox, vmware, hyperv, azure, aws, gce, openstack]
		test:
		  ready-within: 240s
	END
	"$JEOS" -q build -o out matrix.yaml >/dev/null
}

oneTimeTearDown() {
	rm -rf "$TMPDIR/out"
}

# boots PLATFORM SUFFIX PATH MACHINE DRIVER...: it passes its checks there, and these drivers, of
# disk and network card, are in use.
boots() {
	local platform=$1 image=out/matrix-1.0-amd64.$2 path=$3 machine=$4 name driver
	shift 4
	{
		printf '%s\n' 'name: on' "from: $PWD/matrix.yaml" 'test:' '  checks:'
		for driver; do
			printf "    - run: 'ls -d /sys/bus/*/drivers/%s/*[0-9]'\n" "$driver"
		done
	} >on.yaml
	run test --platform "$platform" --boot "$path" ${machine:+--machine "$machine"} \
		--recipe on.yaml "$image"
	name=" $platform${machine:+-$machine} $path"
	assertEquals "$name: $output$errors" 0 $status
	assertContains "$output" "$name: root-grows: 3.0 GiB"
}

test_legacy_pc() {
	boots legacy-pc v2.qcow2 bios '' ata_piix ne2k-pci
}

test_legacy_pc_with_another_card() {
	boots legacy-pc v2.qcow2 bios rtl8139 ata_piix 8139cp
}

# The distribution's kernel of its days' processors, in a disk that QEMU 0.10 read.
test_legacy_pc_on_i386() {
	need_full || return 0
	printf '%s\n' 'name: old' "from: $JEOS_TOP/recipes/minimal.yaml" 'architecture: i386' \
		'frozen: true' 'kernel: generic' 'platforms: [legacy-pc]' \
		'disk: {formats: [qcow2-v2]}' 'test:' '  ready-within: 240s' '  checks:' \
		"    - run: 'uname -m | grep -qx i686'" \
		"    - run: 'ls -d /sys/bus/*/drivers/ata_piix/*[0-9]'" \
		"    - run: 'ls -d /sys/bus/*/drivers/ne2k-pci/*[0-9]'" >old.yaml
	run test --machine ne2k -o out old.yaml
	assertEquals "$output$errors" 0 $status
	assertContains "$output" ' legacy-pc bios: root-grows: 3.0 GiB'
	assertEquals 0.10 "$(qemu-img info --output=json out/old-1.0-i386.v2.qcow2 |
		jq -r '."format-specific".data.compat')"
}

test_virtualbox() {
	boots virtualbox vdi bios '' ahci e1000
}

# What the products import: a stream of VMDK in an archive.
test_virtualbox_and_vmware_from_the_ova() {
	boots virtualbox ova bios '' ahci e1000
	boots vmware ova bios '' vmw_pvscsi vmxnet3
}

test_virtualbox_by_uefi_and_with_ide() {
	boots virtualbox vdi uefi '' ahci e1000
	boots virtualbox vdi bios ide ata_piix pcnet32
}

test_vmware() {
	boots vmware vmdk bios '' vmw_pvscsi vmxnet3
}

test_vmware_with_lsi() {
	boots vmware vmdk bios lsi mptsas e1000
}

# The firmware has drivers for SATA alone.
test_vmware_by_uefi() {
	boots vmware vmdk uefi '' ahci e1000
}

test_hyperv_generation_1() {
	boots hyperv vhdx bios '' ata_piix tulip
}

test_hyperv_generation_2() {
	boots hyperv vhdx uefi '' ata_piix tulip
}

# Of VMBus nothing can be tested here but that the drivers are there and fit the kernel.
test_hyperv_has_the_drivers() {
	printf '%s\n' 'name: on' "from: $PWD/matrix.yaml" 'test:' '  checks:' \
		'    - present: {modules: [hv_vmbus, hv_storvsc, hv_netvsc, hv_utils, hv_balloon]}' \
		"    - run: 'modprobe -na hv_storvsc hv_netvsc hv_utils pci_hyperv mana nvme'" >on.yaml
	run test --platform azure --boot bios --recipe on.yaml out/matrix-1.0-amd64.fixed.vhd
	assertEquals "$output$errors" 0 $status
}

test_aws() {
	boots aws stream.vmdk bios '' nvme virtio_net
}

test_aws_by_uefi() {
	boots aws stream.vmdk uefi '' nvme virtio_net
}

test_gce() {
	boots gce gce.tar.gz bios '' virtio_scsi virtio_net
	boots gce gce.tar.gz bios nvme nvme virtio_net
}

# Host name, key and script from a volume; the recipe's own checks say whether they came.
test_cloud_takes_what_a_volume_tells() {
	"$JEOS" -q build -o out "$JEOS_TOP/recipes/cloud.yaml" >/dev/null || fail 'build'
	told openstack '' qcow2 nocloud
}

test_cloud_takes_what_a_configuration_drive_tells() {
	told gce nvme gce.tar.gz config-drive
}

# The same by the metadata services, as their clouds guard them: EC2 by a token, Google by a header.
test_cloud_takes_what_a_service_tells() {
	told aws '' stream.vmdk ec2
	told openstack '' qcow2 openstack
	told gce '' gce.tar.gz gce
}

# The package cloud-init applies the same, and the overlay that does so without it steps back.
test_cloud_init_takes_what_a_configuration_drive_tells() {
	need_full || return 0
	ln -sfn "$JEOS_TOP/overlays" overlays
	cat >init.yaml <<-END
		name: init
		from: $JEOS_TOP/recipes/ssh.yaml
		packages: [cloud-init]
		overlays: [cloud-config, cloud-init]
		platforms: [openstack]
		test:
		  memory: 512M
		  ready-within: 600s
		  cloud:
		    source: config-drive
		    hostname: given
		    ssh-keys: [$key]
		    user-data: |
		      #!/bin/sh
		      echo "\$(uname -n) \$\$" >>/var/lib/ran
		  checks:
		    - run: cloud-init status --wait
		    - run: {command: "uname -n && grep -qx given /etc/hostname", output: ^given$}
		    - run: {command: getent hosts given, output: ^127.0.1.1}
		    - run: {command: cat /home/debian/.ssh/authorized_keys, output: "^$key"}
		    - run: {command: "cat /var/lib/ran && wc -l </var/lib/ran", output: ^1$}
		    - absent: {files: [/var/lib/cloud-config]}
	END
	run test --boot bios -o out init.yaml
	assertEquals "$output$errors" 0 $status
	sed -i 's/config-drive/nocloud/' init.yaml
	run test --boot bios --recipe init.yaml out/init-1.0-amd64.qcow2
	assertEquals "$output$errors" 0 $status
}

told() { # told PLATFORM MACHINE SUFFIX SOURCE
	printf '%s\n' 'name: told' "from: $JEOS_TOP/recipes/cloud.yaml" 'test:' \
		'  ready-within: 240s' "  cloud: {source: $4}" >told.yaml
	run test --platform "$1" ${2:+--machine "$2"} --boot bios --recipe told.yaml \
		"out/cloud-1.0-amd64.$3"
	assertEquals "$output$errors" 0 $status
	assertContains "$output" 'run: cat /root/.ssh/authorized_keys'
}

# By a kernel alone: as an ELF file and as a PC loads it.
test_firecracker_and_cloud_hypervisor() {
	printf '%s\n' 'name: light' "from: $JEOS_TOP/recipes/minimal.yaml" \
		'platforms: [firecracker, cloud-hypervisor]' 'disk: {formats: [raw]}' \
		'test: {ready-within: 240s}' >light.yaml
	"$JEOS" -q build -o out light.yaml >/dev/null || fail 'build'
	run test --platform firecracker --recipe light.yaml out/light-1.0-amd64.img
	assertEquals "$output$errors" 0 $status
	run test --platform cloud-hypervisor --boot pvh --recipe light.yaml out/light-1.0-amd64.img
	assertEquals "$output$errors" 0 $status
}

test_azures_disk_is_whole_mebibytes() {
	assertEquals 512 $(($(stat -c %s out/matrix-1.0-amd64.fixed.vhd) % 1048576))
	assertTrue 'qemu-img info -f vpc out/matrix-1.0-amd64.fixed.vhd'
}

# What the distribution's kernels lack is named, and what to do.
test_a_kernel_without_the_drivers() {
	cat >lacks.yaml <<-END
		name: lacks
		from: $JEOS_TOP/recipes/minimal.yaml
		platforms: [virtualbox]
	END
	run build -o out lacks.yaml
	assertEquals "$errors" 3 $status
	assertContains "$errors" 'platform virtualbox: linux-image-'
	assertContains "$errors" 'lacks CONFIG_SATA_AHCI, CONFIG_E1000, CONFIG_VBOXGUEST'
	assertContains "$errors" '`kernel: generic` has more drivers'
}

test_the_kernel_follows_the_platforms() {
	local platform kernel
	while read -r platform kernel; do
		printf '%s\n' 'name: bare' 'suite: bookworm' 'architecture: amd64' \
			"platforms: [kvm, $platform]" >bare.yaml
		run check --show bare.yaml
		assertContains "$platform: $errors" "$output" "config: \"$kernel\""
	done <<-'END'
		microvm cloud
		aws cloud
		vmware generic
		legacy-pc generic
	END
}

test_a_platform_of_other_processors() {
	printf '%s\n' 'name: bare' 'suite: bookworm' 'architecture: arm64' \
		'platforms: [virtualbox]' >bare.yaml
	run check bare.yaml
	assertEquals "$errors" 3 $status
	assertContains "$errors" 'bare.yaml:4:13: the platform virtualbox has no arm64 machines'
}

test_every_platform_has_a_section_in_the_manual() {
	local platform
	for platform in $("$JEOS" list platforms --json | jq -r '.[].name'); do
		assertTrue "$platform" "grep -qx '## $platform' $JEOS_TOP/builder/jeos-platforms.7.scd"
	done
}

. shunit2
