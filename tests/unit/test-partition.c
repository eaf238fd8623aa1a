/* GPT: what we write, sgdisk and sfdisk approve; what they write, we read; damage is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/partition-gpt.h"
#include "image/partition-mbr.h"
#include "support/memory-disk.h"
#include "support/scratch.h"

enum { DISK_SIZE = 64 * MIB };

static const struct partition three[] = {
	{.start = MIB, .length = MIB, .label = "bios", .attributes = 4},
	{.start = 2 * MIB, .length = 10 * MIB, .label = "esp"},
	{.start = 12 * MIB, .length = DISK_SIZE - PARTITION_TAIL - 12 * MIB},
};

/* A table of `count` partitions; `items` stays the caller's. */
static struct partition_table make_table(struct partition *items, size_t count)
{
	struct partition_table table = {.id = uuid_derive("test", "disk"), .items = items};

	for (; table.count < count; table.count++) {
		struct partition *item = &items[table.count];
		*item = three[table.count];
		item->type = table.count ? partition_type_esp : partition_type_bios_boot;
		item->id = uuid_derive("test", item->label ? item->label : "unnamed");
	}
	return table;
}

static void write_three(struct disk *disk)
{
	struct partition items[3];
	struct partition_table table = make_table(items, 3);
	struct error err = {0};

	assert_fine(partition_write(disk, &table, &err), &err);
}

static void assert_three(struct disk *disk)
{
	struct partition items[3];
	struct partition_table wanted = make_table(items, 3), table;
	struct error err = {0};

	assert_fine(partition_read(disk, &table, &err), &err);
	assert_memory_equal(&table.id, &wanted.id, sizeof(table.id));
	assert_int_equal(table.count, wanted.count);
	for (size_t i = 0; i < table.count; i++) {
		const struct partition *got = &table.items[i], *want = &items[i];
		assert_memory_equal(&got->type, &want->type, sizeof(got->type));
		assert_memory_equal(&got->id, &want->id, sizeof(got->id));
		assert_int_equal(got->start, want->start);
		assert_int_equal(got->length, want->length);
		assert_int_equal(got->attributes, want->attributes);
		assert_true(text_equal(got->label, want->label));
	}
	partition_table_release(&table);
}

static void test_oracles(void **state)
{
	cleanup_free char *path = scratch_path(state, "oracle.img");
	struct disk_options options = {.path = path, .size = DISK_SIZE};
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};

	need_program("sgdisk");
	need_program("sfdisk");
	assert_fine(disk_create(&disk_raw, &options, &disk, &err), &err);
	write_three(disk);
	assert_fine(disk_finish(disk, &err), &err);

	cleanup_free char *verdict = run_program("sgdisk", "-v", path, NULL);
	assert_non_null(strstr(verdict, "No problems found"));
	cleanup_free char *second = run_program("sfdisk", "--verify", path, NULL);
	assert_non_null(strstr(second, "No errors detected"));
	cleanup_free char *shown = run_program("sgdisk", "-i", "1", path, NULL);
	assert_non_null(strstr(shown, "21686148-6449-6E6F-744E-656564454649"));
	assert_non_null(strstr(shown, "Partition name: 'bios'"));
	assert_non_null(strstr(shown, "Attribute flags: 0000000000000004"));
}

static void test_reads_others(void **state)
{
	cleanup_free char *path = scratch_path(state, "sgdisk.img");
	struct disk_options options = {.path = path, .size = DISK_SIZE};
	cleanup_disk struct disk *disk = NULL;
	struct partition_table table;
	struct error err = {0};

	need_program("sgdisk");
	assert_fine(disk_create(&disk_raw, &options, &disk, &err), &err);
	cleanup_free char *said = run_program("sgdisk", "-n", "1:40960:+1M", "-n", "2:2048:+10M",
		"-t", "2:ef00", "-c", "2:f\xc3\xbcr", path, NULL);
	assert_fine(partition_read(disk, &table, &err), &err);
	assert_int_equal(table.count, 2);
	assert_int_equal(table.items[0].start, MIB);
	assert_int_equal(table.items[0].length, 10 * MIB);
	assert_string_equal(table.items[0].label, "f?r");
	assert_memory_equal(&table.items[0].type, &partition_type_esp, sizeof(struct uuid));
	assert_int_equal(table.items[1].start, 20 * MIB);
	partition_table_release(&table);
}

