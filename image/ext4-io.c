#include "ext4-io.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"

enum { SLOTS = 256 };

/* Direct-mapped: block b can only be in slot b % SLOTS. */
struct slot {
	uint64_t block;
	bool used, dirty;
};

struct cache {
	struct ext4_device *device;
	uint8_t *data; /* SLOTS blocks; owned */
	struct slot slots[SLOTS];
};

static struct cache *cache_of(io_channel channel)
{
	return channel->private_data;
}

/* Libext2fs only sees that there was an error; ext4_fail() finds the first one again. */
static errcode_t keep_error(struct cache *cache, struct error *err, errcode_t code)
{
	if (cache->device->error.message)
		error_release(err);
	else
		cache->device->error = *err;
	return code;
}

static errcode_t read_bytes(struct cache *cache, uint64_t offset, void *data, uint64_t length)
{
	struct error err = {0};

	if (slice_read(cache->device->slice, offset, data, length, &err))
		return keep_error(cache, &err, EXT2_ET_SHORT_READ);
	return 0;
}

static errcode_t write_bytes(
	struct cache *cache, uint64_t offset, const void *data, uint64_t length)
{
	struct error err = {0};

	if (slice_write(cache->device->slice, offset, data, length, &err))
		return keep_error(cache, &err, EXT2_ET_SHORT_WRITE);
	return 0;
}

static errcode_t write_back(io_channel channel, size_t index)
{
	struct cache *cache = cache_of(channel);
	struct slot *slot = &cache->slots[index];
	uint64_t size = channel->block_size;
	errcode_t code = 0;

	if (slot->dirty)
		code = write_bytes(cache, slot->block * size, cache->data + index * size, size);
	if (!code)
		slot->dirty = false;
	return code;
}

/* Leaves no block of the byte range in the cache. */
static errcode_t evict(io_channel channel, uint64_t start, uint64_t end)
{
	struct cache *cache = cache_of(channel);
	uint64_t size = channel->block_size;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &cache->slots[i];
		if (!slot->used || slot->block * size >= end || (slot->block + 1) * size <= start)
			continue;
		errcode_t code = write_back(channel, i);
		if (code)
			return code;
		slot->used = false;
	}
	return 0;
}

/* Gives the block its slot, whoever had it before, with its bytes if they are wanted. */
static errcode_t take_slot(io_channel channel, uint64_t block, bool fill, uint8_t **ret_data)
{
	struct cache *cache = cache_of(channel);
	size_t index = block % SLOTS;
	struct slot *slot = &cache->slots[index];
	uint64_t size = channel->block_size;
	uint8_t *data = cache->data + index * size;

	*ret_data = data;
	if (slot->used && slot->block == block)
		return 0;
	errcode_t code = write_back(channel, index);
	if (code)
		return code;
	slot->used = false;
	code = fill ? read_bytes(cache, block * size, data, size) : 0;
	if (!code)
		*slot = (struct slot){.block = block, .used = true};
	return code;
}

/* A negative count means bytes: libext2fs reads and writes superblocks so. */
static uint64_t byte_count(io_channel channel, int count)
{
	return count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * channel->block_size;
}

static errcode_t device_read(io_channel channel, unsigned long long block, int count, void *data)
{
	uint64_t offset = block * channel->block_size, length = byte_count(channel, count);
	uint8_t *cached;
	errcode_t code;

	if (count != 1) {
		code = evict(channel, offset, offset + length);
		return code ? code : read_bytes(cache_of(channel), offset, data, length);
	}
	code = take_slot(channel, block, true, &cached);
	if (!code)
		memcpy(data, cached, length);
	return code;
}

static errcode_t device_write(
	io_channel channel, unsigned long long block, int count, const void *data)
{
	struct cache *cache = cache_of(channel);
	uint64_t offset = block * channel->block_size, length = byte_count(channel, count);
	uint8_t *cached;
	errcode_t code;

	if (count != 1) {
		code = evict(channel, offset, offset + length);
		return code ? code : write_bytes(cache, offset, data, length);
	}
	code = take_slot(channel, block, false, &cached);
	if (code)
		return code;
	memcpy(cached, data, length);
	cache->slots[block % SLOTS].dirty = true;
	return 0;
}

