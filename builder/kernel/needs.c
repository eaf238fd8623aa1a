#include "needs.h"

#include <string.h>

#include "kernel/config.h"

static bool has_squashfs(const struct recipe_disk *disk)
{
	return text_equal(disk->root.text, "squashfs");
}

static bool has_verity(const struct recipe_disk *disk)
{
	return disk->verity;
}

static bool has_use(const struct recipe_disk *disk, const char *use)
{
	vector_for_each (partition, &disk->partitions)
		if (!strcmp(partition->use.text, use))
			return true;
	return false;
}

static bool has_swap(const struct recipe_disk *disk)
{
	return has_use(disk, "swap");
}

static bool has_vfat(const struct recipe_disk *disk)
{
	vector_for_each (partition, &disk->partitions)
		if (text_equal(partition->filesystem.text, "vfat"))
			return true;
	return false;
}

static const struct need {
	bool (*applies)(const struct recipe_disk *disk);
	const char *what, *fragment;
	const char *module; /* before the root is mounted; NULL: none */
	const char *symbol;
} needs[] = {
	{has_squashfs, "`root: squashfs`", "squashfs", "squashfs", "SQUASHFS"},
	{recipe_has_changes, "`changes`", "overlayfs", "overlay", "OVERLAY_FS"},
	/* The kernel makes the device, before there is a program. */
	{has_verity, "`verity`", "verity", NULL, "DM_INIT"},
	{has_swap, "a partition `swap`", "swap", NULL, "SWAP"},
	{has_vfat, "`filesystem: vfat`", "vfat", NULL, "VFAT_FS"},
};

const char *const *kernel_needed_fragments(const struct recipe *recipe, struct arena *arena)
{
	const char **names = arena_alloc(arena, (array_count(needs) + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < array_count(needs); i++)
		if (needs[i].applies(&recipe->disk))
			names[count++] = needs[i].fragment;
	return names;
}

const char *const *kernel_needed_modules(const struct recipe *recipe, struct arena *arena)
{
	const char **names = arena_alloc(arena, (array_count(needs) + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < array_count(needs); i++)
		if (needs[i].module && needs[i].applies(&recipe->disk))
			names[count++] = needs[i].module;
	return names;
}

int kernel_config_check_disk(const struct kernel_config *config, const char *kernel,
	const struct recipe *recipe, struct error *err)
{
	cleanup_buffer struct buffer problems = {0};

	for (size_t i = 0; i < array_count(needs); i++) {
		const struct need *need = &needs[i];
		if (need->applies(&recipe->disk) &&
			!strcmp(kernel_config_value(config, need->symbol), "n"))
			buffer_printf(&problems, "%s%s: %s lacks CONFIG_%s",
				problems.length ? "\n" : "", need->what, kernel, need->symbol);
	}
	return problems.length ? error_set(err, STATUS_RECIPE, "%s", problems.data) : 0;
}
