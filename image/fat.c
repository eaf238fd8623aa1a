#include "fat.h"

#include <ctype.h>
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "fat-access.h"

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

enum { DIRECTORY_LIMIT = 2 * MIB };

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
	fat->root_length = sizeof(struct fat_entry) * le16toh(record->root_entries);
	fat->data = fat->root + round_up(fat->root_length, sector);
	if (sectors * sector > fat->slice->length || fat->data >= sectors * sector)
		return false;
	uint64_t count = (sectors * sector - fat->data) / fat->cluster_size;
	/* The number of clusters alone decides. */
	fat->bits = count < 4085 ? 12 : count < 65525 ? 16 : 32;
	if ((count + FAT_FIRST_CLUSTER) * fat->bits / 8 > sector * table_sectors)
		return false;
	fat->cluster_count = count;
	fat->root_cluster = fat->bits == 32 ? le32toh(record->root_cluster) : 0;
	return true;
}

int fat_open(const struct slice *slice, struct fat *fat, struct error *err)
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
	return cluster >= FAT_FIRST_CLUSTER && cluster - FAT_FIRST_CLUSTER < fat->cluster_count;
}

/* An entry of the table: of three bytes two entries share the middle one. */
static uint32_t entry_value(const struct fat *fat, const uint8_t *bytes, bool odd)
{
	uint32_t value = bytes[0] | bytes[1] << 8;

	if (fat->bits == 32)
		value |= bytes[2] << 16 | (uint32_t)(bytes[3] & 0x0f) << 24;
	return fat->bits == 12 ? (odd ? value >> 4 : value & 0xfff) : value;
}

/* The cluster behind this one, which is any other number at a file's end. */
static int next_cluster(
	const struct fat *fat, uint32_t cluster, uint32_t *ret_next, struct error *err)
{
	uint64_t at = fat->table + (uint64_t)cluster * fat->bits / 8;
	uint8_t bytes[4] = {0};

	if (slice_read(fat->slice, at, bytes, fat->bits == 32 ? 4 : 2, err))
		return -1;
	*ret_next = entry_value(fat, bytes, cluster % 2);
	return 0;
}

uint32_t fat_entry_cluster(const struct fat_entry *entry)
{
	return (uint32_t)le16toh(entry->cluster_high) << 16 | le16toh(entry->cluster_low);
}

uint64_t fat_cluster_place(const struct fat *fat, uint32_t cluster)
{
	return fat->data + (cluster - FAT_FIRST_CLUSTER) * fat->cluster_size;
}

int fat_chain(const struct fat *fat, uint32_t cluster, uint64_t limit,
	struct fat_clusters *clusters, struct error *err)
{
	uint64_t wanted = divide_up(limit, fat->cluster_size);

	/* A chain that bites its own tail ends, too. */
	for (uint32_t i = 0; i < fat->cluster_count && i < wanted; i++) {
		if (!is_cluster(fat, cluster))
			break;
		vector_push(clusters, cluster);
		if (interrupt_check(err) || next_cluster(fat, cluster, &cluster, err))
			return -1;
	}
	return 0;
}

/* Pieces of the table that hold whole entries of any length. */
int fat_count_free(const struct fat *fat, uint64_t *ret_count, struct error *err)
{
	enum { PIECE = 48 * KIB };
	cleanup_free uint8_t *piece = xmalloc(PIECE + sizeof(uint32_t));
	uint64_t end = (uint64_t)fat->cluster_count + FAT_FIRST_CLUSTER, count = 0;
	uint64_t at_once = PIECE * 8 / fat->bits;

	for (uint64_t first = 0; first < end; first += at_once) {
		uint64_t entries = end - first < at_once ? end - first : at_once;
		uint64_t at = first * fat->bits / 8;
		if (interrupt_check(err) || slice_read(fat->slice, fat->table + at, piece,
						    divide_up(entries * fat->bits, 8), err))
			return -1;
		for (uint64_t i = 0; i < entries; i++)
			count += first + i >= FAT_FIRST_CLUSTER &&
				 !entry_value(fat, piece + i * fat->bits / 8, i % 2);
	}
	*ret_count = count;
	return 0;
}

/* Reads a chain of clusters, up to its end or `limit` bytes. */
static int read_clusters(const struct fat *fat, const struct fat_clusters *clusters, uint64_t limit,
	struct buffer *content, struct error *err)
{
	cleanup_free char *block = xmalloc(fat->cluster_size);

	buffer_text(content, "");
	vector_for_each (cluster, clusters) {
		uint64_t rest = limit - content->length;
		if (slice_read(fat->slice, fat_cluster_place(fat, *cluster), block,
			    fat->cluster_size, err))
			return -1;
		buffer_append(content, block, rest < fat->cluster_size ? rest : fat->cluster_size);
	}
	return 0;
}

static int read_chain(const struct fat *fat, uint32_t cluster, uint64_t limit,
	struct buffer *content, struct error *err)
{
	struct fat_clusters clusters = {0};
	int result = fat_chain(fat, cluster, limit, &clusters, err);

	if (!result)
		result = read_clusters(fat, &clusters, limit, content, err);
	vector_release(&clusters);
	return result;
}

int fat_read_directory(const struct fat *fat, uint32_t cluster, struct fat_clusters *clusters,
	struct buffer *content, struct error *err)
{
	if (!cluster)
		cluster = fat->root_cluster;
	if (cluster)
		return fat_chain(fat, cluster, DIRECTORY_LIMIT, clusters, err)
			       ? -1
			       : read_clusters(fat, clusters, DIRECTORY_LIMIT, content, err);
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

static const struct fat_entry *find(const struct buffer *directory, const char *name, size_t length)
{
	const struct fat_entry *entries = (const struct fat_entry *)directory->data;
	char packed[11];

	if (!pack_name(name, length, packed))
		return NULL;
	for (size_t i = 0; i < directory->length / sizeof(*entries) && entries[i].name[0]; i++)
		if (!(entries[i].attributes & FAT_VOLUME) && !memcmp(entries[i].name, packed, 11))
			return &entries[i];
	return NULL;
}

/* The entry of a path; root is the directory that nothing has an entry for. */
static int look_up(
	const struct fat *fat, const char *path, struct fat_entry *ret_entry, struct error *err)
{
	struct fat_entry entry = {.attributes = FAT_DIRECTORY};

	for (const char *name = path; *name;) {
		cleanup_buffer struct buffer directory = {0};
		size_t length = strcspn(name, "/");
		struct fat_clusters clusters = {0};
		int result = entry.attributes & FAT_DIRECTORY
				     ? fat_read_directory(fat, fat_entry_cluster(&entry), &clusters,
					       &directory, err)
				     : 0;
		vector_release(&clusters);
		if (result)
			return -1;
		const struct fat_entry *found = find(&directory, name, length);
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
	struct fat_entry entry = {0};
	struct fat fat = {0};

	if (fat_open(slice, &fat, err) || look_up(&fat, path, &entry, err))
		return -1;
	uint64_t size = le32toh(entry.size);
	if (entry.attributes & FAT_DIRECTORY)
		return error_set(err, STATUS_FAILED, "%s: a directory", path);
	if (size > limit)
		return error_set(err, STATUS_FAILED, "%s: more than %llu bytes", path,
			(unsigned long long)limit);
	if (read_chain(&fat, fat_entry_cluster(&entry), size, &content, err))
		return error_wrap(err, "%s", path);
	if (content.length < size)
		return error_set(err, STATUS_FAILED, "%s: its clusters end early", path);
	*ret_content = content;
	content = (struct buffer){0};
	return 0;
}
