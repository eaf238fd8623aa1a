/*
 * A disk: a virtual disk image under construction or opened, addressed as the guest sees it.
 * Bytes never written read as zero (or as the backing disk has them). Random access in any order.
 *
 * Life: disk_create() ... write, zero ... disk_finish() -> the file is complete under its path and
 * the disk can only be read any more. Without disk_finish(), disk_free() leaves the file behind
 * incomplete: the caller removes it. After a failed write only disk_free() is of use.
 *
 * disk_finish() does not fsync: an image can be made again, and waiting for gigabytes to reach the
 * platter would cost more than making them.
 *
 * A new format is one file disk-NAME.c with one `struct disk_driver`, and one line in disk.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "compress.h"
#include "uuid.h"

struct disk;

struct disk_options {
	const char *path;             /* created with O_EXCL */
	uint64_t size;                /* bytes the guest sees; a multiple of 512 */
	uint32_t cluster_size;        /* 0: the format's default */
	enum compression compression; /* of what is written; DEFLATE and ZLIB are one */
	unsigned compression_level;   /* 0: the usual one */
	struct uuid id;               /* for formats that give every image an identity */
	uint64_t epoch;               /* and for those that record when it was made */
	uint64_t base;                /* the byte of the file at which the image begins */
	/* qcow2 overlays: the disk below, borrowed, and the name to record for it. The new disk
	 * reads through to it and copies on write. NULL: none. */
	struct disk *backing;
	const char *
		backing_name; /* path to record, relative to the new file's directory or absolute */
	bool parts; /* of clusters are told apart, where they can be: small changes take little */
};

/* What a format can do. The disk_options that it does not have must not be set. */
enum {
	DISK_HAS_BACKING = 1,
	DISK_HAS_CLUSTERS = 2, /* of a size to choose */
	DISK_HAS_COMPRESSION = 4,
	DISK_CHANGES_OPENED = 8, /* opened images can be written to */
	DISK_HAS_BASE = 16,      /* need not begin where the file does */
};

/* What formats are recognized by: an image's first and last 512 bytes (zero-padded). */
struct disk_ends {
	uint8_t head[512], tail[512];
	uint64_t file_size;
};

/* Drivers see only ranges inside the disk, and no writes to a disk that is not writable. The path
 * is put in front of their errors by disk.c. */
struct disk_driver {
	const char *name;    /* "vhd-fixed" */
	const char *family;  /* what QEMU calls it, and overlays that record it: "vpc" */
	const char *suffix;  /* of file names: "qcow2", "img" */
	const char *summary; /* for `jeos list formats` */
	unsigned abilities;
	uint64_t size_max; /* of a new disk, in bytes; 0: as far as numbers go */
	/* Leaves no file behind when it fails. */
	int (*create)(
		const struct disk_options *options, struct disk **ret_disk, struct error *err);
	bool (*recognize)(const struct disk_ends *ends);
	int (*open)(const char *path, bool writable, struct disk **ret_disk, struct error *err);
	int (*read)(
		struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err);
	int (*write)(struct disk *disk, uint64_t offset, const void *data, uint64_t length,
		struct error *err);
	/* The range reads as zeros afterwards; storage is given up where possible. */
	int (*zero)(struct disk *disk, uint64_t offset, uint64_t length, struct error *err);
	/* Whether any byte of the range may be non-zero, for sparse copies; NULL: always. Sets
	 * *ret_length to how far the answer holds. */
	bool (*has_data)(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length);
	int (*finish)(struct disk *disk, struct error *err); /* NULL: nothing to do */
	void (*free)(struct disk *disk);
};

/* Drivers embed this first, and fill it in; disk.c adds the path and an opened backing disk. */
struct disk {
	const struct disk_driver *driver;
	uint64_t size;  /* bytes */
	uint32_t block; /* the unit in which the format leaves zeros out, a power of two */
	bool writable;
	char *path; /* of the file, for errors; owned; may be NULL */
	/* Overlays: the disk below, and what the image records about it (owned; NULL: nothing). */
	struct disk *backing;
	bool owns_backing;
	char *backing_name, *backing_format;
};

extern const struct disk_driver disk_raw, disk_qcow2, disk_qcow2_v2, disk_vdi, disk_vhd,
	disk_vhd_fixed, disk_vhdx, disk_vmdk, disk_vmdk_stream;
extern const struct disk_driver *const disk_drivers[]; /* NULL-terminated; raw is last */
/* What is never an image of its own: jeos makes it for a test, and reads it. NULL-terminated. */
extern const struct disk_driver disk_cow;
extern const struct disk_driver *const disk_overlay_drivers[];
const struct disk_driver *disk_driver_find(const char *name);

/* When it fails, no file is left behind. */
int disk_create(const struct disk_driver *driver, const struct disk_options *options,
	struct disk **ret_disk, struct error *err);
/* Opens an image of any format that jeos reads, with its backing chain. */
int disk_open(const char *path, bool writable, struct disk **ret_disk, struct error *err);
/* Whether the file of that path, if there is one, is an opened disk's or that of one below it. */
bool disk_chain_has(const struct disk *top, const char *path);
/* These check the range against the disk's size. */
int disk_read(struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err);
/* Blocks of zeros are not stored: they are passed on as disk_zero(). */
int disk_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err);
int disk_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err);
/* Whether any byte of a range inside the disk may be non-zero; *ret_length: how far, up to
 * `length`, that answer holds. */
bool disk_has_data(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length);
/* All of one disk, to the beginning of one that is new and at least as large. */
int disk_copy(struct disk *from, struct disk *to, struct error *err);
int disk_finish(struct disk *disk, struct error *err);
void disk_free(struct disk *disk); /* NULL is fine */
void disk_cleanup(struct disk **disk);
#define cleanup_disk cleanup(disk_cleanup)
