#include "uki.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"

enum {
	PAGE = 4096,       /* what sections are aligned to in memory */
	NAME_LENGTH = 8,   /* of a section */
	MAGIC_32 = 0x10b,  /* of the optional header: PE32 */
	MAGIC_64 = 0x20b,  /* ... and PE32+ */
	SECTION_MAX = 96,  /* Windows takes no more */
	LONGEST = 1 << 30, /* bytes of an image: all offsets fit 32 bits */
	/* Initialized data that is read. */
	SECTION_FLAGS = 0x40000040,
};

/* Where the MS-DOS header says that the PE header is. */
enum { PE_OFFSET = 0x3c };

/* All little-endian. */
struct pe_header {
	char signature[4]; /* "PE\0\0" */
	uint16_t machine, section_count;
	uint32_t time, symbols, symbol_count;
	uint16_t optional_size, flags;
} __attribute__((packed));
_Static_assert(sizeof(struct pe_header) == 24, "signature and COFF header");

struct pe_optional {
	uint16_t magic;
	uint8_t linker[2];
	uint32_t code_size, data_size, zeros_size, entry, code_base;
	uint64_t image_base; /* of PE32 the upper half; the other is where data begins */
	uint32_t section_alignment, file_alignment;
	uint16_t versions[6];
	uint32_t reserved;
	uint32_t image_size, headers_size; /* in memory; in the file */
	uint32_t checksum;                 /* 0: none; of drivers only it is looked at */
} __attribute__((packed));
_Static_assert(sizeof(struct pe_optional) == 68, "up to the checksum");

struct pe_section {
	char name[NAME_LENGTH];          /* padded by NUL */
	uint32_t memory_size, memory_at; /* bytes; from the image's base */
	uint32_t file_size, file_at;     /* bytes, both multiples of the file alignment */
	uint8_t relocations[12];
	uint32_t flags;
} __attribute__((packed));
_Static_assert(sizeof(struct pe_section) == 40, "an entry of the section table");

/* A program's headers; they point into its bytes. */
struct pe {
	struct pe_header *header;
	struct pe_optional *optional;
	struct pe_section *sections;
	size_t section_count, table; /* entries; where the table starts, in bytes */
};

/* Whether [offset, offset + length) lies in the bytes. */
static bool holds(const struct buffer *bytes, uint64_t offset, uint64_t length)
{
	return offset <= bytes->length && length <= bytes->length - offset;
}

static bool is_magic(uint16_t magic)
{
	return magic == MAGIC_32 || magic == MAGIC_64;
}

static bool pe_read(const struct buffer *image, struct pe *ret_pe)
{
	struct pe pe;
	uint32_t at;

	if (!holds(image, PE_OFFSET, sizeof(at)) || memcmp(image->data, "MZ", 2))
		return false;
	memcpy(&at, image->data + PE_OFFSET, sizeof(at));
	at = le32toh(at);
	size_t optional_at = (size_t)at + sizeof(*pe.header);
	if (!holds(image, at, sizeof(*pe.header) + sizeof(*pe.optional)))
		return false;
	pe.header = (struct pe_header *)(image->data + at);
	pe.optional = (struct pe_optional *)(image->data + optional_at);
	pe.table = optional_at + le16toh(pe.header->optional_size);
	pe.section_count = le16toh(pe.header->section_count);
	if (memcmp(pe.header->signature, "PE\0\0", 4) ||
		le16toh(pe.header->optional_size) < sizeof(*pe.optional) ||
		!is_magic(le16toh(pe.optional->magic)) || pe.section_count > SECTION_MAX ||
		!holds(image, pe.table, pe.section_count * sizeof(*pe.sections)))
		return false;
	pe.sections = (struct pe_section *)(image->data + pe.table);
	*ret_pe = pe;
	return true;
}

/* Where the sections that there are end in memory, and where the first begins in a file of so many
 * bytes. */
static void measure(const struct pe *pe, uint64_t length, uint64_t *ret_end, uint64_t *ret_begin)
{
	*ret_end = 0;
	*ret_begin = length;
	if (le32toh(pe->optional->headers_size) < length)
		*ret_begin = le32toh(pe->optional->headers_size);
	for (size_t i = 0; i < pe->section_count; i++) {
		uint64_t end = (uint64_t)le32toh(pe->sections[i].memory_at) +
			       le32toh(pe->sections[i].memory_size);
		uint64_t begin = le32toh(pe->sections[i].file_at);
		if (end > *ret_end)
			*ret_end = end;
		if (begin && begin < *ret_begin)
			*ret_begin = begin;
	}
}

static void pad(struct buffer *image)
{
	static const char zeros[UKI_ALIGN];
	size_t over = image->length % UKI_ALIGN;

	if (over)
		buffer_append(image, zeros, UKI_ALIGN - over);
}

