/* What contradicts in a recipe's `disk`. */
#include <string.h>

#include "base/cleanup.h"
#include "disk-layout.h"
#include "image/compress.h"
#include "image/format.h"
#include "problem.h"
#include "verify.h"

static void verify_clusters(struct recipe *recipe)
{
	const struct recipe_disk *disk = &recipe->disk;

	if (disk->cluster_size & (disk->cluster_size - 1))
		recipe_problem(recipe, disk->cluster_size_at,
			"`cluster-size` must be a power of two, such as 64K");
	if (disk->compression_level > compression_level_most(disk->compression.text))
		recipe_problem(recipe, disk->compression_level_at,
			"compression `%s` has no level %u: the highest is %u",
			disk->compression.text, disk->compression_level,
			compression_level_most(disk->compression.text));
	vector_for_each (format, &disk->formats)
		if (!strcmp(format->text, "qcow2-v2") && !strcmp(disk->compression.text, "zstd"))
			recipe_problem(recipe, disk->compression.at,
				"the format qcow2-v2 has no zstd compression; take zlib");
}

/* A format that is a filesystem is the root, as it is. */
static void verify_formats(struct recipe *recipe)
{
	const struct recipe_disk *disk = &recipe->disk;
	struct format format;

	vector_for_each (word, &disk->formats)
		if (format_find(word->text, &format) && format.filesystem &&
			strcmp(format.name, disk->root.text))
			recipe_problem(recipe, word->at,
				"the format %s is the root alone, which is %s here; it needs "
				"`root: %s`",
				word->text, disk->root.text, word->text);
}

/* What there is for roots that are read-only only. */
static void verify_read_only(struct recipe *recipe)
{
	struct recipe_disk *disk = &recipe->disk;

	if (recipe_root_is_read_only(recipe)) {
		if (!disk->changes.text)
			disk->changes = (struct word){"volatile", disk->root.at};
		return;
	}
	if (disk->verity)
		recipe_problem(recipe, disk->root.at,
			"`verity` needs a root that is read-only, such as `root: squashfs`");
	if (disk->changes.text)
		recipe_problem(recipe, disk->changes.at,
			"`changes` is for a root that is read-only, such as `root: squashfs`");
}

/* The kernel makes the device that checks, as dm-mod.create= of its command line says. */
static void verify_verity(struct recipe *recipe)
{
	const struct word *kernel = &recipe->kernel.config;

	switch (recipe_kernel_origin(&recipe->kernel)) {
	case KERNEL_NONE:
	case KERNEL_DISTRIBUTION:
		if (recipe->disk.verity)
			recipe_problem(recipe, kernel->at,
				"`verity` needs a kernel that sets up its root by itself, as that "
				"of `kernel: guest` does and `%s` does not",
				kernel->text);
		break;
	case KERNEL_BUILT:
	case KERNEL_PACKAGE:
		break;
	}
}

static void verify_table(struct recipe *recipe)
{
	struct recipe_disk *disk = &recipe->disk;

	if (strcmp(disk->table.text, "none"))
		return;
	disk->firmware = 0;
	if (disk->verity)
		recipe_problem(recipe, disk->table.at,
			"`verity` needs a partition table, for a partition with the hashes");
	if (text_equal(disk->changes.text, "persistent"))
		recipe_problem(recipe, disk->table.at,
			"persistent `changes` need a partition table, for a partition of theirs");
}

static void verify_partitions(struct recipe *recipe)
{
	vector_for_each (partition, &recipe->disk.partitions) {
		bool data = !strcmp(partition->use.text, "data");
		if (!data && partition->mount.text)
			recipe_problem(recipe, partition->mount.at,
				"only a partition `data` has a `mount`");
		if (!data && partition->filesystem.text)
			recipe_problem(recipe, partition->filesystem.at,
				"only of a partition `data` the `filesystem` can be chosen");
	}
}

void verify_disk(struct recipe *recipe)
{
	cleanup(error_release) struct error err = {0};
	struct image_layout layout;

	verify_clusters(recipe);
	verify_formats(recipe);
	verify_read_only(recipe);
	verify_verity(recipe);
	verify_table(recipe);
	verify_partitions(recipe);
	if (!recipe->problems.count &&
		recipe_layout(recipe, false, "", &recipe->arena, &layout, &err))
		recipe_problem(recipe, (struct position){0}, "%s", err.message);
}
