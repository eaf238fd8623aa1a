/* Kernel configurations: merging fragments, and what no guest or platform goes with or without. */
#include "support/test.h"

#include <fcntl.h>

#include "base/file.h"
#include "kernel/config.h"
#include "kernel/patch.h"

static const struct kernel_target linux_6_1 = {"6.1", "x86", "amd64", false};

/* A fragment beside the recipe in which its name stands. */
static void fragment(const char *name, const char *text)
{
	struct error err = {0};
	cleanup_free char *path = xasprintf("kernel-configs/%s.config", name);

	assert_ok(directory_make(AT_FDCWD, "kernel-configs", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, path, text, 0644, &err), &err);
}

static int merge(const char *const *names, const struct kernel_target *target,
	struct kernel_config *config, struct error *err)
{
	struct word_list words = {0};

	for (unsigned line = 1; *names; names++, line++)
		vector_push(&words, ((struct word){*names, {"recipe.yaml", line, 7}}));
	int result = kernel_config_merge(&words, target, config, err);
	vector_release(&words);
	return result;
}
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_text(const struct kernel_config *config, const char *expected)
{
	cleanup_free char *text = kernel_config_text(config);

	assert_string_equal(text, expected);
}

static void test_merges_by_symbol(void **state)
{
	cleanup_config struct kernel_config config = {0};
	struct error err = {0};

	(void)state;
	fragment("one", "# The first.\n\nCONFIG_B=y\nCONFIG_A=m\n  \nCONFIG_TEXT=\"a # b\"\n");
	fragment("two", "CONFIG_N=0x10\r\nCONFIG_A=m\n# CONFIG_OFF is not set\nCONFIG_OUT=n");
	assert_ok(merge(NAMES("one", "two", "one"), &linux_6_1, &config, &err), &err);
	assert_text(&config, "CONFIG_A=m\nCONFIG_B=y\nCONFIG_N=0x10\n# CONFIG_OFF is not set\n"
			     "# CONFIG_OUT is not set\nCONFIG_TEXT=\"a # b\"\n");
	assert_string_equal(kernel_config_value(&config, "B"), "y");
	assert_string_equal(kernel_config_value(&config, "OFF"), "n");
	assert_string_equal(kernel_config_value(&config, "UNHEARD_OF"), "n");
}

static void test_takes_along_what_is_for_the_architecture(void **state)
{
	cleanup_config struct kernel_config config = {0}, um = {0};
	struct error err = {0};

	(void)state;
	fragment("some", "CONFIG_ALL=y\n");
	fragment("some-x86", "CONFIG_FAMILY=y\n");
	fragment("some-amd64", "CONFIG_64BIT=y\n");
	fragment("some-arm64", "CONFIG_ARM64=y\n");
	assert_ok(merge(NAMES("some"), &linux_6_1, &config, &err), &err);
	assert_text(&config, "CONFIG_64BIT=y\nCONFIG_ALL=y\nCONFIG_FAMILY=y\n");
	assert_ok(
		merge(NAMES("some"), &(struct kernel_target){"6.1", "um", NULL, false}, &um, &err),
		&err);
	assert_text(&um, "CONFIG_ALL=y\n");
}

static void test_lines_are_for_versions(void **state)
{
	cleanup_config struct kernel_config old = {0}, new = {0};
	const struct kernel_target linux_6_12 = {"6.12", "x86", "amd64", false};
	struct error err = {0};

	(void)state;
	fragment("ages", "CONFIG_OLD=y # before 6.3\nCONFIG_NEW=y\t# since 6.12\nCONFIG_X=1\n");
	assert_ok(merge(NAMES("ages"), &linux_6_1, &old, &err), &err);
	assert_text(&old, "CONFIG_OLD=y\nCONFIG_X=1\n");
	assert_ok(merge(NAMES("ages"), &linux_6_12, &new, &err), &err);
	assert_text(&new, "CONFIG_NEW=y\nCONFIG_X=1\n");
}

