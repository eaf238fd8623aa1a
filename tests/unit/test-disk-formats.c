/* VDI, VHD, VHDX and VMDK images of other makers, and damaged ones of ours. */
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/disk-vhd.h"
#include "image/disk-vhdx.h"
#include "image/disk-vmdk.h"
#include "image/disk.h"
#include "support/forms.h"
#include "support/model.h"
#include "support/scratch.h"

/* Noise, holes, and text that compresses. */
static struct model make_mixture(uint64_t size)
{
	struct model model = model_make(size);

	model_scribble(&model, 0, size / 8);
	for (uint64_t i = size / 4; i < size / 2; i++)
		model.bytes[i] = "compressible "[i % 13];
	model_scribble(&model, size - 1000, 1000);
	return model;
}

static void test_reads_converted(void **state)
{
	static const struct {
		const char *format, *options;
		const struct disk_driver *driver;
	} images[] = {
		{"vdi", "static=off", &disk_vdi},
		{"vdi", "static=on", &disk_vdi},
		{"vpc", "subformat=dynamic,force_size=on", &disk_vhd},
		{"vpc", "subformat=fixed,force_size=on", &disk_vhd_fixed},
		{"vhdx", "block_size=1M", &disk_vhdx},
		{"vhdx", "block_size=256M", &disk_vhdx},
		{"vmdk", "subformat=monolithicSparse", &disk_vmdk},
		{"vmdk", "subformat=monolithicSparse,zeroed_grain=on", &disk_vmdk},
		{"vmdk", "subformat=streamOptimized", &disk_vmdk_stream},
	};
	cleanup_free char *raw = scratch_path(state, "mixture.raw");
	cleanup_free char *path = scratch_path(state, "converted");
	cleanup_model struct model model = make_mixture(5 * MIB + 512);

	need_program("qemu-img");
	model_save(&model, raw);
	for (size_t i = 0; i < array_count(images); i++) {
		cleanup_disk struct disk *disk = NULL;
		struct error err = {0};
		free(run_program("qemu-img", "convert", "-f", "raw", "-O", images[i].format, "-o",
			images[i].options, raw, path, NULL));
		assert_fine(disk_open(path, false, &disk, &err), &err);
		assert_ptr_equal(disk->driver, images[i].driver);
		model_assert(&model, disk);
		assert_int_equal(unlink(path), 0);
	}
}

/* Azure takes no other: whole MiB of disk, 512 bytes of footer that says so. */
static void test_fixed_vhd_is_azures(void **state)
{
	cleanup_free char *path = scratch_path(state, "azure.vhd");
	struct form form = {.driver = &disk_vhd_fixed, .size = 30 * MIB},
		    odd = {.driver = &disk_vhd_fixed, .size = MIB + 512};
	struct disk_options options = {.path = path, .size = odd.size};
	struct disk *disk = form_create(&form, path);
	cleanup_buffer struct buffer bytes = {0};
	struct error err = {0};

	form_finish(disk);
	disk_free(disk);
	assert_fine(file_read(AT_FDCWD, path, 31 * MIB, &bytes, &err), &err);
	assert_int_equal(bytes.length, 30 * MIB + 512);
	assert_memory_equal(bytes.data + 30 * MIB, "conectix", 8);
	assert_memory_equal(bytes.data + 30 * MIB + 48, "\0\0\0\0\1\xe0\0\0", 8);
	need_program("qemu-img");
	cleanup_free char *info = run_program("qemu-img", "info", "-f", "vpc", path, NULL);
	assert_non_null(strstr(info, "31457280 bytes"));
	unlink(path);
	assert_error(disk_create(&disk_vhd_fixed, &options, &disk, &err), &err, "whole MiB");
}

