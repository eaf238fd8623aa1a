#include "owners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/size.h"

/* The accounts of a guest, as texts. */
struct accounts {
	struct buffer users, groups;
};

/* Finds the third field of the line that begins with "NAME:", in passwd(5) as in group(5). */
static bool find_id(const struct buffer *file, const char *name, unsigned *ret_id)
{
	cleanup_free char *start = xasprintf("%s:", name);
	char *end;

	for (const char *line = file->data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!text_starts(line, start))
			continue;
		const char *password_end = strchr(line + strlen(start), ':');
		if (!password_end)
			return false;
		*ret_id = strtoul(password_end + 1, &end, 10);
		return end > password_end + 1;
	}
	*ret_id = strtoul(name, &end, 10);
	return *name && !*end;
}

/* One line, cut into words. */
struct rule {
	const char *path, *user, *group, *mode; /* mode may be NULL */
};

/* False for a line that says nothing. */
static bool rule_read(char *line, struct rule *ret_rule)
{
	static const char spaces[] = " \t\r";
	char *rest = NULL;

	line[strcspn(line, "#")] = '\0';
	ret_rule->path = strtok_r(line, spaces, &rest);
	char *owner = strtok_r(NULL, spaces, &rest);
	ret_rule->mode = strtok_r(NULL, spaces, &rest);
	ret_rule->user = strsep(&owner, ":");
	ret_rule->group = owner;
	return ret_rule->path;
}

static int rule_apply(const struct rule *rule, const struct accounts *accounts, int root,
	struct position at, struct error *err)
{
	cleanup_fd int directory = -1;
	struct stat status;
	const char *name;
	char *end = NULL;
	unsigned user, group;

	if (!rule->user || !rule->group)
		return error_at(err, at, "expected PATH OWNER:GROUP [MODE]");
	if (!find_id(&accounts->users, rule->user, &user))
		return error_at(err, at, "the guest has no user `%s`", rule->user);
	if (!find_id(&accounts->groups, rule->group, &group))
		return error_at(err, at, "the guest has no group `%s`", rule->group);
	if (inside_parent(root, rule->path, &directory, &name, err))
		return -1;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW))
		return error_at(err, at, "/%s: %s", rule->path, strerror(errno));
	unsigned long mode = rule->mode ? strtoul(rule->mode, &end, 8) : status.st_mode & 07777;
	if ((end && *end) || mode > 07777)
		return error_at(err, at, "`%s` is no mode such as 0640", rule->mode);
	if (fchownat(directory, name, user, group, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "/%s: setting its owner", rule->path);
	/* A change of owner takes setuid bits away, so the mode is set after it. */
	if (!S_ISLNK(status.st_mode) && fchmodat(directory, name, mode, 0))
		return error_errno(err, errno, "/%s: setting its mode", rule->path);
	return 0;
}

static void accounts_release(struct accounts *accounts)
{
	buffer_release(&accounts->users);
	buffer_release(&accounts->groups);
}

int owners_apply(const char *path, int root, struct error *err)
{
	cleanup(accounts_release) struct accounts accounts = {0};
	cleanup_buffer struct buffer content = {0};
	struct position at = {.file = path, .column = 1};
	struct rule rule;

	if (!file_exists(AT_FDCWD, path))
		return 0;
	if (file_read(AT_FDCWD, path, MIB, &content, err) ||
		inside_read(root, "etc/passwd", MIB, &accounts.users, err) ||
		inside_read(root, "etc/group", MIB, &accounts.groups, err))
		return -1;
	for (char *rest = content.data, *line; (line = strsep(&rest, "\n"));) {
		at.line++;
		if (rule_read(line, &rule) && rule_apply(&rule, &accounts, root, at, err))
			return -1;
	}
	return 0;
}
