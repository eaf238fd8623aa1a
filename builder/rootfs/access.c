#include "access.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "base/size.h"
#include "shadow.h"

#define UNITS "etc/systemd/system/"

/* What would offer a login on a console. */
static const char *const console_units[] = {
	"getty@.service", "autovt@.service", "serial-getty@.service", "console-getty.service"};

/* Drop-ins that log root in without asking: its account stays locked everywhere else. */
static const struct {
	const char *path, *getty;
} autologins[] = {
	{UNITS "getty@.service.d/autologin.conf", "--noclear - $TERM"},
	{UNITS "serial-getty@.service.d/autologin.conf",
		"--keep-baud 115200,57600,38400,9600 - $TERM"},
	/* of containers */
	{UNITS "console-getty.service.d/autologin.conf",
		"--noclear --keep-baud - 115200,38400,9600 $TERM"},
};

/* A root without the package passwd has no shadow file: there the hash stands in the other, whose
 * lines begin in the same way. */
static int set_password(const struct recipe_access *access, int root, struct error *err)
{
	const char *hash = access->password_hash.text ? access->password_hash.text : "*";
	const char *path = inside_exists(root, "etc/shadow") ? "etc/shadow" : "etc/passwd";
	cleanup_buffer struct buffer accounts = {0};

	if (inside_read(root, path, MIB, &accounts, err))
		return -1;
	cleanup_free char *changed = shadow_set_hash(accounts.data, "root", hash);
	return inside_rewrite(root, path, changed, err);
}

static int write_ssh_keys(const struct word_list *keys, int root, struct error *err)
{
	cleanup_buffer struct buffer lines = {0};
	cleanup_fd int directory = -1;

	if (!keys->count)
		return 0;
	vector_for_each (key, keys)
		buffer_printf(&lines, "%s\n", key->text);
	if (inside_directory(root, "root/.ssh", &directory, err))
		return -1;
	if (fchmod(directory, 0700))
		return error_errno(err, errno, "/root/.ssh: setting its mode");
	return inside_write(root, "root/.ssh/authorized_keys", lines.data, 0600, err);
}

static int close_consoles(int root, struct error *err)
{
	for (size_t i = 0; i < array_count(console_units); i++) {
		cleanup_free char *path = xasprintf(UNITS "%s", console_units[i]);
		if (inside_symlink(root, path, "/dev/null", err))
			return -1;
	}
	return inside_write(root, "etc/systemd/logind.conf.d/jeos.conf",
		"# No logins on the consoles.\n[Login]\nNAutoVTs=0\nReserveVT=0\n", 0644, err);
}

static int open_consoles(int root, struct error *err)
{
	for (size_t i = 0; i < array_count(autologins); i++) {
		cleanup_free char *text = xasprintf("[Service]\nExecStart=\n"
						    "ExecStart=-/sbin/agetty --autologin root %s\n",
			autologins[i].getty);
		if (inside_write(root, autologins[i].path, text, 0644, err))
			return -1;
	}
	return 0;
}

int access_configure(const struct recipe_access *access, int root, struct error *err)
{
	if (set_password(access, root, err) || write_ssh_keys(&access->ssh_keys, root, err))
		return -1;
	if (!inside_exists(root, "usr/lib/systemd/systemd") &&
		!inside_exists(root, "lib/systemd/systemd"))
		return 0;
	if (!access->console_login)
		return close_consoles(root, err);
	return access->password_hash.text ? 0 : open_consoles(root, err);
}
