#include "fat.h"

#include <ctype.h>
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"

/* The first sector, up to what FAT32 adds. All little-endian. */
struct boot_record {
	uint8_t jump[3], system[8];
	uint16_t sector_size; /* bytes */
	uint8_t cluster_sectors;
	uint16_t reserved_sectors;
	uint8_t fat_count;
	uint16_t root_entries; /* 0 on FAT32 */
	uint16_t sectors_16;   /* 0: see sectors_32 */
	uint8_t media;
	uint16_t fat_sectors_16; /* 0: see fat_sectors_32 */
	uint8_t geometry[8];
	uint32_t sectors_32;
	uint32_t fat_sectors_32;
	uint16_t flags, version;
	uint32_t root_cluster;
} __attribute__((packed));
_Static_assert(sizeof(struct boot_record) == 48, "the BPB up to BPB_RootClus");

struct entry {
	char name[11]; /* eight and three, padded by blanks */
	uint8_t attributes;
	uint8_t times[8];
	uint16_t cluster_high;
	uint8_t more_times[4];
	uint16_t cluster_low;
	uint32_t size;
} __attribute__((packed));
_Static_assert(sizeof(struct entry) == 32, "a directory entry");

enum { VOLUME = 0x08, DIRECTORY = 0x10 }; /* attributes; parts of long names are volumes too */

/* A filesystem; sizes and places in bytes. */
struct fat {
	const struct slice *slice;
	unsigned bits; /* of an entry of the table: 12, 16 or 32 */
	uint64_t table, root, root_length, data, cluster_size;
	uint32_t cluster_count, root_cluster; /* clusters are numbered from 2 */
};

enum { DIRECTORY_LIMIT = 2 * MIB, FIRST_CLUSTER = 2 };

static bool is_power(uint32_t number)
{
	return number && !(number & (number - 1));
}

static bool understand(struct fat *fat, const struct boot_record *record)
{
	uint64_t sector = le16toh(record->sector_size);
	uint64_t sectors = le16toh(record->sectors_16) ? le16toh(record->sectors_16)
						       : le32toh(record->sectors_32);
	uint64_t table_sectors = le16toh(record->fat_sectors_16) ? le16toh(record->fat_sectors_16)
								 : le32toh(record->fat_sectors_32);

	if (!is_power(sector) || sector < 512 || sector > 4096 ||
		!is_power(record->cluster_sectors) || !table_sectors)
		return false;
	fat->cluster_size = sector * record->cluster_sectors;
	fat->table = sector * le16toh(record->reserved_sectors);
	fat->root = fat->table + sector * table_sectors * record->fat_count;
	fat->root_length = sizeof(struct entry) * le16toh(record->root_entries);
	fat->data = fat->root + round_up(fat->root_length, sector);
	if (sectors * sector > fat->slice->length || fat->data >= sectors * sector)
		return false;
	uint64_t count = (sectors * sector - fat->data) / fat->cluster_size;
	/* The number of clusters alone decides. */
	fat->bits = count < 4085 ? 12 : count < 65525 ? 16 : 32;
	if ((count + FIRST_CLUSTER) * fat->bits / 8 > sector * table_sectors)
		return false;
	fat->cluster_count = count;
	fat->root_cluster = fat->bits == 32 ? le32toh(record->root_cluster) : 0;
	return true;
}

static int fat_open(const struct slice *slice, struct fat *fat, struct error *err)
{
	struct boot_record record;

	fat->slice = slice;
	if (slice->length < sizeof(record))
		return error_set(err, STATUS_FAILED, "no FAT filesystem");
	if (slice_read(slice, 0, &record, sizeof(record), err))
		return -1;
	return understand(fat, &record) ? 0 : error_set(err, STATUS_FAILED, "no FAT filesystem");
}

static bool is_cluster(const struct fat *fat, uint32_t cluster)
{
	return cluster >= FIRST_CLUSTER && cluster - FIRST_CLUSTER < fat->cluster_count;
}

/* The cluster behind this one, which is any other number at a file's end. */
static int next_cluster(
	const struct fat *fat, uint32_t cluster, uint32_t *ret_next, struct error *err)
{
	uint64_t at = fat->table + (uint64_t)cluster * fat->bits / 8;
	uint32_t value = 0;

	if (slice_read(fat->slice, at, &value, fat->bits == 32 ? 4 : 2, err))
		return -1;
	value = le32toh(value);
	if (fat->bits == 12)
		value = (cluster % 2 ? value >> 4 : value) & 0xfff;
	*ret_next = value & 0x0fffffff;
	return 0;
}

