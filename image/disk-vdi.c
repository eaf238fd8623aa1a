/*
 * VDI, VirtualBox's format, version 1.1 (its VDICore.h). Numbers are little-endian.
 *
 *     text | header | map: the number of each block in the file | blocks of 1 MiB
 *
 * What we write has the map at 512 and the first block at the next whole MiB.
 */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "blocks.h"
#include "host-file.h"

enum {
	VDI_SIGNATURE_AT = 0x40,
	VDI_SECTOR = 512,
	VDI_BLOCK = MIB,
	VDI_DYNAMIC = 1,
	VDI_FIXED = 2,
	VDI_MAP = 512, /* where we write it */
};
#define VDI_SIGNATURE 0xbeda107fu
#define VDI_VERSION   0x00010001u
#define VDI_NOWHERE   0xfffffffeu /* from here on: zeros, or never written */

struct vdi_header {
	char text[VDI_SIGNATURE_AT];
	uint32_t signature, version;
	uint32_t length; /* of what follows, from itself on */
	uint32_t type, flags;
	char description[256];
	uint32_t map_at, data_at;
	uint32_t cylinders, heads, sectors, sector_size, unused;
	uint64_t size;
	uint32_t block_size, block_extra, blocks, blocks_taken;
	/* As GPT has them. The last two name the image below, and are zero. */
	uint8_t id[16], snapshot[16], link[16], parent[16];
} __attribute__((packed));
_Static_assert(sizeof(struct vdi_header) == 0x48 + 0x180, "a VDI header");

struct vdi {
	struct blocks blocks;
	struct uuid id;
	uint64_t map_at, data_at;
	struct blocks_window window;
};

static struct vdi *vdi_of(struct disk *disk)
{
	return (struct vdi *)disk;
}

static uint64_t data_place(uint64_t blocks)
{
	return round_up(VDI_MAP + blocks * sizeof(uint32_t), VDI_BLOCK);
}

static int vdi_create(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	struct vdi *vdi = xcalloc(1, sizeof(*vdi));

	*vdi = (struct vdi){
		.blocks = {.disk = {.driver = &disk_vdi, .size = options->size}, .size = VDI_BLOCK},
		.id = options->id,
		.map_at = VDI_MAP,
		.data_at = data_place(divide_up(options->size, VDI_BLOCK)),
	};
	if (blocks_create(&vdi->blocks, options->path, vdi->data_at, err)) {
		free(vdi);
		return -1;
	}
	*ret_disk = &vdi->blocks.disk;
	return 0;
}

static int write_map(struct vdi *vdi, struct error *err)
{
	const struct blocks *blocks = &vdi->blocks;
	uint32_t *entries = vdi->window.entries;
	uint64_t count = blocks_count(blocks);

	for (uint64_t first = 0, piece; first < count; first += piece) {
		piece = count - first < BLOCKS_WINDOW ? count - first : BLOCKS_WINDOW;
		for (uint64_t i = 0; i < piece; i++) {
			uint64_t place = blocks_place(blocks, first + i);
			entries[i] = htole32(place ? (place - vdi->data_at) / VDI_BLOCK : ~0u);
		}
		if (interrupt_check(err) ||
			file_write_at(blocks->fd, vdi->map_at + first * sizeof(*entries), entries,
				piece * sizeof(*entries), err))
			return -1;
	}
	return 0;
}

static int vdi_finish(struct disk *disk, struct error *err)
{
	struct vdi *vdi = vdi_of(disk);
	const struct blocks *blocks = &vdi->blocks;
	struct vdi_header header = {
		.text = "<<< jeos Virtual Disk Image >>>\n",
		.signature = htole32(VDI_SIGNATURE),
		.version = htole32(VDI_VERSION),
		.length = htole32(sizeof(header) - offsetof(struct vdi_header, length)),
		.type = htole32(VDI_DYNAMIC),
		.map_at = htole32(vdi->map_at),
		.data_at = htole32(vdi->data_at),
		.sector_size = htole32(VDI_SECTOR),
		.size = htole64(disk->size),
		.block_size = htole32(VDI_BLOCK),
		.blocks = htole32(blocks_count(blocks)),
		.blocks_taken = htole32((blocks->end - vdi->data_at) / VDI_BLOCK),
	};

	uuid_to_gpt(&vdi->id, header.id);
	uuid_to_gpt(&vdi->id, header.snapshot);
	if (write_map(vdi, err) || file_write_at(blocks->fd, 0, &header, sizeof(header), err))
		return -1;
	return host_file_set_size(blocks->fd, blocks->end, err);
}

