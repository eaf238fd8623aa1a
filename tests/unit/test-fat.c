/* The FAT reader, over what mkfs.fat and mtools have written, and over damage. */
#include "support/test.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/fat.h"
#include "support/kinds.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <unistd.h>

enum { FILE_SIZE = 300001 };

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	make_file(".", "program", FILE_SIZE);
	make_file(".", "short", 1);
	make_file(".", "nothing", 0);
	return 0;
}

/* A filesystem whose table has entries of so many bits. */
static void make_fat(const char *bits, const char *kibibytes)
{
	need_program("mkfs.fat");
	need_program("mcopy");
	unlink("fat.img");
	free(run_program("mkfs.fat", "-C", "-F", bits, "fat.img", kibibytes, NULL));
	free(run_program("mmd", "-i", "fat.img", "::/EFI", "::/EFI/BOOT", NULL));
	free(run_program("mcopy", "-i", "fat.img", "short", "::/a longer name.text", NULL));
	free(run_program("mcopy", "-i", "fat.img", "program", "::/EFI/BOOT/BOOTX64.EFI", NULL));
	free(run_program("mcopy", "-i", "fat.img", "short", "::/EFI/SHORT", NULL));
	free(run_program("mcopy", "-i", "fat.img", "nothing", "::/nothing.txt", NULL));
}

static int read_from(const char *path, uint64_t limit, struct buffer *content, struct error *err)
{
	cleanup_disk struct disk *disk = NULL;

	if (disk_open("fat.img", false, &disk, err))
		return -1;
	return fat_read_file(&(struct slice){disk, 0, disk->size}, path, limit, content, err);
}

static void assert_file(const char *path, const char *original)
{
	cleanup_buffer struct buffer content = {0}, expected = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, original, MIB, &expected, &err), &err);
	assert_ok(read_from(path, MIB, &content, &err), &err);
	assert_int_equal(content.length, expected.length);
	assert_memory_equal(content.data, expected.data, expected.length);
}

static void assert_no_file(const char *path, uint64_t limit, const char *message)
{
	struct buffer content = {0};
	struct error err = {0};

	assert_fails(read_from(path, limit, &content, &err), &err, STATUS_FAILED, message);
	assert_null(content.data);
}

static void test_all_three_kinds(void **state)
{
	static const char *const kinds[][2] = {{"12", "2048"}, {"16", "16384"}, {"32", "65536"}};

	(void)state;
	for (size_t i = 0; i < array_count(kinds); i++) {
		make_fat(kinds[i][0], kinds[i][1]);
		assert_file("EFI/BOOT/BOOTX64.EFI", "program");
		assert_file("efi/boot/bootx64.efi", "program");
		assert_file("EFI/SHORT", "short");
		assert_file("nothing.txt", "nothing");
		assert_no_file("EFI/BOOT/BOOTAA64.EFI", MIB, "BOOTAA64.EFI: no such file");
		assert_no_file("EFI/BOOT", MIB, "EFI/BOOT: a directory");
		assert_no_file("EFI/SHORT/X", MIB, "EFI/SHORT/X: no such file");
		assert_no_file("NOWHERE/X", MIB, "NOWHERE/X: no such file");
		assert_no_file("EFI/BOOT/BOOTX64.EFI", FILE_SIZE - 1, "more than 300000 bytes");
	}
}

static void poke(off_t at, const void *bytes, size_t length)
{
	cleanup_fd int fd = open("fat.img", O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, length, at), length);
}

/* The table of FAT32 begins behind 32 reserved sectors; the program lies behind what came first. */
static void test_chains_that_end_early_or_never(void **state)
{
	static const uint32_t endless[] = {6, 6, 6, 6, 6, 6, 6, 6}, over = 0x0ffffff0;

	(void)state;
	make_fat("32", "65536");
	/* Everything behind the first clusters leads back. */
	for (unsigned i = 0; i < 100; i++)
		poke(32 * 512 + 24 + i * sizeof(endless), endless, sizeof(endless));
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};
	assert_ok(read_from("EFI/BOOT/BOOTX64.EFI", MIB, &content, &err), &err);
	assert_int_equal(content.length, FILE_SIZE);
	make_fat("32", "65536");
	for (unsigned i = 0; i < 100; i++)
		poke(32 * 512 + 40 + i * sizeof(over), &over, sizeof(over));
	assert_no_file("EFI/BOOT/BOOTX64.EFI", MIB, "its clusters end early");
}

static void test_what_is_none(void **state)
{
	static const struct {
		off_t at;
		const char *bytes;
		size_t length;
	} damage[] = {
		{11, "\0\0", 2},             /* sectors of no bytes, */
		{11, "\0\1", 2},             /* of 256, */
		{11, "\1\2", 2},             /* of 513 */
		{13, "\0", 1},               /* clusters of no sectors, */
		{13, "\3", 1},               /* of three */
		{32, "\377\377\377\377", 4}, /* more sectors than there are */
		{32, "\0\0\0\0", 4},         /* none */
		{36, "\1\0\0\0", 4},         /* a table too small */
	};

	(void)state;
	for (size_t i = 0; i < array_count(damage); i++) {
		make_fat("32", "65536");
		poke(damage[i].at, damage[i].bytes, damage[i].length);
		assert_no_file("EFI/SHORT", MIB, "no FAT filesystem");
	}
	assert_int_equal(truncate("fat.img", 0), 0);
	assert_int_equal(truncate("fat.img", 1536), 0);
	assert_no_file("EFI/SHORT", MIB, "no FAT filesystem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_three_kinds),
		cmocka_unit_test(test_chains_that_end_early_or_never),
		cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
