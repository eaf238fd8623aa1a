#include "kernel/stored.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "archive/control.h"
#include "archive/deb.h"
#include "archive/md5sums.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/size.h"
#include "kernel/build.h"

enum { SUMS_LONGEST = 16 * MIB };

void stored_kernel_release(struct stored_kernel *kernel)
{
	arena_release(&kernel->arena);
}

int stored_kernel_read(const char *deb, struct stored_kernel *ret_kernel, struct error *err)
{
	cleanup_stored_kernel struct stored_kernel kernel = {0};
	cleanup_buffer struct buffer control = {0};

	if (deb_read_control(deb, &control, err))
		return -1;
	const struct span stanza = span_of(control.data);
	kernel.key = control_get(stanza, KERNEL_KEY_FIELD, &kernel.arena);
	kernel.version = control_get(stanza, "Version", &kernel.arena);
	kernel.architecture = control_get(stanza, "Architecture", &kernel.arena);
	kernel.summary = control_get(stanza, "Description", &kernel.arena);
	if (!kernel.key || !hash_valid(kernel.key) || !kernel.version || !kernel.architecture ||
		!kernel.summary)
		return error_set(err, STATUS_ARCHIVE,
			"%s: not a kernel that `jeos kernel export` wrote", deb);
	*strchrnul((char *)kernel.summary, '\n') = '\0';
	*ret_kernel = kernel;
	kernel = (struct stored_kernel){0};
	return 0;
}

/* The sums that a package has of its files, and how many of them were found. */
struct verification {
	struct buffer sums;
	size_t found;
};

static void verification_release(struct verification *verification)
{
	buffer_release(&verification->sums);
}

static int take_sums(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct verification *verification = context;

	if (strcmp(path, "md5sums"))
		return 0;
	return deb_read_content(tar, entry, SUMS_LONGEST, &verification->sums, err);
}

static int check_file(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct verification *verification = context;
	cleanup_buffer struct buffer line = {0};
	uint8_t chunk[64 * KIB];
	struct md5_ctx md5;
	la_ssize_t length;

	if (archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	md5_init(&md5);
	while ((length = archive_read_data(tar, chunk, sizeof(chunk))) > 0)
		md5_update(&md5, length, chunk);
	md5sums_add(&line, &md5, path);
	if (length < 0 || !strstr(verification->sums.data, line.data))
		return error_set(err, STATUS_ARCHIVE, "/%s is damaged", path);
	verification->found++;
	return 0;
}

int stored_kernel_verify(const char *deb, struct error *err)
{
	cleanup(verification_release) struct verification verification = {0};
	const struct deb_reader control = {
		.limit = SUMS_LONGEST, .visit = take_sums, .context = &verification};
	const struct deb_reader data = {
		.limit = 16 * GIB, .visit = check_file, .context = &verification};
	size_t promised = 0;

	buffer_text(&verification.sums, "");
	if (deb_read(deb, DEB_CONTROL, &control, err) || deb_read(deb, DEB_DATA, &data, err))
		return error_wrap(err, "%s", deb);
	for (const char *at = verification.sums.data; (at = strchr(at, '\n')); at++)
		promised++;
	if (!promised || verification.found != promised)
		return error_set(err, STATUS_ARCHIVE, "%s: it is not complete", deb);
	return 0;
}

int stored_kernels(
	const struct store *store, struct arena *arena, struct words *ret_keys, struct error *err)
{
	static const char suffix[] = ".deb";
	cleanup_free char *room = xasprintf("%s/%s", store->path, store_room_name(STORE_KERNELS));
	cleanup_directory DIR *directory = opendir(room);
	struct words keys = {0};
	struct dirent *entry;

	if (!directory)
		return error_errno(err, errno, "%s", room);
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);
		if (length != HASH_TEXT - 1 + strlen(suffix) || !text_ends(entry->d_name, suffix))
			continue;
		vector_push(&keys, arena_printf(arena, "%.*s", HASH_TEXT - 1, entry->d_name));
	}
	words_sort(&keys);
	*ret_keys = keys;
	return 0;
}
