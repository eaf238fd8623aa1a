#include "vmlinux.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "uncompress.h"

enum {
	SECTOR = 512,
	LOADED_SECTORS = 4,      /* of the setup, where the header says 0 */
	PAYLOAD_VERSION = 0x208, /* of the boot protocol: that since which there is a payload */
	KERNEL_MAX = 512 * MIB,
	PVH_NOTE = 18, /* XEN_ELFNOTE_PHYS32_ENTRY */
};

/* What of a bzImage's first sectors matters here; all little-endian. */
struct setup_header {
	uint8_t code[0x1f1];
	uint8_t setup_sectors;
	uint8_t more[0x10];
	char magic[4]; /* "HdrS" */
	uint16_t version;
	uint8_t fields[0x40];
	uint32_t payload_offset, payload_length; /* bytes, from behind the setup */
} __attribute__((packed));
_Static_assert(sizeof(struct setup_header) == 0x250, "up to the payload's length");

/* Where the ELF file is in the bytes, uncompressed or not. */
static bool find_payload(const struct buffer *kernel, const char **ret_data, size_t *ret_length)
{
	struct setup_header header;

	if (kernel->length < sizeof(header))
		return false;
	memcpy(&header, kernel->data, sizeof(header));
	if (memcmp(header.magic, "HdrS", 4) || le16toh(header.version) < PAYLOAD_VERSION)
		return false;
	size_t sectors = header.setup_sectors ? header.setup_sectors : LOADED_SECTORS;
	uint64_t start = (sectors + 1) * SECTOR + (uint64_t)le32toh(header.payload_offset);
	uint64_t length = le32toh(header.payload_length);
	if (start > kernel->length || length > kernel->length - start)
		return false;
	*ret_data = kernel->data + start;
	*ret_length = length;
	return true;
}

static bool is_elf(const char *data, size_t length)
{
	return length >= sizeof(Elf64_Ehdr) && !memcmp(data, ELFMAG, SELFMAG);
}

/* The kernel's build puts the length behind what it compresses, but for gzip, whose own that is. */
static size_t without_length(const char *data, size_t length)
{
	bool gzip = length > 2 && !memcmp(data, "\x1f\x8b", 2);

	return gzip || length < sizeof(uint32_t) ? length : length - sizeof(uint32_t);
}

int vmlinux_extract(const struct buffer *kernel, struct buffer *ret_elf, struct error *err)
{
	cleanup_buffer struct buffer elf = {0};
	const char *data = kernel->data;
	size_t length = kernel->length;

	if (!is_elf(data, length) && !find_payload(kernel, &data, &length))
		return error_set(err, STATUS_FAILED, "no kernel: neither bzImage nor ELF");
	if (is_elf(data, length))
		buffer_append(&elf, data, length);
	else if (uncompress_data(data, without_length(data, length), KERNEL_MAX, &elf, err))
		return error_wrap(err, "uncompressing the kernel");
	if (!is_elf(elf.data, elf.length))
		return error_set(err, STATUS_FAILED, "the kernel holds no ELF file");
	*ret_elf = elf;
	elf = (struct buffer){0};
	return 0;
}

/* Looks through a segment of notes: each a head, a name and what it says, padded to four bytes. */
static bool notes_have_pvh(const char *notes, size_t length)
{
	Elf64_Nhdr note;

	while (length >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		uint64_t name = round_up(note.n_namesz, 4), text = round_up(note.n_descsz, 4);
		if (name + text > length - sizeof(note))
			return false;
		if (note.n_type == PVH_NOTE && note.n_namesz == sizeof("Xen") &&
			!memcmp(notes + sizeof(note), "Xen", sizeof("Xen")))
			return true;
		notes += sizeof(note) + name + text;
		length -= sizeof(note) + name + text;
	}
	return false;
}

bool vmlinux_has_pvh(const struct buffer *elf)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (!is_elf(elf->data, elf->length))
		return false;
	memcpy(&header, elf->data, sizeof(header));
	for (unsigned i = 0; i < header.e_phnum; i++) {
		uint64_t at = header.e_phoff + (uint64_t)i * sizeof(segment);
		if (at > elf->length || elf->length - at < sizeof(segment))
			return false;
		memcpy(&segment, elf->data + at, sizeof(segment));
		if (segment.p_type == PT_NOTE && segment.p_offset <= elf->length &&
			segment.p_filesz <= elf->length - segment.p_offset &&
			notes_have_pvh(elf->data + segment.p_offset, segment.p_filesz))
			return true;
	}
	return false;
}
