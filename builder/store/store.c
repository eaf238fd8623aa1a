#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/interrupt.h"

static const char *const rooms[] = {
	[STORE_PACKAGES] = "packages",
	[STORE_INDICES] = "indices",
	[STORE_PLANS] = "plans",
	[STORE_LAYERS] = "layers",
	[STORE_KERNELS] = "kernels",
	[STORE_HOSTS] = "hosts",
	[STORE_ROOMS] = "work",
};

const char *store_room_name(enum store_room room)
{
	return rooms[room];
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The store's path as asked for, not yet absolute; NULL when nothing says where. */
static char *choose_path(const char *path)
{
	const char *cache = environment("XDG_CACHE_HOME"), *home = environment("HOME");

	if (!path)
		path = environment("JEOS_STORE");
	if (path)
		return xstrdup(path);
	if (cache)
		return xasprintf("%s/jeos", cache);
	return home ? xasprintf("%s/.cache/jeos", home) : NULL;
}

static int make_rooms(const char *path, struct error *err)
{
	for (size_t i = 0; i < array_count(rooms); i++) {
		cleanup_free char *room = xasprintf("%s/%s", path, rooms[i]);
		if (directory_make(AT_FDCWD, room, err))
			return -1;
		if (access(room, W_OK | X_OK))
			return error_errno(err, errno, "%s", room);
	}
	return 0;
}

int store_open(const char *path, struct store *ret_store, struct error *err)
{
	cleanup_free char *chosen = choose_path(path);

	if (!chosen)
		return error_set(err, STATUS_USAGE,
			"opening the store: HOME is not set; say where it is with --store DIR");
	if (make_rooms(chosen, err)) {
		error_wrap(err, "opening the store %s", chosen);
		cleanup_free char *why = xstrdup(err->message);
		return error_set(
			err, STATUS_FAILED, "%s; choose another place with --store DIR", why);
	}
	char *absolute = realpath(chosen, NULL);
	if (!absolute)
		return error_errno(err, errno, "opening the store %s", chosen);
	*ret_store = (struct store){.path = absolute};
	store_sweep(ret_store);
	return 0;
}

void store_release(struct store *store)
{
	free(store->path);
	*store = (struct store){0};
}

char *store_package_path(const struct store *store, const char *sha256)
{
	return xasprintf("%s/packages/%s.deb", store->path, sha256);
}

char *store_kernel_path(const struct store *store, const char *key)
{
	return xasprintf("%s/kernels/%s.deb", store->path, key);
}

char *store_release_path(const struct store *store, const char *url)
{
	char name[HASH_TEXT];
	struct hash hash;

	hash_init(&hash);
	hash_text(&hash, url);
	hash_finish(&hash, name);
	return xasprintf("%s/indices/%s.release", store->path, name);
}

char *store_index_path(const struct store *store, const char *sha256)
{
	return xasprintf("%s/indices/%s", store->path, sha256);
}

int store_hold(const struct store *store, enum store_room room, int *ret_lock, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", store->path, store_room_name(room));
	cleanup_fd int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock < 0)
		return error_errno(err, errno, "%s", path);
	while (flock(lock, LOCK_SH)) {
		if (errno != EINTR)
			return error_errno(err, errno, "%s: locking", path);
		if (interrupt_check(err))
			return -1;
	}
	*ret_lock = steal_fd(&lock);
	return 0;
}

void store_touch(const char *path)
{
	utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}
