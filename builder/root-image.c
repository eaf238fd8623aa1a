#include "root-image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/size.h"
#include "image/verity.h"
#include "kernel/command-line.h"

void root_image_release(struct root_image *image)
{
	free(image->path);
	free(image->verity);
	free(image->command_line);
}

static int make_root(const struct plan *plan, const char *tree_path, const char *work,
	struct root_image *image, struct error *err)
{
	const struct image_partition *root = layout_find(&plan->layout, USE_ROOT);
	const struct filesystem *filesystem = filesystem_find(root->filesystem);
	const struct filesystem_options options = {
		.uuid = root->filesystem_uuid,
		.label = root->label,
		.epoch = plan->epoch,
		.work = work,
	};
	cleanup_fd int tree = open(tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!filesystem->make)
		return 0;
	if (tree < 0)
		return error_errno(err, errno, "%s", tree_path);
	progress_step(filesystem->name, 0, 0);
	image->path = xasprintf("%s/root.%s", work, filesystem->name);
	return filesystem->make(tree, image->path, &options, err);
}

/* Hashes of the blocks, and the table by which the kernel checks them. */
static int make_verity(const struct plan *plan, const char *work, struct root_image *image,
	char **ret_table, struct error *err)
{
	const struct image_layout *layout = &plan->layout;
	const struct image_partition *hashes = layout_find(layout, USE_VERITY);
	char root_id[UUID_TEXT], hashes_id[UUID_TEXT];
	struct verity verity;

	image->verity = xasprintf("%s/root.verity", work);
	progress_step("hashes", 0, 0);
	if (verity_make(image->path, image->verity, plan->seed, &verity, err))
		return -1;
	layout_partition_id(layout, layout_find(layout, USE_ROOT), root_id);
	layout_partition_id(layout, hashes, hashes_id);
	cleanup_free char *data_name = xasprintf("PARTUUID=%s", root_id);
	cleanup_free char *hashes_name = xasprintf("PARTUUID=%s", hashes_id);
	*ret_table = verity_table(&verity, data_name, hashes_name);
	return 0;
}

int root_image_make(const struct plan *plan, const char *tree, const char *work,
	struct root_image *ret_image, struct error *err)
{
	cleanup(root_image_release) struct root_image image = {0};
	cleanup_free char *table = NULL;

	if (make_root(plan, tree, work, &image, err) ||
		(layout_find(&plan->layout, USE_VERITY) &&
			make_verity(plan, work, &image, &table, err)))
		return -1;
	if (plan->command_line)
		image.command_line =
			kernel_command_line_complete(plan->command_line, table ? table : "");
	*ret_image = image;
	image = (struct root_image){0};
	return 0;
}

/* What a partition's contents need; 0: that is not known, or does not matter. */
static int measure(const struct root_image *image, const struct image_partition *partition,
	int tree, uint64_t *ret_bytes, struct error *err)
{
	const char *file = partition->use == USE_ROOT     ? image->path
			   : partition->use == USE_VERITY ? image->verity
							  : NULL;
	struct stat status;

	if (file && stat(file, &status))
		return error_errno(err, errno, "%s", file);
	if (file)
		*ret_bytes = status.st_size;
	else if (partition->use == USE_ROOT && partition->size.kind != EXTENT_EXACT)
		return filesystem_find(partition->filesystem)->measure(tree, ret_bytes, err);
	return 0;
}

static int check_fits(const struct image_partition *partition, struct error *err)
{
	char has[32], needs[32];

	if (partition->content <= partition->length)
		return 0;
	return error_set(err, STATUS_FAILED,
		"partition `%s`: it needs %s and has %s; raise its size, or disk.size",
		partition->label, size_format(partition->content, needs, sizeof(needs)),
		size_format(partition->length, has, sizeof(has)));
}

int root_image_place(const struct root_image *image, int tree, struct arena *arena,
	struct image_layout *layout, struct error *err)
{
	size_t length = layout->partition_count * sizeof(*layout->partitions);
	struct image_partition *copy = arena_alloc(arena, length);

	memcpy(copy, layout->partitions, length);
	layout->partitions = copy;
	if (!image->path && layout_is_placed(layout))
		return 0;
	for (size_t i = 0; i < layout->partition_count; i++)
		if (measure(image, &copy[i], tree, &copy[i].content, err))
			return -1;
	if (layout_place(layout, err))
		return -1;
	for (size_t i = 0; i < layout->partition_count && image->path; i++)
		if (check_fits(&copy[i], err))
			return -1;
	return layout_is_placed(layout)
		       ? 0
		       : error_set(err, STATUS_FAILED, "the disk's layout: sizes are unknown");
}