static void test_lines_are_for_architectures(void **state)
{
	const struct kernel_target s390 = {"6.1", "s390", "s390x", false},
				   um = {"6.1", "um", NULL, false};
	const struct {
		const struct kernel_target *target;
		const char *expected;
	} cases[] = {
		{&linux_6_1, "CONFIG_ALL=y\nCONFIG_DEBIAN=y\nCONFIG_EFI=y\nCONFIG_VT=y\n"},
		{&s390, "CONFIG_ALL=y\n"},
		{&um, "CONFIG_ALL=y\nCONFIG_VT=y\n"},
	};

	(void)state;
	fragment("places", "CONFIG_ALL=y\nCONFIG_EFI=y # on arm64 x86\nCONFIG_DEBIAN=y # on amd64\n"
			   "CONFIG_VT=y # not on s390\n");
	for (size_t i = 0; i < array_count(cases); i++) {
		cleanup_config struct kernel_config config = {0};
		struct error err = {0};
		assert_ok(merge(NAMES("places"), cases[i].target, &config, &err), &err);
		assert_text(&config, cases[i].expected);
	}
}

static int patches(
	const char *const *names, const char *version, struct buffer *text, struct error *err)
{
	const struct kernel_target target = {version, "um", NULL, false};
	struct word_list words = {0};

	for (; *names; names++)
		vector_push(&words, ((struct word){*names, {"recipe.yaml", 1, 1}}));
	buffer_text(text, "");
	int result = kernel_patches(&words, &target, text, err);
	vector_release(&words);
	return result;
}

static void write_patch(const char *name, const char *text)
{
	struct error err = {0};
	cleanup_free char *path = xasprintf("kernel-configs/%s.patch", name);

	assert_ok(file_write_text(AT_FDCWD, path, text, 0644, &err), &err);
}

static void test_patches_come_with_fragments(void **state)
{
	cleanup_buffer struct buffer old = {0}, new = {0}, none = {0}, bad = {0};
	struct error err = {0};

	(void)state;
	fragment("ages", "");
	write_patch("ages", "# Why.\n# before 6.13\n\n--- a/x\n+++ b/x\n# since 9\n");
	write_patch("ages-um", "--- a/y\n");
	write_patch("ages-x86", "--- a/z\n");
	assert_ok(patches(NAMES("ages"), "6.1", &old, &err), &err);
	assert_string_equal(old.data, "--- a/x\n+++ b/x\n# since 9\n--- a/y\n");
	assert_ok(patches(NAMES("ages"), "6.13", &new, &err), &err);
	assert_string_equal(new.data, "--- a/y\n");
	assert_ok(patches(NAMES("one"), "6.1", &none, &err), &err);
	assert_string_equal(none.data, "");
	write_patch("one", "# A head, and no more.\n");
	assert_fails(patches(NAMES("one"), "6.1", &bad, &err), &err, STATUS_RECIPE,
		"kernel-configs/one.patch: it is no patch");
}

static void test_contradictions_name_both(void **state)
{
	struct kernel_config config;
	struct error err = {0};

	(void)state;
	fragment("yes", "# Yes.\nCONFIG_A=y\n");
	fragment("no", "CONFIG_A=n\n");
	assert_fails(merge(NAMES("yes", "no"), &linux_6_1, &config, &err), &err, STATUS_RECIPE,
		"kernel-configs/yes.config:2:1: CONFIG_A=y contradicts kernel-configs/no.config:1, "
		"which has CONFIG_A=n");
}

static void test_unknown_fragments_suggest_one(void **state)
{
	struct kernel_config config;
	struct error err = {0};

	(void)state;
	fragment("virtio", "# Virtio.\nCONFIG_VIRTIO=y\n");
	assert_fails(merge(NAMES("virtio", "vritio"), &linux_6_1, &config, &err), &err,
		STATUS_RECIPE, "recipe.yaml:2:7: no kernel configuration fragment `vritio`");
	assert_fails(merge(NAMES("vritio"), &linux_6_1, &config, &err), &err, STATUS_RECIPE,
		"did you mean `virtio`?");
}

