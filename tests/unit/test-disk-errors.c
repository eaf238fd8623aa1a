/* What disks refuse, and how they fail. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/disk.h"
#include "image/slice.h"
#include "support/forms.h"
#include "support/memory-disk.h"
#include "support/model.h"
#include "support/scratch.h"

static void test_ranges(void **state)
{
	cleanup_free char *path = scratch_path(state, "ranges.disk");
	uint8_t data[512] = {1};

	for_each_form(form)
	{
		cleanup_disk struct disk *disk = form_create(form, path);
		struct slice slice = {disk, 0, 256};
		struct error err = {0};
		uint64_t size = form->size;
		assert_error(disk_read(disk, size - 511, data, 512, &err), &err, "outside");
		assert_error(disk_write(disk, size, data, 1, &err), &err, "outside");
		assert_error(disk_zero(disk, 1, UINT64_MAX, &err), &err, path);
		assert_error(disk_write(disk, UINT64_MAX, data, 2, &err), &err, "outside");
		assert_error(slice_write(&slice, 255, data, 2, &err), &err, "partition");
		assert_error(slice_read(&slice, UINT64_MAX, data, 2, &err), &err, "partition");
		assert_error(slice_zero(&slice, 257, 0, &err), &err, "partition");
		assert_fine(slice_write(&slice, 255, data, 1, &err), &err);
		assert_fine(disk_write(disk, size, data, 0, &err), &err);
		assert_fine(disk_read(disk, size, data, 0, &err), &err);
		form_finish(disk);
		assert_error(disk_write(disk, 0, data, 1, &err), &err, "reading only");
		assert_error(disk_zero(disk, 0, 1, &err), &err, "reading only");
		form_finish(disk);
	}
}

static void test_refused_options(void **state)
{
	cleanup_free char *path = scratch_path(state, "refused");
	cleanup_free char *missing = scratch_path(state, "missing/disk");
	cleanup_free char *long_name = xcalloc(1025, 1);
	cleanup_disk struct disk *memory = memory_disk_new(MIB);
	struct disk *disk;
	struct error err = {0};

	memset(long_name, 'n', 1024);
	const struct {
		const struct disk_driver *driver;
		struct disk_options options;
		const char *message;
	} refused[] = {
		{&disk_raw, {.path = path}, "multiple of 512"},
		{&disk_raw, {.path = path, .size = 1000}, "multiple of 512"},
		{&disk_qcow2, {.path = path, .size = UINT64_MAX - 511}, "multiple of 512"},
		{&disk_raw, {.path = missing, .size = 512}, "No such file"},
		{&disk_qcow2, {.path = missing, .size = 512}, "No such file"},
		{&disk_raw, {.path = path, .size = MIB, .backing = memory, .backing_name = "x"},
			"no backing file"},
		{&disk_vdi, {.path = path, .size = MIB, .cluster_size = 65536}, "no choice"},
		{&disk_vdi, {.path = path, .size = MIB, .compression = COMPRESSION_ZLIB},
			"no choice of compression"},
		{&disk_qcow2_v2, {.path = path, .size = MIB, .compression = COMPRESSION_ZSTD},
			"has no zstd"},
		{&disk_vdi, {.path = path, .size = 513 * 1024 * GIB}, "ends at"},
		{&disk_qcow2, {.path = path, .size = MIB, .cluster_size = 256}, "power of two"},
		{&disk_qcow2, {.path = path, .size = MIB, .cluster_size = 65535}, "power of two"},
		{&disk_qcow2, {.path = path, .size = MIB, .cluster_size = 4 * MIB}, "power of two"},
		{&disk_qcow2, {.path = path, .size = 256 * GIB, .cluster_size = 512},
			"too large for clusters"},
		{&disk_qcow2, {.path = path, .size = MIB, .backing = memory}, "go together"},
		{&disk_qcow2, {.path = path, .size = MIB, .backing_name = "x"}, "go together"},
		{&disk_qcow2,
			{.path = path, .size = MIB, .backing = memory, .backing_name = long_name},
			"1024 bytes"},
		{&disk_qcow2,
			{.path = path,
				.size = MIB,
				.cluster_size = 512,
				.backing = memory,
				.backing_name = long_name + 600},
			"424 bytes"},
	};
	for (size_t i = 0; i < array_count(refused); i++) {
		assert_error(disk_create(refused[i].driver, &refused[i].options, &disk, &err), &err,
			refused[i].message);
		assert_false(file_exists(AT_FDCWD, path));
	}
	assert_fine(file_write_text(AT_FDCWD, path, "mine", 0644, &err), &err);
	struct disk_options taken = {.path = path, .size = MIB};
	for_each_form(form)
		assert_error(disk_create(form->driver, &taken, &disk, &err), &err, "File exists");
	assert_true(file_exists(AT_FDCWD, path));
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A host without room: an error wherever it strikes, never a disk that looks finished. */
/* Of qcow2, by what it is compressed with; what is given counts. */
static void test_cluster_sizes(void **state)
{
	static const struct {
		enum compression compression;
		uint32_t given, expected;
	} cases[] = {{COMPRESSION_NONE, 0, 64 * KIB}, {COMPRESSION_ZLIB, 0, 64 * KIB},
		{COMPRESSION_ZSTD, 0, 256 * KIB}, {COMPRESSION_ZSTD, 64 * KIB, 64 * KIB}};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct disk_options options = {.path = "clusters",
			.size = MIB,
			.compression = cases[i].compression,
			.cluster_size = cases[i].given};
		cleanup_disk struct disk *disk = NULL;
		struct error err = {0};
		assert_fine(disk_create(&disk_qcow2, &options, &disk, &err), &err);
		assert_int_equal(disk->block, cases[i].expected);
		unlink("clusters");
	}
}