/* What virtual machines read of a disk beside its data. */
static void test_descriptor_of_vmdk(void **state)
{
	static const struct {
		uint64_t size;
		const char *extent, *cylinders;
	} disks[] = {
		{64 * KIB, "\nRW 128 SPARSE \"disk.vmdk\"\n", "cylinders = \"1\"\n"},
		{MIB * 1024, "\nRW 2097152 SPARSE \"disk.vmdk\"\n", "cylinders = \"130\"\n"},
	};
	struct uuid id;

	(void)state;
	assert_true(uuid_parse("0a1b2c3d-4e5f-8a6b-8c7d-9e0f1a2b3c4d", &id));
	for (size_t i = 0; i < array_count(disks); i++) {
		cleanup_free char *text = vmdk_descriptor("streamOptimized", disks[i].size, &id);
		assert_non_null(strstr(text, "\nCID=0a1b2c3d\nparentCID=ffffffff\n"));
		assert_non_null(strstr(text, "\ncreateType=\"streamOptimized\"\n"));
		assert_non_null(strstr(text, disks[i].extent));
		assert_non_null(strstr(text, disks[i].cylinders));
		assert_non_null(strstr(text, "\nddb.virtualHWVersion = \"4\"\n"));
		assert_non_null(strstr(text, "\nddb.adapterType = \"lsilogic\"\n"));
		assert_non_null(strstr(
			text, "\nddb.uuid.image = \"0a1b2c3d-4e5f-8a6b-8c7d-9e0f1a2b3c4d\"\n"));
		assert_in_range(strlen(text), 1, (VMDK_DESCRIPTOR_SIZE - 1) * VMDK_SECTOR);
	}
}

static void test_geometry(void **state)
{
	/* Those of the specification's rule, where it can say the size exactly. */
	static const struct {
		uint64_t sectors;
		unsigned cylinders, heads, of_track;
	} disks[] = {
		{4 * 17 * 100, 100, 4, 17},
		{16 * 31 * 1000, 1000, 16, 31},
		{16 * 63 * 2000, 2000, 16, 63},
		{16ull * 255 * 65000, 65000, 16, 255},
		{2048, 65535, 16, 255},
		{1ull << 31, 65535, 16, 255},
	};

	(void)state;
	for (size_t i = 0; i < array_count(disks); i++) {
		struct disk_options options = {.size = disks[i].sectors * 512};
		struct vhd_footer footer = vhd_footer_make(&options, VHD_FIXED);
		assert_int_equal(be16toh(footer.cylinders), disks[i].cylinders);
		assert_int_equal(footer.heads, disks[i].heads);
		assert_int_equal(footer.sectors, disks[i].of_track);
	}
}

static int read_whole(const char *path, const struct disk_driver *driver, struct error *err)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_free uint8_t *data = xmalloc(MIB);
	uint64_t run;

	if (driver->open(path, false, &disk, err))
		return -1;
	for (uint64_t at = 0, piece; at < disk->size && at < 8 * MIB; at += piece) {
		piece = disk->size - at < MIB ? disk->size - at : MIB;
		disk_has_data(disk, at, piece, &run);
		if (disk_read(disk, at, data, piece, err))
			return -1;
	}
	return 0;
}

/* A finished image with a little data, to damage. */
static struct buffer make_victim(const struct disk_driver *driver, const char *path)
{
	struct form form = {.driver = driver, .size = 3 * MIB};
	cleanup_disk struct disk *disk = form_create(&form, path);
	struct buffer bytes = {0};
	struct error err = {0};

	assert_fine(disk_write(disk, 100, "data", 4, &err), &err);
	assert_fine(disk_write(disk, 2 * MIB, "more", 4, &err), &err);
	form_finish(disk);
	assert_fine(file_read(AT_FDCWD, path, 8 * MIB, &bytes, &err), &err);
	return bytes;
}

