#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/text.h"
#include "disk-vmdk.h"
#include "host-file.h"

struct vmdk_header vmdk_header_make(uint64_t size)
{
	return (struct vmdk_header){
		.magic = {'K', 'D', 'M', 'V'},
		.version = htole32(1),
		.flags = htole32(VMDK_NEWLINES),
		.capacity = htole64(size / VMDK_SECTOR),
		.grain = htole64(VMDK_GRAIN / VMDK_SECTOR),
		.descriptor_at = htole64(VMDK_DESCRIPTOR_AT),
		.descriptor_size = htole64(VMDK_DESCRIPTOR_SIZE),
		.table_entries = htole32(VMDK_TABLE),
		.newlines = {'\n', ' ', '\r', '\n'},
	};
}

#define NO_UUID "00000000-0000-0000-0000-000000000000"

/* Of overlays in VMware's sense: an image is known by it. */
static uint32_t content_id(const struct uuid *id)
{
	uint32_t first;

	memcpy(&first, id->bytes, sizeof(first));
	first = be32toh(first);
	return first == UINT32_MAX ? 0 : first; /* "none" */
}

char *vmdk_descriptor(const char *type, uint64_t size, const struct uuid *id)
{
	enum { HEADS = 255, SECTORS = 63 };
	uint64_t sectors = size / VMDK_SECTOR, cylinders = sectors / (HEADS * SECTORS);
	char image[UUID_TEXT];

	uuid_format(id, image);
	/* The extent's name is that of the file itself, under which nobody looks for it. VirtualBox
	 * writes a random UUID into an image that has none. No cylinder is behind the disk's end.
	 */
	return xasprintf("# Disk DescriptorFile\n"
			 "version=1\n"
			 "CID=%08x\n"
			 "parentCID=ffffffff\n"
			 "createType=\"%s\"\n"
			 "\n"
			 "# Extent description\n"
			 "RW %llu SPARSE \"disk.vmdk\"\n"
			 "\n"
			 "# The Disk Data Base\n"
			 "#DDB\n"
			 "\n"
			 "ddb.virtualHWVersion = \"4\"\n"
			 "ddb.geometry.cylinders = \"%llu\"\n"
			 "ddb.geometry.heads = \"%d\"\n"
			 "ddb.geometry.sectors = \"%d\"\n"
			 "ddb.adapterType = \"lsilogic\"\n"
			 "ddb.uuid.image = \"%s\"\n"
			 "ddb.uuid.modification = \"%s\"\n"
			 "ddb.uuid.parent = \"" NO_UUID "\"\n"
			 "ddb.uuid.parentmodification = \"" NO_UUID "\"\n",
		content_id(id), type, (unsigned long long)sectors,
		(unsigned long long)(cylinders ? cylinders : 1), HEADS, SECTORS, image, image);
}

int vmdk_write_descriptor(int fd, uint64_t base, const char *descriptor, struct error *err)
{
	uint64_t at = base + (uint64_t)VMDK_DESCRIPTOR_AT * VMDK_SECTOR;

	return file_write_at(fd, at, descriptor, strlen(descriptor), err);
}

bool vmdk_recognize(const struct disk_ends *ends, uint32_t flags)
{
	struct vmdk_header header;

	memcpy(&header, ends->head, sizeof(header));
	if (!flags && !memcmp(ends->head, VMDK_DESCRIPTOR, strlen(VMDK_DESCRIPTOR)))
		return true;
	return !memcmp(header.magic, VMDK_MAGIC, sizeof(header.magic)) &&
	       (le32toh(header.flags) & VMDK_COMPRESSED) == flags;
}

#define wrong(err, ...) error_set(err, STATUS_FAILED, "VMDK header: " __VA_ARGS__)

static int read_header(int fd, uint64_t at, struct vmdk_header *header, struct error *err)
{
	if (host_file_read(fd, at, header, sizeof(*header), err))
		return -1;
	if (memcmp(header->magic, VMDK_MAGIC, sizeof(header->magic)))
		return error_set(err, STATUS_FAILED, "VMDK %s: byte 0x%llx: no signature",
			at ? "footer" : "header", (unsigned long long)at);
	header->version = le32toh(header->version);
	header->flags = le32toh(header->flags);
	header->capacity = le64toh(header->capacity);
	header->grain = le64toh(header->grain);
	header->table_entries = le32toh(header->table_entries);
	header->directory_at = le64toh(header->directory_at);
	header->compression = le16toh(header->compression);
	return 0;
}

