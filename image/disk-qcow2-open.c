/* qcow2: opening an image, believing no number that the file's length does not confirm. */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-qcow2.h"
#include "host-file.h"

/* Incompatible features, by bit. */
enum {
	FEATURE_DIRTY = 1 << 0, /* refcounts may be wrong; reading does not use them */
	FEATURES_READ = FEATURE_DIRTY | QCOW2_FEATURE_COMPRESSION | QCOW2_FEATURE_EXTENDED,
};
static const char *const feature_names[] = {
	"dirty", "corrupt", "external data file", "compression type"};

#define wrong(err, ...) error_set(err, STATUS_FAILED, "qcow2 header: " __VA_ARGS__)

static void header_to_host(struct qcow2_header *header)
{
	header->version = be32toh(header->version);
	header->backing_name_at = be64toh(header->backing_name_at);
	header->backing_name_length = be32toh(header->backing_name_length);
	header->cluster_bits = be32toh(header->cluster_bits);
	header->size = be64toh(header->size);
	header->encryption = be32toh(header->encryption);
	header->l1_entries = be32toh(header->l1_entries);
	header->l1_at = be64toh(header->l1_at);
	header->refcount_table_at = be64toh(header->refcount_table_at);
	header->refcount_table_clusters = be32toh(header->refcount_table_clusters);
	header->incompatible = be64toh(header->incompatible);
	header->refcount_order = be32toh(header->refcount_order);
	header->header_length = be32toh(header->header_length);
}

/* What version 2 does not have gets the values that it stands for. */
static int read_header(int fd, uint64_t file_size, struct qcow2_header *header, struct error *err)
{
	if (host_file_read(fd, 0, header, sizeof(*header), err))
		return -1;
	header_to_host(header);
	if (memcmp(header->magic, QCOW2_MAGIC, sizeof(header->magic)))
		return wrong(err, "no signature");
	if (header->version != 2 && header->version != 3)
		return wrong(err, "version %u: jeos reads 2 and 3", header->version);
	if (header->version == 2) {
		memset((uint8_t *)header + QCOW2_HEADER_V2, 0, sizeof(*header) - QCOW2_HEADER_V2);
		header->header_length = QCOW2_HEADER_V2;
		header->refcount_order = 4;
	} else if (header->header_length < QCOW2_HEADER_V3 || header->header_length % 8) {
		return wrong(err, "byte 100: a length of %u bytes", header->header_length);
	}
	if (header->header_length <= QCOW2_HEADER_V3)
		header->compression = 0;
	if (header->cluster_bits < QCOW2_BITS_MIN || header->cluster_bits > QCOW2_BITS_MAX)
		return wrong(err, "byte 20: clusters of 2^%u bytes", header->cluster_bits);
	if (header->header_length > 1u << header->cluster_bits || header->header_length > file_size)
		return wrong(err, "byte 100: a length of %u bytes", header->header_length);
	return 0;
}

static int check_features(const struct qcow2_header *header, struct error *err)
{
	uint64_t unknown = header->incompatible & ~(uint64_t)FEATURES_READ;
	bool typed = header->incompatible & QCOW2_FEATURE_COMPRESSION;

	if (unknown) {
		unsigned bit = __builtin_ctzll(unknown);
		return wrong(err, "byte 72: incompatible feature %u (%s): jeos does not read it",
			bit, bit < array_count(feature_names) ? feature_names[bit] : "unknown");
	}
	if (header->encryption)
		return wrong(err, "byte 32: the image is encrypted: jeos does not read it");
	if (header->compression != (typed ? QCOW2_ZSTD : 0))
		return wrong(err, "byte 104: compression type %u", header->compression);
	if (header->refcount_order > 6)
		return wrong(err, "byte 96: refcounts of 2^%u bits", header->refcount_order);
	return 0;
}

/* Whether a table starts at a cluster and lies within the file. */
static bool table_fits(
	const struct qcow2_header *header, uint64_t at, uint64_t length, uint64_t file_size)
{
	uint64_t size = 1ull << header->cluster_bits;

	return at && at % size == 0 && at <= file_size && length <= file_size - at;
}