/* In front of the whole file, or behind its last bytes when negative. */
static const struct damage {
	const struct disk_driver *driver;
	int at;
	unsigned width;
	uint64_t value;
	const char *message;
} damages[] = {
	{&disk_vdi, 0x44, 4, 0x20000, "version"},
	{&disk_vdi, 0x4c, 4, 4, "type 4"},
	{&disk_vdi, 0x154, 4, UINT32_MAX, "a map"},
	{&disk_vdi, 0x154, 4, 0, "a map"},
	{&disk_vdi, 0x158, 4, UINT32_MAX, "behind the end"},
	{&disk_vdi, 0x168, 4, 4096, "sectors of 4096"},
	{&disk_vdi, 0x170, 8, 5 * MIB, "byte 0x170"},
	{&disk_vdi, 0x170, 8, UINT64_MAX - 511, "byte 0x170"},
	{&disk_vdi, 0x178, 4, 0, "blocks of 0"},
	{&disk_vdi, 0x17c, 4, 512, "+ 512 bytes"},
	{&disk_vdi, 0x180, 4, UINT32_MAX, "a map of 4294967295"},
	{&disk_vdi, 0x1a8, 4, 1, "a difference"},
	{&disk_vdi, 512, 4, 1000, "behind the end"},
	{&disk_vhd, 12, 4, 2, "version"},
	{&disk_vhd, 16, 8, 0, "no signature"},
	{&disk_vhd, 16, 8, UINT64_MAX, "VHD footer: byte 16"},
	{&disk_vhd, 48, 8, 0, "byte 48"},
	{&disk_vhd, 48, 8, 1ull << 50, "byte 48"},
	{&disk_vhd, 48, 8, 1ull << 40, "byte 28"},
	{&disk_vhd, 512 + 16, 8, UINT64_MAX, "byte 16: a table"},
	{&disk_vhd, 512 + 28, 4, 0, "byte 28"},
	{&disk_vhd, 512 + 28, 4, UINT32_MAX, "byte 16: a table"},
	{&disk_vhd, 512 + 32, 4, 0, "byte 32"},
	{&disk_vhd, 512 + 32, 4, 3, "byte 32"},
	{&disk_vhd, 512 + 32, 4, 1u << 31, "byte 32"},
	{&disk_vhd, 1536, 4, 100000, "behind the end"},
	{&disk_vhd_fixed, -512 + 12, 4, 2, "version"},
	{&disk_vhd_fixed, -512 + 48, 8, 4 * MIB, "in a file of"},
	{&disk_vhdx, 0x20000 + 48, 8, 1, "its log"},
	{&disk_vhdx, 0x20000 + 66, 2, 2, "version 2"},
	{&disk_vhdx, 0x30000 + 8, 4, 0, "a region is missing"},
	{&disk_vhdx, 0x30000 + 8, 4, 5000, "region tables"},
	{&disk_vhdx, 0x30000 + 32, 8, UINT64_MAX, "entry 0"},
	{&disk_vhdx, 0x30000 + 40, 4, UINT32_MAX, "entry 0"},
	{&disk_vhdx, 0x30000 + 40, 4, 0, "a block table of 0 bytes"},
	{&disk_vhdx, 0x30000 + 64, 8, 4 * MIB, "no table"},
	{&disk_vhdx, 2 * MIB + 10, 2, UINT16_MAX, "no table"},
	{&disk_vhdx, 2 * MIB + 10, 2, 2, "an item is missing"},
	{&disk_vhdx, 2 * MIB + 32 + 16, 4, UINT32_MAX, "entry 0"},
	{&disk_vhdx, 2 * MIB + 32 + 20, 4, 1, "entry 0: 1 bytes"},
	{&disk_vhdx, 2 * MIB + 64 * KIB, 4, 0, "blocks of 0"},
	{&disk_vhdx, 2 * MIB + 64 * KIB, 4, 3 * MIB, "blocks of 3145728"},
	{&disk_vhdx, 2 * MIB + 64 * KIB + 4, 4, 2, "a difference"},
	{&disk_vhdx, 2 * MIB + 64 * KIB + 8, 8, UINT64_MAX, "a disk of"},
	{&disk_vhdx, 2 * MIB + 64 * KIB + 8, 8, 1ull << 40, "block table of"},
	{&disk_vhdx, 2 * MIB + 64 * KIB + 32, 4, 1000, "sectors of 1000"},
	{&disk_vhdx, 3 * MIB, 8, 7, "in another image"},
	{&disk_vhdx, 3 * MIB, 8, UINT64_MAX - 1, "behind the end"},
	{&disk_vmdk, 4, 4, 4, "version 4"},
	{&disk_vmdk, 12, 8, 0, "a disk of 0 sectors"},
	{&disk_vmdk, 12, 8, UINT64_MAX, "byte 12"},
	{&disk_vmdk, 12, 8, 1ull << 50, "byte 56"},
	{&disk_vmdk, 20, 8, 0, "byte 20"},
	{&disk_vmdk, 20, 8, 9, "byte 20"},
	{&disk_vmdk, 20, 8, 1ull << 60, "byte 20"},
	{&disk_vmdk, 44, 4, 1, "byte 44"},
	{&disk_vmdk, 56, 8, UINT64_MAX - 1, "byte 56"},
	{&disk_vmdk, 26 * 512, 4, 100000, "grain table at byte"},
	{&disk_vmdk, 27 * 512, 4, 100000, "behind the end"},
	{&disk_vmdk_stream, 56, 8, 1ull << 40, "byte 56"},
	{&disk_vmdk_stream, -1024, 4, 0, "VMDK footer"},
	{&disk_vmdk_stream, -1024 + 4, 4, 0, "version 0"},
	{&disk_vmdk_stream, -1024 + 56, 8, UINT64_MAX, "byte 56"},
	{&disk_vmdk_stream, -1024 + 77, 2, 2, "compression 2"},
	{&disk_vmdk_stream, -2048, 4, 100000, "grain table at byte"},
	{&disk_vmdk_stream, 64 * KIB, 8, 128, "damaged"},
	{&disk_vmdk_stream, 64 * KIB + 8, 4, 0, "damaged"},
	{&disk_vmdk_stream, 64 * KIB + 8, 4, UINT32_MAX, "damaged"},
	{&disk_vmdk_stream, 64 * KIB + 14, 8, UINT64_MAX, "grain 0 at byte 0x10000: damaged"},
};