static void test_keeps_boot_code(void **state)
{
	cleanup_disk struct disk *disk = memory_disk_new(DISK_SIZE);
	static const uint8_t protective[] = {
		0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 1, 0};
	uint8_t *mbr = memory_disk_bytes(disk);

	(void)state;
	memset(mbr, 0xcc, 512);
	write_three(disk);
	for (size_t i = 0; i < MBR_ENTRIES; i++)
		assert_int_equal(mbr[i], 0xcc);
	assert_memory_equal(mbr + MBR_ENTRIES, protective, sizeof(protective));
	for (size_t i = MBR_ENTRIES + sizeof(protective); i < 510; i++)
		assert_int_equal(mbr[i], 0);
	assert_int_equal(mbr[510], 0x55);
	assert_int_equal(mbr[511], 0xaa);
}

/* More sectors than the MBR's 32 bits can tell. */
static void test_large(void **state)
{
	cleanup_free char *path = scratch_path(state, "large.qcow2");
	struct disk_options options = {.path = path, .size = 3072 * GIB};
	cleanup_disk struct disk *disk = NULL;
	struct partition item = {
		.type = partition_type_esp, .start = 2560 * GIB, .length = MIB, .label = "far"};
	struct partition_table table = {.items = &item, .count = 1}, back;
	struct error err = {0};
	uint32_t sectors;

	assert_fine(disk_create(&disk_qcow2, &options, &disk, &err), &err);
	assert_fine(partition_write(disk, &table, &err), &err);
	assert_fine(disk_read(disk, MBR_ENTRIES + 12, &sectors, sizeof(sectors), &err), &err);
	assert_int_equal(sectors, UINT32_MAX);
	assert_fine(partition_read(disk, &back, &err), &err);
	assert_int_equal(back.items[0].start, 2560 * GIB);
	partition_table_release(&back);
}

/* Any damaged byte of one copy sends us to the other; damage to both is an error. */
static void test_backup(void **state)
{
	cleanup_disk struct disk *disk = memory_disk_new(DISK_SIZE);
	uint8_t *primary = memory_disk_bytes(disk) + 512;
	uint8_t *backup = memory_disk_bytes(disk) + DISK_SIZE - 512;
	struct partition_table table;
	struct error err = {0};

	(void)state;
	write_three(disk);
	assert_three(disk);
	for (size_t i = 0; i < 512 + 3 * sizeof(struct gpt_entry); i++) {
		if (i >= sizeof(struct gpt_header) && i < 512)
			continue; /* reserved, in no checksum */
		primary[i] ^= 0x10;
		assert_three(disk);
		primary[i] ^= 0x10;
	}
	memset(primary, 0, 512);
	assert_three(disk);
	backup[20] ^= 1;
	assert_error(partition_read(disk, &table, &err), &err, "its backup");
}

static void seal(uint8_t *disk, uint64_t header_at)
{
	struct gpt_header *header = (struct gpt_header *)(disk + header_at);
	uint64_t length = (uint64_t)le32toh(header->entry_count) * le32toh(header->entry_size);
	uint64_t entries_at = le64toh(header->entries_sector) * 512;

	if (entries_at < DISK_SIZE && length < DISK_SIZE - entries_at)
		header->entries_crc = htole32(crc32(0, disk + entries_at, length));
	header->header_crc = 0;
	header->header_crc = htole32(crc32(0, (const Bytef *)header, sizeof(*header)));
}

