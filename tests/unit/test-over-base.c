/* Disks that are kept as the differences to a base. */
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
#include "image/over-base.h"
#include "support/forms.h"
#include "support/model.h"
#include "support/scratch.h"

/* A base with data, holes, and an end that is no block's. */
static struct model make_base(uint64_t size, const char *path, struct disk **ret_disk)
{
	struct model model = model_make(size);
	struct error err = {0};

	model_scribble(&model, size / 10, size / 2);
	model_scribble(&model, size - 700, 700);
	model_save(&model, path);
	assert_fine(disk_open(path, false, ret_disk, &err), &err);
	return model;
}

static struct disk *make_over(const struct disk_options *wanted, struct disk *base)
{
	struct disk *disk;
	struct error err = {0};

	unlink(wanted->path);
	assert_fine(over_base_create(&disk_qcow2, wanted, base, &disk, &err), &err);
	return disk;
}

static void assert_approved(const struct model *model, const char *path, const char *raw)
{
	cleanup_disk struct disk *again = NULL;
	struct error err = {0};

	model_save(model, raw);
	free(run_program("qemu-img", "check", "-f", "qcow2", path, NULL));
	free(run_program("qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, path, NULL));
	assert_fine(disk_open(path, false, &again, &err), &err);
	model_assert(model, again);
}

/* It begins as zeros, whatever the base has. */
static void test_model(void **state)
{
	static const struct disk_options variants[] = {
		{.size = 3 * MIB},
		{.size = 3 * MIB + 1024, .cluster_size = 512},
		{.size = 4 * MIB + 512, .cluster_size = 16 * KIB},
		{.size = 5 * MIB, .cluster_size = 2 * MIB},
		{.size = 3 * MIB, .compression = COMPRESSION_ZSTD},
		{.size = 4 * MIB + 1536, .compression = COMPRESSION_ZLIB},
	};
	cleanup_free char *below = scratch_path(state, "base.raw");
	cleanup_free char *path = scratch_path(state, "over.qcow2");
	cleanup_free char *raw = scratch_path(state, "flat.raw");

	need_program("qemu-img");
	for (size_t i = 0; i < array_count(variants); i++) {
		cleanup_disk struct disk *base = NULL, *disk = NULL;
		struct disk_options options = variants[i];
		cleanup_model struct model old = make_base(3 * MIB, below, &base);
		cleanup_model struct model model = model_make(options.size);
		options.path = path;
		disk = make_over(&options, base);
		model_assert(&model, disk);
		model_exercise(&model, disk, 300);
		model_assert(&model, disk);
		form_finish(disk);
		assert_approved(&model, path, raw);
		model_assert(&old, base);
	}
}

static uint64_t count(const char *text, const char *word)
{
	uint64_t found = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		found++;
	return found;
}

/* The same bytes as the base's take nothing, a byte that differs takes one block. */
static void test_stores_what_differs(void **state)
{
	cleanup_free char *below = scratch_path(state, "base.raw");
	cleanup_free char *path = scratch_path(state, "small.qcow2");
	cleanup_free char *raw = scratch_path(state, "flat.raw");
	cleanup_disk struct disk *base = NULL, *disk = NULL;
	cleanup_model struct model model = make_base(8 * MIB, below, &base);
	struct disk_options options = {.path = path, .size = model.size};
	struct error err = {0};
	struct stat status;

	need_program("qemu-img");
	disk = make_over(&options, base);
	model.bytes[3 * MIB + 5000] ^= 1;
	assert_fine(disk_write(disk, 0, model.bytes, model.size, &err), &err);
	form_finish(disk);
	assert_approved(&model, path, raw);
	/* Header, the cluster of that block, L2 table, L1 table, refcounts: six clusters. */
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 6 * 64 * KIB);
	cleanup_free char *map = run_program("qemu-img", "map", "--output=json", path, NULL);
	assert_int_equal(count(map, "\"depth\": 0"), 1);
	assert_non_null(strstr(map, "\"start\": 3149824, \"length\": 4096, \"depth\": 0"));
}

/* What the writer leaves out is not the base's. */
static void test_hides_the_base(void **state)
{
	cleanup_free char *below = scratch_path(state, "base.raw");
	cleanup_free char *path = scratch_path(state, "empty.qcow2");
	cleanup_free char *raw = scratch_path(state, "flat.raw");
	cleanup_disk struct disk *base = NULL, *disk = NULL;
	cleanup_model struct model old = make_base(8 * MIB, below, &base);
	cleanup_model struct model model = model_make(9 * MIB);
	struct disk_options options = {.path = path, .size = model.size};
	struct error err = {0};
	struct stat status;

	need_program("qemu-img");
	disk = make_over(&options, base);
	memcpy(model.bytes + MIB, "few bytes", 9);
	assert_fine(disk_write(disk, MIB, "few bytes", 9, &err), &err);
	form_finish(disk);
	assert_approved(&model, path, raw);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 6 * 64 * KIB);
}