/* VHD's numbers are big-endian, and its footers and headers have a checksum. */
static void put(char *bytes, const struct damage *damage)
{
	bool big = damage->driver == &disk_vhd || damage->driver == &disk_vhd_fixed;
	uint64_t value =
		big ? htobe64(damage->value << (64 - 8 * damage->width)) : htole64(damage->value);

	memcpy(bytes + damage->at, &value, damage->width);
}

static void seal(char *structure, size_t length, size_t at)
{
	uint32_t checksum = vhd_checksum(structure, length, at);

	memcpy(structure + at, &checksum, sizeof(checksum));
}

static void seal_vhdx(char *bytes)
{
	uint32_t header = vhdx_checksum(bytes + 0x20000, sizeof(struct vhdx_header));
	uint32_t regions = vhdx_checksum(bytes + 0x30000, sizeof(struct vhdx_regions));

	memcpy(bytes + 0x20000 + 4, &header, sizeof(header));
	memcpy(bytes + 0x30000 + 4, &regions, sizeof(regions));
	/* Of the tables, the other one is no help. */
	memset(bytes + 0x40000, 0, 4);
}

static void test_refuses_damage(void **state)
{
	cleanup_free char *path = scratch_path(state, "victim");

	for (size_t i = 0; i < array_count(damages); i++) {
		const struct damage *damage = &damages[i];
		cleanup_buffer struct buffer bytes = make_victim(damage->driver, path);
		struct error err = {0};
		assert_fine(read_whole(path, damage->driver, &err), &err);
		put(bytes.data + (damage->at < 0 ? bytes.length : 0), damage);
		if (damage->driver == &disk_vhd) {
			seal(bytes.data, 512, 64);
			seal(bytes.data + 512, 1024, 36);
		} else if (damage->driver == &disk_vhdx) {
			seal_vhdx(bytes.data);
		} else if (damage->driver == &disk_vhd_fixed) {
			seal(bytes.data + bytes.length - 512, 512, 64);
		}
		assert_fine(file_write(AT_FDCWD, path, bytes.data, bytes.length, 0644, &err), &err);
		assert_error(read_whole(path, damage->driver, &err), &err, damage->message);
	}
}

/* Cut off or with random bytes: that may go unnoticed, but it breaks nothing. */
static void test_survives_noise(void **state)
{
	cleanup_free char *path = scratch_path(state, "victim");
	cleanup_model struct model random = model_make(1);

	for (size_t k = 0; disk_drivers[k]; k++) {
		const struct disk_driver *driver = disk_drivers[k];
		cleanup_buffer struct buffer bytes = make_victim(driver, path);
		for (unsigned i = 0; i < 60; i++) {
			size_t length = bytes.length / (1 + model_random(&random, 2));
			cleanup_buffer struct buffer copy = {0};
			struct error err = {0};
			buffer_append(&copy, bytes.data, length);
			for (unsigned n = model_random(&random, 4); n; n--)
				copy.data[model_random(&random, 4096)] = model_random(&random, 256);
			assert_fine(
				file_write(AT_FDCWD, path, copy.data, length, 0644, &err), &err);
			if (read_whole(path, driver, &err)) {
				assert_non_null(err.message);
				error_release(&err);
			}
		}
	}
}

static void test_refuses_what_is_in_other_files(void **state)
{
	cleanup_free char *path = scratch_path(state, "flat.vmdk");
	struct disk *disk;
	struct error err = {0};

	need_program("qemu-img");
	free(run_program("qemu-img", "create", "-f", "vmdk", "-o", "subformat=monolithicFlat", path,
		"1M", NULL));
	assert_error(disk_open(path, false, &disk, &err), &err, "in other files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_converted),
		cmocka_unit_test(test_fixed_vhd_is_azures),
		cmocka_unit_test(test_descriptor_of_vmdk),
		cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_refuses_damage),
		cmocka_unit_test(test_survives_noise),
		cmocka_unit_test(test_refuses_what_is_in_other_files),
	};

	return cmocka_run_group_tests_name("disk-formats", tests, scratch_setup, scratch_teardown);
}
