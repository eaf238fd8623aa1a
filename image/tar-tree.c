/* A tree as a tar archive. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/text.h"
#include "hardlinks.h"
#include "tar.h"
#include "xattr.h"

enum { CHUNK = 256 * KIB };

/* A tree being written. */
struct archiving {
	struct output *output;
	const struct tar_tree *order;
	uint8_t *chunk; /* of a file being read; owned */
	/* The number of a file with several names is that of its first path here, plus one. */
	struct hardlinks hardlinks;
	vector(char *) first_paths; /* owned */
	bool *present;              /* whether the tree has the path of a change; owned */
};

static size_t change_count(const struct tar_change *changes)
{
	size_t count = 0;

	while (changes && changes[count].path)
		count++;
	return count;
}

/* Whether a change says that what has this path, or all that it is in, is left out. */
static bool is_left_out(struct archiving *archiving, const char *path)
{
	const struct tar_change *changes = archiving->order->changes;

	for (size_t i = 0; i < change_count(changes); i++) {
		const struct tar_change *change = &changes[i];
		if (change->mode && !strcmp(change->path, path)) {
			archiving->present[i] = true;
			return change->when != TAR_IF_ABSENT;
		}
		if (!change->mode && !fnmatch(change->path, path, FNM_LEADING_DIR))
			return true;
	}
	return false;
}

static int add_record(
	void *context, const char *name, const void *value, size_t length, struct error *err)
{
	cleanup_free char *key = xasprintf("SCHILY.xattr.%s", name);

	(void)err;
	tar_record(context, key, value, length);
	return 0;
}

/* What a file with several names was first called; NULL: this is its first name, or its only one.
 */
static const char *first_path(struct archiving *archiving, const struct tree_entry *entry)
{
	const struct stat *status = &entry->status;

	if (S_ISDIR(status->st_mode) || status->st_nlink < 2)
		return NULL;
	uint32_t *number = hardlinks_number(&archiving->hardlinks, status);
	if (*number)
		return archiving->first_paths.items[*number - 1];
	vector_push(&archiving->first_paths, xstrdup(entry->path));
	*number = archiving->first_paths.count;
	return NULL;
}

static int write_contents(
	struct archiving *archiving, const struct tree_entry *entry, struct error *err)
{
	uint64_t size = entry->status.st_size;
	cleanup_fd int fd = openat(
		entry->directory, entry->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_errno(err, errno, "opening");
	for (uint64_t offset = 0, piece; offset < size; offset += piece) {
		piece = size - offset < CHUNK ? size - offset : CHUNK;
		if (interrupt_check(err) ||
			file_read_at(fd, offset, archiving->chunk, piece, err) ||
			output_write(archiving->output, archiving->chunk, piece, err))
			return -1;
	}
	return tar_pad(archiving->output, size, err);
}

static int write_entry(struct archiving *archiving, const struct tree_entry *entry,
	struct tar_member *member, struct error *err)
{
	cleanup_buffer struct buffer records = {0};
	char target[PATH_MAX];

	if (S_ISLNK(member->mode)) {
		ssize_t length =
			readlinkat(entry->directory, entry->name, target, sizeof(target) - 1);
		if (length < 0)
			return error_errno(err, errno, "reading the link");
		target[length] = '\0';
		member->target = target;
	}
	if (xattrs_each(entry, add_record, &records, err))
		return -1;
	member->records = &records;
	if (S_ISREG(member->mode))
		member->size = entry->status.st_size;
	if (tar_header(archiving->output, member, err))
		return -1;
	return S_ISREG(member->mode) ? write_contents(archiving, entry, err) : 0;
}

/* Sockets are left out: an archive cannot have them, and without their server they are nothing. */
static int enter(void *context, const struct tree_entry *entry, struct error *err)
{
	struct archiving *archiving = context;
	const struct stat *status = &entry->status;
	int64_t time = status->st_mtim.tv_sec, epoch = archiving->order->epoch;
	struct tar_member member = {
		.path = entry->depth ? entry->path : ".",
		.mode = status->st_mode,
		.uid = status->st_uid,
		.gid = status->st_gid,
		.time = time < epoch ? time : epoch,
		.device = status->st_rdev,
	};

	if (S_ISSOCK(status->st_mode) || is_left_out(archiving, entry->path))
		return 0;
	member.target = first_path(archiving, entry);
	member.hard_link = member.target;
	return member.hard_link ? tar_header(archiving->output, &member, err)
				: write_entry(archiving, entry, &member, err);
}

static int add_changes(struct archiving *archiving, struct error *err)
{
	const struct tar_change *changes = archiving->order->changes;

	for (size_t i = 0; i < change_count(changes); i++) {
		const struct tar_change *change = &changes[i];
		const char *text = change->text && S_ISREG(change->mode) ? change->text : "";
		const struct tar_member member = {
			.path = change->path,
			.mode = change->mode,
			.size = strlen(text),
			.time = archiving->order->epoch,
			.device = change->device,
			.target = S_ISLNK(change->mode) ? change->text : NULL,
		};
		if (!change->mode ||
			change->when == (archiving->present[i] ? TAR_IF_ABSENT : TAR_IF_PRESENT))
			continue;
		if (tar_header(archiving->output, &member, err) ||
			output_write(archiving->output, text, member.size, err) ||
			tar_pad(archiving->output, member.size, err))
			return -1;
	}
	return 0;
}

int tar_tree(struct output *output, const struct tar_tree *order, struct error *err)
{
	struct archiving archiving = {
		.output = output,
		.order = order,
		.chunk = xmalloc(CHUNK),
		.present = xcalloc(change_count(order->changes) + 1, sizeof(bool)),
	};
	const struct tree_visitor visitor = {.enter = enter, .context = &archiving};
	int result = tree_walk(order->tree, &visitor, err);

	if (!result)
		result = add_changes(&archiving, err);
	if (!result)
		result = tar_end(output, err);
	hardlinks_release(&archiving.hardlinks);
	vector_for_each (path, &archiving.first_paths)
		free(*path);
	vector_release(&archiving.first_paths);
	free(archiving.present);
	free(archiving.chunk);
	return result;
}
