/*
 * Layers. Who uses one holds a shared flock on its directory, taken before the layer appears or
 * checked afterwards; who removes one holds the exclusive lock while it is moved away.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "store/store.h"

char *store_layer_path(const struct store *store, const char *key)
{
	return xasprintf("%s/layers/%s", store->path, key);
}

char *store_description_path(const struct store *store, const char *key)
{
	return xasprintf("%s/layers/%s" STORE_DESCRIPTION, store->path, key);
}

/* The directory, locked against removal; -1 when it cannot be used. */
static int hold(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_SH))
		if (errno != EINTR || interrupt_pending())
			return -1;
	return steal_fd(&fd);
}

bool store_layer_take(const struct store *store, const char *key, struct store_layer *ret_layer)
{
	cleanup_free char *path = store_layer_path(store, key);
	cleanup_free char *description = store_description_path(store, key);
	cleanup_fd int lock = hold(path);
	struct stat locked, named;

	/* It may have been moved away meanwhile. A layer that another user made looks foreign from
	 * inside this user's namespace. */
	if (lock < 0 || fstat(lock, &locked) || stat(path, &named) ||
		locked.st_ino != named.st_ino || locked.st_dev != named.st_dev ||
		locked.st_uid != geteuid())
		return false;
	store_touch(description);
	*ret_layer = (struct store_layer){steal_pointer(&path), steal_fd(&lock)};
	return true;
}

int store_layer_add(const struct store *store, const char *key, const char *tree,
	const char *description, struct store_layer *ret_layer, struct error *err)
{
	cleanup_free char *layer = store_layer_path(store, key);
	cleanup_free char *described = store_description_path(store, key);
	cleanup_fd int lock = hold(tree);

	if (lock < 0)
		return error_errno(err, errno, "%s: adding the layer to the store", tree);
	if (file_replace(described, description, strlen(description), err))
		return -1;
	if (!rename(tree, layer)) {
		*ret_layer = (struct store_layer){steal_pointer(&layer), steal_fd(&lock)};
		return 0;
	}
	if (errno != EEXIST && errno != ENOTEMPTY)
		return error_errno(err, errno, "%s: adding the layer to the store", layer);
	if (store_layer_take(store, key, ret_layer))
		return tree_remove(AT_FDCWD, tree, err);
	*ret_layer = (struct store_layer){xstrdup(tree), steal_fd(&lock)};
	return 0;
}

void store_layer_release(struct store_layer *layer)
{
	if (layer->path)
		cleanup_close_fd(&layer->lock);
	free(layer->path);
	*layer = (struct store_layer){0};
}
