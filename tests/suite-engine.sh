#!/bin/bash
# The engine's trees beside debootstrap's for the same packages: paths, types, modes, owners, link
# targets, hard links, contents, capabilities, and dpkg's database. Nothing may differ but what the
# tables below explain. JEOS_TEST_FULL=1 adds more package sets.
# time-limit: 5400
# shellcheck disable=SC2016 # awk's own variables

. "$JEOS_TOP/tests/lib/need.sh"

oneTimeSetUp() {
	scratch=$TMPDIR/engine
	mkdir -p "$scratch/hooks" "$scratch/tree"
	cd "$scratch" || exit 1
	# What dpkg and apt say of the tree. Of what packages hold, only stripped paths are missing.
	cat >hooks/sound <<-'END'
		#!/bin/sh
		set -e
		apt-get check
		dpkg --audit
		[ -z "$(dpkg --audit)" ]
		excluded=$(sed -n 's/^path-exclude=//p' /etc/dpkg/dpkg.cfg.d/jeos)
		set -f
		dpkg --verify | while read -r what path rest; do
			for pattern in $excluded; do
				# shellcheck disable=SC2254 # a pattern
				case $path in $pattern) [ "$what" = missing ] && continue 2 ;; esac
			done
			echo "$what $path $rest"
			exit 1
		done
	END
	chmod +x hooks/sound
}

# Paths that differ, by extended regular expressions, and why.
explained() {
	cat <<-'END'
		etc/apt/sources\.list      debootstrap names its own mirror; configured later in any case
		etc/fstab                  debootstrap writes an empty one; configured later
		etc/machine-id             random; made at first boot, as
		etc/ssh/ssh_host_.*        are host keys
		etc/ssl/(certs|private)/ssl-cert-snakeoil\.(pem|key)  random
		etc/ssl/certs/[0-9a-f]{8}\.[0-9]  links that are named after that certificate
		etc/ssl/certs/java/cacerts  a key store notes when it was made
		etc/aliases\.db            Berkeley DB writes what its memory held
		usr/share/pixmaps/debian-logo\.png  stripped; debootstrap unpacks base-files without dpkg
		var/cache/ldconfig/aux-cache  inode numbers and times
		var/lib/dpkg/available     dpkg makes an empty one
		var/lib/dpkg/cmethopt      how dselect gets packages; debootstrap writes it
		var/lib/dpkg/status-old    the status file before the last change
		(etc|var/cache/debconf)/.*-(old)?  the same of other databases
		var/log/.*                 when and in which order it was done
		var/lib/systemd/catalog/database  holds the time it was made
		var/lib/(postgresql|mysql)/.*  databases with random identities and times
	END
}

