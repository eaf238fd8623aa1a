/*
 * Layouts: what a disk will hold, byte range by byte range: a part of the plan.
 *
 *     wishes (what for, how large) -layout_make-> partitions in their order
 *                                  -layout_place-> ... with their ranges, once all sizes are known
 *
 * A partition that is as large as its contents gets its range when these are made; what lies behind
 * it does, too. Until then `start` and `length` of these are 0.
 */
#pragma once

#include "compress.h"
#include "partition.h"

/* What a partition is for. */
enum partition_use {
	USE_BIOS_BOOT, /* GRUB's core image, on GPT */
	USE_ESP,       /* FAT: what UEFI starts, and what a read-only root boots from by a BIOS */
	USE_ROOT,
	USE_VERITY,  /* the hashes of the root's blocks */
	USE_CHANGES, /* what a guest changes of a read-only root */
	USE_SWAP,
	USE_DATA,
	PARTITION_USES,
};

/* How large a partition is to be. */
enum extent_kind {
	EXTENT_UNSET,   /* what is usual for its use */
	EXTENT_EXACT,   /* `number` bytes */
	EXTENT_PERCENT, /* `number` of a hundred parts of the disk */
	EXTENT_CONTENT, /* what its contents need and `number` bytes more */
	EXTENT_REST,    /* all that the others leave */
};
struct extent {
	enum extent_kind kind;
	uint64_t number;
};

struct image_partition {
	enum partition_use use;
	const char *label;
	struct uuid type, id;        /* type and UUID on GPT */
	const char *filesystem;      /* "ext4", "squashfs", "vfat", "swap"; NULL: none */
	struct uuid filesystem_uuid; /* for vfat its first four bytes are the serial number */
	const char *mount;           /* where the guest mounts it; NULL: nowhere by itself */
	struct extent size;          /* as wished for */
	uint64_t content;            /* bytes that its contents need; 0: not known yet */
	uint64_t start, length;      /* bytes, aligned to PARTITION_ALIGN when there is a table */
};

struct image_layout {
	enum partition_scheme scheme;
	uint64_t size; /* bytes of the disk; 0: what its partitions take, not known yet */
	bool fits;     /* the size is what the partitions take */
	struct uuid id;
	struct image_partition *partitions;
	size_t partition_count;
	unsigned boot_bios : 1, boot_uefi : 1;
	const char *grub_bios; /* GRUB's platform: "i386-pc" */
	const char *uefi_file; /* "BOOTX64.EFI" */
	uint64_t epoch;
	/* Of formats that have the choice; 0: their own. */
	enum compression compression;
	unsigned compression_level;
	uint32_t cluster_size;
};

/* Who can boot it; the masks of recipes are the same. */
enum { IMAGE_BIOS = 1, IMAGE_UEFI = 2 };

/* A partition that is asked for. What is NULL or unset is as usual for its use. */
struct partition_wish {
	enum partition_use use;
	const char *label, *filesystem, *mount;
	struct extent size;
};

struct layout_request {
	enum partition_scheme scheme;
	uint64_t size;                      /* bytes of the disk; 0: what its partitions take */
	unsigned firmware;                  /* IMAGE_* */
	const char *seed;                   /* all UUIDs derive from it */
	const char *root;                   /* the root's filesystem */
	bool verity;                        /* the root has hashes */
	bool changes;                       /* what is changed of the root is kept */
	struct uuid root_type, verity_type; /* types on GPT, of the architecture */
	const struct partition_wish *wishes;
	size_t wish_count; /* 0: the usual partitions */
};

/*
 * Makes a layout and places what can be placed. The array is in the arena. What depends on the
 * architecture's boot loaders is left to the caller. When it fails, *ret_culprit is the index of
 * the wish that is wrong, or wish_count when it is the whole.
 */
int layout_make(const struct layout_request *request, struct arena *arena,
	struct image_layout *ret_layout, size_t *ret_culprit, struct error *err);
/* Gives all partitions their ranges, as far as their contents are known, and the disk its size. */
int layout_place(struct image_layout *layout, struct error *err);
/* Whether all ranges are known. */
bool layout_is_placed(const struct image_layout *layout);

/* "root", "swap": the use in recipes; NULL behind the last. */
const char *partition_use_name(size_t use);
/* The first partition of that use; NULL: none. */
const struct image_partition *layout_find(
	const struct image_layout *layout, enum partition_use use);
/* Its type on an MBR. */
uint8_t layout_mbr_type(const struct image_partition *partition);
/* What the kernel calls a partition by PARTUUID=. */
void layout_partition_id(const struct image_layout *layout, const struct image_partition *partition,
	char ret_text[UUID_TEXT]);
