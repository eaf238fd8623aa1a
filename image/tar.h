/*
 * Tar archives, written from start to end (POSIX.1-2001, pax interchange format; "ustar" where that
 * says enough):
 *
 *     member:  [pax records, as a member before it] header, 512 bytes | contents, zeros to 512
 *     end:     two blocks of zeros
 *
 * What does not depend on the tree is left out: names of owners, times of access and change. Times
 * of modification are at most the epoch's. So one tree is one archive.
 */
#pragma once

#include <sys/stat.h>

#include "output.h"

enum { TAR_BLOCK = 512 };

/* What a header says. */
struct tar_member {
	const char *path; /* a directory's without a '/' at its end; "." is the root */
	mode_t mode;      /* with its type */
	uid_t uid;
	gid_t gid;
	uint64_t size; /* of the contents that follow, which only regular files have */
	int64_t time;
	dev_t device;       /* of device nodes */
	const char *target; /* of symbolic links; of hard links the path of the first name */
	bool hard_link;
	/* Extended attributes as pax records; NULL: none. */
	const struct buffer *records;
};

/* Adds a pax record to the buffer. */
void tar_record(struct buffer *records, const char *key, const void *value, size_t length);
/* Writes a member's header; its contents (output_write) and tar_pad() come next. */
int tar_header(struct output *output, const struct tar_member *member, struct error *err);
int tar_pad(struct output *output, uint64_t size, struct error *err);
/* A whole regular file, root's, of mode 0644 and that time. */
int tar_text(
	struct output *output, const char *path, const char *text, int64_t time, struct error *err);
/* A file as GNU tar has sparse ones in its old format, without its holes; time is at most 33 bits.
 */
int tar_sparse(struct output *output, const char *path, int fd, uint64_t size, int64_t time,
	struct error *err);
int tar_end(struct output *output, struct error *err);

/* When something is put where the tree may have something of that path. */
enum tar_when { TAR_ALWAYS, TAR_IF_ABSENT, TAR_IF_PRESENT };

/* What an archive's root differs in from the tree. */
struct tar_change {
	const char *path; /* without a leading '/'; where nothing is added, with wildcards */
	mode_t mode;      /* 0: what has this path, and all below, is left out */
	dev_t device;     /* of a device node */
	const char *text; /* of a file; of a symbolic link its target */
	enum tar_when when;
};

struct tar_tree {
	int tree; /* a directory's descriptor */
	uint64_t epoch;
	const struct tar_change *changes; /* ends with a NULL path; NULL: none */
};

/* Writes a tree as an archive, in the order of tree_walk(), what is added at the end. */
int tar_tree(struct output *output, const struct tar_tree *tree, struct error *err);
