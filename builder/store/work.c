/*
 * Work directories. Their owner holds an exclusive flock on the directory itself; whoever gets that
 * lock knows that the owner is gone. Making and sweeping take the lock of work/ (shared and
 * exclusive), or a sweep could fall between the making of a directory and its locking.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "store/store.h"

static int open_directory(int parent, const char *path)
{
	return openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int wait_for_lock(int fd, int kind, struct error *err)
{
	while (flock(fd, kind)) {
		if (errno != EINTR)
			return error_errno(err, errno, "locking the store's work directory");
		if (interrupt_check(err))
			return -1;
	}
	return 0;
}

/* Waits while a sweep runs. */
static int lock_parent(int fd, struct error *err)
{
	return wait_for_lock(fd, LOCK_SH, err);
}

int store_work_directory(const struct store *store, const char *name,
	struct work_directory *ret_work, struct error *err)
{
	cleanup_free char *parent = xasprintf("%s/work", store->path);
	cleanup_fd int parent_lock = open_directory(AT_FDCWD, parent);
	cleanup_work struct work_directory work = {0};

	if (parent_lock < 0)
		return error_errno(err, errno, "%s", parent);
	if (lock_parent(parent_lock, err) || work_directory_make(parent, name, &work, err))
		return -1;
	work.lock = open_directory(AT_FDCWD, work.path);
	if (work.lock < 0 || flock(work.lock, LOCK_EX | LOCK_NB))
		return error_errno(err, errno, "%s: locking", work.path);
	*ret_work = work;
	work = (struct work_directory){0};
	return 0;
}

static bool is_at(int fd, const char *path)
{
	struct stat opened, named;

	return !fstat(fd, &opened) && !lstat(path, &named) && opened.st_dev == named.st_dev &&
	       opened.st_ino == named.st_ino;
}

/*
 * One try. What somebody has is waited for, what its owner left behind is removed; in both cases,
 * or when another was faster, ret_lock stays -1 and the next try may find the name free.
 */
static int try_alone(int parent, const char *path, int *ret_lock, struct error *err)
{
	bool made = !mkdir(path, 0700);
	int why = errno;
	cleanup_fd int fd = open_directory(AT_FDCWD, path);

	if (!made && why != EEXIST)
		return error_errno(err, why, "%s", path);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		flock(parent, LOCK_UN);
		progress_step("waiting for another build, which has begun it", 0, 0);
		return wait_for_lock(fd, LOCK_EX, err);
	}
	if (!is_at(fd, path))
		return 0;
	if (!made)
		return tree_remove(AT_FDCWD, path, err);
	*ret_lock = fd;
	fd = -1;
	return 0;
}

int store_work_alone(const struct store *store, const char *name, struct work_directory *ret_work,
	struct error *err)
{
	cleanup_free char *room = xasprintf("%s/work", store->path);
	cleanup_free char *path = xasprintf("%s/%s", room, name);
	cleanup_fd int parent = open_directory(AT_FDCWD, room);
	int lock = -1;

	if (parent < 0)
		return error_errno(err, errno, "%s", room);
	while (lock < 0)
		if (interrupt_check(err) || lock_parent(parent, err) ||
			try_alone(parent, path, &lock, err))
			return -1;
	*ret_work = (struct work_directory){steal_pointer(&path), lock};
	return 0;
}

static void sweep_one(int parent, const char *name)
{
	cleanup_fd int fd = open_directory(parent, name);
	struct error ignored = {0};

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return;
	tree_remove(parent, name, &ignored);
	error_release(&ignored);
}

void store_sweep(const struct store *store)
{
	cleanup_free char *path = xasprintf("%s/work", store->path);
	cleanup_directory DIR *parent = opendir(path);
	struct dirent *entry;

	/* When it is locked somebody is making a directory, or sweeping already. */
	if (!parent || flock(dirfd(parent), LOCK_EX | LOCK_NB))
		return;
	while ((entry = readdir(parent)) && !interrupt_pending())
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			sweep_one(dirfd(parent), entry->d_name);
}
