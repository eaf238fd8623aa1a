/* Partition tables: GPT (UEFI 2.10, section 5) with its protective MBR, or an MBR alone; written to
 * and read from a disk. */
#pragma once

#include "base/memory.h"
#include "disk.h"
#include "uuid.h"

enum { PARTITION_MAX = 128, PARTITION_LABEL_MAX = 36, PARTITION_ALIGN = 1024 * 1024 };

enum partition_scheme {
	SCHEME_GPT,
	SCHEME_MBR,  /* written: four primary partitions at most */
	SCHEME_NONE, /* no table: one filesystem is the whole disk */
	PARTITION_SCHEMES,
};
/* "gpt", "mbr", "none"; NULL behind the last. */
const char *partition_scheme_name(size_t scheme);

struct partition {
	struct uuid type, id;   /* on GPT */
	uint8_t mbr_type;       /* on MBR */
	bool active;            /* on MBR: the one that boots */
	uint64_t start, length; /* bytes */
	unsigned number;        /* as kernels count, from 1; of a table that was read */
	uint64_t attributes;    /* GPT attribute bits */
	const char
		*label; /* at most 36 ASCII characters; NULL: none. Owned by the table when read */
};

struct partition_table {
	enum partition_scheme scheme;
	struct uuid id; /* of an MBR its first four bytes, as "%08x" of its signature prints them */
	struct partition *items; /* by start, without overlap; owned */
	size_t count, capacity;
	struct arena labels; /* of a table that was read */
};

extern const struct uuid partition_type_bios_boot, partition_type_esp;

/* Writes the table and, for GPT, protective MBR and backup. The MBR's boot code is left. */
int partition_write(struct disk *disk, const struct partition_table *table, struct error *err);
/* Reads and checks a table: GPT (the primary one, else the backup), else an MBR. Characters of
 * labels that are not ASCII become '?'. An extended partition is not among the items, those in it
 * are. */
int partition_read(struct disk *disk, struct partition_table *ret_table, struct error *err);
void partition_table_release(struct partition_table *table);
bool partition_is_esp(const struct partition_table *table, const struct partition *partition);
/* What the kernel calls a partition of an MBR by PARTUUID=: "1a2b3c4d-01". They count from 1. */
void partition_mbr_id(const struct uuid *disk, size_t number, char ret_text[UUID_TEXT]);
/* The bytes that GPT needs before the first and behind the last partition. */
enum { PARTITION_HEAD = 34 * 512, PARTITION_TAIL = 33 * 512 };

/* For the schemes: whether partitions of whole sectors lie one behind the other in [start, end). */
int partition_check(
	const struct partition_table *table, uint64_t start, uint64_t end, struct error *err);
/* Sorts what was read by start; an overlap is an error. */
int partition_sort(struct partition_table *table, struct error *err);
