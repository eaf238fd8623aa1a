#include "image.h"

#include "base/size.h"

enum { BIOS_BOOT_SIZE = MIB, ESP_SIZE = 64 * MIB, ROOT_MINIMUM = 16 * MIB };

struct row {
	unsigned firmware; /* that asks for it; 0: always there */
	uint64_t length;   /* 0: all that is left */
	const char *label, *filesystem;
	const struct uuid *type; /* NULL: for the caller to set */
};

/* The root comes last, so that it can grow with the disk. */
static const struct row rows[] = {
	{IMAGE_BIOS, BIOS_BOOT_SIZE, "BIOS boot", NULL, &partition_type_bios_boot},
	{IMAGE_UEFI, ESP_SIZE, "ESP", "vfat", &partition_type_esp},
	{0, 0, "root", "ext4", NULL},
};

static bool is_wanted(const struct row *row, unsigned firmware)
{
	return !row->firmware || (row->firmware & firmware);
}

static uint64_t smallest_size(unsigned firmware)
{
	uint64_t size = PARTITION_ALIGN + ROOT_MINIMUM + PARTITION_ALIGN;

	for (size_t i = 0; i < array_count(rows); i++)
		if (is_wanted(&rows[i], firmware))
			size += rows[i].length;
	return size;
}

static struct image_partition partition_make(
	const struct row *row, const char *seed, uint64_t start, uint64_t end, struct arena *arena)
{
	static const struct uuid none;
	const char *filesystem = arena_printf(arena, "%s filesystem", row->label);

	return (struct image_partition){
		.label = row->label,
		.type = row->type ? *row->type : none,
		.id = uuid_derive(seed, row->label),
		.start = start,
		.length = row->length ? row->length : end - start,
		.filesystem = row->filesystem,
		.filesystem_uuid = uuid_derive(seed, filesystem),
		.holds_root = !row->length,
	};
}

int image_layout_make(uint64_t size, unsigned firmware, const char *seed, struct arena *arena,
	struct image_layout *ret_layout, struct error *err)
{
	uint64_t start = PARTITION_ALIGN, smallest = smallest_size(firmware);
	struct image_layout layout = {
		.size = size,
		.id = uuid_derive(seed, "disk"),
		.partitions = arena_alloc(arena, array_count(rows) * sizeof(*layout.partitions)),
		.boot_bios = !!(firmware & IMAGE_BIOS),
		.boot_uefi = !!(firmware & IMAGE_UEFI),
	};
	char text[32];

	if (size % 512)
		return error_set(err, STATUS_FAILED, "a disk of %llu bytes: not a multiple of 512",
			(unsigned long long)size);
	if (size < smallest)
		return error_set(err, STATUS_FAILED,
			"a disk of %llu bytes is too small: it takes at least %s",
			(unsigned long long)size, size_format(smallest, text, sizeof(text)));
	uint64_t end = (size - PARTITION_TAIL) / PARTITION_ALIGN * PARTITION_ALIGN;
	for (size_t i = 0; i < array_count(rows); i++) {
		if (!is_wanted(&rows[i], firmware))
			continue;
		struct image_partition *partition = &layout.partitions[layout.partition_count++];
		*partition = partition_make(&rows[i], seed, start, end, arena);
		start += partition->length;
	}
	*ret_layout = layout;
	return 0;
}