static int check_tables(const struct qcow2_header *header, uint64_t file_size, struct error *err)
{
	bool extended = header->incompatible & QCOW2_FEATURE_EXTENDED;
	uint64_t table_covers = 1ull << (2 * header->cluster_bits - (extended ? 4 : 3));

	if (extended && header->cluster_bits < QCOW2_EXTENDED_BITS_MIN)
		return wrong(
			err, "byte 20: clusters of 2^%u bytes have no parts", header->cluster_bits);
	if (header->size > INT64_MAX)
		return wrong(
			err, "byte 24: a disk of %llu bytes", (unsigned long long)header->size);
	if (header->l1_entries > QCOW2_L1_MAX ||
		header->l1_entries < divide_up(header->size, table_covers))
		return wrong(err, "byte 36: an L1 table of %u entries for a disk of %llu bytes",
			header->l1_entries, (unsigned long long)header->size);
	if (header->l1_entries &&
		!table_fits(header, header->l1_at, header->l1_entries * 8ull, file_size))
		return wrong(err, "byte 40: an L1 table at byte 0x%llx of a file of %llu bytes",
			(unsigned long long)header->l1_at, (unsigned long long)file_size);
	if (!table_fits(header, header->refcount_table_at,
		    (uint64_t)header->refcount_table_clusters << header->cluster_bits, file_size))
		return wrong(err,
			"byte 48: a refcount table at byte 0x%llx of a file of %llu bytes",
			(unsigned long long)header->refcount_table_at,
			(unsigned long long)file_size);
	return 0;
}

/* A text of the header's cluster, owned by the caller. */
static int read_text(int fd, uint64_t at, uint32_t length, char **ret_text, struct error *err)
{
	cleanup_free char *text = xcalloc(length + 1ul, 1);

	if (host_file_read(fd, at, text, length, err))
		return -1;
	if (strlen(text) != length)
		return wrong(err, "byte %llu: a name with a NUL byte", (unsigned long long)at);
	*ret_text = steal_pointer(&text);
	return 0;
}

static int read_extensions(
	int fd, const struct qcow2_header *header, struct disk *disk, struct error *err)
{
	uint64_t at = header->header_length;
	uint64_t end =
		header->backing_name_at ? header->backing_name_at : 1ull << header->cluster_bits;

	while (at + sizeof(struct qcow2_extension) <= end) {
		struct qcow2_extension extension;
		if (host_file_read(fd, at, &extension, sizeof(extension), err))
			return -1;
		uint64_t data = at + sizeof(extension);
		uint32_t length = be32toh(extension.length), type = be32toh(extension.type);
		if (type == QCOW2_EXTENSION_END)
			return 0;
		if (length > end - data)
			return wrong(err, "extension 0x%08x at byte %llu: %u bytes do not fit",
				type, (unsigned long long)at, length);
		if (type == QCOW2_EXTENSION_BACKING_FORMAT && !disk->backing_format &&
			read_text(fd, data, length, &disk->backing_format, err))
			return -1;
		at = data + round_up(length, 8);
	}
	return 0;
}

static int read_backing_name(
	int fd, const struct qcow2_header *header, struct disk *disk, struct error *err)
{
	uint64_t size = 1ull << header->cluster_bits;

	if (!header->backing_name_at)
		return 0;
	if (!header->backing_name_length || header->backing_name_length > QCOW2_BACKING_NAME_MAX ||
		header->backing_name_at > size ||
		header->backing_name_length > size - header->backing_name_at)
		return wrong(err, "byte 8: the backing file's name at byte %llu has %u bytes",
			(unsigned long long)header->backing_name_at, header->backing_name_length);
	return read_text(
		fd, header->backing_name_at, header->backing_name_length, &disk->backing_name, err);
}

static int read_l1(struct qcow2 *image, uint64_t at, struct error *err)
{
	image->l1 = xcalloc(image->l1_entries, sizeof(*image->l1));
	if (host_file_read(image->fd, at, image->l1, image->l1_entries * sizeof(*image->l1), err))
		return error_wrap(err, "L1 table");
	for (uint64_t i = 0; i < image->l1_entries; i++)
		image->l1[i] = be64toh(image->l1[i]);
	return 0;
}

int qcow2_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct qcow2_header header;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		read_header(fd, file_size, &header, err) || check_features(&header, err) ||
		check_tables(&header, file_size, err))
		return -1;
	struct qcow2 *image = xcalloc(1, sizeof(*image));
	*image = (struct qcow2){
		.disk = {.driver = header.version == 2 ? &disk_qcow2_v2 : &disk_qcow2,
			.size = header.size,
			.block = 1u << header.cluster_bits},
		.fd = steal_fd(&fd),
		.version = header.version,
		.extended = header.incompatible & QCOW2_FEATURE_EXTENDED,
		.cluster_bits = header.cluster_bits,
		.file_size = file_size,
		.end = round_up(file_size, 1ull << header.cluster_bits),
		.l1_entries = header.l1_entries,
		.scratch = xmalloc(1ull << header.cluster_bits),
		.compression =
			header.compression == QCOW2_ZSTD ? COMPRESSION_ZSTD : COMPRESSION_DEFLATE,
	};
	cleanup_disk struct disk *disk = &image->disk;
	if (read_backing_name(image->fd, &header, disk, err) ||
		read_extensions(image->fd, &header, disk, err) || read_l1(image, header.l1_at, err))
		return -1;
	*ret_disk = steal_pointer(&disk);
	return 0;
}
