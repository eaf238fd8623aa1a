/* qcow2 images of other makers, chains of them, and damaged ones. */
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/disk-qcow2.h"
#include "support/forms.h"
#include "support/memory-disk.h"
#include "support/model.h"
#include "support/scratch.h"

/* Holes, noise, and text that compresses. */
static struct model make_mixture(uint64_t size)
{
	struct model model = model_make(size);

	model_scribble(&model, 0, size / 8);
	for (uint64_t i = size / 4; i < size / 2; i++)
		model.bytes[i] = "compressible "[i % 13];
	model_scribble(&model, size - 1000, 1000);
	return model;
}

static void assert_opens(const struct model *model, const char *path)
{
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};

	assert_fine(disk_open(path, false, &disk, &err), &err);
	assert_string_equal(disk->driver->family, "qcow2");
	model_assert(model, disk);
}

static void test_reads_converted(void **state)
{
	static const char *const options[] = {
		"compat=0.10",
		"compat=1.1,lazy_refcounts=on",
		"compat=1.1,preallocation=metadata",
		"cluster_size=512",
		"cluster_size=2M",
		"refcount_bits=1",
	};
	static const char *const compressed[] = {
		"compat=0.10",
		"compression_type=zlib",
		"compression_type=zstd",
		"compression_type=zlib,cluster_size=4k",
		"compression_type=zstd,cluster_size=2M",
		"compression_type=zlib,cluster_size=512",
	};
	cleanup_free char *raw = scratch_path(state, "mixture.raw");
	cleanup_free char *path = scratch_path(state, "converted.qcow2");
	cleanup_model struct model model = make_mixture(5 * MIB + 512);

	need_program("qemu-img");
	model_save(&model, raw);
	for (size_t i = 0; i < array_count(options); i++) {
		free(run_program("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o",
			options[i], raw, path, NULL));
		assert_opens(&model, path);
	}
	for (size_t i = 0; i < array_count(compressed); i++) {
		free(run_program("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o",
			compressed[i], raw, path, NULL));
		assert_opens(&model, path);
	}
}

/* base.raw <- sub/middle.qcow2 <- top.qcow2, all of different sizes. */
static void test_reads_chain(void **state)
{
	cleanup_free char *base = scratch_path(state, "base.raw");
	cleanup_free char *directory = scratch_path(state, "sub");
	cleanup_free char *middle = scratch_path(state, "sub/middle.qcow2");
	cleanup_free char *top = scratch_path(state, "top.qcow2");
	cleanup_model struct model model = make_mixture(3 * MIB);
	struct error err = {0};

	need_program("qemu-img");
	need_program("qemu-io");
	assert_int_equal(mkdir(directory, 0755), 0);
	model_save(&model, base);
	free(run_program("qemu-img", "create", "-f", "qcow2", "-b", "../base.raw", "-F", "raw",
		middle, "2M", NULL));
	free(run_program("qemu-io", "-f", "qcow2", "-c", "write -P 7 1000k 5k", "-c",
		"write -z 128k 128k", middle, NULL));
	free(run_program("qemu-img", "create", "-f", "qcow2", "-b", "sub/middle.qcow2", "-F",
		"qcow2", top, "4M", NULL));
	free(run_program("qemu-io", "-f", "qcow2", "-c", "write -P 9 1001k 1k", top, NULL));

	model.size = 4 * MIB;
	model.bytes = xrealloc(model.bytes, model.size, 1);
	memset(model.bytes + 2 * MIB, 0, 2 * MIB);
	memset(model.bytes + 1000 * KIB, 7, 5 * KIB);
	memset(model.bytes + 1001 * KIB, 9, KIB);
	memset(model.bytes + 128 * KIB, 0, 128 * KIB);
	assert_opens(&model, top);

	cleanup_disk struct disk *disk = NULL;
	assert_error(disk_open(top, true, &disk, &err), &err, "make an overlay");
	assert_int_equal(unlink(base), 0);
	assert_error(disk_open(top, false, &disk, &err), &err, "middle.qcow2: its backing file: ");
}

