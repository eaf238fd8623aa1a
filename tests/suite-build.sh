#!/bin/bash
# Every recipe that ships is built, and every artefact judged by tools that jeos did not make.
# time-limit: 3600

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	out=$TMPDIR/out
	"$JEOS" build -q -o "$out" "$JEOS_TOP"/recipes/*.yaml >"$TMPDIR/built" || return 1
	# The same tree in the other format.
	cat >raw.yaml <<-END
		name: raw
		from: $JEOS_TOP/recipes/minimal.yaml
		disk: {formats: [raw, qcow2]}
	END
	"$JEOS" build -q -o "$out" raw.yaml >>"$TMPDIR/built"
}

# root_of IMAGE: where its last partition begins, in bytes.
root_of() {
	sfdisk --json "$1" | jq '.partitiontable.partitions[-1].start * 512'
}

test_every_recipe_leaves_its_artefacts() {
	local recipe name
	for recipe in "$JEOS_TOP"/recipes/*.yaml; do
		name=$(basename "$recipe" .yaml)
		assertTrue "$name: image" "[ -s '$(echo "$out/$name"-*.qcow2)' ]"
		assertTrue "$name: manifest" "jq -e .packages '$(echo "$out/$name"-*.manifest.json)' >/dev/null"
	done
	assertEquals 'nothing else' '' "$(find "$out" -type f ! -name '*.qcow2' ! -name '*.img' \
		! -name '*.vmdk' ! -name '*.gce.tar.gz' ! -name '*.manifest.json' ! -name SHA256SUMS)"
}

test_sums_are_right_and_cover_all() {
	assertTrue "(cd '$out' && sha256sum --quiet -c SHA256SUMS)"
	assertEquals "$(find "$out" -type f ! -name '*.manifest.json' ! -name SHA256SUMS | wc -l)" \
		"$(wc -l <"$out/SHA256SUMS")"
}

test_qcow2_is_clean_and_holds_what_raw_holds() {
	local image
	for image in "$out"/*.qcow2; do
		assertContains "$(qemu-img check "$image" 2>&1)" 'No errors were found'
	done
	assertTrue "qemu-img compare -q '$out'/raw-*.img '$out'/raw-*.qcow2"
	assertTrue 'small as its data' "[ $(stat -c %s "$out"/minimal-*.qcow2) -lt $((160 << 20)) ]"
	assertEquals 'virtual size' $((2 << 30)) \
		"$(qemu-img info --output=json "$out"/minimal-*.qcow2 | jq '."virtual-size"')"
	assertTrue 'raw is sparse' "[ $(du -k "$out"/raw-*.img | cut -f1) -lt $((160 << 10)) ]"
}

test_partitions_and_filesystems_are_clean() {
	local image root
	image=$(echo "$out"/raw-*.img)
	assertContains "$(sgdisk -v "$image")" 'No problems found'
	assertTrue 'sfdisk' "sfdisk --verify '$image' >/dev/null"
	root=$(root_of "$image")
	assertTrue 'e2fsck' "e2fsck -fn '$image?offset=$root' >e2fsck.log 2>&1"
	dd if="$image" of=esp bs=1M skip=2 count=64 status=none
	assertTrue 'fsck.fat' "fsck.fat -n esp >fsck.log"
	assertContains "$(MTOOLS_SKIP_CHECK=1 mdir -b -/ -i esp ::)" '::/EFI/BOOT/BOOTX64.EFI'
}

test_sealed_has_what_it_runs_and_no_manager() {
	local start
	qemu-img convert -O raw "$out"/sealed-*.qcow2 sealed.img
	start=$(root_of sealed.img)
	assertTrue 'e2fsck' "e2fsck -fn 'sealed.img?offset=$start' >e2fsck.log 2>&1"
	mkdir sealed
	debugfs -R 'rdump / sealed' "sealed.img?offset=$start" 2>/dev/null
	find sealed/usr -type f -exec readelf -d {} + 2>/dev/null |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u >needed
	find sealed/usr -name '*.so*' -printf '%f\n' | sort -u >there
	assertTrue 'programs need some' "[ $(wc -l <needed) -gt 30 ]"
	assertEquals 'missing' '' "$(comm -23 needed there)"
	assertEquals '' "$(find sealed/usr/bin sealed/usr/sbin -name 'apt*' -o -name 'dpkg*' -o -name 'perl*')"
	assertTrue 'dpkg-query reads what is left' \
		"dpkg-query --admindir=sealed/var/lib/dpkg -W systemd libc6 >/dev/null"
	assertTrue 'what systemd runs' '[ -x sealed/usr/bin/umount ] && [ -x sealed/usr/sbin/agetty ]'
	assertEquals 'what nothing runs' '' "$(ls sealed/usr/bin/{ptx,lscpu,tac} 2>/dev/null)"
	assertTrue 'small' "[ $(stat -c %s "$out"/sealed-*.qcow2) -le 20000000 ]"
}

# Whose files are whose, it does not tell: no package is said to take nothing.
test_sealed_packages_have_no_size() {
	"$JEOS" inspect -s packages "$out"/sealed-*.qcow2 >listed
	assertContains "$(<listed)" ', whose files the image does not list'
	assertContains "$(<listed)" ' -  libc6 '
	assertNotContains "$(<listed)" '0 B'
	assertEquals false "$("$JEOS" inspect --json -s packages "$out"/sealed-*.qcow2 |
		jq '.packages | has("size") or any(.list[]; has("size"))')"
}

test_a_build_again_gives_the_same_bytes() {
	assertTrue "'$JEOS' build -q --force -o again '$JEOS_TOP/recipes/minimal.yaml' >/dev/null"
	assertTrue "cmp '$out'/minimal-*.qcow2 again/minimal-*.qcow2"
	assertTrue "cmp '$out'/minimal-*.manifest.json again/minimal-*.manifest.json"
}

test_debootstrap_gives_the_same_packages() {
	cat >debootstrap.yaml <<-END
		name: debootstrap
		from: $JEOS_TOP/recipes/minimal.yaml
		bootstrap: debootstrap
		disk: {formats: [raw]}
	END
	assertTrue "'$JEOS' build -q -o debootstrap debootstrap.yaml >/dev/null"
	list_packages "$out"/raw-*.img >fast.list
	list_packages debootstrap/*.img >debootstrap.list
	assertTrue 'it has packages' "[ $(wc -l <fast.list) -gt 100 ]"
	assertEquals 'all installed' '' "$(grep -v 'install ok installed$' fast.list)"
	assertEquals '' "$(diff fast.list debootstrap.list)"
}

list_packages() { # list_packages IMAGE: name, version and state of each
	mkdir -p database
	debugfs -R "dump /var/lib/dpkg/status database/status" "$1?offset=$(root_of "$1")" 2>/dev/null
	dpkg-query --admindir=database -W -f '${Package} ${Version} ${Status}\n' | sort
}

test_progress_as_json() {
	"$JEOS" --json build --force -o again "$JEOS_TOP/recipes/minimal.yaml" >result.json 2>events.json
	assertEquals 'every line is an event' '' "$(jq -r 'select(.event == null)' events.json)"
	assertContains "$(jq -r 'select(.event == "end").stage' events.json | xargs)" 'image manifest'
	assertTrue 'the result is the manifest' "jq -e '.artefacts[0].sha256' result.json >/dev/null"
}

. shunit2
