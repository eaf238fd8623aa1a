#!/bin/bash
# The overlay cloud-config: what it makes of the metadata services of the clouds, here a web server
# at their address in a network of its own, and of the disks.
# time-limit: 600

. "$JEOS_TOP/tests/lib/need.sh"

script=./cloud-config # a copy, for its home may lie in /root, in whose place in_guest has another
key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKnDJtQpi7gpIZ1o5MxXGCnPnzWH1pJ3N3bZ0u5u4T2d some body'

setUp() {
	rm -rf "$TMPDIR/guest" && mkdir "$TMPDIR/guest" && cd "$TMPDIR/guest" || return 1
	mkdir -p etc run state root www
	cp "$JEOS_TOP/overlays/cloud-config/usr/local/lib/cloud-config/cloud-config" "$script" || return 1
	printf '127.0.0.1 localhost\n127.0.1.1\tbefore\n' >etc/hosts
	echo before >etc/hostname
	answer up yes
}

# answer PATH TEXT: what the service has there, without a newline at its end.
answer() {
	mkdir -p "www/$(dirname "$1")"
	printf %s "$2" >"www/$1"
}

need_namespaces() {
	need 'no network and mounts of its own here' unshare -mnu ip link set lo up
}

# in_guest COMMAND...: in a host of its own, whose /etc, /root and state are here, with the service.
in_guest() {
	# shellcheck disable=SC2016 # for the shell inside
	unshare -mnu sh -e -c '
		ip link set lo up
		ip address add 169.254.169.254/32 dev lo
		mount -t tmpfs none /run
		mount -t tmpfs none /var/lib
		mkdir /run/cloud-config /var/lib/cloud-config
		mount --bind run /run/cloud-config
		mount --bind state /var/lib/cloud-config
		mount --bind root /root
		mount --bind etc /etc
		busybox httpd -f -p 169.254.169.254:80 -h www &
		server=$!
		for try in $(seq 50); do
			busybox wget -q -O /dev/null http://169.254.169.254/up && break
			sleep 0.1
		done
		status=0
		"$@" || status=$?
		uname -n >kernel-name
		kill $server
		exit $status' sh "$@" 2>errors
}

assert_configured() { # NAME
	assertEquals "$(<errors)" "$1" "$(<etc/hostname)"
	assertEquals "$1" "$(<kernel-name)"
	assertContains "$(<etc/hosts)" "127.0.1.1	$1"
	assertEquals "$key" "$(<root/.ssh/authorized_keys)"
	assertEquals 600 "$(stat -c %a root/.ssh/authorized_keys)"
}

test_ec2() {
	need_namespaces || return 0
	answer latest/meta-data/instance-id i-1
	answer latest/meta-data/local-hostname ip-10-0-0-1.ec2.internal
	answer latest/meta-data/public-keys/index.html '0=my key'
	answer latest/meta-data/public-keys/0/openssh-key "$key"
	answer latest/user-data '#!/bin/sh
echo "$(uname -n)" >>/root/ran'
	in_guest sh -c "$script service && $script user-data"
	assert_configured ip-10-0-0-1
	assertEquals ip-10-0-0-1 "$(<root/ran)"
	# The same instance again: nothing happens, not even a second key.
	answer latest/meta-data/local-hostname other
	in_guest "$script" service
	assertEquals ip-10-0-0-1 "$(<etc/hostname)"
	assertFalse 'the script is gone' '[ -e state/user-data ]'
	# A copy of the disk elsewhere.
	answer latest/meta-data/instance-id i-2
	in_guest "$script" service
	assert_configured other
	assertTrue 'its script waits' '[ -x state/user-data ]'
}

test_google() {
	need_namespaces || return 0
	answer computeMetadata/v1/instance/id 12345
	answer computeMetadata/v1/instance/hostname web.c.project.internal
	answer computeMetadata/v1/project/attributes/ssh-keys "somebody:$key"
	answer computeMetadata/v1/instance/attributes/startup-script '#!/bin/sh'
	in_guest "$script" service
	assert_configured web
	assertEquals '#!/bin/sh' "$(<state/user-data)"
}

test_azure() {
	need_namespaces || return 0
	answer metadata/instance/compute/vmId 0-1-2
	answer metadata/instance/compute/name box
	answer metadata/instance/compute/publicKeys/0/keyData "$key"
	answer metadata/instance/compute/userData "$(printf '#!/bin/sh\n' | base64)"
	in_guest "$script" service
	assert_configured box
	assertEquals '#!/bin/sh' "$(<state/user-data)"
}

test_cloud_config() {
	need_namespaces || return 0
	answer latest/meta-data/instance-id i-1
	answer latest/meta-data/local-hostname unloved
	answer latest/user-data "$(printf '%s\n' '#cloud-config' "hostname: 'loved'" \
		'ssh_authorized_keys:' "  - $key" 'packages: [nginx]')"
	in_guest "$script" service
	assert_configured loved
	assertContains "$(<errors)" 'only hostname and ssh_authorized_keys are understood'
	assertFalse 'no script' '[ -e state/user-data ]'
}

test_bad_words_of_a_service() {
	need_namespaces || return 0
	answer latest/meta-data/instance-id i-1
	answer latest/meta-data/local-hostname '-rf /'
	answer latest/meta-data/public-keys/index.html '../../user-data=x'
	answer latest/user-data "command=evil $key"
	in_guest "$script" service
	assertEquals before "$(<etc/hostname)"
	assertContains "$(<errors)" 'not a host name: -rf /'
	assertNull "$(<root/.ssh/authorized_keys)"
	in_guest "$script" user-data
	assertContains "$(<errors)" 'neither a script nor a #cloud-config'
}

test_no_service() {
	need_namespaces || return 0
	in_guest "$script" service
	assertEquals before "$(<etc/hostname)"
	assertNull "$(ls state)"
}

test_wrong_usage() {
	"$script" moon 2>errors
	assertEquals 2 $?
	assertContains "$(<errors)" 'usage: cloud-config volume|service|user-data'
}

. shunit2