static bool vdi_recognize(const struct disk_ends *ends)
{
	uint32_t signature;

	memcpy(&signature, ends->head + VDI_SIGNATURE_AT, sizeof(signature));
	return le32toh(signature) == VDI_SIGNATURE;
}

#define wrong(err, ...) error_set(err, STATUS_FAILED, "VDI header: " __VA_ARGS__)

static void header_to_host(struct vdi_header *header)
{
	header->version = le32toh(header->version);
	header->type = le32toh(header->type);
	header->map_at = le32toh(header->map_at);
	header->data_at = le32toh(header->data_at);
	header->sector_size = le32toh(header->sector_size);
	header->size = le64toh(header->size);
	header->block_size = le32toh(header->block_size);
	header->block_extra = le32toh(header->block_extra);
	header->blocks = le32toh(header->blocks);
}

static int check_header(const struct vdi_header *header, uint64_t file_size, struct error *err)
{
	static const uint8_t none[16];
	uint64_t map = header->blocks * (uint64_t)sizeof(uint32_t);

	if (header->version != VDI_VERSION)
		return wrong(err, "byte 0x44: version 0x%08x: jeos reads 1.1", header->version);
	if (header->type != VDI_DYNAMIC && header->type != VDI_FIXED)
		return wrong(err, "byte 0x4c: type %u: jeos reads dynamic and fixed images",
			header->type);
	if (memcmp(header->link, none, sizeof(none)) || memcmp(header->parent, none, sizeof(none)))
		return wrong(err, "byte 0x1a8: the image is a difference to another one: jeos does "
				  "not read it");
	if (header->sector_size != VDI_SECTOR || header->block_size != VDI_BLOCK ||
		header->block_extra)
		return wrong(err,
			"byte 0x168: sectors of %u and blocks of %u + %u bytes: not 512 and 1 MiB",
			header->sector_size, header->block_size, header->block_extra);
	if (header->size > INT64_MAX || header->size % VDI_SECTOR ||
		divide_up(header->size, VDI_BLOCK) > header->blocks)
		return wrong(err, "byte 0x170: a disk of %llu bytes in %u blocks",
			(unsigned long long)header->size, header->blocks);
	if (header->map_at < VDI_SECTOR || header->map_at > file_size ||
		map > file_size - header->map_at)
		return wrong(err, "byte 0x154: a map of %u blocks at byte %u of a file of %llu",
			header->blocks, header->map_at, (unsigned long long)file_size);
	return 0;
}

static int vdi_find(struct blocks *blocks, uint64_t block, uint64_t *ret_place, struct error *err)
{
	struct vdi *vdi = vdi_of(&blocks->disk);
	uint32_t entry;

	if (blocks_entry(blocks->fd, &vdi->window, vdi->map_at, block, &entry, err))
		return -1;
	entry = le32toh(entry);
	*ret_place = entry < VDI_NOWHERE ? vdi->data_at + (uint64_t)entry * VDI_BLOCK : 0;
	return 0;
}

static int vdi_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct vdi_header header;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		host_file_read(fd, 0, &header, sizeof(header), err))
		return -1;
	header_to_host(&header);
	if (check_header(&header, file_size, err))
		return -1;
	struct vdi *vdi = xcalloc(1, sizeof(*vdi));
	*vdi = (struct vdi){
		.blocks = {.disk = {.driver = &disk_vdi,
				   .size = header.size,
				   .block = HOST_FILE_BLOCK},
			.fd = steal_fd(&fd),
			.size = VDI_BLOCK,
			.end = file_size,
			.find = vdi_find},
		.map_at = header.map_at,
		.data_at = header.data_at,
	};
	*ret_disk = &vdi->blocks.disk;
	return 0;
}

const struct disk_driver disk_vdi = {
	.name = "vdi",
	.family = "vdi",
	.suffix = "vdi",
	.summary = "VirtualBox's format: grows with its data",
	.size_max = 512 * 1024 * GIB,
	.create = vdi_create,
	.recognize = vdi_recognize,
	.open = vdi_open,
	.read = blocks_read,
	.write = blocks_write,
	.zero = blocks_zero,
	.has_data = blocks_has_data,
	.finish = vdi_finish,
	.free = blocks_free,
};
