# shellcheck shell=sh
# An unprivileged user with subordinate ids, for tests that run as root.
#
#   . "$JEOS_TOP/tests/lib/user.sh"
#   user_make "$TMPDIR/home"          # sets user, home; the program is there as ./jeos
#   as_user COMMAND...                # sees nothing of what root has exported
#   user_remove                       # at the end, whether one was made or not

user_make() {
	made_user=
	# One that a test beside this one has made goes away with that.
	user=$(awk -F: '$1 !~ /^([0-9]|jeos-test)/ && $3 >= 65535 { print $1 }' /etc/subuid |
		head -n 1)
	if [ -z "$user" ] || ! id "$user" >/dev/null 2>&1; then
		user=jeos-test-$$ made_user=yes
		useradd --no-create-home --shell /bin/sh "$user" || return 1
	fi
	home=$1
	mkdir "$home" && chown "$user:" "$home" && cp "$JEOS" "$home/jeos"
}

as_user() {
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
		env -i PATH="$PATH" HOME="$home" TMPDIR="$home" LC_ALL=C.UTF-8 "$@"
}

user_remove() {
	[ -z "${made_user-}" ] || userdel "$user"
	made_user=
}
