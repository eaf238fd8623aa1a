#!/bin/bash
# What is in a built root: packages as dpkg left them but for what the strip rules name, no traces
# of the build, a kernel with the modules it needs. Read out of the image by debugfs.

. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	out=$TMPDIR/out root=$TMPDIR/root
	[ -n "$out" ] && mkdir -p "$root" || return 1
	"$JEOS" build -q -o "$out" "$JEOS_TOP/recipes/ssh.yaml" >"$TMPDIR/log" 2>&1 ||
		{ cat "$TMPDIR/log"; return 1; }
	qemu-img convert -O raw "$out"/ssh-*.qcow2 "$TMPDIR/disk" || return 1
	local start
	start=$(sfdisk -d "$TMPDIR/disk" | sed -n 's/.*start= *\([0-9]*\),.*name="root".*/\1/p')
	dd if="$TMPDIR/disk" of="$TMPDIR/root.img" bs=512 skip="$start" conv=sparse status=none
	debugfs -R "rdump / $root" "$TMPDIR/root.img" 2>/dev/null
	[ -f "$root/etc/os-release" ] || [ -L "$root/etc/os-release" ]
}

# Prints those of the paths on standard input that the dpkg rules in the guest keep out. A rule's
# '*' matches '/' too.
stripped_paths() {
	local rules=$root/etc/dpkg/dpkg.cfg.d/jeos
	to_regex() { sed -n "s/^path-$1=//p" "$rules" | sed 's/\./\\./g; s/\*/.*/g; s/?/./g; s/.*/^&$/'; }
	grep -E -f <(to_regex exclude) | grep -vE -f <(to_regex include)
}

test_packages_are_whole_but_for_the_strip_rules() {
	local status path
	cat "$root"/var/lib/dpkg/info/*.md5sums >"$TMPDIR/sums"
	(cd "$root" && md5sum -c --quiet --ignore-missing "$TMPDIR/sums") >"$TMPDIR/changed" 2>&1
	status=$?
	assertEquals "changed: $(cat "$TMPDIR/changed")" 0 $status
	sed 's/^[^ ]*  /\//' "$TMPDIR/sums" | sort -u >"$TMPDIR/listed"
	assertTrue 'the packages list thousands of files' \
		"[ $(wc -l <"$TMPDIR/listed") -gt 3000 ]"
	while read -r path; do
		[ -e "$root$path" ] || [ -L "$root$path" ] || echo "$path"
	done <"$TMPDIR/listed" >"$TMPDIR/missing"
	stripped_paths <"$TMPDIR/missing" | sort >"$TMPDIR/stripped"
	assertEquals 'missing, and no rule says so' '' \
		"$(comm -23 "$TMPDIR/missing" "$TMPDIR/stripped")"
	assertEquals 'there, although a rule says no' '' \
		"$(comm -23 "$TMPDIR/listed" "$TMPDIR/missing" | stripped_paths)"
}

test_copyrights_stay() {
	local package without=
	for package in "$root"/usr/share/doc/*/; do
		[ -e "$package/copyright" ] || without="$without ${package#"$root"}"
	done
	assertEquals "" "$without"
}

test_no_traces_of_the_build() {
	assertEquals 'logs' '' "$(find "$root/var/log" -type f)"
	assertEquals 'temporary files' '' "$(find "$root"/{tmp,var/tmp,run} -mindepth 1)"
	assertEquals 'backups' '' "$(find "$root"/{etc,var} -name '*-' -o -name '*-old')"
	assertEquals 'host keys' '' "$(find "$root/etc/ssh" -name 'ssh_host_*')"
	assertEquals 'apt lists' '' "$(find "$root/var/lib/apt/lists" -type f)"
	assertTrue 'the machine-id is there' "[ -f '$root/etc/machine-id' ]"
	assertFalse 'the machine-id is empty' "[ -s '$root/etc/machine-id' ]"
	assertEquals 'the resolver is the guest'"'s" ../run/resolv.conf \
		"$(readlink "$root/etc/resolv.conf")"
	assertEquals 'the host name' ssh "$(cat "$root/etc/hostname")"
}

test_nobody_can_log_in() {
	assertEquals '' "$(awk -F: '$2 !~ /^[!*]/' "$root/etc/shadow")"
	assertEquals /dev/null "$(readlink "$root/etc/systemd/system/serial-getty@.service")"
	assertEquals /dev/null "$(readlink "$root/etc/systemd/system/getty@.service")"
}

test_modules_are_complete_and_few() {
	local release module
	release=$(basename "$root"/usr/lib/modules/*)
	find "$root/usr/lib/modules" -name '*.ko*' >"$TMPDIR/modules"
	assertTrue 'few' "[ $(wc -l <"$TMPDIR/modules") -lt 120 ]"
	assertEquals 'forbidden' '' \
		"$(grep -E '/(sound|wireless|bluetooth|pcmcia|gpu|media)/' "$TMPDIR/modules")"
	while read -r module; do
		module=$(basename "$module")
		modprobe -d "$root" -S "$release" --show-depends "${module%%.ko*}" |
			awk '$1 == "insmod" { print $2 }' | while read -r file; do
			[ -e "$file" ] || echo "$module needs $file"
		done
	done <"$TMPDIR/modules" >"$TMPDIR/unmet" 2>&1
	assertEquals "" "$(cat "$TMPDIR/unmet")"
}

# The .deb in the store of a package that the root has.
stored_package() {
	local version file
	version=$(awk -v name="$1" '$0 == "Package: " name { found = 1 }
		found && /^Version: / { print $2; exit }' "$root/var/lib/dpkg/status")
	for file in "$JEOS_STORE"/packages/*.deb; do
		[ "$(dpkg-deb --show --showformat='${Package} ${Version} ${Architecture}' "$file")" = \
			"$1 $version $(dpkg --print-architecture)" ] && echo "$file" && return
	done
}

test_dpkg_keeps_to_the_rules_in_the_guest() {
	local status
	need_root 'run dpkg in the root' || return 0
	cp "$(stored_package gzip)" "$root/root/again.deb"
	chroot "$root" dpkg -i /root/again.deb >"$TMPDIR/log" 2>&1
	status=$?
	assertEquals "$(cat "$TMPDIR/log")" 0 $status
	assertTrue 'its copyright is there' "[ -e '$root/usr/share/doc/gzip/copyright' ]"
	assertEquals 'its manual pages are not' '' "$(find "$root/usr/share/man" -name '*gzip*')"
}

. shunit2
