#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/tree.h"
#include "lock.h"
#include "manifest.h"

static int add_file(struct hash *hash, int directory, const char *path, struct error *err)
{
	char text[HASH_TEXT];

	if (hash_file(directory, path, text, err))
		return -1;
	hash_text(hash, text);
	return 0;
}

static int add_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	struct hash *hash = context;
	char target[4096];

	hash_text(hash, entry->path);
	hash_number(hash, entry->status.st_mode);
	if (S_ISREG(entry->status.st_mode))
		return add_file(hash, entry->directory, entry->name, err);
	if (S_ISLNK(entry->status.st_mode)) {
		ssize_t length = readlinkat(entry->directory, entry->name, target, sizeof(target));
		if (length < 0)
			return error_errno(err, errno, "%s", entry->path);
		hash_update(hash, target, length);
	}
	return 0;
}

static int add_tree(struct hash *hash, const char *path, struct error *err)
{
	const struct tree_visitor visitor = {.enter = add_entry, .context = hash};
	cleanup_fd int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(err, errno, "%s", path);
	return tree_walk(root, &visitor, err);
}

/* All fragments that may be meant: which are follows from the platforms too, and the kernel. */
static int add_fragments(struct hash *hash, const char *recipe_path, struct error *err)
{
	static const char kind[] = "kernel-configs";
	struct arena arena = {0};
	struct words names;
	int result = 0;

	recipe_find_all(recipe_path, kind, &arena, &names);
	for (size_t i = 0; i < names.count && !result; i++) {
		cleanup_free char *path = recipe_find(recipe_path, kind, names.items[i]);
		hash_text(hash, names.items[i]);
		result = path ? add_file(hash, AT_FDCWD, path, err) : 0;
	}
	vector_release(&names);
	arena_release(&arena);
	return result;
}

static int add_built_kernel(
	struct hash *hash, const struct recipe_kernel *kernel, struct error *err)
{
	bool guest = text_equal(kernel->config.text, "guest");

	if (guest ? add_fragments(hash, kernel->config.at.file, err)
		  : add_file(hash, AT_FDCWD, kernel->config.text, err))
		return -1;
	vector_for_each (word, &kernel->add)
		if (add_fragments(hash, word->at.file, err))
			return -1;
	return 0;
}

/* The files that it names. */
static int add_kernel(struct hash *hash, const struct recipe_kernel *kernel, struct error *err)
{
	switch (recipe_kernel_origin(kernel)) {
	case KERNEL_NONE:
	case KERNEL_DISTRIBUTION:
		return 0;
	case KERNEL_PACKAGE:
		return add_file(hash, AT_FDCWD, kernel->package.text, err);
	case KERNEL_BUILT:
		return add_built_kernel(hash, kernel, err);
	}
	abort();
}

int fingerprint(const struct recipe *recipe, const struct lock *lock, char ret_text[HASH_TEXT],
	struct error *err)
{
	struct hash hash;

	hash_init(&hash);
	if (lock && add_file(&hash, AT_FDCWD, lock->path, err))
		return -1;
	vector_for_each (source, &recipe->sources)
		if (add_file(&hash, AT_FDCWD, source->text, err))
			return -1;
	if (add_kernel(&hash, &recipe->kernel, err))
		return -1;
	if ((recipe->appliance.eula.text &&
		    add_file(&hash, AT_FDCWD, recipe->appliance.eula.text, err)) ||
		(recipe->disk.base.text && add_file(&hash, AT_FDCWD, recipe->disk.base.text, err)))
		return -1;
	vector_for_each (repository, &recipe->repositories)
		if (add_file(&hash, AT_FDCWD, repository->keyring.text, err))
			return -1;
	vector_for_each (overlay, &recipe->overlays) {
		cleanup_free char *path = recipe_find(overlay->at.file, "overlays", overlay->text);
		if (!path)
			return error_at(err, overlay->at, "unknown overlay `%s`", overlay->text);
		if (add_tree(&hash, path, err))
			return error_wrap(err, "overlay %s", overlay->text);
	}
	vector_for_each (hook, &recipe->hooks) {
		cleanup_free char *path = recipe_find(hook->at.file, "hooks", hook->text);
		if (!path)
			return error_at(err, hook->at, "unknown hook `%s`", hook->text);
		if (add_file(&hash, AT_FDCWD, path, err))
			return -1;
	}
	hash_finish(&hash, ret_text);
	return 0;
}
