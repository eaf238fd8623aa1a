/* Unified kernel images: made from systemd's program and judged by objdump, and from bytes that are
 * no program. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/uki.h"
#include "support/scratch.h"

static const char program_path[] = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";

static void read_program(struct buffer *program)
{
	struct error err = {0};

	if (!file_exists(AT_FDCWD, program_path)) {
		printf("skip: %s is missing\n", program_path);
		skip();
	}
	assert_ok(file_read(AT_FDCWD, program_path, MIB, program, &err), &err);
}

static const char kernel[] = "a kernel";
static const struct uki_section sections[] = {
	{".osrel", "ID=x\n", 5},
	{".cmdline", "root=/dev/vda quiet", 19},
	{".linux", kernel, sizeof(kernel)},
	{".initrd", "", 0},
};

static void test_sections_are_there(void **state)
{
	cleanup_buffer struct buffer program = {0}, image = {0};
	struct error err = {0};
	uint64_t offset, length;

	(void)state;
	read_program(&program);
	assert_ok(uki_make(&program, sections, array_count(sections), &image, &err), &err);
	for (size_t i = 0; i < array_count(sections); i++) {
		assert_true(uki_find(&image, sections[i].name, &offset, &length));
		assert_int_equal(length, sections[i].length);
		assert_int_equal(offset % UKI_ALIGN, 0);
		assert_memory_equal(image.data + offset, sections[i].data, length);
	}
	assert_false(uki_find(&image, ".nothing", &offset, &length));
	assert_false(uki_find(&image, ".nothing that long", &offset, &length));
	assert_false(uki_find(&program, ".linux", &offset, &length));
}

/* Of 32 bits are all fields that matter where they are of 64. */
static void test_programs_of_32_bits(void **state)
{
	cleanup_buffer struct buffer program = {0}, image = {0};
	struct error err = {0};
	uint64_t offset, length;
	uint32_t header;

	(void)state;
	read_program(&program);
	memcpy(&header, program.data + 0x3c, sizeof(header));
	memcpy(program.data + header + 24, "\x0b\x01", 2);
	assert_ok(uki_make(&program, sections, array_count(sections), &image, &err), &err);
	assert_true(uki_find(&image, ".cmdline", &offset, &length));
	assert_memory_equal(image.data + offset, sections[1].data, length);
	memcpy(program.data + header + 24, "\x07\x01", 2);
	assert_int_equal(uki_make(&program, sections, 1, &image, &err), -1);
	error_release(&err);
}

/* Sections neither overlap nor leave their pages, and objcopy takes out what we put in. */
static void test_objdump_agrees(void **state)
{
	cleanup_buffer struct buffer program = {0}, image = {0}, taken = {0};
	struct error err = {0};

	(void)state;
	need_program("objdump");
	read_program(&program);
	assert_ok(uki_make(&program, sections, array_count(sections), &image, &err), &err);
	assert_ok(file_write(AT_FDCWD, "image.efi", image.data, image.length, 0644, &err), &err);
	free(run_program("objcopy", "-O", "binary", "--only-section=.cmdline", "image.efi",
		"cmdline", NULL));
	assert_ok(file_read(AT_FDCWD, "cmdline", KIB, &taken, &err), &err);
	assert_string_equal(taken.data, sections[1].data);
	cleanup_free char *table = run_program("objdump", "-h", "image.efi", NULL);
	unsigned long end = 0, seen = 0;
	for (char *rest = table, *line; (line = strsep(&rest, "\n"));) {
		unsigned long size, start;
		if (sscanf(line, " %*u .%*s %lx %lx", &size, &start) != 2)
			continue;
		assert_true(start >= end);
		end = start + size;
		seen++;
	}
	assert_true(seen >= array_count(sections) + 2);
	cleanup_free char *headers = run_program("objdump", "-p", "image.efi", NULL);
	cleanup_free char *size = xasprintf("SizeOfImage\t\t%08lx\n", (end + 4095) / 4096 * 4096);
	assert_non_null(strstr(headers, size));
}

static void test_no_program(void **state)
{
	static const char *const texts[] = {"", "MZ", "not a program, though it is long enough"};
	cleanup_buffer struct buffer program = {0};
	struct buffer image = {0};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(texts); i++) {
		cleanup_buffer struct buffer text = {0};
		buffer_text(&text, texts[i]);
		assert_fails(uki_make(&text, sections, 1, &image, &err), &err, STATUS_FAILED,
			"no program for UEFI");
	}
	read_program(&program);
	for (size_t length = 0; length < 512; length++) {
		cleanup_buffer struct buffer cut = {0};
		buffer_append(&cut, program.data, length);
		assert_int_equal(uki_make(&cut, sections, 1, &image, &err), -1);
		error_release(&err);
	}
	assert_null(image.data);
}

static void test_no_room(void **state)
{
	struct uki_section many[40];
	cleanup_buffer struct buffer program = {0};
	struct buffer image = {0};
	struct error err = {0};

	(void)state;
	read_program(&program);
	for (size_t i = 0; i < array_count(many); i++)
		many[i] = sections[0];
	assert_fails(uki_make(&program, many, array_count(many), &image, &err), &err, STATUS_FAILED,
		"no room for 40 more sections");
	many[0].length = 2 * GIB;
	assert_fails(uki_make(&program, many, 1, &image, &err), &err, STATUS_FAILED,
		"a unified kernel image of 2147");
	assert_null(image.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_are_there),
		cmocka_unit_test(test_programs_of_32_bits),
		cmocka_unit_test(test_objdump_agrees),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