static void test_no_room(void **state)
{
	cleanup_free char *path = scratch_path(state, "full.disk");
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	sigaction(SIGXFSZ, &ignore, &before);
	for_each_form(form)
	{
		struct disk_options options = {.path = path,
			.size = form->size,
			.cluster_size = form->cluster_size,
			.compression = form->compression};
		cleanup_model struct model model = model_make(form->size);
		rlim_t room = 0, step = (form->size + 256 * KIB) / 16 + 100;
		model_scribble(&model, 0, form->size);
		for (int result = -1; result; room += step) {
			cleanup_disk struct disk *disk = NULL;
			struct error err = {0};
			unlink(path);
			limit_files(room);
			result = disk_create(form->driver, &options, &disk, &err);
			bool made = file_exists(AT_FDCWD, path);
			assert_int_equal(made, !result);
			if (!result)
				result = disk_write(disk, 0, model.bytes, form->size, &err);
			if (!result)
				result = disk_finish(disk, &err);
			limit_files(RLIM_INFINITY);
			if (result)
				assert_error(result, &err, "File too large");
			else
				model_assert(&model, disk);
		}
		assert_true(room > form->size);
	}
	sigaction(SIGXFSZ, &before, NULL);
}

static void test_failing_backing(void **state)
{
	cleanup_free char *path = scratch_path(state, "failing.qcow2");
	cleanup_disk struct disk *memory = memory_disk_new(MIB);
	unsigned operations = 0;

	memset(memory_disk_bytes(memory), 7, MIB);
	for (int result = -1; result; operations++) {
		cleanup_disk struct disk *below = failing_disk_new(memory, operations);
		cleanup_disk struct disk *disk = NULL;
		struct disk_options options = {
			.path = path, .size = MIB, .backing = below, .backing_name = "memory"};
		struct error err = {0};
		unlink(path);
		assert_fine(disk_create(&disk_qcow2, &options, &disk, &err), &err);
		result = disk_write(disk, 100, "data", 4, &err);
		if (!result)
			result = disk_zero(disk, 200 * KIB, 100, &err);
		if (result)
			assert_error(result, &err, "this disk fails");
	}
	assert_true(operations > 4);
}

static void test_copies_file(void **state)
{
	cleanup_free char *path = scratch_path(state, "copy.disk");
	cleanup_free char *source = scratch_path(state, "source");
	cleanup_model struct model model = model_make(2 * MIB + 512);
	struct error err = {0};

	memset(model.bytes, 0, model.size);
	model_scribble(&model, 0, 100);
	model_scribble(&model, MIB, 70000);
	model_save(&model, source);
	for_each_form(form)
	{
		cleanup_disk struct disk *disk = form_create(form, path);
		struct slice slice = {disk, 512, form->size - 512};
		cleanup_free uint8_t *old = xmalloc(form->size);
		memset(old, 0xee, form->size);
		assert_fine(disk_write(disk, 0, old, form->size, &err), &err);
		if (slice.length < model.size) {
			assert_error(slice_copy_file(&slice, source, &err), &err, "do not fit");
			continue;
		}
		assert_fine(slice_copy_file(&slice, source, &err), &err);
		assert_fine(disk_read(disk, 0, old, form->size, &err), &err);
		assert_int_equal(old[511], 0xee);
		assert_memory_equal(old + 512, model.bytes, model.size);
		for (uint64_t i = 512 + model.size; i < form->size; i++)
			assert_int_equal(old[i], 0xee);
	}
}

static void test_opens_raw(void **state)
{
	cleanup_free char *path = scratch_path(state, "odd.raw");
	cleanup_free char *fifo = scratch_path(state, "fifo");
	struct disk *disk;
	char data[512];
	struct error err = {0};

	assert_fine(file_write_text(AT_FDCWD, path, "seven b", 0644, &err), &err);
	assert_fine(disk_open(path, true, &disk, &err), &err);
	assert_ptr_equal(disk->driver, &disk_raw);
	assert_int_equal(disk->size, 512);
	assert_fine(disk_read(disk, 0, data, 512, &err), &err);
	assert_memory_equal(data, "seven b\0\0\0", 10);
	assert_fine(disk_write(disk, 2, "--", 2, &err), &err);
	form_finish(disk);
	disk_free(disk);
	assert_fine(disk_open(path, false, &disk, &err), &err);
	assert_fine(disk_read(disk, 0, data, 512, &err), &err);
	assert_memory_equal(data, "se--n b", 7);
	assert_error(disk_write(disk, 0, data, 1, &err), &err, "reading only");
	disk_free(disk);

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_error(disk_open(fifo, false, &disk, &err), &err, "not a regular file");
	assert_error(disk_open("/dev/null", false, &disk, &err), &err, "not a regular file");
	assert_error(disk_open("/", false, &disk, &err), &err, "not a regular file");
	assert_error(disk_open("/nowhere", false, &disk, &err), &err, "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_refused_options),
		cmocka_unit_test(test_cluster_sizes),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_failing_backing),
		cmocka_unit_test(test_copies_file),
		cmocka_unit_test(test_opens_raw),
	};

	return cmocka_run_group_tests_name("disk-errors", tests, scratch_setup, scratch_teardown);
}