# canonical PATH: a file's content without what order, number and day happen to be.
canonical() {
	case $1 in
	*/dpkg/status | */debconf/*.dat)
		awk 'BEGIN { RS = "" } { gsub(/\n /, "\001"); n = split($0, field, "\n")
			for (i = 1; i <= n; i++) print field[1] "\t" field[i] }' "$1" | sort
		;;
	etc/passwd) cut -d : -f 1,2,5- "$1" | sort ;;
	etc/group) cut -d : -f 1,2,4 "$1" | sort ;;
	etc/shadow) cut -d : -f 1,2,4- "$1" | sort ;;
	*) sort "$1" ;;
	esac
}

# inventory FILE: one line a path of the working directory: path, type, mode, owner, link, hash.
inventory() {
	local file path
	find . -mindepth 1 -printf '%P\t%y\t%m\t%U\t%G\t%l\t%i\n' | LC_ALL=C sort | awk -F '\t' '
		BEGIN {
			OFS = FS
			while (getline line <"etc/passwd") { split(line, f, ":"); user[f[3]] = f[1] }
			while (getline line <"etc/group") { split(line, f, ":"); group[f[3]] = f[1] }
		}
		{
			$4 = user[$4]; $5 = group[$5]
			# A hard link is told by the first path of its file.
			if ($2 == "d") $7 = ""
			else if ($7 in first) $7 = first[$7]
			else { first[$7] = $1; $7 = "" }
			print
		}' >"$1"
	find . -type f -print0 | xargs -0 sha256sum | sed 's|^\(\\*[0-9a-f]*\)  \./|\1 |' >"$1.sums"
	for file in etc/passwd etc/group etc/shadow etc/gshadow var/lib/dpkg/status \
		var/lib/dpkg/triggers/* var/cache/debconf/*.dat; do
		[ -f "$file" ] && echo "$(canonical "$file" | sha256sum | cut -d ' ' -f 1) $file"
	done >"$1.canonical"
	awk '
		FILENAME == ARGV[1] || FILENAME == ARGV[2] {
			path = substr($0, index($0, " ") + 1); sum[path] = $1; next
		}
		{ split($0, f, "\t"); print $0 "\t" sum[f[1]] }' \
		"$1.sums" "$1.canonical" "$1" >"$1.all"
	getcap -r . 2>/dev/null | sed 's|^\./||; s/ /\tcapabilities\t/' | LC_ALL=C sort >>"$1.all"
}

# build NAME BOOTSTRAP SUITE PACKAGES: builds it and writes the inventory NAME-BOOTSTRAP.all. $more
# is a line more for the recipe.
build() {
	local layers
	cat >"$1-$2.yaml" <<-END
		name: $1-$2
		suite: $3
		bootstrap: $2
		packages: [$4]
		${more-}
		kernel: none
		hooks: [sound]
		disk: {size: 6G, firmware: [bios], formats: [raw]}
	END
	"$JEOS" build "$1-$2.yaml" </dev/null >log 2>&1 || { cat log; return 1; }
	rm -rf out
	mapfile -t layers < <("$JEOS" plan --json "$1-$2.yaml" |
		jq -r --arg store "$JEOS_STORE" '.layers | .base, .packages // empty |
			"\($store)/layers/\(.)"')
	if [ ${#layers[@]} = 1 ]; then
		(cd "${layers[0]}" && inventory "$scratch/$1-$2")
	elif [ -d "${layers[1]}.whole" ]; then
		(cd "${layers[1]}.whole" && inventory "$scratch/$1-$2")
	else
		export -f inventory canonical
		# In a chroot the root's propagation cannot be changed.
		propagation=private
		unshare -m true 2>/dev/null || propagation=unchanged
		unshare -m --propagation "$propagation" bash -c '
			mount -t overlay -o "lowerdir=$1:$2" none "$3" && (cd "$3" && inventory "$4")
			status=$?
			umount "$3"
			exit $status' bash "${layers[1]}" "${layers[0]}" "$scratch/tree" \
			"$scratch/$1-$2"
	fi
}

# same NAME SUITE PACKAGES
same() {
	need_root 'see the owners in a layer' || return 0
	local bootstrap differences
	for bootstrap in fast debootstrap; do
		build "$1" $bootstrap "$2" "$3"
		assertTrue "$1: $bootstrap" $? || return
	done
	assertTrue "$1: it is a tree" "[ $(wc -l <"$1-fast.all") -gt 1000 ]"
	explained | sed -E 's/^([^ ]+) .*/^\1$/' >patterns
	differences=$(diff "$1-debootstrap.all" "$1-fast.all" | sed -n 's/^[<>] //p' | cut -f 1 |
		LC_ALL=C sort -u | grep -vE -f patterns)
	assertEquals "$1: paths that differ: $(echo "$differences" | while read -r path; do
		grep -HF "$path	" "$1"-*.all
	done)" '' "$differences"
	rm -f "$1"-*
}

full() {
	need 'more package sets with JEOS_TEST_FULL=1' [ -n "${JEOS_TEST_FULL:-}" ]
}

test_minbase_of_bookworm() {
	local more='debconf: [debconf debconf/priority select medium, dash dash/sh boolean true]'
	same minbase bookworm dash
}

# What is not in the base: apt. What the answers decide: the time zone.
test_an_essential_base_and_answers() {
	cat >hooks/small <<-'END'
		#!/bin/sh
		set -ex
		[ -z "$(dpkg --audit)" ]
		[ ! -e /usr/bin/apt-get ]
		[ "$(readlink /etc/localtime)" = /usr/share/zoneinfo/Europe/Berlin ]
	END
	chmod +x hooks/small
	cat >small.yaml <<-END
		name: small
		suite: bookworm
		base: essential
		packages: [tzdata]
		debconf:
		  - tzdata tzdata/Areas select Europe
		  - tzdata tzdata/Zones/Europe select Berlin
		kernel: none
		hooks: [small]
		disk: {firmware: [bios], formats: [raw]}
	END
	"$JEOS" build small.yaml </dev/null >log 2>&1 || fail "$(cat log)"
	assertEquals 'apt' '' "$(jq -r '.packages[].name' out/*.manifest.json | grep ^apt)"
	rm -rf out
	sed 's/select Europe/choose Europe/' small.yaml >wrong.yaml
	assertContains "$("$JEOS" check wrong.yaml 2>&1)" 'wrong.yaml:6:5: this is not an answer'
	sed 's/bookworm/&\nbootstrap: debootstrap/' small.yaml >wrong.yaml
	assertContains "$("$JEOS" check wrong.yaml 2>&1)" 'makes no base smaller than minbase'
}