static void test_malformed_lines(void **state)
{
	static const char *const lines[] = {"A=y", "CONFIG_A", "CONFIG_=y", "CONFIG_A=yes",
		"CONFIG_A=", "CONFIG_A=\"open", "CONFIG_A=y please", "CONFIG_A=y # maybe 6.1",
		"CONFIG_A=y # since", "CONFIG_A=y # since 6.x", "CONFIG_A=y # since 6.1 6.2",
		"CONFIG_A=y # on", "CONFIG_A=y # not on", "CONFIG_A=y # not x86",
		"CONFIG_A=y # on moon", "CONFIG_A=y # on x86 moon", "CONFIG_A = y", "CONFIG_A=0xg",
		"CONFIG_A=-"};

	(void)state;
	for (size_t i = 0; i < array_count(lines); i++) {
		struct kernel_config config;
		struct error err = {0};
		cleanup_free char *text = xasprintf("# Wrong.\n%s\n", lines[i]);
		fragment("wrong", text);
		assert_fails(merge(NAMES("wrong"), &linux_6_1, &config, &err), &err, STATUS_RECIPE,
			"wrong.config:2:1: `");
	}
}

static void test_no_guest_has_sound(void **state)
{
	struct kernel_config config;
	struct error err = {0};

	(void)state;
	fragment("loud", "CONFIG_A=y\nCONFIG_SND=y\nCONFIG_USB=n\n");
	assert_fails(merge(NAMES("loud"), &linux_6_1, &config, &err), &err, STATUS_RECIPE,
		"kernel-configs/loud.config:2:1: CONFIG_SND=y: no guest has sound");
}

static void test_platforms_need_symbols(void **state)
{
	static const char *const needed[] = {"VIRTIO_BLK", "VIRTIO_PCI", "EXT4_FS", "NVME", NULL};
	const struct architecture some = {.no_pci = true};
	const struct platform machine = {.name = "machine", .symbols = needed};
	const struct platform *const machines[] = {&machine, NULL};
	cleanup_config struct kernel_config config = {0};
	struct error err = {0};

	(void)state;
	fragment("part", "CONFIG_VIRTIO_BLK=m\nCONFIG_EXT4_FS=y\nCONFIG_NVME=y\n");
	assert_ok(merge(NAMES("part"), &linux_6_1, &config, &err), &err);
	assert_ok(kernel_config_check_platforms(&config, "it", machines, &some, true, &err), &err);
	assert_fails(kernel_config_check_platforms(
			     &config, "the cloud kernel", machines, &some, false, &err),
		&err, STATUS_RECIPE, "platform machine: the cloud kernel lacks CONFIG_VIRTIO_BLK");
}

static void test_lists_what_there_is(void **state)
{
	struct arena arena = {0};
	struct kernel_fragments list;

	(void)state;
	fragment("aa", "# Things that come first, in a line.\n# More.\n");
	fragment("aa-x86", "# Not by itself.\n");
	kernel_config_list("recipe.yaml", &arena, &list);
	assert_true(list.count > 1);
	assert_string_equal(list.items[0].name, "aa");
	assert_string_equal(list.items[0].summary, "Things that come first, in a line.");
	assert_string_not_equal(list.items[1].name, "aa-x86");
	vector_release(&list);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merges_by_symbol),
		cmocka_unit_test(test_takes_along_what_is_for_the_architecture),
		cmocka_unit_test(test_lines_are_for_versions),
		cmocka_unit_test(test_lines_are_for_architectures),
		cmocka_unit_test(test_patches_come_with_fragments),
		cmocka_unit_test(test_contradictions_name_both),
		cmocka_unit_test(test_unknown_fragments_suggest_one),
		cmocka_unit_test(test_malformed_lines),
		cmocka_unit_test(test_no_guest_has_sound),
		cmocka_unit_test(test_platforms_need_symbols),
		cmocka_unit_test(test_lists_what_there_is),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
