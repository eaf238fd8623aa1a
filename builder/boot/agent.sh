#!/bin/sh
# The test agent: runs commands for the harness, which puts it into a throw-away copy of an image.
#
#     agent serve DEVICE       speak with the harness on a serial line
#     agent packages NAME...   for each argument a line: what was found, or nothing
#     agent modules NAME...    the same; in names '_' stands for '-' too
#     agent files GLOB...      the same
#     agent root_size          bytes of the root's block device, and of the filesystem on it
#     agent init_started       milliseconds from the kernel's start to that of /sbin/init, or nothing
#
# On the line, a request and its reply, each a line:
#     ID SECONDS BASE64-OF-COMMAND
#     ID STATUS LENGTH BASE64-OF-OUTPUT     (LENGTH in bytes of the base64 text)
# and once at the start
#     READY MILLISECONDS-SINCE-BOOT BYTES-OF-MEMORY-IN-USE
set -u
export JEOS_AGENT="$0" LC_ALL=C HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
limit=65536
state=/run/jeos-agent

# Sets $used: bytes.
memory_used() {
	while read -r key value _; do
		case $key in
		MemTotal:) total=$value ;;
		MemAvailable:) used=$(((total - value) * 1024)) ;;
		esac
	done </proc/meminfo
}

# Sets $milliseconds.
uptime() {
	read -r seconds _ </proc/uptime
	milliseconds=${seconds%.*}${seconds#*.}0
}

# On a line of its own, whatever firmware or kernel has left on the one before.
say() {
	printf '\n%s\n' "$1"
}

# The line's device, once it is there. Without udev a port of virtio has only its number.
find_line() {
	until line=$1 && [ -e "$line" ]; do
		for port in /sys/class/virtio-ports/*/name; do
			[ "$(cat "$port" 2>/dev/null)" = "${1##*/}" ] || continue
			port=${port%/name}
			line=/dev/${port##*/}
			return
		done
		sleep 0.1
	done
}

serve() {
	find_line "$1"
	exec <>"$line" >&0
	[ ! -t 0 ] || stty raw -echo
	memory_used
	uptime
	say "READY $milliseconds $used"
	mkdir -p "$state"
	while read -r id seconds command; do
		command=$(echo "$command" | base64 -d) || continue
		# To a file, not a pipe: what the command leaves running must not hold us up.
		timeout -k 5 "$seconds" sh -c "$command" </dev/null >"$state/output" 2>&1
		status=$?
		output=
		[ -s "$state/output" ] && output=$(head -c "$limit" "$state/output" | base64 -w 0)
		say "$id $status ${#output} $output"
	done
}

# A sealed image has dpkg's status file only.
package_status() {
	if command -v dpkg-query >/dev/null; then
		dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' "$1"
	else
		sed -n "/^Package: $1\$/,/^\$/s/^Version:/installed $1/p" /var/lib/dpkg/status
	fi 2>&1
}

packages() {
	for name; do
		found=$(package_status "$name")
		case $found in
		installed\ *) echo "${found#installed }" ;;
		*) echo ;;
		esac
	done
}

# Loaded, built in, or there to be loaded.
module_names() {
	{
		find /lib/modules -name '*.ko*'
		cat /lib/modules/*/modules.builtin
		ls /sys/module
	} 2>/dev/null | sed 's,.*/,,; s/\.ko.*//; s/-/_/g' | sort -u
}

modules() {
	names=$(module_names)
	for name; do
		echo "$names" | grep -Fx -- "$name" || echo
	done
}

files() {
	IFS=
	for pattern; do
		found=
		for path in $pattern; do
			if [ -e "$path" ] || [ -L "$path" ]; then
				found=$path
				break
			fi
		done
		echo "$found"
	done
}

root_size() {
	while read -r _ _ number _ point _; do
		[ "$point" = / ] && device=$number
	done </proc/self/mountinfo
	read -r sectors <"/sys/dev/block/$device/size"
	# shellcheck disable=SC2046
	set -- $(stat -f -c '%b %S' /)
	echo $((sectors * 512)) $(($1 * $2))
}

# The stamp of a line of dmesg: "[    1.234567] ..." is 1234.
stamp() {
	stamp=${1%%]*}
	stamp=${stamp##*[[ ]}
	fraction=${stamp#*.}
	echo "${stamp%.*}${fraction%???}"
}

# Without systemd, which notes it: the kernel's first program is /sbin/init, or that of an initramfs,
# which at its end mounts the root.
init_started() {
	started=$(systemctl show --property UserspaceTimestampMonotonic --value 2>/dev/null)
	if [ "${started:-0}" -gt 0 ]; then
		echo $((started / 1000))
		return
	fi
	program='' mounted=''
	dmesg | while read -r line; do
		case $line in
		*\ as\ init\ process*) program=${program:-$line} ;;
		*\ mounted\ filesystem*) mounted=${mounted:-$line} ;;
		esac
		case $program in
		'') ;;
		*\ /init\ as*) [ "$mounted" ] && stamp "$mounted" && return ;;
		*) stamp "$program" && return ;;
		esac
	done
}

"$@"
