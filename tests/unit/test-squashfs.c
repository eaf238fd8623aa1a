/* Squashfs, swap and dm-verity, judged by unsquashfs, swaplabel and veritysetup. */
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/verity.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/scratch.h"

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	make_every_kind("tree");
	return 0;
}

static void test_tree(void **state)
{
	struct error err = {0};

	(void)state;
	need_program("mksquashfs");
	need_program("unsquashfs");
	assert_ok(write_image(&filesystem_squashfs, "tree", "tree.img", 64 * MIB, &err), &err);
	free(run_program("unsquashfs", "-no-progress", "-d", "back", "tree.img", NULL));
	/* Type, mode, owner, size, and which names are one file; mksquashfs knows no hard links of
	 * symbolic links. */
	free(run_program("sh", "-c",
		"list() { (cd $1 && find . -printf '%i %y %s %m %U:%G %P %l\\n' | sort -k6 | awk '"
		"$2 == \"l\" { $1 = 0 } $2 == \"d\" { $3 = 0 } "
		"{ $1 = $1 in first ? first[$1] : first[$1] = NR } 1'); }\n"
		"list tree >wanted; list back >got; cmp wanted got",
		NULL));
	free(run_program("sh", "-c",
		"sums() { (cd $1 && find . -type f -size -99M -print0 | sort -z | "
		"xargs -0 sha256sum); }\n"
		"sums tree >wanted; sums back >got; cmp wanted got",
		NULL));
	/* All but access control lists, which squashfs has not. */
	need_program("getfattr");
	free(run_program("sh", "-c",
		"attributes() { (cd $1 && find . | sort | tr '\\n' '\\0' | "
		"xargs -0 getfattr -h -d -m '^(user|trusted|security)'); }\n"
		"attributes tree >wanted; attributes back >got; [ -s wanted ] && cmp wanted got",
		NULL));
	cleanup_free char *about = run_program("unsquashfs", "-s", "tree.img", NULL);
	assert_non_null(strstr(about, "Compression zstd"));
	assert_non_null(strstr(about, "Nov 14 22:13:20 2023"));
	assert_int_equal(access("squashfs.img", F_OK), -1);
}

static void test_same_bytes(void **state)
{
	struct error err = {0};

	(void)state;
	need_program("mksquashfs");
	assert_ok(write_image(&filesystem_squashfs, "tree", "one.img", 64 * MIB, &err), &err);
	sleep(1);
	assert_ok(write_image(&filesystem_squashfs, "tree", "two.img", 64 * MIB, &err), &err);
	free(run_program("cmp", "one.img", "two.img", NULL));
}

static void test_too_large(void **state)
{
	struct error err = {0};

	(void)state;
	need_program("mksquashfs");
	assert_int_equal(mkdir("large", 0755), 0);
	free(run_program("dd", "if=/dev/urandom", "of=large/file", "bs=1M", "count=2", NULL));
	assert_fails(write_image(&filesystem_squashfs, "large", "large.img", MIB, &err), &err,
		STATUS_FAILED, "do not fit the partition");
	assert_ok(write_image(&filesystem_squashfs, NULL, "empty.img", MIB, &err), &err);
	cleanup_free char *left = run_program("ls", NULL);
	assert_null(strstr(left, "squashfs."));
}

static void test_swap(void **state)
{
	struct error err = {0};

	(void)state;
	need_program("swaplabel");
	assert_ok(write_image(&filesystem_swap, NULL, "swap.img", 64 * MIB, &err), &err);
	const struct filesystem_options options = test_options(".");
	char uuid[UUID_TEXT];
	uuid_format(&options.uuid, uuid);
	cleanup_free char *wanted = xasprintf("LABEL: TEST\nUUID:  %s\n", uuid);
	cleanup_free char *label = run_program("swaplabel", "swap.img", NULL);
	assert_string_equal(label, wanted);
	cleanup_free char *kind = run_program("blkid", "-p", "-o", "export", "swap.img", NULL);
	assert_non_null(strstr(kind, "TYPE=swap\n"));
	/* The same bytes as mkswap's. */
	free(run_program("truncate", "-s", "64M", "mkswap.img", NULL));
	free(run_program("mkswap", "-q", "-L", "TEST", "-U", uuid, "mkswap.img", NULL));
	free(run_program("cmp", "swap.img", "mkswap.img", NULL));
	assert_fails(write_image(&filesystem_swap, NULL, "small.img", 8192, &err), &err,
		STATUS_FAILED, "it takes 10 pages");
}

static void verify(const char *data, const char *hashes, const char *root_hash)
{
	free(run_program("veritysetup", "verify", data, hashes, root_hash, NULL));
}

static void test_verity(void **state)
{
	/* One block of hashes, the most for that, and two levels more. */
	static const unsigned sizes[] = {2, 128, 129, 128 * 128 + 1};
	struct error err = {0};

	(void)state;
	need_program("veritysetup");
	for (size_t i = 0; i < array_count(sizes); i++) {
		struct verity verity;
		cleanup_free char *make = xasprintf(
			"rm -f hashes && head -c %u /dev/urandom >data", sizes[i] * VERITY_BLOCK);
		free(run_program("sh", "-c", make, NULL));
		assert_ok(verity_make("data", "hashes", "seed", &verity, &err), &err);
		assert_int_equal(verity.blocks, sizes[i]);
		verify("data", "hashes", verity.root_hash);
		/* The same bytes as veritysetup's, for the same salt. */
		cleanup_free char *format = xasprintf(
			"u=$(veritysetup dump hashes | awk '$1 == \"UUID:\" {print $2}') && "
			"veritysetup format --uuid=$u --salt=%s --hash=sha256 data other >out && "
			"grep -q 'Root hash:.*%s' out && cmp hashes other && "
			"echo somebody was here | dd of=data bs=1 seek=5000 conv=notrunc "
			"status=none && "
			"! veritysetup verify data hashes %s 2>/dev/null && rm other",
			verity.salt, verity.root_hash, verity.root_hash);
		free(run_program("sh", "-c", format, NULL));
	}
}

static void test_verity_table(void **state)
{
	const struct verity verity = {.blocks = 10, .salt = "5a", .root_hash = "aa"};
	struct verity ignored;
	struct error err = {0};

	(void)state;
	cleanup_free char *table = verity_table(&verity, "PARTUUID=1", "PARTUUID=2");
	assert_string_equal(table,
		"0 80 verity 1 PARTUUID=1 PARTUUID=2 4096 4096 10 1 sha256 aa 5a "
		"1 panic_on_corruption");
	free(run_program("sh", "-c", "printf x >tiny", NULL));
	assert_fails(verity_make("tiny", "tiny.hashes", "seed", &ignored, &err), &err,
		STATUS_FAILED, "too small");
	assert_fails(verity_make("none", "none.hashes", "seed", &ignored, &err), &err,
		STATUS_FAILED, "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_verity),
		cmocka_unit_test(test_verity_table),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