/* Parts of clusters: of the disk below, data, zeros, and a whole that is compressed. */
static void test_reads_extended_entries(void **state)
{
	static const char *const sizes[] = {"16k", "64k", "2M"};
	cleanup_free char *base = scratch_path(state, "below.raw");
	cleanup_free char *path = scratch_path(state, "parts.qcow2");
	cleanup_free char *raw = scratch_path(state, "parts.raw");
	cleanup_model struct model model = make_mixture(5 * MIB);

	need_program("qemu-img");
	need_program("qemu-io");
	model_save(&model, base);
	memset(model.bytes + 500 * KIB, 7, 5 * KIB);
	memset(model.bytes + 1234 * KIB, 9, 3 * KIB);
	memset(model.bytes + 1300 * KIB, 0, 200 * KIB);
	memset(model.bytes + 4 * MIB, 5, MIB);
	for (size_t i = 0; i < array_count(sizes); i++) {
		cleanup_free char *options = xasprintf("extended_l2=on,cluster_size=%s", sizes[i]);
		free(run_program("qemu-img", "create", "-f", "qcow2", "-b", base, "-F", "raw", "-o",
			options, path, NULL));
		free(run_program("qemu-io", "-f", "qcow2", "-c", "write -P 7 500k 5k", "-c",
			"write -P 9 1234k 3k", "-c", "write -z 1300k 200k", "-c",
			"write -P 5 4M 1M", path, NULL));
		assert_opens(&model, path);
	}
	free(run_program("qemu-img", "convert", "-c", "-O", "qcow2", "-o", "extended_l2=on", path,
		raw, NULL));
	assert_opens(&model, raw);
}

/* Makes an overlay that records a backing file which need not exist. */
static void make_overlay(const char *path, const char *backing_name)
{
	cleanup_disk struct disk *memory = memory_disk_new(MIB);
	struct disk_options options = {
		.path = path, .size = MIB, .backing = memory, .backing_name = backing_name};
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};

	memory->backing_format = NULL;
	unlink(path);
	assert_fine(disk_create(&disk_qcow2, &options, &disk, &err), &err);
	free(disk->backing_format);
	disk->backing_format = xstrdup("qcow2");
	form_finish(disk);
}

static void test_refuses_chains(void **state)
{
	cleanup_free char *one = scratch_path(state, "one.qcow2");
	cleanup_free char *other = scratch_path(state, "other.qcow2");
	struct disk *disk;
	struct error err = {0};

	make_overlay(one, "one.qcow2");
	assert_error(disk_open(one, false, &disk, &err), &err, "loop");
	make_overlay(one, other);
	make_overlay(other, "one.qcow2");
	assert_error(disk_open(one, false, &disk, &err), &err, "loop");
	for (unsigned i = 0; i < 40; i++) {
		cleanup_free char *below = xasprintf("chain-%u", i + 1);
		cleanup_free char *name = xasprintf("chain-%u", i);
		cleanup_free char *path = scratch_path(state, name);
		make_overlay(path, below);
	}
	cleanup_free char *chain = scratch_path(state, "chain-0");
	assert_error(disk_open(chain, false, &disk, &err), &err, "backing files above");
}

static void test_refuses_unread_features(void **state)
{
	static const struct {
		const char *options, *message;
	} refused[] = {
		{"data_file=PLACE", "external data file"},
	};
	cleanup_free char *path = scratch_path(state, "feature.qcow2");
	cleanup_free char *data = scratch_path(state, "external");
	struct disk *disk;
	struct error err = {0};

	need_program("qemu-img");
	for (size_t i = 0; i < array_count(refused); i++) {
		const char *place = strstr(refused[i].options, "PLACE");
		cleanup_free char *options =
			place ? xasprintf("data_file=%s", data) : xstrdup(refused[i].options);
		free(run_program(
			"qemu-img", "create", "-f", "qcow2", "-o", options, path, "1M", NULL));
		assert_error(disk_open(path, false, &disk, &err), &err, refused[i].message);
	}
}

/* A finished overlay to damage: one cluster of data, one of zeros, a name and a format. */
static struct buffer make_victim(const char *path)
{
	cleanup_disk struct disk *memory = memory_disk_new(MIB);
	struct disk_options options = {
		.path = path, .size = MIB, .backing = memory, .backing_name = "base.raw"};
	cleanup_disk struct disk *disk = NULL;
	struct buffer bytes = {0};
	struct error err = {0};

	unlink(path);
	assert_fine(disk_create(&disk_qcow2, &options, &disk, &err), &err);
	assert_fine(disk_write(disk, 100, "data", 4, &err), &err);
	assert_fine(disk_zero(disk, 64 * KIB, 64 * KIB, &err), &err);
	form_finish(disk);
	assert_fine(file_read(AT_FDCWD, path, 2 * MIB, &bytes, &err), &err);
	return bytes;
}

