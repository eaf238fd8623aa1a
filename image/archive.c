#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "host-file.h"
#include "zeros.h"

enum { BLOCK = 128 * KIB, HOLE = 4096, XATTR_MAX = 64 * KIB };
/* No image is larger, and what claims to be has been made to fill disks. */
#define CONTENTS_MAX (4096 * GIB)

struct state {
	int spool; /* owned */
	uint64_t end;
	uint64_t count; /* of members */
};

struct loading {
	struct image_tree *tree;
	struct state *state;
	struct archive *archive;
	const struct archive_source *source;
	uint64_t at; /* of the source */
	char block[BLOCK];
};

bool archive_recognize(const uint8_t head[512])
{
	static const struct {
		size_t at, length;
		const char *bytes;
	} signatures[] = {
		{0, 3, "\x1f\x8b\x08"},
		{0, 6,
			"\xfd"
			"7zXZ"},
		{0, 4, "\x28\xb5\x2f\xfd"},
		{0, 3, "BZh"},
		{257, 5, "ustar"},
	};

	for (size_t i = 0; i < array_count(signatures); i++)
		if (!memcmp(head + signatures[i].at, signatures[i].bytes, signatures[i].length))
			return true;
	return false;
}

static la_ssize_t read_source(struct archive *archive, void *context, const void **ret_data)
{
	struct loading *loading = context;
	uint64_t left = loading->source->length - loading->at;
	struct error err = {0};

	*ret_data = loading->block;
	size_t length = left < BLOCK ? left : BLOCK;
	if (interrupt_check(&err) ||
		file_read_at(loading->source->fd, loading->source->offset + loading->at,
			loading->block, length, &err)) {
		archive_set_error(archive, EIO, "%s", err.message);
		error_release(&err);
		return -1;
	}
	loading->at += length;
	return length;
}

static int fail(const struct loading *loading, struct error *err)
{
	const char *why = archive_error_string(loading->archive);

	if (interrupt_check(err))
		return -1;
	return error_set(err, STATUS_FAILED,
		"tar: damaged: %s, behind member %llu, before byte %llu of the file",
		why ? why : "unknown", (unsigned long long)loading->state->count,
		(unsigned long long)loading->at);
}

/* "./usr//bin/" as "/usr/bin"; names that lead out are refused. */
static int settle_path(
	struct image_tree *tree, const char *text, const char **ret_path, struct error *err)
{
	const char *path = "/";

	for (size_t length; *text; text += length) {
		text += strspn(text, "/");
		length = strcspn(text, "/");
		if (!length || (length == 1 && *text == '.'))
			continue;
		if (image_tree_name(tree, path, text, length, &path, err))
			return -1;
	}
	*ret_path = path;
	return 0;
}

static int by_name(const void *left, const void *right)
{
	const struct image_xattr *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static void add_xattrs(
	struct image_tree *tree, struct archive_entry *entry, struct image_file *file)
{
	int count = archive_entry_xattr_reset(entry);
	struct image_xattr *xattrs = arena_alloc(&tree->arena, count * sizeof(*xattrs) + 1);
	const char *name;
	const void *value;
	size_t length;

	while (file->xattr_count < (size_t)count &&
		!archive_entry_xattr_next(entry, &name, &value, &length)) {
		if (!name || length > XATTR_MAX)
			continue;
		void *copy = arena_alloc(&tree->arena, length + 1);
		memcpy(copy, value, length);
		xattrs[file->xattr_count++] =
			(struct image_xattr){arena_strdup(&tree->arena, name), copy, length};
	}
	if (file->xattr_count)
		qsort(xattrs, file->xattr_count, sizeof(*xattrs), by_name);
	file->xattrs = xattrs;
}

/* Contents come in pieces with holes between them. */
static int spool_contents(struct loading *loading, struct image_file *file, struct error *err)
{
	struct state *state = loading->state;
	const void *data;
	size_t length;
	la_int64_t offset;
	int code;

	file->place = state->end;
	while ((code = archive_read_data_block(loading->archive, &data, &length, &offset)) ==
		ARCHIVE_OK) {
		if (offset < 0 || (uint64_t)offset > file->size ||
			length > file->size - (uint64_t)offset)
			return error_set(err, STATUS_FAILED,
				"tar: damaged: %s: more contents than its size", file->path);
		const char *bytes = data;
		for (size_t at = 0, piece; at < length; at += piece) {
			piece = length - at < HOLE ? length - at : HOLE;
			if (!is_zeros(bytes + at, piece) &&
				file_write_at(state->spool, file->place + offset + at, bytes + at,
					piece, err))
				return -1;
		}
		file->stored += length;
	}
	if (code != ARCHIVE_EOF)
		return fail(loading, err);
	state->end = round_up(file->place + file->size, HOLE);
	loading->tree->size += file->size;
	return 0;
}

static int check_size(const struct loading *loading, struct archive_entry *entry, struct error *err)
{
	la_int64_t size = archive_entry_size(entry);

	if (size >= 0 && (uint64_t)size <= CONTENTS_MAX - loading->state->end)
		return 0;
	return error_set(err, STATUS_FAILED, "tar: member %llu claims to have %lld bytes",
		(unsigned long long)loading->state->count, (long long)size);
}

static int add_member(struct loading *loading, struct archive_entry *entry, struct error *err)
{
	struct image_tree *tree = loading->tree;
	const char *name = archive_entry_pathname(entry), *path;
	const char *hardlink = archive_entry_hardlink(entry);

	if (!name || settle_path(tree, name, &path, err) || check_size(loading, entry, err))
		return name ? -1 : fail(loading, err);
	struct image_file file = {
		.path = path,
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.seconds = archive_entry_mtime(entry),
		.nanoseconds = archive_entry_mtime_nsec(entry),
		.inode = ++loading->state->count,
		.links = 1,
	};
	if (S_ISREG(file.mode))
		file.size = archive_entry_size(entry);
	if (S_ISCHR(file.mode) || S_ISBLK(file.mode))
		file.device =
			makedev(archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry));
	if (hardlink) { /* what it is the first name says */
		if (settle_path(tree, hardlink, &file.target, err))
			return -1;
		file.mode = 0;
	} else if (S_ISLNK(file.mode)) {
		const char *target = archive_entry_symlink(entry);
		file.target = arena_strdup(&tree->arena, target ? target : "");
	}
	add_xattrs(tree, entry, &file);
	if (!hardlink && S_ISREG(file.mode) && spool_contents(loading, &file, err))
		return -1;
	*image_tree_add(tree) = file;
	return 0;
}

