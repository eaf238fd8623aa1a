/* Swap space: no files, but what it is. */
#include <endian.h>
#include <string.h>

#include "image-tree.h"
#include "uuid.h"

/* The first page, behind its first KiB (the kernel's union swap_header); little-endian. */
struct swap_header {
	uint32_t version, last_page, bad_pages;
	uint8_t uuid[16];
	char label[16];
} __attribute__((packed));

enum { PAGE = 4096, HEADER = 1024, SIGNATURE = PAGE - 10 };

static bool recognize(const struct slice *slice)
{
	struct error ignored = {0};
	char signature[10] = "";

	if (slice->length < PAGE ||
		slice_read(slice, SIGNATURE, signature, sizeof(signature), &ignored))
		error_release(&ignored);
	return !memcmp(signature, "SWAPSPACE2", sizeof(signature));
}

static int load(struct image_tree *tree, struct error *err)
{
	struct swap_header header;
	struct uuid uuid;
	char text[UUID_TEXT];

	if (slice_read(&tree->slice, HEADER, &header, sizeof(header), err))
		return -1;
	memcpy(uuid.bytes, header.uuid, sizeof(uuid.bytes));
	uuid_format(&uuid, text);
	tree->uuid = arena_strdup(&tree->arena, text);
	if (*header.label)
		tree->label = arena_printf(&tree->arena, "%.16s", header.label);
	tree->size = tree->free = (le32toh(header.last_page) + 1ull) * PAGE;
	return tree->size <= tree->slice.length
		       ? 0
		       : image_damaged(tree, HEADER, err, "more pages than the disk has");
}

const struct tree_reader tree_reader_swap = {
	.name = "swap",
	.recognize = recognize,
	.load = load,
};
