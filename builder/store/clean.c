#include "store/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "image/tree.h"

enum { STAT_BLOCK = 512, TREE_BLOCK = 4096 };

static int by_use(const void *left, const void *right)
{
	const struct store_entry *a = left, *b = right;

	return a->used != b->used ? (a->used > b->used) - (a->used < b->used)
				  : strcmp(a->name, b->name);
}

static int measure_tree(int room, const char *name, uint64_t *ret_size, struct error *err)
{
	cleanup_fd int tree = openat(room, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct tree_measure measure;

	if (tree < 0)
		return error_errno(err, errno, "%s", name);
	if (tree_measure(tree, &measure, err))
		return error_wrap(err, "%s", name);
	*ret_size = measure.blocks_4k * TREE_BLOCK;
	return 0;
}

/* Adds an entry; one that has vanished, or cannot be read, is none. */
static void add_entry(
	int directory, enum store_room room, const char *name, struct store_entries *entries)
{
	cleanup(error_release) struct error err = {0};
	struct stat status;

	if (name[0] == '.' || text_ends(name, STORE_DESCRIPTION) ||
		fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW))
		return;
	struct store_entry entry = {
		.room = room,
		.tree = S_ISDIR(status.st_mode),
		.size = (uint64_t)status.st_blocks * STAT_BLOCK,
		.used = status.st_mtim.tv_sec,
	};
	if (entry.tree) {
		cleanup_free char *description = xasprintf("%s" STORE_DESCRIPTION, name);
		if (!fstatat(directory, description, &status, AT_SYMLINK_NOFOLLOW))
			entry.used = status.st_mtim.tv_sec;
		if (measure_tree(directory, name, &entry.size, &err)) {
			log_warning("%s", err.message);
			return;
		}
	}
	entry.name = xstrdup(name);
	vector_push(entries, entry);
}

static int list_room(const struct store *store, enum store_room room, struct store_entries *entries,
	struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", store->path, store_room_name(room));
	cleanup_directory DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return error_errno(err, errno, "%s", path);
	while ((entry = readdir(directory))) {
		if (interrupt_check(err))
			return -1;
		add_entry(dirfd(directory), room, entry->d_name, entries);
	}
	return 0;
}

int store_list(const struct store *store, unsigned rooms, struct store_entries *ret_entries,
	struct error *err)
{
	cleanup_store_entries struct store_entries entries = {0};

	for (enum store_room room = 0; room < STORE_ROOMS; room++)
		if (rooms & 1u << room && list_room(store, room, &entries, err))
			return -1;
	vector_sort(&entries, by_use);
	*ret_entries = entries;
	entries = (struct store_entries){0};
	return 0;
}

void store_entries_release(struct store_entries *entries)
{
	vector_for_each (entry, entries)
		free(entry->name);
	vector_release(entries);
}

/* A layer is locked itself, a file by its room; -1 while a build uses it. */
static int lock_unused(int room, const struct store_entry *entry)
{
	const char *path = entry->tree ? entry->name : ".";
	cleanup_fd int fd = openat(room, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return -1;
	return steal_fd(&fd);
}

/* A tree leaves the store at once, then piece by piece. */
static int remove_entry(
	int room, const struct store_entry *entry, const char *work, struct error *err)
{
	if (!entry->tree)
		return tree_remove(room, entry->name, err);
	cleanup_free char *aside = xasprintf("%s/%s", work, entry->name);
	cleanup_free char *description = xasprintf("%s" STORE_DESCRIPTION, entry->name);
	if (renameat(room, entry->name, AT_FDCWD, aside))
		return error_errno(err, errno, "%s: removing", entry->name);
	unlinkat(room, description, 0);
	return tree_remove(AT_FDCWD, aside, err);
}

static int clean_entry(const struct store *store, const struct store_entry *entry, const char *work,
	struct store_cleaned *cleaned, struct error *err)
{
	cleanup(error_release) struct error why = {0};
	cleanup_free char *path = xasprintf("%s/%s", store->path, store_room_name(entry->room));
	cleanup_fd int room = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (room < 0)
		return error_errno(err, errno, "%s", path);
	cleanup_fd int lock = lock_unused(room, entry);
	if (lock < 0) {
		cleaned->in_use++;
		return 0;
	}
	if (remove_entry(room, entry, work, &why)) {
		log_warning("%s", why.message);
		return 0;
	}
	cleaned->removed++;
	cleaned->size += entry->size;
	return 0;
}

int store_clean(const struct store *store, const struct store_cleaning *cleaning,
	struct store_cleaned *ret_cleaned, struct error *err)
{
	cleanup_store_entries struct store_entries entries = {0};
	cleanup_work struct work_directory work = {0};
	struct store_cleaned cleaned = {0};
	uint64_t total = 0;

	if (store_list(store, cleaning->rooms, &entries, err) ||
		store_work_directory(store, "clean", &work, err))
		return -1;
	vector_for_each (entry, &entries)
		total += entry->size;
	vector_for_each (entry, &entries) {
		bool enough = cleaning->max_size && total - cleaned.size <= cleaning->max_size;
		if (enough || entry->used > cleaning->unused_since)
			break;
		if (interrupt_check(err) || clean_entry(store, entry, work.path, &cleaned, err))
			return -1;
	}
	*ret_cleaned = cleaned;
	return 0;
}
