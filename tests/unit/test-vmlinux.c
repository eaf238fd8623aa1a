/* Kernels as ELF files: taken out of what is built like a bzImage here, by every compressor there
 * is, and looked through for the PVH entry. */
#include "support/test.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/vmlinux.h"
#include "support/scratch.h"

/* An ELF file with one segment of notes: first another's, then Xen's of that type. */
struct elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint32_t text;
	} notes[2];
	char rest[4096];
};

static struct elf make_elf(uint32_t type)
{
	struct elf elf = {
		.header = {.e_ident = ELFMAG, .e_phnum = 1, .e_phoff = sizeof(elf.header)},
		.segment = {.p_type = PT_NOTE,
			.p_offset = offsetof(struct elf, notes),
			.p_filesz = sizeof(elf.notes)},
		.notes = {{{4, 4, 18}, "GNU", 7}, {{4, 4, type}, "Xen", 7}},
	};

	return elf;
}

static void write_elf(void)
{
	struct elf elf = make_elf(18);
	struct error err = {0};

	assert_ok(file_write(AT_FDCWD, "elf", &elf, sizeof(elf), 0644, &err), &err);
}

/* A bzImage of two setup sectors whose payload is `payload`, and behind it what the kernel's build
 * puts there. */
static void make_kernel(const char *payload, bool with_length, struct buffer *kernel)
{
	uint8_t setup[3 * 512 + 16] = {0};
	struct error err = {0};
	cleanup_buffer struct buffer content = {0};

	assert_ok(file_read(AT_FDCWD, payload, MIB, &content, &err), &err);
	if (with_length)
		buffer_append(&content, "\x00\x20\x00\x00", 4);
	setup[0x1f1] = 2;
	memcpy(setup + 0x202, "HdrS\x0f\x02", 6);
	setup[0x248] = 16;
	memcpy(setup + 0x24c, (uint32_t[]){content.length}, 4);
	buffer_append(kernel, setup, sizeof(setup));
	buffer_append(kernel, content.data, content.length);
	buffer_text(kernel, "relocations");
}

static void test_every_compressor(void **state)
{
	static const struct {
		const char *program, *command;
		bool with_length;
	} cases[] = {
		{"cat", "cat elf", false},
		{"gzip", "gzip -c elf", false},
		{"xz", "xz --check=crc32 -c elf", true},
		{"xz", "xz --format=lzma -c elf", true},
		{"bzip2", "bzip2 -c elf", true},
		{"zstd", "zstd -q -c elf", true},
		{"lz4", "lz4 -q -l -c elf", true},
	};
	struct elf elf = make_elf(18);

	(void)state;
	write_elf();
	for (size_t i = 0; i < array_count(cases); i++) {
		cleanup_buffer struct buffer kernel = {0}, taken = {0};
		struct error err = {0};
		cleanup_free char *program = program_find(cases[i].program);
		if (!program)
			continue;
		cleanup_free char *command = xasprintf("%s >payload", cases[i].command);
		free(run_program("sh", "-c", command, NULL));
		make_kernel("payload", cases[i].with_length, &kernel);
		assert_ok(vmlinux_extract(&kernel, &taken, &err), &err);
		assert_int_equal(taken.length, sizeof(elf));
		assert_memory_equal(taken.data, &elf, sizeof(elf));
		assert_true(vmlinux_has_pvh(&taken));
	}
}

static void test_an_elf_is_one(void **state)
{
	cleanup_buffer struct buffer kernel = {0}, taken = {0};
	struct elf elf = make_elf(18);
	struct error err = {0};

	(void)state;
	buffer_append(&kernel, &elf, sizeof(elf));
	assert_ok(vmlinux_extract(&kernel, &taken, &err), &err);
	assert_int_equal(taken.length, kernel.length);
}

static void test_no_kernel(void **state)
{
	cleanup_buffer struct buffer good = {0}, text = {0};
	struct buffer taken = {0};
	struct error err = {0};

	(void)state;
	write_elf();
	free(run_program("sh", "-c", "gzip -c elf >payload; echo no elf | gzip -c >other", NULL));
	make_kernel("payload", false, &good);
	/* Cut anywhere in the setup it is none, in the payload a damaged one. */
	for (size_t length = 0; length < good.length - sizeof("relocations"); length += 7) {
		cleanup_buffer struct buffer cut = {0};
		buffer_append(&cut, good.data, length);
		assert_int_equal(vmlinux_extract(&cut, &taken, &err), -1);
		assert_int_equal(err.status, STATUS_FAILED);
		error_release(&err);
	}
	good.data[0x202] = 'x';
	assert_fails(vmlinux_extract(&good, &taken, &err), &err, STATUS_FAILED, "no kernel");
	make_kernel("other", false, &text);
	assert_fails(vmlinux_extract(&text, &taken, &err), &err, STATUS_FAILED, "no ELF file");
	assert_null(taken.data);
}

static void test_pvh_is_found_or_not(void **state)
{
	struct elf elf = make_elf(17);
	struct buffer bytes = {.data = (char *)&elf, .length = sizeof(elf)};

	(void)state;
	assert_false(vmlinux_has_pvh(&bytes));
	elf = make_elf(18);
	assert_true(vmlinux_has_pvh(&bytes));
	elf.notes[0].head.n_descsz = UINT32_MAX;
	assert_false(vmlinux_has_pvh(&bytes));
	elf = make_elf(18);
	elf.segment.p_offset = UINT64_MAX;
	assert_false(vmlinux_has_pvh(&bytes));
	elf = make_elf(18);
	elf.header.e_phoff = UINT64_MAX - 8;
	assert_false(vmlinux_has_pvh(&bytes));
	elf = make_elf(18);
	bytes.length = sizeof(Elf64_Ehdr) + 8;
	assert_false(vmlinux_has_pvh(&bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_compressor),
		cmocka_unit_test(test_an_elf_is_one),
		cmocka_unit_test(test_no_kernel),
		cmocka_unit_test(test_pvh_is_found_or_not),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
