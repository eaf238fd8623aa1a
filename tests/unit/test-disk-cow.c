/* UML's overlays: against a model, judged by the tool that comes with UML. */
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
#include "base/hash.h"
#include "base/size.h"
#include "image/disk.h"
#include "support/model.h"
#include "support/scratch.h"

enum { DISK_SIZE = 3 * MIB };

static void open_below(
	const struct model *model, const char *path, struct disk **ret_disk, struct error *err)
{
	model_save(model, path);
	assert_fine(disk_open(path, false, ret_disk, err), err);
}

static void test_model(void **state)
{
	cleanup_free char *base = scratch_path(state, "base.raw");
	cleanup_free char *path = scratch_path(state, "over.cow");
	cleanup_free char *flat = scratch_path(state, "flat.raw");
	cleanup_free char *expected = scratch_path(state, "expected.raw");
	cleanup_model struct model old = model_make(DISK_SIZE), model = model_make(DISK_SIZE);
	cleanup_disk struct disk *below = NULL, *above = NULL, *again = NULL;
	struct error err = {0};

	need_program("uml_moo");
	model_scribble(&old, DISK_SIZE / 10, DISK_SIZE / 2);
	model_scribble(&old, DISK_SIZE - 700, 700);
	open_below(&old, base, &below, &err);
	memcpy(model.bytes, old.bytes, DISK_SIZE);
	struct disk_options options = {
		.path = path, .size = DISK_SIZE, .backing = below, .backing_name = base};
	assert_fine(disk_create(&disk_cow, &options, &above, &err), &err);
	model_assert(&model, above);
	model_exercise(&model, above, 500);
	model_assert(&model, above);
	assert_fine(disk_finish(above, &err), &err);
	assert_fine(disk_open(path, false, &again, &err), &err);
	assert_ptr_equal(again->driver, &disk_cow);
	model_assert(&model, again);
	model_assert(&old, below);
	free(run_program("uml_moo", path, flat, NULL));
	model_save(&model, expected);
	free(run_program("cmp", flat, expected, NULL));
}

static void test_refused(void **state)
{
	cleanup_free char *base = scratch_path(state, "small.raw");
	cleanup_free char *path = scratch_path(state, "refused.cow");
	cleanup_model struct model model = model_make(64 * KIB);
	cleanup_disk struct disk *below = NULL;
	struct disk *disk;
	struct error err = {0};

	open_below(&model, base, &below, &err);
	const struct {
		struct disk_options options;
		const char *message;
	} refused[] = {
		{{.path = path, .size = 64 * KIB}, "raw disk only"},
		{{.path = path, .size = 128 * KIB, .backing = below, .backing_name = base},
			"as large as"},
		{{.path = path, .size = 64 * KIB, .backing = below, .backing_name = "small.raw"},
			"absolute"},
		{{.path = path, .size = 64 * KIB, .backing = below, .backing_name = "/nowhere/at"},
			"No such file"},
	};
	for (size_t i = 0; i < array_count(refused); i++) {
		assert_error(disk_create(&disk_cow, &refused[i].options, &disk, &err), &err,
			refused[i].message);
		assert_int_not_equal(access(path, F_OK), 0);
	}
}

/* Numbers of a header that promise more than there is, or what jeos does not read. */
static void test_damaged(void **state)
{
	cleanup_free char *base = scratch_path(state, "whole.raw");
	cleanup_free char *path = scratch_path(state, "damaged.cow");
	cleanup_model struct model model = model_make(64 * KIB);
	cleanup_disk struct disk *below = NULL;
	struct error err = {0};
	static const struct {
		unsigned offset;
		uint8_t byte;
		const char *message;
	} damages[] = {
		{12, 0x7f, "a disk of"},  /* the size's highest byte */
		{19, 0x01, "a disk of"},  /* its lowest */
		{22, 0x40, "sectors of"}, /* the sector's size */
		{31, 0x01, "sectors of"}, /* another kind of map */
		{32, 0x00, "no backing file"},
	};

	open_below(&model, base, &below, &err);
	for (size_t i = 0; i < array_count(damages); i++) {
		struct disk_options options = {
			.path = path, .size = 64 * KIB, .backing = below, .backing_name = base};
		struct disk *disk;
		unlink(path);
		assert_fine(disk_create(&disk_cow, &options, &disk, &err), &err);
		assert_fine(disk_finish(disk, &err), &err);
		disk_free(disk);
		cleanup_fd int fd = open(path, O_WRONLY);
		assert_int_equal(pwrite(fd, &damages[i].byte, 1, damages[i].offset), 1);
		assert_error(disk_open(path, false, &disk, &err), &err, damages[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
