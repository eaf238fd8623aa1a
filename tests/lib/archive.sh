# shellcheck shell=sh
# Small signed Debian archives for tests, and an HTTP server for them on the loopback.
#
#   . "$JEOS_TOP/tests/lib/archive.sh"
#   archive_make "$dir"                                  # an empty archive with a key of its own
#   archive_add_base "$dir"                              # what every root needs, as tiny packages
#   archive_add_package "$dir" hello 1.0 'Depends: libhello (>= 1)' 'Priority: optional'
#   archive_publish "$dir" bookworm                      # all that was added since the last publish
#   archive_publish "$dir" bookworm 'Valid-Until: Thu, 01 Jan 2026 00:00:00 UTC'
#   archive_serve "$dir"                                 # sets ARCHIVE_URL
#   ... recipe with  mirror: $ARCHIVE_URL  and  keyring: $dir/keyring.gpg ...
#   archive_stop                                         # ends every server that was started
#
# A recipe can also name the directory itself: `mirror: file://$dir`. Several suites share a
# directory: add, publish, add, publish. `archive_publish` of a suite that exists adds the new
# packages to it and signs it again. Everything lies in the directory, so removing that removes all;
# no agent keeps running.
#
# Needs dpkg-deb, gpg, xz and busybox (with httpd and wget).

ARCHIVE_PIDS=

# archive_make DIR
archive_make() (
	set -e
	mkdir -p "$1/pool" "$1/dists"
	# An agent's socket must have a short path, so the key is made elsewhere.
	home=$(mktemp -d)
	gpg --homedir "$home" --batch --quiet --passphrase '' \
		--quick-generate-key 'A test archive <archive@test.invalid>' ed25519 sign never \
		2>/dev/null
	gpg --homedir "$home" --batch --quiet --export >"$1/keyring.gpg"
	gpg --homedir "$home" --batch --quiet --export-secret-keys >"$1/secret.gpg"
	gpgconf --homedir "$home" --kill gpg-agent
	rm -rf "$home"
)

