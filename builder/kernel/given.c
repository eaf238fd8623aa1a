#include "kernel/given.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/control.h"
#include "archive/deb.h"
#include "base/cleanup.h"

static int find_kernel(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	bool *found = context;

	(void)tar;
	(void)err;
	if (archive_entry_filetype(entry) == AE_IFREG && text_starts(path, "boot/vmlinu"))
		*found = true;
	return 0;
}

static int describe(const char *path, struct arena *arena, struct package *package,
	bool *ret_kernel, struct error *err)
{
	cleanup_buffer struct buffer control = {0};
	const struct deb_reader files = {
		.limit = deb_limit(package->size, 0), .visit = find_kernel, .context = ret_kernel};

	if (deb_read_control(path, &control, err) || deb_read(path, DEB_DATA, &files, err))
		return -1;
	package->control = arena_strdup(arena, control.data);
	const struct span stanza = span_of(package->control);
	package->name = control_get(stanza, "Package", arena);
	package->version = control_get(stanza, "Version", arena);
	package->architecture = control_get(stanza, "Architecture", arena);
	package->priority = control_get(stanza, "Priority", arena);
	return 0;
}

/* Where packages_fetch() finds it. */
static void place(const char *absolute, struct arena *arena, struct package *package)
{
	const char *slash = strrchr(absolute, '/');
	cleanup_free char *directory = xstrndup(absolute, slash - absolute);
	cleanup_free char *escaped = url_escape(directory);

	package->suite = "file";
	package->mirror = arena_printf(arena, "file://%s", escaped);
	package->path = arena_strdup(arena, slash + 1);
}

int kernel_given(const struct word *file, const struct architecture *architecture,
	struct arena *arena, struct package *ret_package, struct error *err)
{
	cleanup_free char *absolute = realpath(file->text, NULL);
	struct package package = {0};
	bool is_kernel = false;
	char sha256[HASH_TEXT];
	struct stat status;

	if (!absolute || stat(absolute, &status))
		return error_errno(err, errno, "%s", file->text);
	if (hash_file(AT_FDCWD, absolute, sha256, err))
		return -1;
	if (ret_package->sha256 && strcmp(ret_package->sha256, sha256))
		return error_at(err, file->at,
			"%s is not the file that was locked; `jeos lock` writes the lock anew",
			file->text);
	package.sha256 = arena_strdup(arena, sha256);
	package.size = status.st_size;
	place(absolute, arena, &package);
	if (describe(absolute, arena, &package, &is_kernel, err)) {
		cleanup_free char *why = steal_pointer(&err->message);
		return error_at(err, file->at, "%s", why);
	}
	if (!is_kernel || !package.name || !package.version || !package.architecture)
		return error_at(err, file->at,
			"%s is no kernel's package: it has no /boot/vmlinuz-*", file->text);
	if (strcmp(package.architecture, architecture->name))
		return error_at(err, file->at, "%s is a package for %s, not for %s", file->text,
			package.architecture, architecture->name);
	*ret_package = package;
	return 0;
}