static int read_whole(const char *path, struct error *err)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_free uint8_t *data = xmalloc(MIB);

	if (disk_open(path, false, &disk, err))
		return -1;
	return disk_read(disk, 0, data, disk->size < MIB ? disk->size : MIB, err);
}

enum part { HEADER, L1, L2 };
#define FIELD(name) \
	HEADER, offsetof(struct qcow2_header, name), sizeof(((struct qcow2_header *)0)->name)
#define ENTRY(table, number) table, 8 * (number), 8

static const struct damage {
	enum part part;
	size_t at, width;
	uint64_t value;
	const char *message;
} damages[] = {
	{FIELD(version), 1, "version 1"},
	{FIELD(version), 4, "version 4"},
	{FIELD(backing_name_at), 1ull << 60, "backing file's name"},
	{FIELD(backing_name_at), 65535, "backing file's name"},
	{FIELD(backing_name_at), 70, "NUL"},
	{FIELD(backing_name_length), 0, "backing file's name"},
	{FIELD(backing_name_length), 1024, "backing file's name"},
	{FIELD(backing_name_length), 12, "NUL"},
	{FIELD(cluster_bits), 8, "2^8"},
	{FIELD(cluster_bits), 22, "2^22"},
	{FIELD(cluster_bits), UINT32_MAX, "byte 20"},
	{FIELD(size), UINT64_MAX, "byte 24"},
	{FIELD(size), 513ull * MIB, "byte 36"},
	{FIELD(encryption), 1, "encrypted"},
	{FIELD(encryption), 2, "encrypted"},
	{FIELD(l1_entries), 0, "byte 36"},
	{FIELD(l1_entries), UINT32_MAX, "byte 36"},
	{FIELD(l1_entries), 4 * MIB, "byte 40"},
	{FIELD(l1_at), 0, "byte 40"},
	{FIELD(l1_at), 4096, "byte 40"},
	{FIELD(l1_at), 64 * MIB, "byte 40"},
	{FIELD(l1_at), ~65535ull, "byte 40"},
	{FIELD(refcount_table_at), 512, "byte 48"},
	{FIELD(refcount_table_at), ~65535ull, "byte 48"},
	{FIELD(refcount_table_clusters), UINT32_MAX, "byte 48"},
	{FIELD(incompatible), 2, "feature 1 (corrupt)"},
	{FIELD(incompatible), 4, "feature 2 (external data file)"},
	{FIELD(incompatible), 8, "byte 104"},
	{FIELD(incompatible), 32, "feature 5 (unknown)"},
	{FIELD(incompatible), 1ull << 63, "feature 63 (unknown)"},
	{FIELD(refcount_order), 7, "byte 96"},
	{FIELD(header_length), 0, "byte 100"},
	{FIELD(header_length), 96, "byte 100"},
	{FIELD(header_length), 108, "byte 100"},
	{FIELD(header_length), UINT32_MAX - 7, "byte 100"},
	{HEADER, QCOW2_HEADER_V3 + 4, 4, UINT32_MAX, "extension 0xe2792aca at byte 104"},
	{HEADER, QCOW2_HEADER_V3 + 8, 4, 0x6e6f6e65, "format is 'non'"},
	{ENTRY(L1, 0), 1, "L1 table, entry 0"},
	{ENTRY(L1, 0), QCOW2_COPIED | 0x10200, "L1 table, entry 0"},
	{ENTRY(L1, 0), QCOW2_COPIED | QCOW2_COMPRESSED | 0x10000, "L1 table, entry 0"},
	{ENTRY(L1, 0), QCOW2_COPIED | (QCOW2_OFFSET & ~65535ull), "L2 table at byte 0xff"},
	{ENTRY(L1, 0), QCOW2_COPIED | 64 * MIB, "L2 table at byte 0x4000000"},
	{ENTRY(L2, 0), QCOW2_COPIED | 64 * MIB, "behind the end of the file"},
	{ENTRY(L2, 0), QCOW2_COPIED | 0x10200, "is no entry"},
	{ENTRY(L2, 0), 2, "is no entry"},
	{ENTRY(L2, 0), 1ull << 58, "is no entry"},
	{ENTRY(L2, 0), QCOW2_COPIED | QCOW2_COMPRESSED | 0x10000, "is no entry"},
	{ENTRY(L2, 0), QCOW2_COMPRESSED | 0x10000, "compressed cluster at byte 0x10000: damaged"},
	{ENTRY(L2, 0), QCOW2_COMPRESSED | 64 * MIB, "behind the end of the file"},
	{ENTRY(L2, 0), QCOW2_COPIED - 1, "behind the end of the file"},
};

