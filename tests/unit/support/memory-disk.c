#include "memory-disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct memory_disk {
	struct disk disk;
	uint8_t bytes[];
};

uint8_t *memory_disk_bytes(struct disk *disk)
{
	return ((struct memory_disk *)disk)->bytes;
}

static int memory_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	(void)err;
	memcpy(data, memory_disk_bytes(disk) + offset, length);
	return 0;
}

static int memory_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	(void)err;
	memcpy(memory_disk_bytes(disk) + offset, data, length);
	return 0;
}

static int memory_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	(void)err;
	memset(memory_disk_bytes(disk) + offset, 0, length);
	return 0;
}

static void memory_free(struct disk *disk)
{
	free(disk);
}

static const struct disk_driver memory_driver = {
	.name = "memory",
	.family = "raw", /* what an overlay of it records */
	.read = memory_read,
	.write = memory_write,
	.zero = memory_zero,
	.free = memory_free,
};

struct disk *memory_disk_new(uint64_t size)
{
	struct memory_disk *memory = xcalloc(1, sizeof(*memory) + size);

	memory->disk = (struct disk){
		.driver = &memory_driver, .size = size, .block = 4096, .writable = true};
	return &memory->disk;
}

struct failing_disk {
	struct disk disk;
	struct disk *below; /* borrowed */
	unsigned left;
};

static int count(struct disk *disk, struct disk **ret_below, struct error *err)
{
	struct failing_disk *failing = (struct failing_disk *)disk;

	if (!failing->left)
		return error_set(err, STATUS_FAILED, "this disk fails, as it should");
	failing->left--;
	*ret_below = failing->below;
	return 0;
}

static int failing_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct disk *below = NULL;

	return count(disk, &below, err) ? -1 : disk_read(below, offset, data, length, err);
}

static int failing_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	struct disk *below = NULL;

	return count(disk, &below, err) ? -1 : disk_write(below, offset, data, length, err);
}

static int failing_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	struct disk *below = NULL;

	return count(disk, &below, err) ? -1 : disk_zero(below, offset, length, err);
}

static const struct disk_driver failing_driver = {
	.name = "failing",
	.family = "failing",
	.read = failing_read,
	.write = failing_write,
	.zero = failing_zero,
	.free = memory_free,
};

struct disk *failing_disk_new(struct disk *below, unsigned operations)
{
	struct failing_disk *failing = xmalloc(sizeof(*failing));

	*failing = (struct failing_disk){
		.disk = {.driver = &failing_driver,
			.size = below->size,
			.block = below->block,
			.writable = true},
		.below = below,
		.left = operations,
	};
	return &failing->disk;
}
