#include "image-view.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static int fill_part(struct image_part *part, struct error *err)
{
	return tree_reader_find(&part->slice) ? image_tree_open(&part->slice, &part->tree, err) : 0;
}

static void add_part(struct image_view *view, const struct partition *partition)
{
	struct disk *disk = view->source.disk;
	struct image_part *part = &view->parts[view->part_count++];

	part->partition = partition;
	part->slice = partition ? (struct slice){disk, partition->start, partition->length}
				: (struct slice){disk, 0, disk ? disk->size : 0};
}

static void add_whole(struct image_view *view)
{
	view->table.scheme = SCHEME_NONE;
	view->parts = xcalloc(1, sizeof(*view->parts));
	add_part(view, NULL);
	view->parts->tree = view->source.archive;
}

/* A filesystem that fills the disk, else the partitions of its table. */
static int find_parts(struct image_view *view, struct error *err)
{
	const struct slice whole = {view->source.disk, 0, view->source.disk->size};

	if (tree_reader_find(&whole)) {
		add_whole(view);
		return 0;
	}
	if (partition_read(view->source.disk, &view->table, err))
		return error_wrap(err, "no filesystem that jeos reads, and no table of partitions");
	view->parts = xcalloc(view->table.count + 1, sizeof(*view->parts));
	vector_for_each (partition, &view->table)
		add_part(view, partition);
	return 0;
}

static bool holds_system(const struct image_part *part)
{
	return part->tree && (image_tree_resolve(part->tree, "/etc/os-release") ||
				     image_tree_resolve(part->tree, "/usr/lib/os-release"));
}

/* Where the system is; without one, the first that keeps owners and modes. */
static struct image_part *find_root(const struct image_view *view)
{
	for (size_t i = 0; i < view->part_count; i++)
		if (holds_system(&view->parts[i]))
			return &view->parts[i];
	for (size_t i = 0; i < view->part_count; i++)
		if (view->parts[i].tree && view->parts[i].tree->files.count &&
			view->parts[i].tree->reader->has_owners)
			return &view->parts[i];
	return NULL;
}

static int fill_parts(struct image_view *view, struct error *err)
{
	for (size_t i = 0; i < view->part_count; i++)
		if (fill_part(&view->parts[i], err))
			return view->parts[i].partition
				       ? error_wrap(err, "%s: partition %u", view->path,
						 view->parts[i].partition->number)
				       : error_wrap(err, "%s", view->path);
	return 0;
}

static int open_all(struct image_view *view, struct error *err)
{
	if (image_source_open(view->path, &view->source, err))
		return -1;
	if (view->source.archive)
		add_whole(view);
	else if (find_parts(view, err))
		return error_wrap(err, "%s", view->path);
	else if (fill_parts(view, err))
		return -1;
	view->root = find_root(view);
	return 0;
}

int image_view_open(const char *path, struct image_view *ret_view, struct error *err)
{
	struct image_view view = {.path = xstrdup(path)};

	if (open_all(&view, err)) {
		image_view_release(&view);
		return -1;
	}
	*ret_view = view;
	return 0;
}

void image_view_release(struct image_view *view)
{
	for (size_t i = 0; i < view->part_count; i++)
		if (!view->source.archive)
			image_tree_free(view->parts[i].tree);
	free(view->parts);
	partition_table_release(&view->table);
	image_source_release(&view->source);
	free(view->path);
	*view = (struct image_view){0};
}

static bool part_is(const struct image_part *part, const char *name)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", part->partition ? part->partition->number : 1);
	return text_equal(name, number) ||
	       (part->partition && text_equal(part->partition->label, name));
}

static const struct image_part *find_part(const struct image_view *view, const char *name)
{
	for (size_t i = 0; i < view->part_count; i++)
		if (part_is(&view->parts[i], name))
			return &view->parts[i];
	return NULL;
}

int image_view_tree(const struct image_view *view, const char *name, struct image_tree **ret_tree,
	struct error *err)
{
	const struct image_part *part = name ? find_part(view, name) : view->root;

	if (!part)
		return name ? error_set(err, STATUS_FAILED,
				      "%s: it has no partition `%s`; `jeos inspect` shows those "
				      "that "
				      "there are",
				      view->path, name)
			    : error_set(err, STATUS_FAILED,
				      "%s: it has no root filesystem that jeos reads", view->path);
	if (!part->tree)
		return error_set(err, STATUS_FAILED, "%s: partition %s: no files that jeos reads",
			view->path, name);
	*ret_tree = part->tree;
	return 0;
}
