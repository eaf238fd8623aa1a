#include "package-database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "package-control.h"

static const char *const directories[] = {"var/lib/dpkg/info", "var/lib/dpkg/updates",
	"var/lib/dpkg/triggers", "var/lib/dpkg/parts", "var/lib/dpkg/alternatives"};

char *package_database_name(const struct unpacked *package)
{
	const struct package *about = package->package;

	return package->multi_arch_same ? xasprintf("%s:%s", about->name, about->architecture)
					: xstrdup(about->name);
}

static int write_info(int info, const char *name, const char *member, const void *data,
	size_t length, mode_t mode, struct error *err)
{
	cleanup_free char *file = xasprintf("%s.%s", name, member);

	return file_write(info, file, data, length, mode, err);
}

static int write_list(int info, const char *name, const struct unpacked *package, struct error *err)
{
	cleanup_buffer struct buffer list = {0};

	vector_for_each (path, &package->paths)
		if (!path->shed)
			buffer_printf(&list, "/%s\n", *path->path ? path->path : ".");
	buffer_text(&list, "");
	return write_info(info, name, "list", list.data, list.length, 0644, err);
}

/* What triggers the packages are interested in, by the file of triggers/ that says so. */
struct interests {
	struct buffer files; /* triggers/File: paths */
	int directory;       /* triggers/ */
};

/* One line of a `triggers` member: interest, interest-await, interest-noawait; others do nothing
 * before packages are configured. */
static int add_interest(
	struct interests *interests, char *line, const char *name, struct error *err)
{
	char *rest = line, *word = strsep(&rest, " \t");
	bool noawait = !strcmp(word, "interest-noawait");

	if (!rest || (!noawait && strcmp(word, "interest") && strcmp(word, "interest-await")))
		return 0;
	rest += strspn(rest, " \t");
	rest[strcspn(rest, " \t")] = '\0';
	const char *suffix = noawait ? "/noawait" : "";
	if (*rest == '/') {
		buffer_printf(&interests->files, "%s %s%s\n", rest, name, suffix);
		return 0;
	}
	if (strchr(rest, '/') || !*rest || *rest == '.')
		return error_set(err, STATUS_ARCHIVE, "%s: odd trigger name `%s`", name, rest);
	cleanup_buffer struct buffer packages = {0};
	if (file_exists(interests->directory, rest) &&
		file_read(interests->directory, rest, 1 << 20, &packages, err))
		return -1;
	buffer_printf(&packages, "%s%s\n", name, suffix);
	return file_write(interests->directory, rest, packages.data, packages.length, 0644, err);
}

static int add_interests(struct interests *interests, const struct unpacked *package,
	const char *name, struct error *err)
{
	const struct unpacked_member *member = unpacked_member(package, "triggers");
	cleanup_free char *copy = xstrdup(member ? member->data : "");
	char *rest = copy;

	for (char *line; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		if (*line && add_interest(interests, line, name, err))
			return -1;
	}
	return 0;
}

static int write_triggers(struct unpack *unpack, int database, struct error *err)
{
	cleanup_fd int directory = openat(database, "triggers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct interests interests = {.directory = directory};
	int result = directory < 0 ? error_errno(err, errno, "triggers") : 0;

	for (size_t i = 0; i < unpack->count && !result; i++) {
		cleanup_free char *name = package_database_name(&unpack->packages[i]);
		result = add_interests(&interests, &unpack->packages[i], name, err);
	}
	buffer_text(&interests.files, "");
	if (!result)
		result = file_write(
			directory, "File", interests.files.data, interests.files.length, 0644, err);
	if (!result)
		result = file_write(directory, "Unincorp", "", 0, 0644, err);
	buffer_release(&interests.files);
	return result;
}

static int write_packages(struct unpack *unpack, int database, struct error *err)
{
	cleanup_fd int info = openat(database, "info", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buffer struct buffer status = {0};

	if (info < 0)
		return error_errno(err, errno, "info");
	for (size_t i = 0; i < unpack->count; i++) {
		struct unpacked *package = &unpack->packages[i];
		cleanup_free char *name = package_database_name(package);
		control_status(package, &status);
		if (write_list(info, name, package, err))
			return -1;
		vector_for_each (member, &package->members)
			if (write_info(info, name, member->name, member->data, member->length,
				    member->mode, err))
				return -1;
	}
	if (file_write_text(info, "format", "1\n", 0644, err))
		return -1;
	return file_write(database, "status", status.data, status.length, 0644, err);
}

int package_database_write(struct unpack *unpack, int root, struct error *err)
{
	for (size_t i = 0; i < array_count(directories); i++)
		if (directory_make(root, directories[i], err))
			return -1;
	cleanup_fd int database = openat(root, "var/lib/dpkg", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (database < 0)
		return error_errno(err, errno, "var/lib/dpkg");
	if (write_packages(unpack, database, err) || write_triggers(unpack, database, err) ||
		file_write(database, "available", "", 0, 0644, err) ||
		file_write(database, "diversions", "", 0, 0644, err))
		return error_wrap(err, "writing dpkg's database");
	return 0;
}
