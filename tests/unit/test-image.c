/* Whole images: layouts, what is in each partition, the same bytes each time, nothing left behind.
 */
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "image/ext4.h"
#include "image/image.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/memory-disk.h"
#include "support/scratch.h"

enum { BOTH = IMAGE_BIOS | IMAGE_UEFI, SIZE = 128 * MIB };

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	assert_int_equal(mkdir("work", 0700), 0);
	assert_int_equal(mkdir("out", 0755), 0);
	make_every_kind("tree");
	return 0;
}

static int make(uint64_t size, unsigned firmware, struct arena *arena,
	struct image_layout *ret_layout, struct error *err)
{
	struct layout_request request = {
		.size = size,
		.firmware = firmware,
		.seed = "seed",
		.root = "ext4",
	};
	size_t culprit;

	assert_true(uuid_parse("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", &request.root_type));
	return layout_make(&request, arena, ret_layout, &culprit, err);
}

static struct image_layout make_layout(uint64_t size, unsigned firmware, struct arena *arena)
{
	struct image_layout layout;
	struct error err = {0};

	assert_ok(make(size, firmware, arena, &layout, &err), &err);
	layout.grub_bios = "i386-pc";
	layout.uefi_file = "BOOTX64.EFI";
	layout.epoch = test_epoch;
	assert_int_equal(layout.partitions[layout.partition_count - 1].use, USE_ROOT);
	return layout;
}

static void test_layout(void **state)
{
	static const struct {
		unsigned firmware;
		size_t count;
		uint64_t root_start;
	} rows[] = {
		{0, 1, MIB},
		{IMAGE_BIOS, 2, 2 * MIB},
		{IMAGE_UEFI, 2, 65 * MIB},
		{BOTH, 3, 66 * MIB},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct image_layout layout = make_layout(GIB + 512, rows[i].firmware, &arena);
		const struct image_partition *root = &layout.partitions[rows[i].count - 1];
		assert_int_equal(layout.partition_count, rows[i].count);
		assert_int_equal(root->start, rows[i].root_start);
		assert_int_equal(root->start + root->length, GIB - MIB);
		assert_int_equal(layout.boot_bios, !!(rows[i].firmware & IMAGE_BIOS));
		assert_int_equal(layout.boot_uefi, !!(rows[i].firmware & IMAGE_UEFI));
	}
	arena_release(&arena);
}

static void test_layout_too_small(void **state)
{
	struct image_layout layout;
	struct arena arena = {0};
	struct error err = {0};

	(void)state;
	assert_fails(make(83 * MIB - 512, BOTH, &arena, &layout, &err), &err, STATUS_FAILED,
		"at least 83.0 MiB");
	assert_fails(make(512, IMAGE_BIOS, &arena, &layout, &err), &err, STATUS_FAILED,
		"at least 19.0 MiB");
	assert_fails(
		make(GIB + 1, BOTH, &arena, &layout, &err), &err, STATUS_FAILED, "multiple of 512");
	make_layout(83 * MIB, BOTH, &arena);
	arena_release(&arena);
}

static const char program_text[] = "started by UEFI";