# archive_add_deb DIR FILE.deb: adds a package that exists.
archive_add_deb() (
	set -e
	name=$(dpkg-deb -f "$2" Package)
	path=pool/$name/${2##*/}
	mkdir -p "$1/pool/$name"
	cp "$2" "$1/$path"
	{
		dpkg-deb -f "$2"
		echo "Filename: $path"
		echo "Size: $(stat -c %s "$2")"
		echo "SHA256: $(sha256sum "$2" | cut -d' ' -f1)"
		echo
	} >>"$1/pending"
)

# archive_add_package DIR NAME VERSION [CONTROL-LINE...]: makes and adds a package that holds one
# file, /usr/share/NAME/version. Lines replace the defaults of the same field.
archive_add_package() (
	set -e
	dir=$1 name=$2 version=$3
	shift 3
	tree=$(mktemp -d)
	chmod 755 "$tree"
	mkdir -p "$tree/DEBIAN" "$tree/usr/share/$name"
	echo "$version" >"$tree/usr/share/$name/version"
	{
		echo "Package: $name"
		echo "Version: $version"
		for default in "Architecture: $(dpkg --print-architecture)" 'Priority: optional' \
			'Section: misc' 'Maintainer: Tests <tests@test.invalid>' \
			'Installed-Size: 8' "Description: $name for tests"; do
			printf '%s\n' "$@" | grep -q "^${default%%:*}:" || echo "$default"
		done
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$tree/DEBIAN/control"
	deb=$(mktemp -d)
	dpkg-deb --root-owner-group -Znone -b "$tree" "$deb" >/dev/null
	archive_add_deb "$dir" "$deb"/*.deb
	rm -rf "$tree" "$deb"
)

# archive_add_base DIR: an essential, a required package and apt.
archive_add_base() {
	archive_add_package "$1" base-files 12 'Essential: yes' 'Priority: required' &&
		archive_add_package "$1" passwd 1:4 'Priority: required' 'Depends: libpam' &&
		archive_add_package "$1" libpam 1.5 &&
		archive_add_package "$1" apt 2.6 'Depends: base-files (>= 12)' 'Priority: important'
}

# archive_publish DIR SUITE [RELEASE-LINE...]: writes the suite's Packages (plain and .xz), also
# by hash, and its signed Release, for $ARCHIVE_ARCHITECTURES if they are set. Lines replace the
# defaults of the same field.
archive_publish() (
	set -e
	dir=$(cd "$1" && pwd) suite=$2
	shift 2
	architectures=${ARCHIVE_ARCHITECTURES-$(dpkg --print-architecture)}
	mkdir -p "$dir/dists/$suite"
	cd "$dir/dists/$suite"
	touch ../../pending
	for architecture in $architectures; do
		room=main/binary-$architecture
		mkdir -p "$room/by-hash/SHA256"
		cat ../../pending >>"$room/Packages"
		xz -kf "$room/Packages"
		for file in "$room"/Packages*; do
			cp "$file" "$room/by-hash/SHA256/$(sha256sum "$file" | cut -d' ' -f1)"
		done
	done
	rm ../../pending
	{
		for default in 'Origin: Test' "Suite: $suite" "Codename: $suite" \
			"Date: $(LC_ALL=C date -Ru)" 'Acquire-By-Hash: yes' \
			"Architectures: all $architectures" 'Components: main' \
			'No-Support-for-Architecture-all: Packages'; do
			printf '%s\n' "$@" | grep -q "^${default%%:*}:" || echo "$default"
		done
		[ $# = 0 ] || printf '%s\n' "$@"
		echo SHA256:
		for file in main/binary-*/Packages*; do
			echo " $(sha256sum "$file" | cut -d' ' -f1) $(stat -c %s "$file") $file"
		done
	} >Release
	archive_sign "$dir" "$suite"
)

# archive_sign DIR SUITE [SECRET-KEY-FILE]: signs the suite's Release, whatever it holds.
archive_sign() (
	set -e
	home=$(mktemp -d)
	cd "$1/dists/$2"
	gpg --homedir "$home" --batch --quiet --import "${3:-../../secret.gpg}" 2>/dev/null
	gpg --homedir "$home" --batch --quiet --yes --clearsign -o InRelease Release
	gpg --homedir "$home" --batch --quiet --yes --armor --detach-sign -o Release.gpg Release
	gpgconf --homedir "$home" --kill gpg-agent
	rm -rf "$home"
)

# Whether the server started last is the one that answers on its port: its token tells.
archive_answers() {
	for archive_wait in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(busybox wget -q -O - "$ARCHIVE_URL/token" 2>/dev/null)" = "$1" ] && return 0
		kill -0 "$archive_pid" 2>/dev/null || return 1
		sleep "0.$archive_wait"
	done
	return 1
}

# archive_serve DIR: serves it over HTTP on a free port of the loopback; sets ARCHIVE_URL.
archive_serve() {
	archive_token=$$.$(date +%N)
	echo "$archive_token" >"$1/token"
	export no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"
	for archive_try in 1 2 3 4 5 6 7 8 9 10; do
		archive_port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 20000))
		ARCHIVE_URL=http://127.0.0.1:$archive_port
		# Should the test die, the server ends by itself.
		timeout 1800 busybox httpd -f -p "127.0.0.1:$archive_port" -h "$1" 2>/dev/null &
		archive_pid=$!
		ARCHIVE_PIDS="$ARCHIVE_PIDS $archive_pid"
		archive_answers "$archive_token" && return 0
	done
	echo "no HTTP server could be started after $archive_try tries" >&2
	return 1
}

# archive_stop: ends every server that archive_serve started.
archive_stop() {
	for archive_pid in $ARCHIVE_PIDS; do
		kill "$archive_pid" 2>/dev/null
		wait "$archive_pid" 2>/dev/null
	done
	ARCHIVE_PIDS=
}
