/*
 * Swap space: a page that says what it is, as mkswap(8) writes it (Linux, include/linux/swap.h,
 * union swap_header), and then nothing. Numbers are little-endian; pages have 4 KiB.
 */
#include <endian.h>
#include <string.h>

#include "filesystem.h"

enum { PAGE = 4096, HEADER = 1024, VERSION = 1, LABEL_MAX = 16 };

struct swap_header {
	uint32_t version;
	uint32_t last_page;
	uint32_t bad_pages;
	uint8_t uuid[16];
	char label[LABEL_MAX]; /* padded by NUL */
} __attribute__((packed));
_Static_assert(sizeof(struct swap_header) == 44, "the used part of a swap header");

static int swap_write(const struct slice *slice, int tree, const struct filesystem_options *options,
	struct error *err)
{
	static const char magic[] = {'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2'};
	uint64_t pages = slice->length / PAGE;
	struct swap_header header = {
		.version = htole32(VERSION),
		.last_page = htole32(pages - 1 < UINT32_MAX ? pages - 1 : UINT32_MAX),
	};

	(void)tree;
	if (pages < 10)
		return error_set(err, STATUS_FAILED, "swap of %llu bytes: it takes 10 pages",
			(unsigned long long)slice->length);
	memcpy(header.uuid, options->uuid.bytes, sizeof(header.uuid));
	if (options->label)
		memcpy(header.label, options->label, strnlen(options->label, LABEL_MAX));
	if (slice_write(slice, HEADER, &header, sizeof(header), err))
		return -1;
	return slice_write(slice, PAGE - sizeof(magic), magic, sizeof(magic), err);
}

const struct filesystem filesystem_swap = {
	.name = "swap",
	.summary = "swap space",
	.write = swap_write,
};