static int check_header(const struct vmdk_header *header, uint64_t file_size, struct error *err)
{
	uint64_t grain = header->grain * VMDK_SECTOR, count;

	if (header->version < 1 || header->version > 3)
		return wrong(err, "byte 4: version %u: jeos reads 1 to 3", header->version);
	if (!header->capacity || header->capacity > INT64_MAX / VMDK_SECTOR)
		return wrong(err, "byte 12: a disk of %llu sectors",
			(unsigned long long)header->capacity);
	if (header->grain < 8 || header->grain > VMDK_GRAIN_MAX / VMDK_SECTOR ||
		header->grain & (header->grain - 1))
		return wrong(err,
			"byte 20: grains of %llu sectors: not a power of two from 8 to 2048",
			(unsigned long long)header->grain);
	if (header->table_entries != VMDK_TABLE)
		return wrong(err, "byte 44: tables of %u entries, not 512", header->table_entries);
	if (header->flags & VMDK_COMPRESSED && header->compression != VMDK_DEFLATE)
		return wrong(
			err, "byte 77: compression %u: jeos reads 1, deflate", header->compression);
	count = divide_up(header->capacity * VMDK_SECTOR, grain * VMDK_TABLE);
	if (header->directory_at > file_size / VMDK_SECTOR ||
		count * sizeof(uint32_t) > file_size - header->directory_at * VMDK_SECTOR)
		return wrong(err,
			"byte 56: a directory of %llu entries at sector 0x%llx of a file of %llu "
			"bytes",
			(unsigned long long)count, (unsigned long long)header->directory_at,
			(unsigned long long)file_size);
	return 0;
}

int vmdk_tables_open(int fd, uint64_t file_size, struct vmdk_tables *ret_tables, struct error *err)
{
	struct vmdk_header header;

	if (host_file_read(fd, 0, &header, sizeof(header), err))
		return -1;
	if (!memcmp(&header, VMDK_DESCRIPTOR, strlen(VMDK_DESCRIPTOR)))
		return wrong(err, "a descriptor of an image in other files: jeos reads those that "
				  "are one file");
	if (read_header(fd, 0, &header, err))
		return -1;
	/* The footer is followed by one sector, the marker of the end. */
	if (header.directory_at == VMDK_AT_END && file_size > 3 * VMDK_SECTOR &&
		read_header(fd, round_up(file_size, VMDK_SECTOR) - 2 * VMDK_SECTOR, &header, err))
		return -1;
	if (check_header(&header, file_size, err))
		return -1;
	*ret_tables = (struct vmdk_tables){
		.fd = fd,
		.file_size = file_size,
		.size = header.capacity * VMDK_SECTOR,
		.directory_at = header.directory_at * VMDK_SECTOR,
		.grain = header.grain * VMDK_SECTOR,
	};
	return 0;
}

int vmdk_find(struct vmdk_tables *tables, uint64_t grain, uint64_t *ret_place, struct error *err)
{
	uint32_t table, entry;

	if (blocks_entry(tables->fd, &tables->directory_window, tables->directory_at,
		    grain / VMDK_TABLE, &table, err))
		return -1;
	uint64_t at = le32toh(table) * (uint64_t)VMDK_SECTOR;
	if (!at) {
		*ret_place = 0;
		return 0;
	}
	if (at >= tables->file_size)
		return error_set(err, STATUS_FAILED,
			"grain table at byte 0x%llx: behind the end of the file of %llu bytes",
			(unsigned long long)at, (unsigned long long)tables->file_size);
	if (blocks_entry(tables->fd, &tables->table_window, at, grain % VMDK_TABLE, &entry, err))
		return -1;
	/* Sector 1, where no grain can be, stands for zeros. */
	entry = le32toh(entry);
	*ret_place = entry > 1 ? entry * (uint64_t)VMDK_SECTOR : 0;
	return 0;
}
