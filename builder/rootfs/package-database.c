#include "package-database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "package-control.h"
#include "package-triggers.h"

enum { DATABASE_LIMIT = 256 << 20 };

static const char *const directories[] = {"info", "updates", "triggers", "parts", "alternatives"};

char *package_database_name(const struct unpacked *package)
{
	const struct package *about = package->package;

	return package->multi_arch_same ? xasprintf("%s:%s", about->name, about->architecture)
					: xstrdup(about->name);
}

/* What a database that is added to holds already. */
static int read_existing(
	int database, const char *path, struct buffer *ret_content, struct error *err)
{
	if (!inside_exists(database, path))
		return 0;
	return inside_read(database, path, DATABASE_LIMIT, ret_content, err);
}

static int write_if_missing(int database, const char *path, struct error *err)
{
	return inside_exists(database, path) ? 0 : inside_write(database, path, "", 0644, err);
}

/* info/NAME.MEMBER */
static int write_member(
	int info, const char *name, const struct unpacked_member *member, struct error *err)
{
	cleanup_free char *file = xasprintf("%s.%s", name, member->name);

	return inside_write_data(info, file, member->data, member->length, member->mode, err);
}

static int write_list(int info, const char *name, const struct unpacked *package, struct error *err)
{
	cleanup_buffer struct buffer list = {0};

	vector_for_each (path, &package->paths)
		if (!path->shed)
			buffer_printf(&list, "/%s\n", *path->path ? path->path : ".");
	buffer_text(&list, "");
	const struct unpacked_member member = {"list", list.data, list.length, 0644};
	return write_member(info, name, &member, err);
}

static int write_packages(struct unpack *unpack, int database, struct error *err)
{
	cleanup_fd int info = -1;
	cleanup_buffer struct buffer status = {0};

	if (inside_directory(database, "info", &info, err) ||
		read_existing(database, "status", &status, err))
		return -1;
	for (size_t i = 0; i < unpack->count; i++) {
		struct unpacked *package = &unpack->packages[i];
		cleanup_free char *name = package_database_name(package);
		if (package->left_to_dpkg)
			continue;
		control_status(package, unpack_is_first(unpack), &status);
		if (write_list(info, name, package, err))
			return -1;
		vector_for_each (member, &package->members)
			if (write_member(info, name, member, err))
				return -1;
	}
	if (inside_write(info, "format", "1\n", 0644, err))
		return -1;
	return inside_write_data(database, "status", status.data, status.length, 0644, err);
}

static bool has_architecture(const struct unpack *unpack, const char *architecture)
{
	for (size_t i = 0; i < unpack->count; i++)
		if (!strcmp(unpack->packages[i].package->architecture, architecture))
			return true;
	return false;
}

/* The file `arch`, which dpkg has when it knows more than one: the native one, then the others. */
static int write_architectures(const struct unpack *unpack, int database, struct error *err)
{
	const struct recipe *recipe = unpack->recipe;
	cleanup_buffer struct buffer text = {0};

	vector_for_each (foreign, &recipe->foreign)
		if (has_architecture(unpack, foreign->text))
			buffer_printf(&text, "%s\n", foreign->text);
	if (!text.length)
		return 0;
	cleanup_free char *all = xasprintf("%s\n%s", recipe->architecture.text, text.data);
	return inside_write(database, "arch", all, 0644, err);
}

int package_database_write(struct unpack *unpack, int root, struct error *err)
{
	cleanup_fd int database = -1;

	if (inside_directory(root, "var/lib/dpkg", &database, err))
		return -1;
	for (size_t i = 0; i < array_count(directories); i++) {
		cleanup_fd int made = -1;
		if (inside_directory(database, directories[i], &made, err))
			return -1;
	}
	if (write_packages(unpack, database, err) || write_architectures(unpack, database, err) ||
		triggers_write(unpack, database, err) ||
		write_if_missing(database, "available", err) ||
		write_if_missing(database, "diversions", err))
		return error_wrap(err, "writing dpkg's database");
	return 0;
}
