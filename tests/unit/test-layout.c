/* Layouts: where partitions lie, what is added unasked, and what cannot be. */
#include "support/test.h"

#include <string.h>

#include "base/size.h"
#include "base/text.h"
#include "image/layout.h"

#define PERCENT(number)                \
	{                              \
		EXTENT_PERCENT, number \
	}
#define EXACT(number)                \
	{                            \
		EXTENT_EXACT, number \
	}
#define CONTENT(number)                \
	{                              \
		EXTENT_CONTENT, number \
	}
enum { BOTH = IMAGE_BIOS | IMAGE_UEFI };

static struct layout_request request_of(uint64_t size, const char *root)
{
	return (struct layout_request){
		.size = size, .firmware = BOTH, .seed = "seed", .root = root};
}

/* "label start+length, ..." in mebibytes. */
static char *describe(const struct image_layout *layout)
{
	struct buffer text = {0};

	buffer_text(&text, "");
	for (size_t i = 0; i < layout->partition_count; i++)
		buffer_printf(&text, "%s%s %llu+%llu", i ? ", " : "", layout->partitions[i].label,
			(unsigned long long)layout->partitions[i].start / MIB,
			(unsigned long long)layout->partitions[i].length / MIB);
	return text.data;
}

static void assert_layout(const struct layout_request *request, const char *expected)
{
	struct image_layout layout;
	struct arena arena = {0};
	struct error err = {0};
	size_t culprit;

	assert_ok(layout_make(request, &arena, &layout, &culprit, &err), &err);
	char *text = describe(&layout);
	assert_string_equal(text, expected);
	free(text);
	arena_release(&arena);
}

static void assert_refused(
	const struct layout_request *request, size_t expected, const char *message)
{
	struct image_layout layout;
	struct arena arena = {0};
	struct error err = {0};
	size_t culprit = 99;

	assert_fails(layout_make(request, &arena, &layout, &culprit, &err), &err, STATUS_FAILED,
		message);
	assert_int_equal(culprit, expected);
	arena_release(&arena);
}

static void test_usual(void **state)
{
	struct layout_request request = request_of(GIB, "ext4");

	(void)state;
	assert_layout(&request, "BIOS boot 1+1, ESP 2+64, root 66+957");
	request.scheme = SCHEME_MBR;
	assert_layout(&request, "ESP 1+64, root 65+959");
	request.firmware = IMAGE_BIOS;
	assert_layout(&request, "root 1+1023");
	request.scheme = SCHEME_NONE;
	assert_layout(&request, "root 0+1024");
}

/* Of a root that is read-only the ESP has what a BIOS boots, too. */
static void test_read_only(void **state)
{
	struct layout_request request = request_of(GIB, "squashfs");

	(void)state;
	request.firmware = IMAGE_BIOS;
	assert_layout(&request, "BIOS boot 1+1, ESP 2+64, root 66+0");
	request.verity = request.changes = true;
	assert_layout(&request, "BIOS boot 1+1, ESP 2+64, root 66+0, root-verity 0+0, changes 0+0");
}

static void test_contents_place(void **state)
{
	struct layout_request request = request_of(GIB, "squashfs");
	struct image_layout layout;
	struct arena arena = {0};
	struct error err = {0};
	size_t culprit;

	(void)state;
	request.verity = request.changes = true;
	assert_ok(layout_make(&request, &arena, &layout, &culprit, &err), &err);
	assert_false(layout_is_placed(&layout));
	layout.partitions[2].content = 50 * MIB + 1;
	layout.partitions[3].content = 4096;
	assert_ok(layout_place(&layout, &err), &err);
	assert_true(layout_is_placed(&layout));
	char *text = describe(&layout);
	assert_string_equal(
		text, "BIOS boot 1+1, ESP 2+64, root 66+51, root-verity 117+1, changes 118+905");
	free(text);
	layout.partitions[2].content = 2 * GIB;
	assert_fails(layout_place(&layout, &err), &err, STATUS_FAILED, "is too small");

	/* The disk is as large as that. */
	request.size = 0;
	assert_ok(layout_make(&request, &arena, &layout, &culprit, &err), &err);
	layout.partitions[2].content = 50 * MIB;
	layout.partitions[3].content = 4096;
	assert_ok(layout_place(&layout, &err), &err);
	assert_true(layout_is_placed(&layout));
	assert_int_equal(layout.size, (1 + 1 + 64 + 50 + 1 + 64 + 1) * MIB);
	arena_release(&arena);
}

