#!/bin/bash
# The KVM code path for real: QEMU's TCG emulates AMD's SVM, so that a guest has a /dev/kvm of its
# own. In it jeos must find that KVM is usable, and boot an appliance by it.
# time-limit: 1800

. "$JEOS_TOP/tests/lib/need.sh"
. "$JEOS_TOP/tests/lib/boot.sh"

oneTimeSetUp() {
	cd "$TMPDIR" || return 1
	mkdir -p overlays/inner/usr/local/bin overlays/inner/srv
}

# The appliance that is booted in the guest: one that is up soon.
make_inner() {
	printf '%s\n' 'name: inner' "from: $JEOS_TOP/recipes/tiny-web.yaml" 'kernel: cloud' >inner.yaml
	"$JEOS" -q build -o out inner.yaml >/dev/null &&
		mv out/inner-1.0-amd64.qcow2 overlays/inner/srv/
}

# The guest that boots it: with all modules of its kernel, QEMU, jeos and what jeos is linked with.
make_outer() {
	cp "$JEOS" overlays/inner/usr/local/bin/jeos && strip overlays/inner/usr/local/bin/jeos
	cat >outer.yaml <<-END
		name: outer
		from: $JEOS_TOP/recipes/minimal.yaml
		packages: [qemu-system-x86$(
			ldd "$JEOS" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | xargs realpath |
				xargs dpkg-query -S | sed 's/:.*//' | sort -u | sed 's/^/, /' | tr -d '\n'
		)]
		keep: [kernel-modules]
		overlays: [inner]
		disk: {firmware: [bios]}
		test:
		  memory: 1G
		  ready-within: 300s
		  checks:
		    - run: modprobe kvm-amd && test -c /dev/kvm
		    - run: {command: jeos doctor | grep kvm, output: "kvm +usable"}
		    - run:
		        command: jeos test --json --boot direct --log /run/logs /srv/inner-1.0-amd64.qcow2
		        output: '"status":"passed".*"accelerator":"kvm .probed: usable.'
		        within: 30m
	END
}

test_an_appliance_boots_by_kvm_in_a_guest() {
	assertTrue 'the appliance' make_inner
	assertTrue 'the guest' make_outer
	run test -o out --boot direct outer.yaml
	assertEquals "$output$errors" 0 $status
	assert_nothing_left
}

. shunit2
