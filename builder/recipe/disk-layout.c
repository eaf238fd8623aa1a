#include "disk-layout.h"

#include <stdlib.h>
#include <string.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/size.h"
#include "image/filesystem.h"

static bool parse_percent(const char *text, uint64_t *ret_number)
{
	char *end;

	*ret_number = strtoul(text, &end, 10);
	return end != text && !strcmp(end, "%");
}

bool extent_parse(const char *text, struct extent *ret_extent)
{
	static const char content[] = "content";
	struct extent extent = {0};

	if (!strcmp(text, "rest"))
		extent.kind = EXTENT_REST;
	else if (parse_percent(text, &extent.number))
		extent.kind = EXTENT_PERCENT;
	else if (!strcmp(text, content))
		extent.kind = EXTENT_CONTENT;
	else if (text_starts(text, content) && text[strlen(content)] == '+' &&
		 size_parse(text + sizeof(content), &extent.number))
		extent.kind = EXTENT_CONTENT;
	else if (size_parse(text, &extent.number) && extent.number)
		extent.kind = EXTENT_EXACT;
	else
		return false;
	*ret_extent = extent;
	return true;
}

static unsigned index_of(const char *text, const char *(*name)(size_t index))
{
	unsigned index = 0;

	for (const char *at; (at = name(index)) && strcmp(at, text);)
		index++;
	return index;
}

bool recipe_root_is_read_only(const struct recipe *recipe)
{
	return filesystem_find(recipe->disk.root.text)->read_only;
}

bool recipe_has_changes(const struct recipe_disk *disk)
{
	return disk->changes.text && strcmp(disk->changes.text, "none");
}

static struct partition_wish wish_of(const struct recipe_partition *partition)
{
	struct partition_wish wish = {
		.use = index_of(partition->use.text, partition_use_name),
		.label = partition->label.text,
		.filesystem = partition->filesystem.text,
		.mount = partition->mount.text,
	};

	if (partition->size.text)
		extent_parse(partition->size.text, &wish.size);
	return wish;
}

static struct layout_request request_of(const struct recipe *recipe, bool bare, const char *seed)
{
	const struct recipe_disk *disk = &recipe->disk;
	const struct architecture *architecture = architecture_find(recipe->architecture.text);
	/* A file of a read-only root alone is as large as that. */
	bool fits = disk->size == SIZE_CONTENT || (bare && recipe_root_is_read_only(recipe));
	struct layout_request request = {
		.scheme = bare ? SCHEME_NONE : index_of(disk->table.text, partition_scheme_name),
		.size = fits ? 0 : disk->size,
		.firmware = bare ? 0 : disk->firmware,
		.seed = seed,
		.root = disk->root.text,
		.verity = disk->verity,
		.changes = text_equal(disk->changes.text, "persistent"),
	};

	uuid_parse(architecture->root_type, &request.root_type);
	if (architecture->verity_type)
		uuid_parse(architecture->verity_type, &request.verity_type);
	return request;
}

/* The first of what the recipe says of the whole; defaults stand at the recipe's beginning. */
static struct position whole_at(const struct recipe_disk *disk)
{
	if (disk->size_at.column > 1)
		return disk->size_at;
	return disk->partitions.count ? disk->partitions.items[0].use.at : disk->table.at;
}

int recipe_layout(const struct recipe *recipe, bool bare, const char *seed, struct arena *arena,
	struct image_layout *ret_layout, struct error *err)
{
	const struct recipe_disk *disk = &recipe->disk;
	size_t count = bare ? 0 : disk->partitions.count, culprit;
	cleanup_free struct partition_wish *wishes = xcalloc(count + 1, sizeof(*wishes));
	struct layout_request request = request_of(recipe, bare, seed);

	for (size_t i = 0; i < count; i++)
		wishes[i] = wish_of(&disk->partitions.items[i]);
	request.wishes = wishes;
	request.wish_count = count;
	if (!layout_make(&request, arena, ret_layout, &culprit, err))
		return 0;
	cleanup_free char *why = steal_pointer(&err->message);
	return error_at(err,
		culprit < count ? disk->partitions.items[culprit].use.at : whole_at(disk), "%s",
		why);
}