/* Reads a chain of clusters, up to its end or `limit` bytes. */
static int read_chain(const struct fat *fat, uint32_t cluster, uint64_t limit,
	struct buffer *content, struct error *err)
{
	cleanup_free char *block = xmalloc(fat->cluster_size);

	buffer_text(content, "");
	/* A chain that bites its own tail ends, too. */
	for (uint32_t i = 0; i < fat->cluster_count && content->length < limit; i++) {
		uint64_t at = fat->data + (cluster - FIRST_CLUSTER) * fat->cluster_size;
		uint64_t rest = limit - content->length;
		if (!is_cluster(fat, cluster))
			break;
		if (interrupt_check(err) ||
			slice_read(fat->slice, at, block, fat->cluster_size, err) ||
			next_cluster(fat, cluster, &cluster, err))
			return -1;
		buffer_append(content, block, rest < fat->cluster_size ? rest : fat->cluster_size);
	}
	return 0;
}

/* The directory that starts at a cluster; 0: the root. */
static int read_directory(
	const struct fat *fat, uint32_t cluster, struct buffer *content, struct error *err)
{
	if (cluster || fat->root_cluster)
		return read_chain(
			fat, cluster ? cluster : fat->root_cluster, DIRECTORY_LIMIT, content, err);
	cleanup_free char *block = xmalloc(fat->root_length + 1);
	if (slice_read(fat->slice, fat->root, block, fat->root_length, err))
		return -1;
	buffer_append(content, block, fat->root_length);
	return 0;
}

/* "BOOTX64.EFI" as "BOOTX64 EFI"; false when it does not fit. */
static bool pack_name(const char *name, size_t length, char ret_packed[11])
{
	const char *dot = memchr(name, '.', length);
	size_t stem = dot ? (size_t)(dot - name) : length;
	size_t rest = dot ? length - stem - 1 : 0;

	if (!stem || stem > 8 || rest > 3)
		return false;
	memset(ret_packed, ' ', 11);
	for (size_t i = 0; i < stem; i++)
		ret_packed[i] = toupper((unsigned char)name[i]);
	for (size_t i = 0; i < rest; i++)
		ret_packed[8 + i] = toupper((unsigned char)dot[1 + i]);
	return true;
}

static const struct entry *find(const struct buffer *directory, const char *name, size_t length)
{
	const struct entry *entries = (const struct entry *)directory->data;
	char packed[11];

	if (!pack_name(name, length, packed))
		return NULL;
	for (size_t i = 0; i < directory->length / sizeof(*entries) && entries[i].name[0]; i++)
		if (!(entries[i].attributes & VOLUME) && !memcmp(entries[i].name, packed, 11))
			return &entries[i];
	return NULL;
}

/* The entry of a path; root is the directory that nothing has an entry for. */
static int look_up(
	const struct fat *fat, const char *path, struct entry *ret_entry, struct error *err)
{
	struct entry entry = {.attributes = DIRECTORY};

	for (const char *name = path; *name;) {
		cleanup_buffer struct buffer directory = {0};
		size_t length = strcspn(name, "/");
		uint32_t cluster =
			(uint32_t)le16toh(entry.cluster_high) << 16 | le16toh(entry.cluster_low);
		if (entry.attributes & DIRECTORY && read_directory(fat, cluster, &directory, err))
			return -1;
		const struct entry *found = find(&directory, name, length);
		if (!found)
			return error_set(err, STATUS_FAILED, "%s: no such file", path);
		entry = *found;
		name += length + (name[length] == '/');
	}
	*ret_entry = entry;
	return 0;
}

int fat_read_file(const struct slice *slice, const char *path, uint64_t limit,
	struct buffer *ret_content, struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	struct entry entry = {0};
	struct fat fat = {0};

	if (fat_open(slice, &fat, err) || look_up(&fat, path, &entry, err))
		return -1;
	uint64_t size = le32toh(entry.size);
	uint32_t cluster = (uint32_t)le16toh(entry.cluster_high) << 16 | le16toh(entry.cluster_low);
	if (entry.attributes & DIRECTORY)
		return error_set(err, STATUS_FAILED, "%s: a directory", path);
	if (size > limit)
		return error_set(err, STATUS_FAILED, "%s: more than %llu bytes", path,
			(unsigned long long)limit);
	if (read_chain(&fat, cluster, size, &content, err))
		return error_wrap(err, "%s", path);
	if (content.length < size)
		return error_set(err, STATUS_FAILED, "%s: its clusters end early", path);
	*ret_content = content;
	content = (struct buffer){0};
	return 0;
}
