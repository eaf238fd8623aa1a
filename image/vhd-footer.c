#include <endian.h>
#include <string.h>

#include "disk-vhd.h"
#include "host-file.h"

static const char cookie[8] = {'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'};

/* What the geometry can say at most; then, and wherever it cannot say the size exactly, readers go
 * by the size instead. */
enum { CYLINDERS_MAX = 65535, HEADS_MAX = 16, SECTORS_MAX = 255 };

enum { EPOCH_2000 = 946684800 };

uint32_t vhd_checksum(const void *data, size_t length, size_t at)
{
	const uint8_t *bytes = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++)
		if (i < at || i >= at + sizeof(sum))
			sum += bytes[i];
	return htobe32(~sum);
}

static uint32_t footer_checksum(const struct vhd_footer *footer)
{
	return vhd_checksum(footer, sizeof(*footer), offsetof(struct vhd_footer, checksum));
}

/* The specification's appendix: the geometry that IDE disks of so many sectors have. */
static void set_geometry(struct vhd_footer *footer, uint64_t size)
{
	uint64_t total = size / VHD_SECTOR;
	uint32_t sectors = 17, tracks = total / sectors, heads = (tracks + 1023) / 1024;

	if (heads < 4)
		heads = 4;
	if (tracks >= heads * 1024 || heads > HEADS_MAX) {
		sectors = 31;
		heads = HEADS_MAX;
		tracks = total / sectors;
	}
	if (tracks >= heads * 1024) {
		sectors = 63;
		tracks = total / sectors;
	}
	if (total >= CYLINDERS_MAX * HEADS_MAX * 63ull) {
		sectors = SECTORS_MAX;
		tracks = total / sectors;
	}
	uint64_t cylinders = tracks / heads;
	if (cylinders * heads * sectors != total || cylinders > CYLINDERS_MAX) {
		cylinders = CYLINDERS_MAX;
		heads = HEADS_MAX;
		sectors = SECTORS_MAX;
	}
	footer->cylinders = htobe16(cylinders);
	footer->heads = heads;
	footer->sectors = sectors;
}

struct vhd_footer vhd_footer_make(const struct disk_options *options, uint32_t type)
{
	uint64_t time = options->epoch > EPOCH_2000 ? options->epoch - EPOCH_2000 : 0;
	struct vhd_footer footer = {
		.features = htobe32(2), /* a bit that is always set */
		.version = htobe32(0x00010000),
		.next = type == VHD_FIXED ? VHD_NOWHERE : htobe64(sizeof(footer)),
		.time = htobe32(time),
		/* Readers believe the size only of makers that they know; of others, the geometry.
		 * This one is QEMU's, for sizes that are exact. */
		.creator = {'q', 'e', 'm', '2'},
		.creator_version = htobe32(0x00050003),
		.creator_system = htobe32(0x5769326b), /* "Wi2k"; the other one is a Macintosh */
		.size_at_first = htobe64(options->size),
		.size = htobe64(options->size),
		.type = htobe32(type),
	};

	memcpy(footer.cookie, cookie, sizeof(cookie));
	memcpy(footer.id, options->id.bytes, sizeof(footer.id));
	set_geometry(&footer, options->size);
	footer.checksum = footer_checksum(&footer);
	return footer;
}

bool vhd_footer_valid(const uint8_t bytes[VHD_SECTOR], uint32_t type)
{
	struct vhd_footer footer;

	memcpy(&footer, bytes, sizeof(footer));
	return !memcmp(footer.cookie, cookie, sizeof(cookie)) && be32toh(footer.type) == type &&
	       footer.checksum == footer_checksum(&footer);
}

int vhd_footer_read(int fd, uint64_t at, struct vhd_footer *ret_footer, struct error *err)
{
	struct vhd_footer footer;

	if (host_file_read(fd, at, &footer, sizeof(footer), err))
		return -1;
	footer.next = be64toh(footer.next);
	footer.size = be64toh(footer.size);
	if (be32toh(footer.version) >> 16 != 1)
		return error_set(err, STATUS_FAILED,
			"VHD footer: byte 12: version 0x%08x: jeos reads 1.0",
			be32toh(footer.version));
	if (!footer.size || footer.size % VHD_SECTOR || footer.size > VHD_SIZE_MAX)
		return error_set(err, STATUS_FAILED, "VHD footer: byte 48: a disk of %llu bytes",
			(unsigned long long)footer.size);
	*ret_footer = footer;
	return 0;
}
