#!/bin/sh
# Sees to it that the agent beside it starts when the system is up, then starts the guest's own init:
#
#     init DEVICE          from the kernel: goes on to what lays an overlay over the root, if there is
#     init                 from that, in the final root
agent=/run/jeos-agent/agent
command -v mount >/dev/null || mount() { busybox mount "$@"; }

# After multi-user.target, of which it is a part: when it speaks, the system is up.
add_unit() {
	mkdir -p /run/systemd/system/multi-user.target.wants
	cat >/run/systemd/system/jeos-agent.service <<-end
		[Unit]
		Description=Test agent
		DefaultDependencies=no
		After=multi-user.target
		Conflicts=shutdown.target
		Before=shutdown.target
		[Service]
		ExecStart=$agent serve $device
	end
	ln -s ../jeos-agent.service /run/systemd/system/multi-user.target.wants/
}

# The last line of busybox's inittab: after the service, when that has been started.
add_line() {
	{
		cat /etc/inittab
		echo "::respawn:$agent serve $device"
	} >/run/jeos-agent/inittab
	mount -o bind /run/jeos-agent/inittab /etc/inittab
}

if [ $# != 0 ]; then
	echo "$1" >/run/jeos-agent/device
	export JEOS_INIT=/run/jeos-agent/init
	exec </dev/console >/dev/console 2>&1
	[ ! -x /usr/lib/jeos/changes ] || exec /usr/lib/jeos/changes
fi
read -r device </run/jeos-agent/device
if [ -e /etc/inittab ]; then add_line; else add_unit; fi
exec /sbin/init