static int write_to(const char *path, const char *format, unsigned firmware, struct error *err)
{
	cleanup_fd int tree = open("tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct arena arena = {0};
	struct image_layout layout = make_layout(SIZE, firmware, &arena);
	struct buffer program = {.data = (char *)program_text, .length = sizeof(program_text) - 1};
	const struct image_contents contents = {.tree = tree, .uefi_program = &program};
	if (strcmp(format, "qcow2-v2"))
		layout.compression = COMPRESSION_ZSTD;
	int result = image_write(&layout, &contents, format, path, "work", err);

	arena_release(&arena);
	return result;
}

static void need_programs(void)
{
	need_program("grub-mkimage");
	need_program("mkfs.fat");
	need_program("mcopy");
	need_program("sgdisk");
	need_program("qemu-img");
	need_program("e2fsck");
}

static void assert_boot_code(const char *image)
{
	cleanup_fd int fd = open(image, O_RDONLY | O_CLOEXEC);
	uint8_t mbr[512], core[512];

	assert_int_equal(pread(fd, mbr, 512, 0), 512);
	assert_int_equal(pread(fd, core, 512, MIB), 512);
	/* Core at sector 2048, its rest at 2049, and the drive's number is checked. */
	assert_memory_equal(mbr + 0x5c, "\x00\x08\0\0\0\0\0\0", 8);
	assert_memory_equal(mbr + 0x66, "\x90\x90", 2);
	assert_memory_equal(mbr + 0x1fe, "\x55\xaa", 2);
	assert_memory_equal(core + 0x1f4, "\x01\x08\0\0\0\0\0\0", 8);
	assert_memory_equal(core + 0x1fe, "\x20\x08", 2);
}

static void test_image(void **state)
{
	struct error err = {0};
	struct slice root;
	cleanup_disk struct disk *disk = NULL;

	(void)state;
	need_programs();
	assert_ok(write_to("out/disk.img", "raw", BOTH, &err), &err);
	assert_ok(write_to("out/disk.qcow2", "qcow2", BOTH, &err), &err);
	cleanup_free char *check = run_program("qemu-img", "check", "out/disk.qcow2", NULL);
	assert_non_null(strstr(check, "% compressed clusters"));
	assert_null(strstr(check, " 0.00% compressed clusters"));
	free(run_program("qemu-img", "compare", "out/disk.qcow2", "out/disk.img", NULL));
	cleanup_free char *verdict = run_program("sgdisk", "-v", "out/disk.img", NULL);
	assert_non_null(strstr(verdict, "No problems found"));
	assert_e2fsck_clean("out/disk.img?offset=69206016");
	assert_boot_code("out/disk.img");
	free(run_program(
		"dd", "if=out/disk.img", "of=esp.img", "bs=1M", "skip=2", "count=64", NULL));
	free(run_program("fsck.fat", "-n", "esp.img", NULL));
	free(run_program("mcopy", "-i", "esp.img", "::/EFI/BOOT/BOOTX64.EFI", "program", NULL));
	cleanup_free char *program = run_program("cat", "program", NULL);
	assert_string_equal(program, program_text);
	assert_ok(disk_open("out/disk.qcow2", false, &disk, &err), &err);
	assert_ok(image_find_root(disk, &root, &err), &err);
	assert_int_equal(root.start, 66 * MIB);
	assert_ok(image_find_esp(disk, &root, &err), &err);
	assert_int_equal(root.start, 2 * MIB);
	cleanup_free char *left = run_program("ls", "work", NULL);
	assert_null(strstr(left, "esp"));
}

/* In every format what the first, raw, has; and the same bytes two seconds later, for a FAT's times
 * count in two seconds. */
static void test_same_bytes(void **state)
{
	struct error err = {0};

	(void)state;
	need_programs();
	assert_ok(write_to("out/first.img", "raw", BOTH, &err), &err);
	for (unsigned i = 0; disk_drivers[i]; i++) {
		cleanup_free char *path = xasprintf("out/first.%s", disk_drivers[i]->name);
		assert_ok(write_to(path, disk_drivers[i]->name, BOTH, &err), &err);
		free(run_program("qemu-img", "compare", "-f", "raw", "-F", disk_drivers[i]->family,
			"out/first.img", path, NULL));
	}
	sleep(2);
	for (unsigned i = 0; disk_drivers[i]; i++) {
		cleanup_free char *path = xasprintf("out/first.%s", disk_drivers[i]->name);
		assert_ok(write_to("out/second", disk_drivers[i]->name, BOTH, &err), &err);
		free(run_program("cmp", path, "out/second", NULL));
	}
}

static int write_tree(const char *name, struct disk *base, const char *path, struct error *err)
{
	cleanup_fd int tree = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct arena arena = {0};
	struct image_layout layout = make_layout(SIZE, 0, &arena);
	const struct image_contents contents = {.tree = tree, .base = base};
	int result = image_write(&layout, &contents, "qcow2", path, "work", err);

	arena_release(&arena);
	return result;
}

static off_t length_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* A file that comes first in the tree does not move those that are in both. */
static void test_over_a_base(void **state)
{
	cleanup_disk struct disk *base = NULL;
	struct error err = {0};

	(void)state;
	need_programs();
	free(run_program("cp", "-a", "tree", "grown", NULL));
	make_file("tree", "shared", 8 * MIB);
	make_file("grown", "shared", 8 * MIB);
	make_file("grown", "-first", 100000);
	assert_ok(write_tree("tree", NULL, "out/below.qcow2", &err), &err);
	assert_ok(disk_open("out/below.qcow2", false, &base, &err), &err);
	assert_ok(write_tree("grown", base, "out/over.qcow2", &err), &err);
	assert_ok(write_tree("grown", base, "out/again.qcow2", &err), &err);
	free(run_program("cmp", "out/over.qcow2", "out/again.qcow2", NULL));
	free(run_program("qemu-img", "check", "out/over.qcow2", NULL));
	free(run_program("qemu-img", "convert", "-O", "raw", "out/over.qcow2", "over.img", NULL));
	assert_e2fsck_clean("over.img?offset=1048576");
	cleanup_free char *first = debugfs("over.img?offset=1048576", "stat /-first");
	assert_contains(first, "Size: 100000");
	free(run_program("sh", "-c",
		"debugfs -R 'cat /shared' 'over.img?offset=1048576' | cmp - grown/shared", NULL));
	assert_in_range(length_of("out/over.qcow2"), 2 * 64 * KIB, 2 * MIB);
	assert_in_range(length_of("out/below.qcow2"), 8 * MIB, 100 * MIB);
	assert_fails(write_tree("grown", base, "out/below.qcow2", &err), &err, STATUS_FAILED,
		"its own base");
	assert_int_equal(unlink("tree/shared"), 0);
}

static void test_nothing_is_left(void **state)
{
	struct error err = {0};

	(void)state;
	free(run_program("sh", "-c", "rm -rf out && mkdir out && echo old >out/disk.img", NULL));
	assert_fails(write_to("out/disk.img", "vhd9", 0, &err), &err, STATUS_FAILED,
		"vhd9: unknown format");
	make_file("tree", "too-large", 200 * MIB);
	assert_fails(
		write_to("out/disk.img", "qcow2", 0, &err), &err, STATUS_FAILED, "raise disk.size");
	assert_int_equal(unlink("tree/too-large"), 0);
	cleanup_free char *left = run_program("ls", "out", NULL);
	assert_string_equal(left, "disk.img\n");
	cleanup_free char *old = run_program("cat", "out/disk.img", NULL);
	assert_string_equal(old, "old\n");
	assert_fails(write_to("nowhere/disk.img", "raw", 0, &err), &err, STATUS_FAILED, "nowhere");
}

static void test_missing_loader(void **state)
{
	struct arena arena = {0};
	struct image_layout layout = make_layout(SIZE, BOTH, &arena);
	struct error err = {0};

	(void)state;
	need_program("mkfs.fat");
	layout.grub_bios = "i386-none";
	assert_fails(image_write(&layout, &(struct image_contents){.tree = -1}, "raw", "out/no.img",
			     "work", &err),
		&err, STATUS_MISSING,
		"/usr/lib/grub/i386-none: not found; install the package grub-pc-bin");
	assert_int_equal(access("out/no.img", F_OK), -1);
	arena_release(&arena);
}

static void test_find_root(void **state)
{
	cleanup_disk struct disk *whole = memory_disk_new(16 * MIB), *empty = memory_disk_new(MIB);
	const struct slice slice = {whole, 0, whole->size};
	const struct filesystem_options options = test_options("work");
	struct slice root;
	struct error err = {0};

	(void)state;
	assert_ok(filesystem_ext4.write(&slice, -1, &options, &err), &err);
	assert_ok(image_find_root(whole, &root, &err), &err);
	assert_int_equal(root.start, 0);
	assert_int_equal(root.length, 16 * MIB);
	assert_int_equal(image_find_root(empty, &root, &err), -1);
	error_release(&err);
	const struct partition_table none = {.id = uuid_derive("no", "partition")};
	assert_ok(partition_write(empty, &none, &err), &err);
	assert_fails(
		image_find_root(empty, &root, &err), &err, STATUS_FAILED, "no partition holds");
}

/* The last test: an interrupt cannot be taken back. */
static void test_interrupt(void **state)
{
	cleanup_free char *beside = xasprintf("out/interrupted.img.%d.part", getpid());
	struct error err = {0};

	(void)state;
	interrupt_install();
	raise(SIGINT);
	assert_fails(write_to("out/interrupted.img", "qcow2", 0, &err), &err, STATUS_INTERRUPTED,
		"interrupted");
	assert_int_equal(access("out/interrupted.img", F_OK), -1);
	assert_int_equal(access(beside, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_layout_too_small),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_over_a_base),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_missing_loader),
		cmocka_unit_test(test_find_root),
		cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
