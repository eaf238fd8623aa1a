/* Any bytes are taken for a program for UEFI; what they lack of a header most of them get. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "image/uki.h"

enum { PE = 0x40, OPTIONAL = PE + 24, HEADERS = OPTIONAL + 68 };

static void seal(struct buffer *program)
{
	if (program->length < HEADERS || program->data[0] == 'X')
		return;
	memcpy(program->data, "MZ", 2);
	memcpy(program->data + 0x3c, (char[]){PE, 0, 0, 0}, 4);
	memcpy(program->data + PE, "PE\0\0", 4);
	memcpy(program->data + OPTIONAL, "\x0b\x02", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct uki_section sections[] = {{".linux", "kernel", 6}, {".initrd", "", 0}};
	cleanup_buffer struct buffer program = {0}, image = {0};
	uint64_t offset, length;
	struct error err = {0};

	buffer_append(&program, data, size);
	seal(&program);
	if (uki_find(&program, ".linux", &offset, &length) && offset + length > program.length)
		abort();
	if (!uki_make(&program, sections, 2, &image, &err) &&
		(!uki_find(&image, ".initrd", &offset, &length) || image.length < program.length))
		abort();
	error_release(&err);
	return 0;
}