static void test_wishes(void **state)
{
	const struct partition_wish wishes[] = {
		{.use = USE_SWAP, .size = EXACT(100 * MIB)},
		{.use = USE_DATA, .mount = "/srv/web", .size = PERCENT(25)},
		{.use = USE_DATA, .label = "log", .mount = "/var/log", .size = EXACT(MIB + 1)},
	};
	struct layout_request request = request_of(GIB, "ext4");

	(void)state;
	request.wishes = wishes;
	request.wish_count = array_count(wishes);
	assert_layout(&request,
		"BIOS boot 1+1, ESP 2+64, swap 66+100, srv-web 166+255, log 421+2, root 423+600");
	request.root = "squashfs";
	request.changes = true;
	assert_layout(&request, "BIOS boot 1+1, ESP 2+64, root 66+0, swap 0+100, srv-web 0+255, "
				"log 0+2, changes 0+0");
}

static void test_types(void **state)
{
	const struct partition_wish wishes[] = {
		{.use = USE_SWAP, .size = EXACT(MIB)},
		{.use = USE_DATA, .mount = "/srv", .size = EXACT(MIB)},
	};
	struct layout_request request = request_of(GIB, "ext4");
	struct image_layout layout;
	struct arena arena = {0};
	struct error err = {0};
	char text[UUID_TEXT];
	size_t culprit;

	(void)state;
	request.wishes = wishes;
	request.wish_count = array_count(wishes);
	assert_ok(layout_make(&request, &arena, &layout, &culprit, &err), &err);
	uuid_format(&layout.partitions[2].type, text);
	assert_string_equal(text, "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");
	assert_int_equal(layout_mbr_type(&layout.partitions[2]), 0x82);
	uuid_format(&layout.partitions[3].type, text);
	assert_string_equal(text, "3b8f8425-20e0-4f3b-907f-1a25a76f98e8");
	assert_ptr_equal(layout_find(&layout, USE_ROOT), &layout.partitions[4]);
	layout_partition_id(&layout, &layout.partitions[3], text);
	assert_int_equal(strlen(text), 36);
	layout.scheme = SCHEME_MBR;
	layout_partition_id(&layout, &layout.partitions[3], text);
	assert_string_equal(text + 8, "-04");
	arena_release(&arena);
}

static void test_refused(void **state)
{
	static const struct {
		struct partition_wish wishes[3];
		size_t count, culprit;
		enum partition_scheme scheme;
		uint64_t size;
		const char *message;
	} rows[] = {
		{{{.use = USE_SWAP}}, 1, 0, SCHEME_GPT, GIB, "`swap` needs a size"},
		{{{.use = USE_SWAP, .size = CONTENT(0)}}, 1, 0, SCHEME_GPT, GIB, "is empty"},
		{{{.use = USE_ROOT}, {.use = USE_ROOT}}, 2, 1, SCHEME_GPT, GIB,
			"two partitions `root`"},
		{{{.use = USE_VERITY}}, 1, 0, SCHEME_GPT, GIB, "nothing here needs"},
		{{{.use = USE_BIOS_BOOT}}, 1, 0, SCHEME_MBR, GIB, "before the first partition"},
		{{{.use = USE_SWAP, .size = EXACT(MIB)}}, 1, 0, SCHEME_NONE, GIB,
			"has no partitions"},
		{{{.use = USE_SWAP, .size = PERCENT(10)}}, 1, 0, SCHEME_GPT, 0,
			"a share of a disk"},
		{{{.use = USE_SWAP, .size = EXACT(MIB)}, {.use = USE_SWAP, .size = EXACT(MIB)}}, 2,
			1, SCHEME_GPT, GIB, "two partitions with the label `swap`"},
		{{{.use = USE_DATA, .mount = "/a", .label = "x", .size = EXACT(MIB)},
			 {.use = USE_DATA, .mount = "/a", .label = "y", .size = EXACT(MIB)}},
			2, 1, SCHEME_GPT, GIB, "two partitions mounted on /a"},
		{{{.use = USE_DATA, .size = {EXTENT_REST, 0}}}, 1, 1, SCHEME_GPT, GIB,
			"`data` and `root` both take what the others leave"},
		{{{.use = USE_SWAP, .size = EXACT(2 * GIB)}}, 1, 1, SCHEME_GPT, GIB,
			"too small: it takes at least 2.1 GiB"},
		{{{.use = USE_SWAP, .label = "a", .size = EXACT(MIB)},
			 {.use = USE_SWAP, .label = "b", .size = EXACT(MIB)},
			 {.use = USE_SWAP, .label = "c", .size = EXACT(MIB)}},
			3, 3, SCHEME_MBR, GIB, "5 partitions: an MBR has 4"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct layout_request request = request_of(rows[i].size, "ext4");
		request.scheme = rows[i].scheme;
		request.wishes = rows[i].wishes;
		request.wish_count = rows[i].count;
		assert_refused(&request, rows[i].culprit, rows[i].message);
	}
	struct layout_request large = request_of(4096 * GIB, "ext4");
	large.scheme = SCHEME_MBR;
	assert_refused(&large, 0, "too large for an MBR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_contents_place),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
