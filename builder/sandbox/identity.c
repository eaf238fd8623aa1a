#include "sandbox/identity.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"

/* `nobody` is 65534, and packages make it own files. */
enum { NEEDED = 65535, FIRST_GRANT = 100000, FILE_LIMIT = 1 << 20 };

static const char users_file[] = "/etc/subuid", groups_file[] = "/etc/subgid";

static bool line_parse(char *line, char **ret_owner, struct id_range *ret_range)
{
	char *end, *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;

	if (!count)
		return false;
	*start++ = *count++ = '\0';
	struct id_range range = {.start = strtoul(start, &end, 10)};
	if (end == start || *end)
		return false;
	range.count = strtoul(count, &end, 10);
	if (end == count || *end || !range.count || range.start + range.count > UINT32_MAX)
		return false;
	*ret_owner = line;
	*ret_range = range;
	return true;
}

void id_ranges_parse(const char *text, const char *name, unsigned uid, struct id_ranges *ret)
{
	cleanup_free char *lines = xstrdup(text), *number = xasprintf("%u", uid);

	for (char *rest = lines, *line; (line = strsep(&rest, "\n"));) {
		char *owner;
		struct id_range range;
		if (line_parse(line, &owner, &range) &&
			(text_equal(owner, name) || text_equal(owner, number)))
			vector_push(ret, range);
	}
}

/* The first id behind all that the file grants to anybody. */
static unsigned long first_free(const char *text)
{
	cleanup_free char *lines = xstrdup(text);
	unsigned long free_id = FIRST_GRANT;

	for (char *rest = lines, *line; (line = strsep(&rest, "\n"));) {
		char *owner;
		struct id_range range;
		if (line_parse(line, &owner, &range) && range.start + range.count > free_id)
			free_id = range.start + range.count;
	}
	return free_id;
}

static int refuse(const char *file, const char *name, const char *users, const char *groups,
	struct error *err)
{
	unsigned long user = first_free(users), group = first_free(groups);
	unsigned long start = user > group ? user : group, end = start + NEEDED;

	return error_set(err, STATUS_MISSING,
		"entering a user namespace: %s grants `%s` fewer than %d subordinate ids; "
		"as root run: usermod --add-subuids %lu-%lu --add-subgids %lu-%lu %s",
		file, name, NEEDED, start, end, start, end, name);
}

static bool enough(const struct id_ranges *ranges)
{
	unsigned long sum = 0;

	vector_for_each (range, ranges)
		sum += range->count;
	return sum >= NEEDED;
}

/* A missing file grants nothing. */
static void read_grants(const char *file, struct buffer *content)
{
	struct error ignored = {0};

	if (file_read(AT_FDCWD, file, FILE_LIMIT, content, &ignored))
		buffer_text(content, "");
	error_release(&ignored);
}

int identity_load(struct identity *ret_identity, struct error *err)
{
	if (!geteuid()) {
		*ret_identity = (struct identity){0};
		return 0;
	}
	const struct passwd *user = getpwuid(getuid());
	cleanup_free char *name = user ? xstrdup(user->pw_name) : xasprintf("%u", getuid());
	cleanup_buffer struct buffer users = {0}, groups = {0};
	cleanup_identity struct identity identity = {0};

	read_grants(users_file, &users);
	read_grants(groups_file, &groups);
	id_ranges_parse(users.data, name, getuid(), &identity.users);
	id_ranges_parse(groups.data, name, getuid(), &identity.groups);
	if (!enough(&identity.users))
		return refuse(users_file, name, users.data, groups.data, err);
	if (!enough(&identity.groups))
		return refuse(groups_file, name, users.data, groups.data, err);
	*ret_identity = identity;
	identity = (struct identity){0};
	return 0;
}

void identity_release(struct identity *identity)
{
	vector_release(&identity->users);
	vector_release(&identity->groups);
}

/* PROGRAM PID 0 OWN 1 1 START COUNT ...: inside, outside, how many. */
static int write_map(const char *program, pid_t pid, unsigned own, const struct id_ranges *ranges,
	struct error *err)
{
	struct arena arena = {0};
	struct words words = {0};
	unsigned long inside = 1;
	cleanup_free char *path = program_find(program);

	if (!path)
		return error_set(err, STATUS_MISSING,
			"entering a user namespace: program `%s` not found; as root run: "
			"apt-get install uidmap",
			program);
	vector_push(&words, program);
	vector_push(&words, arena_printf(&arena, "%d", pid));
	vector_push(&words, "0");
	vector_push(&words, arena_printf(&arena, "%u", own));
	vector_push(&words, "1");
	vector_for_each (range, ranges) {
		vector_push(&words, arena_printf(&arena, "%lu", inside));
		vector_push(&words, arena_printf(&arena, "%lu", range->start));
		vector_push(&words, arena_printf(&arena, "%lu", range->count));
		inside += range->count;
	}
	vector_push(&words, NULL);
	struct process process = {.arguments = words.items, .failure = STATUS_MISSING};
	int result = process_run(&process, err);
	vector_release(&words);
	arena_release(&arena);
	return result ? error_wrap(err, "entering a user namespace") : 0;
}

/* Root keeps all ids that it has, each as itself. Lines of a map: inside, outside, how many. */
static int keep_ids(const char *map, pid_t pid, struct error *err)
{
	cleanup_free char *own = xasprintf("/proc/self/%s", map);
	cleanup_free char *new = xasprintf("/proc/%d/%s", pid, map);
	cleanup_buffer struct buffer content = {0}, lines = {0};
	unsigned long start, count;

	if (file_read(AT_FDCWD, own, FILE_LIMIT, &content, err))
		return -1;
	for (char *rest = content.data, *line; (line = strsep(&rest, "\n"));)
		if (sscanf(line, "%lu %*u %lu", &start, &count) == 2)
			buffer_printf(&lines, "%lu %lu %lu\n", start, start, count);
	return file_tell(AT_FDCWD, new, lines.data, err);
}

int identity_map(const struct identity *identity, pid_t pid, struct error *err)
{
	if (!geteuid())
		return keep_ids("uid_map", pid, err) ? -1 : keep_ids("gid_map", pid, err);
	if (write_map("newuidmap", pid, getuid(), &identity->users, err))
		return -1;
	return write_map("newgidmap", pid, getgid(), &identity->groups, err);
}