static void test_records_relative_names(void **state)
{
	static const struct {
		const char *base, *over, *recorded;
	} names[] = {
		{"base.raw", "over.qcow2", "\"backing-filename\": \"base.raw\""},
		{"base.raw", "deep/er/over.qcow2", "\"backing-filename\": \"../../base.raw\""},
		{"deep/base.raw", "deep/er/over.qcow2", "\"backing-filename\": \"../base.raw\""},
		{"deep/base.raw", "deeper/over.qcow2",
			"\"backing-filename\": \"../deep/base.raw\""},
	};
	static const char *const directories[] = {"deep", "deep/er", "deeper"};
	cleanup_free char *raw = scratch_path(state, "flat.raw");

	need_program("qemu-img");
	for (size_t i = 0; i < array_count(directories); i++) {
		cleanup_free char *directory = scratch_path(state, directories[i]);
		assert_int_equal(mkdir(directory, 0755), 0);
	}
	for (size_t i = 0; i < array_count(names); i++) {
		cleanup_free char *below = scratch_path(state, names[i].base);
		cleanup_free char *path = scratch_path(state, names[i].over);
		cleanup_disk struct disk *base = NULL, *disk = NULL;
		cleanup_model struct model old = make_base(MIB, below, &base);
		cleanup_model struct model model = model_make(MIB);
		struct disk_options options = {.path = path, .size = MIB};
		disk = make_over(&options, base);
		form_finish(disk);
		assert_approved(&model, path, raw);
		cleanup_free char *info =
			run_program("qemu-img", "info", "--output=json", path, NULL);
		assert_non_null(strstr(info, names[i].recorded));
		assert_non_null(strstr(info, "\"backing-filename-format\": \"raw\""));
		assert_non_null(strstr(info, "\"extended-l2\": true"));
	}
}

static void test_refuses(void **state)
{
	cleanup_free char *below = scratch_path(state, "base.raw");
	cleanup_free char *path = scratch_path(state, "refused");
	cleanup_disk struct disk *base = NULL, *disk = NULL;
	cleanup_model struct model old = make_base(2 * MIB, below, &base);
	struct disk_options options = {.path = path, .size = MIB};
	struct error err = {0};

	assert_error(over_base_create(&disk_qcow2, &options, base, &disk, &err), &err,
		"a base of 2.0 MiB for a disk of 1.0 MiB");
	options.size = 2 * MIB;
	assert_error(
		over_base_create(&disk_vdi, &options, base, &disk, &err), &err, "no backing file");
	assert_int_equal(access(path, F_OK), -1);
	assert_true(disk_chain_has(base, below));
	assert_false(disk_chain_has(base, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_stores_what_differs),
		cmocka_unit_test(test_hides_the_base),
		cmocka_unit_test(test_records_relative_names),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests_name("over-base", tests, scratch_setup, scratch_teardown);
}
