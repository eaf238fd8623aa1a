/* What archives may leave out or say twice. */
#include <string.h>

#include "base/cleanup.h"
#include "image-tree.h"

/* Equal paths in the order in which they came. */
static int by_path(const void *left, const void *right)
{
	const struct image_file *a = left, *b = right;
	int order = image_path_compare(a->path, b->path);

	return order ? order : (a->inode > b->inode) - (a->inode < b->inode);
}

/* Of several members of one path the last one counts, but a directory says nothing of what it is
 * in. */
static void drop_replaced(struct image_files *files)
{
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (count && !strcmp(files->items[count - 1].path, files->items[i].path))
			count--;
		files->items[count++] = files->items[i];
	}
	files->count = count;
}

static int add_parents(struct image_tree *tree, struct error *err)
{
	size_t count = tree->files.count;

	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = xstrdup(tree->files.items[i].path);
		for (char *slash; path[1] && (slash = strrchr(path, '/'));) {
			slash[slash == path] = '\0';
			/* Only what was there before is sorted, so that it can be found. */
			struct image_tree sorted = *tree;
			sorted.files.count = count;
			if (image_tree_find(&sorted, path))
				break;
			if (image_tree_path_room(tree, strlen(path) + 1, err))
				return -1;
			*image_tree_add(tree) = (struct image_file){
				.path = arena_strdup(&tree->arena, path),
				.mode = S_IFDIR | 0755,
				.links = 1,
			};
		}
	}
	vector_sort(&tree->files, by_path);
	drop_replaced(&tree->files);
	return 0;
}

/* A later name of a file becomes what its first name is. */
static int join_links(struct image_tree *tree, struct error *err)
{
	vector_for_each (file, &tree->files) {
		if (file->mode || !file->target)
			continue;
		const struct image_file *first = image_tree_find(tree, file->target);
		if (!first || !first->mode || S_ISDIR(first->mode))
			return error_set(err, STATUS_FAILED,
				"%s: damaged: %s is another name of %s, which is not there",
				tree->reader->name, file->path, file->target);
		const char *path = file->path;
		*file = *first;
		file->path = path;
	}
	return 0;
}

static int by_inode(const void *left, const void *right)
{
	const struct image_file *const *a = left, *const *b = right;

	return ((*a)->inode > (*b)->inode) - ((*a)->inode < (*b)->inode);
}

static void count_links(struct image_tree *tree)
{
	size_t count = tree->files.count;
	cleanup_free struct image_file **sorted = xcalloc(count + 1, sizeof(struct image_file *));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &tree->files.items[i];
	qsort(sorted, count, sizeof(*sorted), by_inode);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && sorted[end]->inode == sorted[i]->inode; end++)
			;
		for (size_t k = i; k < end; k++)
			if (!S_ISDIR(sorted[k]->mode))
				sorted[k]->links = end - i;
	}
}

static int check_parents(const struct image_tree *tree, struct error *err)
{
	vector_for_each (file, &tree->files) {
		const char *slash = strrchr(file->path, '/');
		cleanup_free char *path =
			xstrndup(file->path, slash == file->path ? 1 : slash - file->path);
		const struct image_file *parent = image_tree_find(tree, path);
		if (!parent || !S_ISDIR(parent->mode))
			return error_set(err, STATUS_FAILED,
				"%s: damaged: %s is in %s, which is no directory",
				tree->reader->name, file->path, path);
	}
	return 0;
}

int image_tree_complete(struct image_tree *tree, struct error *err)
{
	vector_sort(&tree->files, by_path);
	drop_replaced(&tree->files);
	if (!image_tree_find(tree, "/"))
		*image_tree_add(tree) =
			(struct image_file){.path = "/", .mode = S_IFDIR | 0755, .links = 1};
	vector_sort(&tree->files, by_path);
	if (add_parents(tree, err) || join_links(tree, err) || check_parents(tree, err))
		return -1;
	count_links(tree);
	return 0;
}
