/* MBR: what we write, sfdisk approves; what it writes, we read; damage is noticed. */
#include "support/test.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/partition-mbr.h"
#include "support/memory-disk.h"
#include "support/scratch.h"

enum { SIZE = 64 * MIB };

static const struct partition two[] = {
	{.start = MIB, .length = 10 * MIB, .mbr_type = MBR_SWAP, .label = "swap"},
	{.start = 11 * MIB, .length = 53 * MIB, .mbr_type = MBR_LINUX, .active = true},
};

/* 0x1a2b3c4d, as it is printed. */
static const struct uuid id = {{0x1a, 0x2b, 0x3c, 0x4d}};

static int write_table(
	struct disk *disk, const struct partition *items, size_t count, struct error *err)
{
	struct partition copy[8];
	struct partition_table table = {
		.scheme = SCHEME_MBR, .id = id, .items = copy, .count = count};

	memcpy(copy, items, count * sizeof(*items));
	return partition_write(disk, &table, err);
}

static void test_oracle(void **state)
{
	const struct disk_options options = {.path = "oracle.img", .size = SIZE};
	cleanup_disk struct disk *disk = NULL;
	char text[UUID_TEXT];
	struct error err = {0};

	(void)state;
	need_program("sfdisk");
	assert_ok(disk_create(&disk_raw, &options, &disk, &err), &err);
	assert_ok(write_table(disk, two, 2, &err), &err);
	assert_ok(disk_finish(disk, &err), &err);
	cleanup_free char *verdict = run_program("sfdisk", "--verify", "oracle.img", NULL);
	assert_non_null(strstr(verdict, "No errors detected"));
	cleanup_free char *shown = run_program("sfdisk", "-d", "oracle.img", NULL);
	assert_non_null(strstr(shown, "label: dos\nlabel-id: 0x1a2b3c4d\n"));
	assert_non_null(strstr(shown, "start=        2048, size=       20480, type=82\n"));
	assert_non_null(
		strstr(shown, "start=       22528, size=      108544, type=83, bootable\n"));
	/* What the kernel calls it, by libblkid. */
	cleanup_free char *kind =
		run_program("sh", "-c", "partx --raw -g -o UUID oracle.img", NULL);
	partition_mbr_id(&id, 2, text);
	assert_string_equal(text, "1a2b3c4d-02");
	assert_non_null(strstr(kind, text));
}

static void test_reads_others(void **state)
{
	struct partition_table table;
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};

	(void)state;
	need_program("sfdisk");
	free(run_program("sh", "-c",
		"truncate -s 64M others.img && printf 'label: dos\\nlabel-id: 0x0badcafe\\n"
		"start=40960, size=2048, type=ef\\nstart=2048, size=20480, type=83, bootable\\n' |"
		"sfdisk -q others.img",
		NULL));
	assert_ok(disk_open("others.img", false, &disk, &err), &err);
	assert_ok(partition_read(disk, &table, &err), &err);
	assert_int_equal(table.scheme, SCHEME_MBR);
	assert_memory_equal(table.id.bytes, "\x0b\xad\xca\xfe", 4);
	assert_int_equal(table.count, 2);
	assert_int_equal(table.items[0].start, MIB);
	assert_int_equal(table.items[0].length, 10 * MIB);
	assert_true(table.items[0].active);
	assert_true(partition_is_esp(&table, &table.items[1]));
	assert_int_equal(table.items[1].start, 20 * MIB);
	partition_table_release(&table);
}

/* An extended partition has two others in it. */
static const char *const extended =
	"truncate -s 64M %s && printf 'label: dos\\n"
	"start=2048, size=2048, type=83\\nstart=8192, size=40960, type=f\\n"
	"start=20480, size=4096, type=82\\nstart=32768, size=8192, type=83\\n' | sfdisk -q %s";

static struct disk *make_extended(const char *path, bool writable)
{
	cleanup_free char *command = xasprintf(extended, path, path);
	struct disk *disk = NULL;
	struct error err = {0};

	free(run_program("sh", "-c", command, NULL));
	assert_ok(disk_open(path, writable, &disk, &err), &err);
	return disk;
}

static void test_logical_partitions(void **state)
{
	static const struct partition wanted[] = {
		{.number = 1, .start = MIB, .length = MIB, .mbr_type = MBR_LINUX},
		{.number = 5, .start = 10 * MIB, .length = 2 * MIB, .mbr_type = MBR_SWAP},
		{.number = 6, .start = 16 * MIB, .length = 4 * MIB, .mbr_type = MBR_LINUX},
	};
	struct partition_table table;
	struct error err = {0};

	(void)state;
	need_program("sfdisk");
	cleanup_disk struct disk *disk = make_extended("extended.img", false);
	assert_ok(partition_read(disk, &table, &err), &err);
	assert_int_equal(table.count, array_count(wanted));
	for (size_t i = 0; i < table.count; i++) {
		assert_int_equal(table.items[i].number, wanted[i].number);
		assert_int_equal(table.items[i].start, wanted[i].start);
		assert_int_equal(table.items[i].length, wanted[i].length);
		assert_int_equal(table.items[i].mbr_type, wanted[i].mbr_type);
	}
	partition_table_release(&table);
}

