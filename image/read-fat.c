/* FAT as a tree of files, with long names (Microsoft's "Long File Name Specification"). */
#include <ctype.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "fat-access.h"
#include "hardlinks.h"
#include "image-tree.h"
#include "uuid.h"

enum {
	PART = 13, /* characters of a long name in one entry */
	PARTS = 20,
	LAST_PART = 0x40,
	LONG_NAME = 0x0f, /* the attributes of a part */
	DELETED = 0xe5,
	LOWER_STEM = 0x08,
	LOWER_ENDING = 0x10,
};

/* Where the characters of a part are in its entry. */
static const uint8_t places[PART] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

struct state {
	struct fat fat;
	const struct image_file *mapped; /* whose clusters these are */
	struct fat_clusters clusters;
};

struct loading {
	struct image_tree *tree;
	struct hardlinks clusters; /* of directories, read already */
	uint16_t name[PARTS * PART + 1];
};

static bool recognize(const struct slice *slice)
{
	struct error ignored = {0};
	struct fat fat = {0};
	uint8_t jump[3];
	bool found = slice->length >= 512 && !slice_read(slice, 0, jump, sizeof(jump), &ignored) &&
		     (jump[0] == 0xeb || jump[0] == 0xe9) && !fat_open(slice, &fat, &ignored);

	error_release(&ignored);
	return found;
}

static void add_character(struct buffer *text, uint32_t character)
{
	if (character < 0x80)
		buffer_printf(text, "%c", character);
	else if (character < 0x800)
		buffer_printf(text, "%c%c", 0xc0 | character >> 6, 0x80 | (character & 0x3f));
	else
		buffer_printf(text, "%c%c%c", 0xe0 | character >> 12,
			0x80 | (character >> 6 & 0x3f), 0x80 | (character & 0x3f));
}

/* Keeps a part of the long name of the entry that comes behind all its parts. */
static void keep_part(struct loading *loading, const struct fat_entry *entry)
{
	const uint8_t *bytes = (const uint8_t *)entry;
	unsigned number = bytes[0] & 0x3f;

	if (bytes[0] & LAST_PART)
		memset(loading->name, 0, sizeof(loading->name));
	if (!number || number > PARTS)
		return;
	for (unsigned i = 0; i < PART; i++) {
		uint16_t unit = bytes[places[i]] | bytes[places[i] + 1] << 8;
		loading->name[(number - 1) * PART + i] = unit == 0xffff ? 0 : unit;
	}
}

