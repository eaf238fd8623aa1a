/* The forms of what a recipe says of its disk. */
#include "disk-layout.h"
#include "form.h"
#include "image/filesystem.h"
#include "image/format.h"
#include "problem.h"

static const char *format_name_at(size_t index)
{
	struct format format;

	return format_at(index, &format) ? format.name : NULL;
}

/* Those that can be a root. */
static const char *filesystem_at(size_t index)
{
	for (const struct filesystem *const *at = filesystems; *at; at++)
		if ((*at)->root && !index--)
			return (*at)->name;
	return NULL;
}

static const char *changes_at(size_t index)
{
	static const char *const changes[] = {"volatile", "persistent", "none", NULL};

	return changes[index];
}

/* Those that can be written to. */
static const char *data_filesystem_at(size_t index)
{
	static const char *const names[] = {"ext4", "vfat", NULL};

	return names[index];
}

/* In the order of the bits FIRMWARE_*. */
static const char *firmware_at(size_t index)
{
	static const char *const firmware[] = {"bios", "uefi", NULL};

	return firmware[index];
}

static int verify_base_image(struct recipe *recipe, struct word *word)
{
	return form_verify_file(recipe, word, "base image");
}

static int verify_extent(struct recipe *recipe, struct word *word)
{
	struct extent extent;

	if (!extent_parse(word->text, &extent))
		return recipe_problem(recipe, word->at, "%s is not a size of a partition",
			problem_quote(recipe, word->text));
	if (extent.kind == EXTENT_PERCENT && (!extent.number || extent.number > 100))
		return recipe_problem(recipe, word->at,
			"%s is no share of a disk: from 1%% to 100%%",
			problem_quote(recipe, word->text));
	return 0;
}

#define SIZE "[0-9]+(\\.[0-9]+)?[KMGT]?"

const struct form form_firmware = {.what = "firmware", .choice = firmware_at};
const struct form form_filesystem = {.what = "filesystem", .choice = filesystem_at};
const struct form form_table = {.what = "partition table", .choice = partition_scheme_name};
const struct form form_changes = {.what = "place for changes", .choice = changes_at};
const struct form form_use = {.what = "use of a partition", .choice = partition_use_name};
const struct form form_data_filesystem = {
	.what = "filesystem for data", .choice = data_filesystem_at};
const struct form form_extent = {
	.what = "a size of a partition",
	.hint = "such as 512M, 25%, content, content+64M or rest",
	.pattern = "^(" SIZE "|[0-9]+%|content(\\+" SIZE ")?|rest)$",
	.verify = verify_extent,
	.numeric = true,
};
const struct form form_label = {
	.what = "a label",
	.hint = "letters, digits and - _ . with blanks between them, at most 16",
	.pattern = "^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$",
	.longest = 16,
};
const struct form form_mount = {
	.what = "a mount point",
	.hint = "an absolute path such as /srv, of letters, digits and - _ .",
	.pattern = "^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$",
};
const struct form form_format = {.what = "format", .choice = format_name_at};
const struct form form_compression = {.what = "compression", .choice = compression_name};
const struct form form_base_image = {
	.what = "an image",
	.hint = "the path of a disk image that jeos reads",
	.verify = verify_base_image,
};