/* As the kernel counts, which passes over what is not there. */
static void test_chain_with_a_gap(void **state)
{
	enum { TYPE = 8192 * MBR_SECTOR + MBR_ENTRIES + offsetof(struct mbr_entry, type) };
	const uint8_t unused = MBR_UNUSED;
	struct partition_table table;
	struct error err = {0};

	(void)state;
	need_program("sfdisk");
	cleanup_disk struct disk *disk = make_extended("gap.img", true);
	assert_ok(disk_write(disk, TYPE, &unused, sizeof(unused), &err), &err);
	assert_ok(partition_read(disk, &table, &err), &err);
	assert_int_equal(table.count, 2);
	assert_int_equal(table.items[1].number, 5);
	assert_int_equal(table.items[1].start, 16 * MIB);
	partition_table_release(&table);
}

/* The chain's first sector is told to go on at another one. */
static void test_damaged_chain(void **state)
{
	static const struct {
		uint32_t next;
		const char *message;
	} rows[] = {
		{0, "sector 8192: the next is that of sector 8192"},
		{64, "sector 8256: no mark of a table"},
		{UINT32_MAX, "sector 4294975487: it lies behind the disk's end"},
	};
	enum { FIRST = 8192, NEXT = MBR_ENTRIES + sizeof(struct mbr_entry) };
	struct partition_table table;
	struct error err = {0};

	(void)state;
	need_program("sfdisk");
	cleanup_disk struct disk *disk = make_extended("chain.img", true);
	for (size_t i = 0; i < array_count(rows); i++) {
		uint32_t next = htole32(rows[i].next);
		assert_ok(disk_write(disk,
				  FIRST * MBR_SECTOR + NEXT + offsetof(struct mbr_entry, first),
				  &next, sizeof(next), &err),
			&err);
		assert_fails(
			partition_read(disk, &table, &err), &err, STATUS_FAILED, rows[i].message);
	}
}

static void test_refused(void **state)
{
	static const struct {
		size_t count;
		struct partition items[5];
		const char *message;
	} rows[] = {
		{5, {{.start = MIB}}, "5 partitions: an MBR holds 4"},
		{1, {{.start = MIB, .length = SIZE}}, "ends behind the last usable byte"},
		{1, {{.start = 0, .length = MIB}}, "the space is taken up to byte 512"},
		{1, {{.start = MIB, .length = 100}}, "not a positive number of whole sectors"},
		{2, {{.start = MIB, .length = 2 * MIB}, {.start = 2 * MIB, .length = MIB}},
			"the space is taken up to byte 3145728"},
	};
	cleanup_disk struct disk *disk = memory_disk_new(SIZE);
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(rows); i++)
		assert_fails(write_table(disk, rows[i].items, rows[i].count, &err), &err,
			STATUS_FAILED, rows[i].message);
}

static void test_damage(void **state)
{
	cleanup_disk struct disk *disk = memory_disk_new(SIZE);
	struct mbr_entry *entry = (struct mbr_entry *)(memory_disk_bytes(disk) + MBR_ENTRIES);
	struct partition_table table;
	struct error err = {0};

	(void)state;
	assert_ok(write_table(disk, two, 2, &err), &err);
	assert_ok(partition_read(disk, &table, &err), &err);
	assert_int_equal(table.items[1].length, two[1].length);
	partition_table_release(&table);
	entry[1].sectors = 0xffffffff;
	assert_fails(mbr_read(disk, &table, &err), &err, STATUS_FAILED, "outside the disk");
	entry[1].sectors = 1;
	entry[1].first = entry[0].first;
	assert_fails(mbr_read(disk, &table, &err), &err, STATUS_FAILED, "two partitions overlap");
	entry[1].type = MBR_EXTENDED;
	assert_fails(mbr_read(disk, &table, &err), &err, STATUS_FAILED,
		"the logical partition of sector 2048: no mark of a table");
	entry[1].type = MBR_LINUX;
	entry[1].active = 7;
	assert_fails(
		mbr_read(disk, &table, &err), &err, STATUS_FAILED, "boot code of a filesystem");
	memory_disk_bytes(disk)[511] = 0;
	assert_fails(mbr_read(disk, &table, &err), &err, STATUS_FAILED, "no mark of a table");
	assert_fails(partition_read(disk, &table, &err), &err, STATUS_FAILED,
		"partition table: no signature; its backup: no signature; MBR: no mark");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_reads_others),
		cmocka_unit_test(test_logical_partitions),
		cmocka_unit_test(test_chain_with_a_gap),
		cmocka_unit_test(test_damaged_chain),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
