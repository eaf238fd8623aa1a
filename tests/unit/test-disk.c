/* Every format against one model of a disk. */
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
#include "base/hash.h"
#include "base/size.h"
#include "image/disk.h"
#include "support/forms.h"
#include "support/model.h"
#include "support/scratch.h"

/* Judged by a program that we did not write; of some formats it can only tell what they hold. */
static void assert_approved(
	const struct model *model, const struct disk *disk, const char *path, const char *raw)
{
	const char *format = disk->driver->family;

	if (strcmp(format, "raw") && strcmp(format, "vpc")) {
		cleanup_free char *verdict =
			run_program("qemu-img", "check", "-f", format, path, NULL);
		assert_non_null(strstr(verdict, "No errors were found"));
	}
	model_save(model, raw);
	free(run_program("qemu-img", "compare", "-f", "raw", "-F", format, raw, path, NULL));
}

static void test_model(void **state)
{
	cleanup_free char *path = scratch_path(state, "model.disk");
	cleanup_free char *raw = scratch_path(state, "model.raw");
	struct error err = {0};

	need_program("qemu-img");
	for_each_form(form)
	{
		cleanup_disk struct disk *disk = form_create(form, path), *again = NULL;
		cleanup_model struct model model = model_make(form->size);
		model_assert(&model, disk);
		model_exercise(&model, disk, 500);
		model_assert(&model, disk);
		form_finish(disk);
		model_assert(&model, disk);
		assert_approved(&model, disk, path, raw);
		assert_fine(disk_open(path, false, &again, &err), &err);
		assert_ptr_equal(again->driver, form->driver);
		model_assert(&model, again);
	}
}

static void test_overlay(void **state)
{
	static const struct {
		uint64_t below, above;
		uint32_t cluster_size;
		enum compression compression;
		bool parts;
	} pairs[] = {
		{3 * MIB, 3 * MIB, 0, COMPRESSION_NONE, true},
		{MIB + 512, 3 * MIB + 1024, 16 * KIB, COMPRESSION_NONE, true},
		{3 * MIB, MIB + 512, 2 * MIB, COMPRESSION_NONE, true},
		{3 * MIB, MIB + 512, 4 * KIB, COMPRESSION_NONE, true},
		{3 * MIB, 3 * MIB, 0, COMPRESSION_ZSTD, true},
		{3 * MIB, 3 * MIB, 0, COMPRESSION_NONE, false},
		{MIB + 512, 3 * MIB + 1024, 0, COMPRESSION_NONE, false},
		{MIB + 512, 3 * MIB + 1024, 0, COMPRESSION_ZLIB, false},
		{3 * MIB, MIB + 512, 0, COMPRESSION_NONE, false},
		{3 * MIB, MIB + 512, 0, COMPRESSION_ZSTD, false},
		{300 * KIB, 400 * KIB + 512, 512, COMPRESSION_NONE, false},
		{300 * KIB, 400 * KIB + 512, 512, COMPRESSION_ZSTD, false},
		{MIB, 9 * MIB, 2 * MIB, COMPRESSION_NONE, false},
		{MIB, 9 * MIB, 2 * MIB, COMPRESSION_ZLIB, false},
	};
	cleanup_free char *base = scratch_path(state, "base.raw");
	cleanup_free char *path = scratch_path(state, "overlay.qcow2");
	cleanup_free char *raw = scratch_path(state, "flat.raw");
	struct error err = {0};

	need_program("qemu-img");
	for (size_t i = 0; i < array_count(pairs); i++) {
		cleanup_disk struct disk *below = NULL, *above = NULL, *again = NULL;
		cleanup_model struct model old = model_make(pairs[i].below);
		cleanup_model struct model model = model_make(pairs[i].above);
		model_scribble(&old, old.size / 10, old.size / 2);
		model_scribble(&old, old.size - 700, 700);
		model_save(&old, base);
		memcpy(model.bytes, old.bytes, old.size < model.size ? old.size : model.size);

		assert_fine(disk_open(base, false, &below, &err), &err);
		struct disk_options options = {.path = path,
			.size = model.size,
			.cluster_size = pairs[i].cluster_size,
			.compression = pairs[i].compression,
			.parts = pairs[i].parts,
			.backing = below,
			.backing_name = "base.raw"};
		unlink(path);
		assert_fine(disk_create(&disk_qcow2, &options, &above, &err), &err);
		model_assert(&model, above);
		model_exercise(&model, above, 300);
		model_assert(&model, above);
		form_finish(above);
		model_assert(&model, above);
		assert_approved(&model, above, path, raw);
		assert_fine(disk_open(path, false, &again, &err), &err);
		model_assert(&model, again);
		model_save(&model, raw);
		model_assert(&old, below);
	}
}