static errcode_t device_read_32(io_channel channel, unsigned long block, int count, void *data)
{
	return device_read(channel, block, count, data);
}

static errcode_t device_write_32(
	io_channel channel, unsigned long block, int count, const void *data)
{
	return device_write(channel, block, count, data);
}

static errcode_t device_write_bytes(
	io_channel channel, unsigned long offset, int length, const void *data)
{
	errcode_t code = evict(channel, offset, (uint64_t)offset + length);

	return code ? code : write_bytes(cache_of(channel), offset, data, length);
}

static errcode_t device_zero(io_channel channel, unsigned long long block, unsigned long long count)
{
	struct cache *cache = cache_of(channel);
	uint64_t offset = block * channel->block_size, length = count * channel->block_size;
	errcode_t code = evict(channel, offset, offset + length);
	struct error err = {0};

	if (!code && slice_zero(cache->device->slice, offset, length, &err))
		code = keep_error(cache, &err, EXT2_ET_SHORT_WRITE);
	return code;
}

static errcode_t device_flush(io_channel channel)
{
	errcode_t code = 0;

	for (size_t i = 0; i < SLOTS && !code; i++)
		code = write_back(channel, i);
	return code;
}

static errcode_t device_set_block_size(io_channel channel, int size)
{
	struct cache *cache = cache_of(channel);

	if (size == channel->block_size)
		return 0;
	errcode_t code = evict(channel, 0, UINT64_MAX);
	if (code)
		return code;
	channel->block_size = size;
	cache->data = xrealloc(cache->data, SLOTS, size);
	return 0;
}

static errcode_t device_open(const char *name, int flags, io_channel *ret_channel)
{
	struct cache *cache = xcalloc(1, sizeof(*cache));
	io_channel channel = xcalloc(1, sizeof(*channel));

	(void)flags;
	if (sscanf(name, "%p", (void **)&cache->device) != 1)
		abort();
	cache->data = xmalloc(SLOTS * EXT2_MIN_BLOCK_SIZE);
	*channel = (struct struct_io_channel){
		.magic = EXT2_ET_MAGIC_IO_CHANNEL,
		.manager = ext4_io_manager(),
		.name = xstrdup(name),
		.block_size = EXT2_MIN_BLOCK_SIZE,
		.refcount = 1,
		.private_data = cache,
	};
	*ret_channel = channel;
	return 0;
}

static errcode_t device_close(io_channel channel)
{
	if (--channel->refcount)
		return 0;
	errcode_t code = device_flush(channel);
	free(cache_of(channel)->data);
	free(cache_of(channel));
	free(channel->name);
	free(channel);
	return code;
}

io_manager ext4_io_manager(void)
{
	static const struct struct_io_manager manager = {
		.magic = EXT2_ET_MAGIC_IO_MANAGER,
		.name = "slice of a disk",
		.open = device_open,
		.close = device_close,
		.set_blksize = device_set_block_size,
		.read_blk = device_read_32,
		.write_blk = device_write_32,
		.flush = device_flush,
		.write_byte = device_write_bytes,
		.read_blk64 = device_read,
		.write_blk64 = device_write,
		.zeroout = device_zero,
	};

	return (io_manager)&manager;
}

void ext4_device_name(struct ext4_device *device, char ret_name[EXT4_DEVICE_NAME])
{
	snprintf(ret_name, EXT4_DEVICE_NAME, "%p", (void *)device);
}

int ext4_fail(
	struct ext4_device *device, errcode_t code, struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cleanup_free char *what = xvasprintf(format, arguments);
	va_end(arguments);
	if (device->error.message) {
		*err = device->error;
		device->error = (struct error){0};
		return error_wrap(err, "%s", what);
	}
	initialize_ext2_error_table();
	return error_set(err, STATUS_FAILED, "%s: %s", what, error_message(code));
}