static int read_members(struct loading *loading, struct error *err)
{
	struct archive_entry *entry;
	int code;

	archive_read_support_filter_all(loading->archive);
	archive_read_support_format_tar(loading->archive);
	code = archive_read_open(loading->archive, loading, NULL, read_source, NULL);
	while (code == ARCHIVE_OK || code == ARCHIVE_WARN) {
		code = archive_read_next_header(loading->archive, &entry);
		if (code == ARCHIVE_EOF)
			return 0;
		if ((code == ARCHIVE_OK || code == ARCHIVE_WARN) && add_member(loading, entry, err))
			return -1;
	}
	return fail(loading, err);
}

int archive_scratch(int *ret_fd, struct error *err)
{
	const char *directory = getenv("TMPDIR");
	cleanup_free char *beside =
		xasprintf("%s/jeos", directory && *directory ? directory : "/var/tmp");

	return host_file_nameless(beside, ret_fd, err);
}

int archive_open(
	const struct archive_source *source, struct image_tree **ret_tree, struct error *err)
{
	cleanup_image_tree struct image_tree *tree = image_tree_new(&tree_reader_tar);
	struct state *state = xcalloc(1, sizeof(*state));
	cleanup_free struct loading *loading = xcalloc(1, sizeof(*loading));

	tree->state = state;
	state->spool = -1;
	if (archive_scratch(&state->spool, err))
		return -1;
	*loading = (struct loading){
		.tree = tree, .state = state, .source = source, .archive = archive_read_new()};
	int result = read_members(loading, err);
	archive_read_free(loading->archive);
	if (result || host_file_set_size(state->spool, state->end, err) ||
		image_tree_complete(tree, err) || image_tree_settle(tree, err))
		return -1;
	*ret_tree = steal_pointer(&tree);
	return 0;
}

struct archive_source archive_contents(const struct image_tree *tree, const struct image_file *file)
{
	const struct state *state = tree->state;

	return (struct archive_source){state->spool, file->place, file->size};
}

static int read_file(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err)
{
	const struct state *state = tree->state;

	return file_read_at(state->spool, file->place + offset, data, length, err);
}

static int find_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err)
{
	const struct state *state = tree->state;
	uint64_t run;

	(void)err;
	if (!host_file_has_data(state->spool, file->place + offset, file->size - offset, &run))
		*ret_length = run;
	return 0;
}

static bool recognize(const struct slice *slice)
{
	(void)slice;
	return false;
}

static void release(struct image_tree *tree)
{
	struct state *state = tree->state;

	if (state && state->spool >= 0)
		close(state->spool);
	free(state);
}

const struct tree_reader tree_reader_tar = {
	.name = "tar",
	.has_owners = true,
	.recognize = recognize,
	.read = read_file,
	.hole = find_hole,
	.release = release,
};