/* Checksums that fit do not make a table right. */
static void test_sealed_nonsense(void **state)
{
	enum { HEADER = 512, ENTRY = 1024, NEXT = ENTRY + 128 };
	static const struct {
		size_t at;
		uint64_t value;
		size_t width;
	} nonsense[] = {
		{HEADER + offsetof(struct gpt_header, this_sector), 3, 8},
		{HEADER + offsetof(struct gpt_header, first_usable), 0, 8},
		{HEADER + offsetof(struct gpt_header, last_usable), DISK_SIZE / 512, 8},
		{HEADER + offsetof(struct gpt_header, last_usable), UINT64_MAX, 8},
		{HEADER + offsetof(struct gpt_header, last_usable), 30, 8},
		{HEADER + offsetof(struct gpt_header, entries_sector), DISK_SIZE / 512 - 1, 8},
		{HEADER + offsetof(struct gpt_header, entries_sector), UINT64_MAX, 8},
		{HEADER + offsetof(struct gpt_header, entry_count), UINT32_MAX, 4},
		{HEADER + offsetof(struct gpt_header, entry_size), 0, 4},
		{HEADER + offsetof(struct gpt_header, entry_size), 64, 4},
		{HEADER + offsetof(struct gpt_header, entry_size), 129, 4},
		{HEADER + offsetof(struct gpt_header, entry_size), 1u << 31, 4},
		{ENTRY + offsetof(struct gpt_entry, first), 2, 8},
		{ENTRY + offsetof(struct gpt_entry, first), UINT64_MAX, 8},
		{ENTRY + offsetof(struct gpt_entry, last), 1, 8},
		{ENTRY + offsetof(struct gpt_entry, last), DISK_SIZE / 512 - 1, 8},
		{ENTRY + offsetof(struct gpt_entry, last), 5000, 8},
		{NEXT + offsetof(struct gpt_entry, first), 2048, 8},
	};
	cleanup_disk struct disk *disk = memory_disk_new(DISK_SIZE);
	uint8_t *bytes = memory_disk_bytes(disk);

	(void)state;
	for (size_t i = 0; i < array_count(nonsense); i++) {
		struct partition_table table;
		struct error err = {0};
		uint64_t value = htole64(nonsense[i].value);
		memset(bytes, 0, DISK_SIZE);
		write_three(disk);
		memset(bytes + DISK_SIZE - 512, 0, 512);
		memcpy(bytes + nonsense[i].at, &value, nonsense[i].width);
		seal(bytes, HEADER);
		assert_error(partition_read(disk, &table, &err), &err, "partition table: ");
	}
}

static void test_refused(void **state)
{
	static const struct {
		struct partition partition; /* in place of the second one */
		const char *message;
	} refused[] = {
		{{.start = 2 * MIB + 1, .length = MIB}, "whole sectors"},
		{{.start = 2 * MIB, .length = 1000}, "whole sectors"},
		{{.start = 2 * MIB, .length = 0}, "whole sectors"},
		{{.start = MIB + 512, .length = MIB}, "is taken up to"},
		{{.start = 512, .length = 512}, "is taken up to"},
		{{.start = 2 * MIB, .length = DISK_SIZE - 2 * MIB}, "last usable"},
		{{.start = DISK_SIZE, .length = MIB}, "last usable"},
		{{.start = UINT64_MAX - 511, .length = 512}, "last usable"},
		{{.start = 2 * MIB, .length = UINT64_MAX - 511}, "last usable"},
		{{.start = 2 * MIB,
			 .length = MIB,
			 .label = "1234567890123456789012345678901234567"},
			"longer than 36"},
	};
	cleanup_disk struct disk *disk = memory_disk_new(DISK_SIZE);
	cleanup_disk struct disk *tiny = memory_disk_new(PARTITION_HEAD + PARTITION_TAIL);
	struct partition items[PARTITION_MAX + 1] = {0};
	struct partition_table table = make_table(items, 2), none = {0};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(refused); i++) {
		items[1] = refused[i].partition;
		assert_error(partition_write(disk, &table, &err), &err, refused[i].message);
	}
	for (size_t i = 0; i < array_count(items); i++)
		items[i] = (struct partition){.start = MIB + i * 512, .length = 512};
	table.count = PARTITION_MAX + 1;
	assert_error(partition_write(disk, &table, &err), &err, "129 partitions");
	for (size_t i = 0; i < 512; i++)
		assert_int_equal(memory_disk_bytes(disk)[i], 0);
	table.count = PARTITION_MAX;
	assert_fine(partition_write(disk, &table, &err), &err);
	assert_error(partition_write(tiny, &none, &err), &err, "no room");
	assert_error(partition_read(tiny, &none, &err), &err, "no signature");
}

static void test_failing_disk(void **state)
{
	cleanup_disk struct disk *memory = memory_disk_new(DISK_SIZE);
	struct partition items[3];
	struct partition_table table = make_table(items, 3), back;
	struct error err = {0};
	unsigned operations = 0;

	(void)state;
	for (int result = -1; result; operations++) {
		cleanup_disk struct disk *disk = failing_disk_new(memory, operations);
		result = partition_write(disk, &table, &err);
		if (result)
			assert_error(result, &err, "this disk fails");
	}
	assert_true(operations > 6);
	cleanup_disk struct disk *disk = failing_disk_new(memory, 1);
	assert_error(partition_read(disk, &back, &err), &err, "this disk fails");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracles),
		cmocka_unit_test(test_reads_others),
		cmocka_unit_test(test_keeps_boot_code),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_backup),
		cmocka_unit_test(test_sealed_nonsense),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_failing_disk),
	};

	return cmocka_run_group_tests_name("partition", tests, scratch_setup, scratch_teardown);
}