/* What the finished file takes on the host. */
static uint64_t space_taken(struct disk *disk)
{
	struct stat status;

	form_finish(disk);
	assert_int_equal(stat(disk->path, &status), 0);
	return status.st_blocks * 512;
}

/* Neither when written among data, nor when data was there. */
static void test_zeros_take_no_space(void **state)
{
	cleanup_free char *path = scratch_path(state, "sparse.disk");
	cleanup_free char *other = scratch_path(state, "emptied.disk");

	for_each_form(form)
	{
		cleanup_disk struct disk *disk = form_create(form, path);
		cleanup_disk struct disk *emptied = form_create(form, other);
		cleanup_model struct model model = model_make(form->size);
		uint64_t size = form->size, little = size / 4 + 16 * disk->block;
		struct error err = {0};
		model_scribble(&model, 0, size);
		assert_fine(disk_write(emptied, 0, model.bytes, size, &err), &err);
		assert_fine(disk_zero(emptied, 0, size, &err), &err);
		memset(model.bytes, 0, size);
		model_assert(&model, emptied);
		assert_in_range(space_taken(emptied), 0, little);
		model_scribble(&model, size / 3, 100);
		assert_fine(disk_write(disk, 0, model.bytes, size, &err), &err);
		model_assert(&model, disk);
		assert_in_range(space_taken(disk), 512, little);
	}
}

/* 1 TiB of disk costs neither memory nor file, and QEMU goes on where we ended. */
static void test_large(void **state)
{
	cleanup_free char *path = scratch_path(state, "large.qcow2");
	struct form large = {.driver = &disk_qcow2, .size = 1024 * GIB};
	cleanup_disk struct disk *disk = form_create(&large, path), *again = NULL;
	struct error err = {0};
	struct stat status, more;
	char word[5];
	uint64_t run;

	need_program("qemu-img");
	need_program("qemu-io");
	assert_fine(disk_write(disk, 5, "first", 5, &err), &err);
	assert_fine(disk_write(disk, large.size - 5, "last.", 5, &err), &err);
	assert_fine(disk_zero(disk, 10, large.size - 20, &err), &err);
	form_finish(disk);
	assert_int_equal(stat(path, &status), 0);
	assert_in_range(status.st_size, 0, 8 * 64 * KIB);
	assert_fine(disk_open(path, false, &again, &err), &err);
	assert_fine(disk_read(again, large.size - 5, word, 5, &err), &err);
	assert_memory_equal(word, "last.", 5);
	assert_true(disk_has_data(again, 0, large.size, &run));
	assert_false(disk_has_data(again, MIB, large.size - MIB, &run));

	cleanup_free char *info = run_program("qemu-img", "info", path, NULL);
	assert_non_null(strstr(info, "virtual size: 1 TiB"));
	assert_non_null(strstr(info, "compat: 1.1"));
	free(run_program("qemu-img", "check", path, NULL));
	free(run_program("qemu-io", "-f", "qcow2", "-c", "write 512G 64k", path, NULL));
	free(run_program("qemu-img", "check", path, NULL));
	assert_int_equal(stat(path, &more), 0);
	assert_int_equal(more.st_size, status.st_size + 2 * 64 * KIB);
}

static void test_same_bytes(void **state)
{
	cleanup_free char *path = scratch_path(state, "same.disk");

	for_each_form(form)
	{
		char hashes[2][HASH_TEXT];
		for (unsigned i = 0; i < 2; i++) {
			cleanup_disk struct disk *disk = form_create(form, path);
			cleanup_model struct model model = model_make(form->size);
			struct error err = {0};
			model_exercise(&model, disk, 60);
			form_finish(disk);
			assert_fine(hash_file(AT_FDCWD, path, hashes[i], &err), &err);
		}
		assert_string_equal(hashes[0], hashes[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_zeros_take_no_space),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_same_bytes),
	};

	return cmocka_run_group_tests_name("disk", tests, scratch_setup, scratch_teardown);
}