static void put(char *at, size_t width, uint64_t value)
{
	uint64_t big = htobe64(value << (64 - 8 * width));

	memcpy(at, &big, width);
}

/* Where the part is, as the undamaged header says. */
static uint64_t find_part(const struct buffer *bytes, enum part part)
{
	struct qcow2_header header;
	uint64_t entry;

	memcpy(&header, bytes->data, sizeof(header));
	memcpy(&entry, bytes->data + be64toh(header.l1_at), sizeof(entry));
	return part == HEADER ? 0
	       : part == L1   ? be64toh(header.l1_at)
			      : be64toh(entry) & QCOW2_OFFSET;
}

static void test_refuses_damage(void **state)
{
	cleanup_free char *path = scratch_path(state, "victim.qcow2");
	cleanup_free char *base = scratch_path(state, "base.raw");
	cleanup_buffer struct buffer bytes = make_victim(path);
	cleanup_model struct model model = model_make(MIB);
	struct error err = {0};

	model_save(&model, base);
	assert_fine(read_whole(path, &err), &err);
	for (size_t i = 0; i < array_count(damages); i++) {
		const struct damage *damage = &damages[i];
		cleanup_buffer struct buffer copy = {0};
		buffer_append(&copy, bytes.data, bytes.length);
		put(copy.data + find_part(&bytes, damage->part) + damage->at, damage->width,
			damage->value);
		assert_fine(file_write(AT_FDCWD, path, copy.data, copy.length, 0644, &err), &err);
		assert_error(read_whole(path, &err), &err, damage->message);
	}
}

/* Cut off anywhere before the tables. */
static void test_refuses_cut_files(void **state)
{
	cleanup_free char *path = scratch_path(state, "victim.qcow2");
	cleanup_free char *base = scratch_path(state, "base.raw");
	cleanup_buffer struct buffer bytes = make_victim(path);
	cleanup_model struct model model = model_make(MIB);
	uint64_t table = find_part(&bytes, L1);

	model_save(&model, base);
	for (uint64_t length = 4; length <= table; length += length < 200 ? 1 : 4096) {
		struct error err = {0};
		assert_int_equal(truncate(path, length), 0);
		assert_error(read_whole(path, &err), &err, "qcow2 header");
		assert_fine(file_write(AT_FDCWD, path, bytes.data, bytes.length, 0644, &err), &err);
	}
}

/* Random damage may go unnoticed, but it breaks nothing. */
static void test_survives_noise(void **state)
{
	cleanup_free char *path = scratch_path(state, "victim.qcow2");
	cleanup_buffer struct buffer bytes = make_victim(path);
	cleanup_model struct model random = model_make(1);
	uint64_t places[] = {
		find_part(&bytes, HEADER), find_part(&bytes, L1), find_part(&bytes, L2)};
	unsigned noticed = 0;

	for (unsigned i = 0; i < 500; i++) {
		cleanup_buffer struct buffer copy = {0};
		struct error err = {0};
		buffer_append(&copy, bytes.data, bytes.length);
		for (unsigned k = 0; k < 3; k++)
			copy.data[places[model_random(&random, 3)] + model_random(&random, 120)] =
				model_random(&random, 256);
		assert_fine(file_write(AT_FDCWD, path, copy.data, copy.length, 0644, &err), &err);
		if (read_whole(path, &err)) {
			noticed++;
			assert_non_null(err.message);
			error_release(&err);
		}
	}
	assert_in_range(noticed, 100, 499);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_converted),
		cmocka_unit_test(test_reads_chain),
		cmocka_unit_test(test_reads_extended_entries),
		cmocka_unit_test(test_refuses_chains),
		cmocka_unit_test(test_refuses_unread_features),
		cmocka_unit_test(test_refuses_damage),
		cmocka_unit_test(test_refuses_cut_files),
		cmocka_unit_test(test_survives_noise),
	};

	return cmocka_run_group_tests_name("disk-qcow2", tests, scratch_setup, scratch_teardown);
}
