#!/bin/bash
# What jeos resolves is what apt would install: the same package sets put to both, on the indices
# that jeos fetched and verified. JEOS_TEST_FULL=1 adds more of them.
# time-limit: 1200
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
# The same with what they recommend.
recommending_bookworm=(
	'nginx-light openssh-server'
	'postfix spamassassin'
	'podman network-manager'
)
recommending_trixie=(
	'systemd-sysv udev dbus openssh-server'
	'docker.io gnupg'
)
# The same of two architectures.
two_architectures=(
	'zlib1g:arm64 libstdc++6:arm64'
	'libgtk-3-0:arm64 libgtk-3-0 python3:arm64'
	'curl:arm64 wget'
	'libqt5gui5:arm64 libmariadb3:arm64 mariadb-client'
)
if [ -n "${JEOS_TEST_FULL-}" ]; then
	bookworm+=(
		'systemd-sysv udev dbus openssh-server'
		'postgresql python3-psycopg2 mariadb-server'
		'docker.io gnupg'
		'nodejs npm'
		'exim4 mutt'
		'bind9 unbound isc-dhcp-server'
		'openvpn strongswan'
		'prometheus rsyslog cron'
		'xfce4 firefox-esr'
		'gcc g++ make cmake python3-dev'
		'texlive-latex-base'
		'squid varnish memcached'
	)
	trixie+=(
		'nginx-light php-fpm'
		'apache2 libapache2-mod-php'
		'postfix dovecot-imapd spamassassin'
		'default-jre-headless tomcat10'
		'build-essential git ruby-full golang-go'
		'rabbitmq-server redis-server haproxy samba'
		'linux-image-cloud-amd64 grub-efi'
		'libreoffice-writer'
	)
	recommending_bookworm+=(
		'git build-essential'
		'mariadb-server php-fpm'
		'texlive-latex-base'
		'xfce4'
		'libreoffice-writer'
		'apache2 libapache2-mod-php wordpress'
		'default-jre-headless tomcat10'
		'exim4 mutt'
	)
	recommending_trixie+=(
		'postgresql python3-psycopg2'
		'podman network-manager wireguard'
		'nodejs npm'
		'build-essential git ruby-full golang-go'
	)
fi

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

# resolve SUITE PACKAGE...: jeos's answer, sorted "NAME VERSION" lines, in $work/ours. $recommends
# says whether with what is recommended.
resolve() {
	{
		echo 'name: resolve'
		echo 'version: "1"'
		echo 'summary: a test'
		echo "suite: $1"
		echo 'kernel: none'
		echo "recommends: ${recommends:-false}"
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
	apt=$work/apt-$1${foreign-}
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
		APT::Architecture amd64 APT::Architectures "amd64${foreign:+,$foreign}" \
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

# install_base: makes $work/ours, a base system, what apt finds installed.
install_base() {
	cat "$apt"/*/Packages | awk -v foreign="${foreign:-none}" -v RS= -v ORS='\n\n' '
		FILENAME == ARGV[1] { for (i = 1; i < NF; i += 2) wanted[$i, $(i + 1)] = 1; next }
		{
			match($0, /\nVersion: [^\n]+/)
			key = $2 SUBSEP substr($0, RSTART + 10, RLENGTH - 10)
			if (index($0, "\nArchitecture: " foreign)) next
			if (key in wanted) { delete wanted[key]; print $0 "\nStatus: install ok installed" }
		}' "$work/ours" - >"$apt/status"
	[ "$(grep -c ^Status: "$apt/status")" = "$(wc -l <"$work/ours")" ] || return 1
	cp "$work/ours" "$work/installed"
}

# ask_apt_for_more PACKAGE...: what it installs on that base, with what is recommended.
ask_apt_for_more() {
	APT_CONFIG=$apt/conf apt-get -s install --install-recommends "$@" >"$work/apt.out" 2>&1 ||
		return 1
	awk '/^Inst / { sub(/^\(/, "", $3); print $2, $3 }' "$work/apt.out" |
		sort - "$work/installed" >"$work/theirs"
}

# compare_recommending_on SUITE SET...: after compare_on.
compare_recommending_on() {
	suite=$1
	shift
	resolve "$suite" || fail "$suite: jeos plan"
	install_base || fail "$suite: no base for apt"
	recommends=true
	for set in "$@"; do
		# shellcheck disable=SC2086 # words
		resolve "$suite" $set || fail "$suite: $set: jeos plan"
		# shellcheck disable=SC2086
		ask_apt_for_more $set || fail "$suite: $set: $(tail -3 "$work/apt.out")"
		assertEquals "$suite: $set" '' "$(diff "$work/theirs" "$work/ours")"
	done
	recommends=
}

# compare_on SUITE SET...: $foreign is an architecture that packages may also be of.
compare_on() {
	suite=$1
	shift
	rm -rf "$work/store"
	resolve "$suite" ${foreign:+"libc6:$foreign"} || fail "$suite: jeos plan"
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
	compare_recommending_on bookworm "${recommending_bookworm[@]}"
}

test_like_apt_on_trixie() {
	compare_on trixie "${trixie[@]}"
	compare_recommending_on trixie "${recommending_trixie[@]}"
}

test_like_apt_of_two_architectures() {
	local foreign=arm64
	compare_on bookworm "${two_architectures[@]}"
	compare_recommending_on bookworm 'libgtk-3-0:arm64'
}

. shunit2
