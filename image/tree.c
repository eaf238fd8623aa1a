#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "base/text.h"
#include "hardlinks.h"

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* A directory on the way from the root to where the walk is. */
struct level {
	struct stat status;
	size_t path_length; /* of walk.path when the walk is in this directory */
	struct buffer text; /* of the names, each with its NUL */
	char **names;       /* sorted, into text; owned */
	size_t count, next;
};

/* Only the innermost directory is open: the way back is "..", so that depth costs no descriptor. */
struct walk {
	const struct tree_visitor *visitor;
	vector(struct level) levels;
	struct buffer path;
	int directory; /* owned */
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(struct level *level)
{
	char *name = level->text.data;

	level->names = xcalloc(level->count, sizeof(*level->names));
	for (size_t i = 0; i < level->count; i++, name += strlen(name) + 1)
		level->names[i] = name;
	if (level->count)
		qsort(level->names, level->count, sizeof(*level->names), compare_names);
}

static int read_names(int directory, struct level *level, struct error *err)
{
	int fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	cleanup_directory DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!stream) {
		int number = errno;
		if (fd >= 0)
			close(fd);
		return error_errno(err, number, "reading the directory");
	}
	while (errno = 0, (entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		buffer_append(&level->text, entry->d_name, strlen(entry->d_name) + 1);
		level->count++;
	}
	if (errno)
		return error_errno(err, errno, "reading the directory");
	sort_names(level);
	return 0;
}

static void level_release(struct level *level)
{
	buffer_release(&level->text);
	free(level->names);
}

static void change_directory(struct walk *walk, int fd)
{
	close(walk->directory);
	walk->directory = fd;
}

static int descend(
	struct walk *walk, const char *name, const struct stat *status, struct error *err)
{
	int fd = openat(walk->directory, name, OPEN_DIRECTORY);

	if (fd < 0)
		return error_errno(err, errno, "opening the directory");
	change_directory(walk, fd);
	struct level *level = vector_add(&walk->levels);
	level->status = *status;
	level->path_length = walk->path.length;
	return read_names(fd, level, err);
}

static int ascend(struct walk *walk, struct error *err)
{
	const struct level *level = &walk->levels.items[walk->levels.count - 1];
	struct stat status;
	int fd = openat(walk->directory, "..", OPEN_DIRECTORY);

	if (fd < 0)
		return error_errno(err, errno, "opening the directory above");
	change_directory(walk, fd);
	if (fstat(fd, &status))
		return error_errno(err, errno, "examining the directory above");
	if (status.st_dev != level->status.st_dev || status.st_ino != level->status.st_ino)
		return error_set(err, STATUS_FAILED, "the directory was moved while it was read");
	return 0;
}

static void path_cut(struct walk *walk, size_t length)
{
	walk->path.length = length;
	walk->path.data[length] = '\0';
}

static void path_add(struct walk *walk, const char *name)
{
	if (walk->path.length)
		buffer_append(&walk->path, "/", 1);
	buffer_text(&walk->path, name);
}

/* The innermost directory is done: back to the one above, and leave it. */
static int finish_level(struct walk *walk, struct error *err)
{
	const struct tree_visitor *visitor = walk->visitor;
	struct level level = walk->levels.items[--walk->levels.count];
	const char *slash = NULL;

	path_cut(walk, level.path_length);
	level_release(&level);
	if (walk->levels.count) {
		slash = strrchr(walk->path.data, '/');
		if (ascend(walk, err))
			return -1;
	}
	struct tree_entry entry = {
		.path = walk->path.data,
		.name = !walk->levels.count ? "."
			: slash             ? slash + 1
					    : walk->path.data,
		.directory = walk->directory,
		.status = level.status,
		.depth = walk->levels.count,
	};
	return visitor->leave ? visitor->leave(visitor->context, &entry, err) : 0;
}

static int visit(struct walk *walk, const char *name, struct error *err)
{
	const struct tree_visitor *visitor = walk->visitor;
	struct tree_entry entry = {
		.path = walk->path.data,
		.name = name,
		.directory = walk->directory,
		.depth = walk->levels.count,
	};

	if (interrupt_check(err))
		return -1;
	if (fstatat(walk->directory, name, &entry.status, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "examining it");
	if (visitor->enter(visitor->context, &entry, err))
		return -1;
	return S_ISDIR(entry.status.st_mode) ? descend(walk, name, &entry.status, err) : 0;
}

static int walk_all(struct walk *walk, struct error *err)
{
	if (visit(walk, ".", err))
		return -1;
	while (walk->levels.count) {
		struct level *level = &walk->levels.items[walk->levels.count - 1];
		path_cut(walk, level->path_length);
		if (level->next == level->count) {
			if (finish_level(walk, err))
				return -1;
			continue;
		}
		const char *name = level->names[level->next++];
		path_add(walk, name);
		if (visit(walk, name, err))
			return -1;
	}
	return 0;
}

int tree_walk(int root, const struct tree_visitor *visitor, struct error *err)
{
	struct walk walk = {
		.visitor = visitor,
		.directory = fcntl(root, F_DUPFD_CLOEXEC, 0),
	};
	int result;

	if (walk.directory < 0)
		return error_errno(err, errno, "opening the tree");
	buffer_text(&walk.path, "");
	result = walk_all(&walk, err);
	if (result && err->status != STATUS_INTERRUPTED)
		error_wrap(err, "/%s", walk.path.data);
	vector_for_each (level, &walk.levels)
		level_release(level);
	vector_release(&walk.levels);
	buffer_release(&walk.path);
	close(walk.directory);
	return result;
}

/* The parts of an ext4 directory entry that are not its name. */
enum { DIRECTORY_ENTRY_HEAD = 8, BLOCK = 4096, SHORT_LINK = 60 };

struct measuring {
	struct tree_measure sum;
	uint64_t name_bytes;
	struct hardlinks hardlinks;
};

static uint64_t file_blocks(const struct stat *status)
{
	uint64_t whole = divide_up(status->st_size, BLOCK);
	uint64_t stored = divide_up(status->st_blocks, BLOCK / 512);

	return stored < whole ? stored : whole;
}

static int measure_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	struct measuring *measuring = context;
	const struct stat *status = &entry->status;

	(void)err;
	measuring->name_bytes += DIRECTORY_ENTRY_HEAD + round_up(strlen(entry->name), 4);
	if (!S_ISDIR(status->st_mode) && status->st_nlink > 1) {
		uint32_t *number = hardlinks_number(&measuring->hardlinks, status);
		if (*number)
			return 0;
		*number = 1;
	}
	measuring->sum.inodes++;
	if (S_ISDIR(status->st_mode) || (S_ISLNK(status->st_mode) && status->st_size >= SHORT_LINK))
		measuring->sum.blocks_4k++;
	if (S_ISREG(status->st_mode)) {
		measuring->sum.bytes += status->st_size;
		measuring->sum.blocks_4k += file_blocks(status);
	}
	return 0;
}

int tree_measure(int root, struct tree_measure *ret_measure, struct error *err)
{
	struct measuring measuring = {0};
	struct tree_visitor visitor = {.enter = measure_entry, .context = &measuring};
	int result = tree_walk(root, &visitor, err);

	hardlinks_release(&measuring.hardlinks);
	if (result)
		return -1;
	*ret_measure = measuring.sum;
	/* Those with an index, of several blocks, have one more for each. */
	ret_measure->blocks_4k += 2 * measuring.name_bytes / BLOCK;
	return 0;
}
