/* VMDK, streamOptimized: what its writing and its reading share. */
#pragma once

#include "disk-vmdk.h"
#include "packer.h"
#include "spool.h"

struct stream {
	struct disk disk;
	int fd; /* owned */
	/* A disk that was created: */
	uint64_t base; /* the byte of the file at which it begins */
	struct uuid id;
	struct packer *packer; /* owned */
	struct spool spool;    /* the compressed grains, until finish puts them in order */
	uint8_t *buffer;       /* room for a compressed grain; owned */
	/* A disk that was opened: */
	struct vmdk_tables tables;
	uint8_t *grain; /* the one that was read last; owned */
	uint64_t grain_number;
	bool grain_valid;
};

static inline struct stream *stream_of(struct disk *disk)
{
	return (struct stream *)disk;
}

int stream_create(const struct disk_options *options, struct disk **ret_disk, struct error *err);
int stream_finish(struct disk *disk, struct error *err);
