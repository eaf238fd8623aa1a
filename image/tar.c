#include "tar-header.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/text.h"

enum { TYPE_RECORDS = 'x', TYPE_HARD_LINK = '1' };

static char type_of(const struct tar_member *member)
{
	static const struct {
		mode_t mode;
		char type;
	} types[] = {{S_IFREG, '0'}, {S_IFLNK, '2'}, {S_IFCHR, '3'}, {S_IFBLK, '4'}, {S_IFDIR, '5'},
		{S_IFIFO, '6'}};

	for (size_t i = 0; i < array_count(types) && !member->hard_link; i++)
		if ((member->mode & S_IFMT) == types[i].mode)
			return types[i].type;
	return TYPE_HARD_LINK;
}

bool tar_put_octal(char *field, size_t size, uint64_t number)
{
	size_t digits = size - 1;
	bool fits = !(number >> (3 * digits));

	for (size_t i = digits; i--; number >>= 3)
		field[i] = fits ? (char)('0' + (number & 7)) : '0';
	return fits;
}

/* Whether the text fits; it need not end with a NUL. */
static bool put_text(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	memcpy(field, text, length < size ? length : size);
	return length <= size;
}

/* A long path is split at a '/'. */
static bool put_path(struct tar_fields *header, const char *path)
{
	size_t length = strlen(path);

	if (length <= sizeof(header->name))
		return put_text(header->name, sizeof(header->name), path);
	const char *at = path + length - sizeof(header->name) - 1;
	const char *slash = strchr(at, '/');
	if (slash && slash[1] && slash > path && (size_t)(slash - path) <= sizeof(header->prefix)) {
		memcpy(header->prefix, path, slash - path);
		return put_text(header->name, sizeof(header->name), slash + 1);
	}
	put_text(header->name, sizeof(header->name), path);
	return false;
}

void tar_seal(struct tar_fields *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	unsigned sum = 0;

	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	tar_put_octal(header->checksum, sizeof(header->checksum) - 1, sum);
}

static void seal(struct tar_fields *header)
{
	memcpy(header->magic, "ustar", sizeof(header->magic));
	memcpy(header->version, "00", sizeof(header->version));
	tar_seal(header);
}

/* "LENGTH KEY=VALUE\n", where the length is the record's own. */
void tar_record(struct buffer *records, const char *key, const void *value, size_t length)
{
	size_t rest = strlen(" =\n") + strlen(key) + length, whole = rest;

	for (size_t before = 0; whole != before;) {
		before = whole;
		whole = rest + snprintf(NULL, 0, "%zu", before);
	}
	buffer_printf(records, "%zu %s=", whole, key);
	buffer_append(records, value, length);
	buffer_text(records, "\n");
}

static void record_text(struct buffer *records, const char *key, const char *text)
{
	tar_record(records, key, text, strlen(text));
}

static void record_number(struct buffer *records, const char *key, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	record_text(records, key, text);
}

/* Fills in the header, and adds a record for what does not fit it. */
static void fill(struct tar_fields *header, const struct tar_member *member, const char *path,
	struct buffer *records)
{
	*header = (struct tar_fields){.type = type_of(member)};
	TAR_OCTAL(header->mode, member->mode & 07777);
	if (!put_path(header, path))
		record_text(records, "path", path);
	if (member->target && !put_text(header->target, sizeof(header->target), member->target))
		record_text(records, "linkpath", member->target);
	if (!TAR_OCTAL(header->uid, member->uid))
		record_number(records, "uid", member->uid);
	if (!TAR_OCTAL(header->gid, member->gid))
		record_number(records, "gid", member->gid);
	if (!TAR_OCTAL(header->size, member->size))
		record_number(records, "size", (int64_t)member->size);
	if (!TAR_OCTAL(header->time, (uint64_t)member->time))
		record_number(records, "mtime", member->time);
	if (S_ISCHR(member->mode) || S_ISBLK(member->mode)) {
		TAR_OCTAL(header->major, major(member->device));
		TAR_OCTAL(header->minor, minor(member->device));
	}
	seal(header);
}

static int put_records(struct output *output, const struct buffer *records, struct error *err)
{
	struct tar_fields header = {.name = "././@PaxHeader", .type = TYPE_RECORDS};

	if (!records->length)
		return 0;
	TAR_OCTAL(header.mode, 0644);
	TAR_OCTAL(header.uid, 0);
	TAR_OCTAL(header.gid, 0);
	TAR_OCTAL(header.size, records->length);
	TAR_OCTAL(header.time, 0);
	seal(&header);
	if (output_write(output, &header, sizeof(header), err) ||
		output_write(output, records->data, records->length, err))
		return -1;
	return tar_pad(output, records->length, err);
}

int tar_header(struct output *output, const struct tar_member *member, struct error *err)
{
	bool directory = S_ISDIR(member->mode);
	cleanup_free char *path = xasprintf("%s%s", member->path, directory ? "/" : "");
	cleanup_buffer struct buffer records = {0};
	struct tar_fields header;

	fill(&header, member, path, &records);
	if (member->records)
		buffer_append(&records, member->records->data, member->records->length);
	if (put_records(output, &records, err))
		return -1;
	return output_write(output, &header, sizeof(header), err);
}

int tar_pad(struct output *output, uint64_t size, struct error *err)
{
	return output_zeros(output, round_up(size, TAR_BLOCK) - size, err);
}

int tar_text(
	struct output *output, const char *path, const char *text, int64_t time, struct error *err)
{
	const struct tar_member member = {
		.path = path, .mode = S_IFREG | 0644, .size = strlen(text), .time = time};

	if (tar_header(output, &member, err) || output_write(output, text, member.size, err))
		return -1;
	return tar_pad(output, member.size, err);
}

int tar_end(struct output *output, struct error *err)
{
	return output_zeros(output, 2 * TAR_BLOCK, err);
}
