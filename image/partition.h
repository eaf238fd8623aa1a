/* Partition tables: GPT (UEFI 2.10, section 5) with its protective MBR; written to and read from a
 * disk. */
#pragma once

#include "base/memory.h"
#include "disk.h"
#include "uuid.h"

enum { PARTITION_MAX = 128, PARTITION_LABEL_MAX = 36, PARTITION_ALIGN = 1024 * 1024 };

struct partition {
	struct uuid type, id;
	uint64_t start, length; /* bytes */
	uint64_t attributes;    /* GPT attribute bits */
	const char
		*label; /* at most 36 ASCII characters; NULL: none. Owned by the table when read */
};

struct partition_table {
	struct uuid id;
	struct partition *items; /* by start, without overlap; owned */
	size_t count, capacity;
	struct arena labels; /* of a table that was read */
};

extern const struct uuid partition_type_bios_boot, partition_type_esp;

/* Writes protective MBR (leaving its boot code), primary and backup table. */
int partition_write(struct disk *disk, const struct partition_table *table, struct error *err);
/* Reads and checks the primary table, else the backup. Characters of labels that are not ASCII
 * become '?'. */
int partition_read(struct disk *disk, struct partition_table *ret_table, struct error *err);
void partition_table_release(struct partition_table *table);
/* The bytes that GPT needs before the first and behind the last partition. */
enum { PARTITION_HEAD = 34 * 512, PARTITION_TAIL = 33 * 512 };