/* Appends the sections to the file, and their entries to the table, which has room for them. */
static void append_sections(
	struct buffer *image, const struct uki_section *sections, size_t count, uint64_t memory_at)
{
	struct pe pe;

	pad(image);
	for (size_t i = 0; i < count; i++) {
		struct pe_section entry = {.flags = htole32(SECTION_FLAGS)};
		size_t start = image->length;
		memory_at = round_up(memory_at, PAGE);
		buffer_append(image, sections[i].data, sections[i].length);
		pad(image);
		memcpy(entry.name, sections[i].name, strlen(sections[i].name));
		entry.memory_size = htole32(sections[i].length);
		entry.memory_at = htole32(memory_at);
		entry.file_size = htole32(image->length - start);
		entry.file_at = htole32(start);
		memory_at += sections[i].length;
		/* The bytes may have moved. */
		pe_read(image, &pe);
		memcpy(image->data + pe.table + pe.section_count * sizeof(entry), &entry,
			sizeof(entry));
		pe.header->section_count = htole16(pe.section_count + 1);
	}
	pe_read(image, &pe);
	pe.optional->image_size = htole32(round_up(memory_at, PAGE));
	pe.optional->checksum = 0;
}

int uki_make(const struct buffer *program, const struct uki_section *sections, size_t count,
	struct buffer *ret_image, struct error *err)
{
	uint64_t memory_end, first, total = program->length;
	struct buffer image = {0};
	struct pe pe;

	if (!pe_read(program, &pe))
		return error_set(err, STATUS_FAILED, "no program for UEFI (PE32, PE32+)");
	measure(&pe, program->length, &memory_end, &first);
	if (pe.table + (pe.section_count + count) * sizeof(*pe.sections) > first ||
		pe.section_count + count > SECTION_MAX)
		return error_set(err, STATUS_FAILED,
			"the program for UEFI has no room for %zu more sections", count);
	for (size_t i = 0; i < count; i++)
		total += sections[i].length;
	if (total > LONGEST || memory_end > LONGEST)
		return error_set(err, STATUS_FAILED, "a unified kernel image of %llu bytes",
			(unsigned long long)total);
	buffer_append(&image, program->data, program->length);
	append_sections(&image, sections, count, memory_end);
	*ret_image = image;
	return 0;
}

static struct pe_section *find_section(const struct pe *pe, const char *name)
{
	char padded[NAME_LENGTH] = {0};

	memcpy(padded, name, strnlen(name, NAME_LENGTH));
	for (size_t i = 0; i < pe->section_count; i++)
		if (!memcmp(pe->sections[i].name, padded, NAME_LENGTH))
			return &pe->sections[i];
	return NULL;
}

int uki_replace(struct buffer *image, const struct uki_section *section, struct error *err)
{
	uint64_t memory_end, first;
	struct pe pe;

	if (!pe_read(image, &pe) || !find_section(&pe, section->name))
		return error_set(err, STATUS_FAILED, "no section %s", section->name);
	measure(&pe, image->length, &memory_end, &first);
	uint64_t memory_at = round_up(memory_end, PAGE);
	if (image->length + section->length > LONGEST || memory_at + section->length > LONGEST)
		return error_set(err, STATUS_FAILED, "too large for a unified kernel image");
	pad(image);
	size_t start = image->length;
	buffer_append(image, section->data, section->length);
	pad(image);
	/* The bytes may have moved. */
	pe_read(image, &pe);
	struct pe_section *entry = find_section(&pe, section->name);
	entry->memory_size = htole32(section->length);
	entry->memory_at = htole32(memory_at);
	entry->file_size = htole32(image->length - start);
	entry->file_at = htole32(start);
	pe.optional->image_size = htole32(round_up(memory_at + section->length, PAGE));
	return 0;
}

bool uki_find(
	const struct buffer *image, const char *name, uint64_t *ret_offset, uint64_t *ret_length)
{
	char padded[NAME_LENGTH] = {0};
	struct pe pe;

	if (!pe_read(image, &pe) || strlen(name) > NAME_LENGTH)
		return false;
	memcpy(padded, name, strlen(name));
	for (size_t i = 0; i < pe.section_count; i++) {
		const struct pe_section *section = &pe.sections[i];
		uint64_t offset = le32toh(section->file_at);
		uint32_t memory = le32toh(section->memory_size), file = le32toh(section->file_size);
		uint64_t length = memory < file ? memory : file;
		if (memcmp(section->name, padded, NAME_LENGTH) || !holds(image, offset, length))
			continue;
		*ret_offset = offset;
		*ret_length = length;
		return true;
	}
	return false;
}