# Packages of two architectures, the second one's taken out and put in again by dpkg itself.
test_packages_of_a_foreign_architecture() {
	mkdir -p overlays/debs/debs
	cat >hooks/foreign <<-'END'
		#!/bin/sh
		set -e
		inventory() {
			find /etc /usr/lib/aarch64-linux-gnu /usr/share/doc /var/lib/dpkg ! -type d \
				! -name '*-old' ! -name 'lock*' -printf '%p %M %u:%g %l ' \( -type f \
				-exec sh -c 'sort "$1" | md5sum' sh {} \; -o -printf '\n' \) |
				sort >"/tmp/$1"
			[ "$(wc -l <"/tmp/$1")" -gt 500 ]
		}
		[ "$(dpkg --print-foreign-architectures)" = arm64 ]
		[ -z "$(dpkg --audit)" ]
		apt-get check
		inventory ours
		packages=$(dpkg-query -W -f '${binary:Package}\n' | grep :arm64)
		[ "$(echo "$packages" | wc -l)" -ge 4 ]
		# shellcheck disable=SC2086 # words
		dpkg --purge --force-remove-protected $packages
		dpkg --remove-architecture arm64
		dpkg --add-architecture arm64
		dpkg --force-unsafe-io -i /debs/*.deb
		inventory theirs
		diff /tmp/theirs /tmp/ours
	END
	chmod +x hooks/foreign
	cat >foreign.yaml <<-END
		name: foreign
		suite: bookworm
		packages: [zlib1g, "zlib1g:arm64", "libgcc-s1:arm64"]
		kernel: none
		overlays: [debs]
		hooks: [foreign]
		disk: {firmware: [bios], formats: [raw]}
	END
	"$JEOS" plan --json foreign.yaml >foreign.json || fail 'jeos plan'
	"$JEOS" build -q foreign.yaml </dev/null >log 2>&1 # without the overlay's files it fails
	jq -r '.packages[] | select(.architecture == "arm64") | .sha256' foreign.json | while read -r hash; do
		cp "$JEOS_STORE/packages/$hash.deb" overlays/debs/debs
	done
	assertEquals 4 "$(find overlays -name '*.deb' | wc -l)"
	"$JEOS" build foreign.yaml </dev/null >log 2>&1 || fail "$(cat log)"
	assertTrue 'jeos lock' "'$JEOS' lock foreign.yaml >/dev/null"
	assertEquals 'the lock' "$("$JEOS" plan --no-lock --json foreign.yaml | jq -S .packages)" \
		"$("$JEOS" plan --offline --json foreign.yaml | jq -S .packages)"
	assertEquals 2 "$(grep -c '^[a-z]* libc6 ' foreign.lock)"
	assertEquals 'foreign.lock: 92 packages' "$("$JEOS" lock --update foreign.yaml libc6)"
	rm -rf out overlays foreign.lock
}

test_minbase_of_trixie() {
	same minbase-trixie trixie dash
}

test_services() {
	same services bookworm 'rsyslog, cron, openssh-server, systemd-sysv'
}

test_postgresql() {
	same postgresql bookworm postgresql
}

test_python() {
	same python bookworm 'python3, python3-requests'
}

test_more_package_sets() {
	full || return 0
	same nginx bookworm nginx-light
	same postfix bookworm postfix
	same mariadb bookworm mariadb-server
	same redis bookworm redis-server
	same java bookworm openjdk-17-jre-headless
	same php bookworm 'php-fpm, php-mysql'
	same compiler bookworm 'gcc, make'
	same editors bookworm 'vim, git, tmux'
	same containers bookworm docker.io
	same services-trixie trixie 'rsyslog, cron, openssh-server, systemd-sysv'
}

# shellcheck disable=SC1091
. shunit2