static void add_short(struct buffer *name, const char *part, size_t length, bool lower)
{
	while (length && part[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = part[i];
		add_character(name, lower ? (unsigned)tolower(c) : c);
	}
}

static void name_of(
	const struct loading *loading, const struct fat_entry *entry, struct buffer *name)
{
	for (const uint16_t *unit = loading->name; *unit; unit++)
		add_character(name, *unit);
	if (name->length)
		return;
	add_short(name, entry->name, 8, entry->reserved[0] & LOWER_STEM);
	if (entry->name[8] == ' ')
		return;
	buffer_text(name, ".");
	add_short(name, entry->name + 8, 3, entry->reserved[0] & LOWER_ENDING);
}

static int64_t time_of(const struct fat_entry *entry)
{
	unsigned date = le16toh(entry->date), time = le16toh(entry->time);
	struct tm tm = {
		.tm_year = (int)(date >> 9) + 80,
		.tm_mon = (int)(date >> 5 & 15) - 1,
		.tm_mday = date & 31,
		.tm_hour = time >> 11,
		.tm_min = time >> 5 & 63,
		.tm_sec = (int)(time & 31) * 2,
	};

	return timegm(&tm);
}

static int add_entry(struct loading *loading, const char *directory, const struct fat_entry *entry,
	struct error *err)
{
	struct image_tree *tree = loading->tree;
	const struct fat *fat = &((struct state *)tree->state)->fat;
	bool is_directory = entry->attributes & FAT_DIRECTORY;
	cleanup_buffer struct buffer name = {0};
	const char *path;

	name_of(loading, entry, &name);
	memset(loading->name, 0, sizeof(loading->name));
	if (entry->name[0] == '.')
		return 0;
	if (image_tree_name(tree, directory, name.data ? name.data : "", name.length, &path, err))
		return -1;
	struct image_file *file = image_tree_add(tree);
	file->path = path;
	file->mode = is_directory ? S_IFDIR | 0755 : S_IFREG | 0755;
	file->size = is_directory ? 0 : le32toh(entry->size);
	file->stored = round_up(file->size, fat->cluster_size);
	file->links = 1;
	file->seconds = time_of(entry);
	file->place = fat_entry_cluster(entry);
	/* No two files share a number, not even empty ones. */
	file->inode = tree->files.count;
	return 0;
}

static void keep_label(struct image_tree *tree, const struct fat_entry *entry)
{
	size_t length = sizeof(entry->name);

	while (length && entry->name[length - 1] == ' ')
		length--;
	tree->label = arena_printf(&tree->arena, "%.*s", (int)length, entry->name);
}

static int add_entries(struct loading *loading, const char *directory, const struct buffer *content,
	struct error *err)
{
	struct fat_entry entry;

	memset(loading->name, 0, sizeof(loading->name));
	for (size_t at = 0; at + sizeof(entry) <= content->length; at += sizeof(entry)) {
		memcpy(&entry, content->data + at, sizeof(entry));
		if (!entry.name[0])
			return 0;
		if ((uint8_t)entry.name[0] == DELETED)
			continue;
		if (entry.attributes == LONG_NAME)
			keep_part(loading, &entry);
		else if (entry.attributes & FAT_VOLUME && strcmp(directory, "/") == 0)
			keep_label(loading->tree, &entry);
		else if (!(entry.attributes & FAT_VOLUME) &&
			 add_entry(loading, directory, &entry, err))
			return -1;
	}
	return 0;
}

static int read_directory(struct loading *loading, const struct image_file *file, struct error *err)
{
	struct image_tree *tree = loading->tree;
	const struct fat *fat = &((struct state *)tree->state)->fat;
	cleanup_buffer struct buffer content = {0};
	struct fat_clusters clusters = {0};
	const char *path = file->path;

	/* No cluster means the root: an entry like that would be in itself. */
	if (!file->place && path[1])
		return image_damaged(tree, fat->root, err, "the directory %s is the root", path);
	int result = fat_read_directory(fat, file->place, &clusters, &content, err);

	for (size_t i = 0; !result && i < clusters.count; i++) {
		const struct stat key = {.st_ino = clusters.items[i]};
		if ((*hardlinks_number(&loading->clusters, &key))++)
			result = image_damaged(tree, fat_cluster_place(fat, clusters.items[i]), err,
				"the directory %s: its cluster is another's as well", path);
	}
	if (!result)
		result = add_entries(loading, path, &content, err);
	vector_release(&clusters);
	return result;
}

static int read_serial(struct image_tree *tree, const struct fat *fat, struct error *err)
{
	uint8_t number[4];
	char text[UUID_SERIAL];

	if (slice_read(&tree->slice, fat->bits == 32 ? 67 : 39, number, sizeof(number), err))
		return -1;
	const struct uuid uuid = {{number[3], number[2], number[1], number[0]}};
	uuid_format_serial(&uuid, text);
	tree->uuid = arena_strdup(&tree->arena, text);
	return 0;
}

static int tell(struct image_tree *tree, const struct fat *fat, struct error *err)
{
	uint64_t count;

	if (read_serial(tree, fat, err) || fat_count_free(fat, &count, err))
		return -1;
	tree->size = fat->cluster_count * fat->cluster_size;
	tree->free = count * fat->cluster_size;
	image_tree_fact(tree, "kind", "FAT%u", fat->bits);
	image_tree_fact(tree, "cluster size", "%llu", (unsigned long long)fat->cluster_size);
	image_tree_fact(tree, "clusters", "%u", fat->cluster_count);
	return 0;
}

static int load(struct image_tree *tree, struct error *err)
{
	struct state *state = xcalloc(1, sizeof(*state));
	struct loading loading = {.tree = tree};
	int result = 0;

	tree->state = state;
	if (fat_open(&tree->slice, &state->fat, err) || tell(tree, &state->fat, err))
		return -1;
	*image_tree_add(tree) =
		(struct image_file){.path = "/", .mode = S_IFDIR | 0755, .links = 1};
	for (size_t i = 0; !result && i < tree->files.count; i++) {
		const struct image_file file = tree->files.items[i];
		if (interrupt_check(err) ||
			(S_ISDIR(file.mode) && read_directory(&loading, &file, err)))
			result = -1;
	}
	hardlinks_release(&loading.clusters);
	return result;
}

static int map_file(struct image_tree *tree, const struct image_file *file, struct error *err)
{
	struct state *state = tree->state;

	if (state->mapped == file)
		return 0;
	state->mapped = NULL;
	state->clusters.count = 0;
	if (fat_chain(&state->fat, file->place, file->size, &state->clusters, err))
		return -1;
	if (state->clusters.count * state->fat.cluster_size < file->size)
		return error_set(err, STATUS_FAILED, "FAT: damaged: its clusters end early");
	state->mapped = file;
	return 0;
}

static int read_file(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err)
{
	struct state *state = tree->state;
	uint64_t size = state->fat.cluster_size;
	uint8_t *bytes = data;

	if (map_file(tree, file, err))
		return -1;
	while (length) {
		uint64_t inside = offset % size, piece = size - inside;
		uint64_t place =
			fat_cluster_place(&state->fat, state->clusters.items[offset / size]);
		if (piece > length)
			piece = length;
		if (slice_read(&tree->slice, place + inside, bytes, piece, err))
			return -1;
		bytes += piece;
		offset += piece;
		length -= piece;
	}
	return 0;
}

static void release(struct image_tree *tree)
{
	struct state *state = tree->state;

	if (state)
		vector_release(&state->clusters);
	free(state);
}

const struct tree_reader tree_reader_fat = {
	.name = "vfat",
	.recognize = recognize,
	.load = load,
	.read = read_file,
	.release = release,
};
