#!/bin/bash
# What jeos resolves is what apt would install: the same package sets put to both, on the indices
# that jeos fetched and verified.
# time-limit: 600
# shellcheck disable=SC2317 # shunit2 calls the functions

bookworm=(
	''
	'nginx-light php-fpm'
	'apache2 libapache2-mod-php wordpress'
	'postfix dovecot-imapd spamassassin'
	'default-jre-headless tomcat10'
	'podman network-manager wireguard'
	'libreoffice-writer'
	'build-essential git ruby-full golang-go'
	'linux-image-cloud-amd64 grub-efi'
	'rabbitmq-server redis-server haproxy samba'
)
trixie=(
	''
	'systemd-sysv udev dbus openssh-server'
	'postgresql python3-psycopg2 mariadb-server'
	'podman network-manager wireguard'
	'nodejs npm'
)

oneTimeSetUp() {
	work=$(mktemp -d) || exit 1
	JEOS_STORE=$work/store
	export JEOS_STORE
	# shellcheck disable=SC2016 # awk's own
	plan_lines='$3 ~ /^[0-9a-f]+$/ && length($3) >= 12 && NF == 4 { print $1, $2 }'
}

oneTimeTearDown() {
	[ -z "${work-}" ] || rm -rf "$work"
}

# resolve SUITE PACKAGE...: jeos's answer, sorted "NAME VERSION" lines, in $work/ours.
resolve() {
	{
		echo 'name: resolve'
		echo 'version: "1"'
		echo 'summary: a test'
		echo "suite: $1"
		echo 'kernel: none'
		shift
		[ $# = 0 ] || echo 'packages:'
		[ $# = 0 ] || printf '  - %s\n' "$@"
	} >"$work/recipe.yaml"
	"$JEOS" plan "$work/recipe.yaml" >"$work/plan" || return 1
	awk "$plan_lines" "$work/plan" | sort >"$work/ours"
}

# set_up_apt SUITE: an apt of its own, with nothing installed, over the store's indices, largest
# first: base, security, updates. Leaves the base system's packages in $work/base.
set_up_apt() {
	apt=$work/apt-$1
	mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,etc/apt.conf.d}
	: >"$apt/status"
	: >"$apt/sources.list"
	find "$work/store/indices" -type f ! -name '*.*' -printf '%s %p\n' | sort -rn >"$work/files"
	while read -r _ file; do
		index=${file##*/}
		mkdir -p "$apt/$index"
		cp "$file" "$apt/$index/Packages"
		echo "deb [trusted=yes] file:$apt/$index ./" >>"$apt/sources.list"
	done <"$work/files"
	printf '%s "%s";\n' Dir::State "$apt/state" Dir::State::status "$apt/status" \
		Dir::Cache "$apt/cache" Dir::Etc "$apt/etc" \
		Dir::Etc::sourcelist "$apt/sources.list" APT::Sandbox::User root \
		APT::Architecture amd64 APT::Architectures amd64 \
		APT::Install-Recommends false Acquire::Languages none >"$apt/conf"
	APT_CONFIG=$apt/conf apt-get -qq update || return 1
	cat "$apt"/*/Packages | awk -v RS= '/\nEssential: yes/ || /\nPriority: required/ { print $2 }' |
		sort -u >"$work/base"
	echo apt >>"$work/base"
	# debootstrap's choice, and so jeos's, where a dependency leaves one.
	if grep -q '^Depends: usrmerge | usr-is-merged' "$apt"/*/Packages; then
		echo usr-is-merged >>"$work/base"
	fi
}

# ask_apt PACKAGE...: its answer in $work/theirs.
ask_apt() {
	mapfile -t base <"$work/base"
	APT_CONFIG=$apt/conf apt-get -s install "${base[@]}" "$@" >"$work/apt.out" 2>&1 || return 1
	awk '/^Inst / { sub(/^\(/, "", $3); print $2, $3 }' "$work/apt.out" | sort >"$work/theirs"
}

# compare_on SUITE SET...
compare_on() {
	suite=$1
	shift
	rm -rf "$work/store"
	resolve "$suite" || fail "$suite: jeos plan"
	set_up_apt "$suite" || fail "$suite: apt-get update"
	for set in "$@"; do
		# shellcheck disable=SC2086 # words
		resolve "$suite" $set || fail "$suite: $set: jeos plan"
		# shellcheck disable=SC2086
		ask_apt $set || fail "$suite: $set: $(tail -3 "$work/apt.out")"
		assertTrue "$suite: $set: nothing resolved" "[ $(wc -l <"$work/ours") -gt 50 ]"
		assertEquals "$suite: $set" '' "$(diff "$work/theirs" "$work/ours")"
	done
}

test_like_apt_on_bookworm() {
	compare_on bookworm "${bookworm[@]}"
}

test_like_apt_on_trixie() {
	compare_on trixie "${trixie[@]}"
}

. shunit2
