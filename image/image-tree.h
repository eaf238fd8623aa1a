/*
 * The files of an image, read without mounting it: what a filesystem or an archive holds, all in
 * one form. Names and attributes are read when a tree is opened, contents when they are asked for.
 *
 * An image may be any bytes. No number in it is believed before it is found to fit, every loop
 * ends, memory grows with what was read and not with what was promised. What does not fit is an
 * error that names the structure and its byte on the disk.
 *
 * A new reader is one file read-NAME.c with one `struct tree_reader`, and one line in image-tree.c.
 */
#pragma once

#include <sys/stat.h>

#include "base/text.h"
#include "slice.h"

struct image_xattr {
	const char *name; /* with its prefix: "security.capability" */
	const void *value;
	size_t length;
};

/* What only some filesystems keep, and only trees compared bit by bit must have in common. */
struct image_file_details {
	uint64_t access_time, change_time, creation_time; /* as the filesystem stores them */
	uint32_t flags, generation;
};

/* A file under one of its names. Texts are the tree's. */
struct image_file {
	const char *path; /* absolute; "/" is the root */
	mode_t mode;      /* with its type */
	uint32_t uid, gid;
	uint64_t size;   /* bytes of a regular file's contents */
	uint64_t stored; /* bytes that the contents take; what several names share, each has */
	uint64_t inode;  /* names with the same number are one file */
	uint64_t links;  /* how many names it says that it has */
	int64_t seconds; /* of the last modification, and its fraction */
	uint32_t nanoseconds;
	dev_t device;                     /* of device nodes */
	const char *target;               /* of links */
	const struct image_xattr *xattrs; /* sorted by name */
	size_t xattr_count;
	const struct image_file_details *details; /* NULL: none */
	uint64_t place;                           /* the reader's own */
};

/* What a filesystem says of itself: "block size", "4096". */
struct image_fact {
	const char *name, *value;
};

struct image_files {
	struct image_file *items;
	size_t count, capacity;
};

/* An open tree. Readers keep what is their own behind `state`. */
struct image_tree {
	const struct tree_reader *reader;
	struct slice slice; /* of a filesystem; of an archive its disk is NULL */
	struct arena arena;
	struct image_files files; /* by path, what a directory holds close behind it */
	vector(struct image_fact) facts;
	const char *label, *uuid;     /* NULL: none */
	uint64_t size, free;          /* bytes; of an archive its contents, and 0 */
	uint64_t inodes, inodes_free; /* 0: it does not count them */
	uint64_t path_bytes;          /* of all paths */
	void *state;
};

struct tree_reader {
	const char *name; /* "ext4" */
	bool has_owners;  /* and modes: a root can be one */
	bool (*recognize)(const struct slice *slice);
	/* Fills in files, in any order, and facts. After a failure release() is called as well. */
	int (*load)(struct image_tree *tree, struct error *err);
	/* A range inside a regular file. */
	int (*read)(struct image_tree *tree, const struct image_file *file, uint64_t offset,
		void *data, uint64_t length, struct error *err);
	/* How many bytes from there on are a hole; NULL: it knows of none. */
	int (*hole)(struct image_tree *tree, const struct image_file *file, uint64_t offset,
		uint64_t *ret_length, struct error *err);
	void (*release)(struct image_tree *tree); /* the state; NULL: there is none */
};

extern const struct tree_reader tree_reader_ext4, tree_reader_fat, tree_reader_squashfs,
	tree_reader_swap, tree_reader_tar, tree_reader_oci;
/* The reader of what is in a slice; NULL when none knows it. */
const struct tree_reader *tree_reader_find(const struct slice *slice);

/* Opens what is in the slice; its disk must outlive the tree. */
int image_tree_open(const struct slice *slice, struct image_tree **ret_tree, struct error *err);
int image_tree_open_as(const struct tree_reader *reader, const struct slice *slice,
	struct image_tree **ret_tree, struct error *err);
/* For readers of archives: a tree without files, and what is to be done when all are in it. */
struct image_tree *image_tree_new(const struct tree_reader *reader);
int image_tree_settle(struct image_tree *tree, struct error *err);
/* The same before it, where paths may come twice (the last counts), directories may be missing, and
 * a file without mode is another name of its target. Inodes are numbered in the order of files. */
int image_tree_complete(struct image_tree *tree, struct error *err);
void image_tree_free(struct image_tree *tree); /* NULL is fine */
void image_tree_cleanup(struct image_tree **tree);
#define cleanup_image_tree cleanup(image_tree_cleanup)

/* The file of exactly that path; NULL: none. */
const struct image_file *image_tree_find(const struct image_tree *tree, const char *path);
/* The file that a path leads to, links in it and at its end followed inside the tree. */
const struct image_file *image_tree_resolve(const struct image_tree *tree, const char *path);
/* The files below a directory: the half-open range of indices that follow it. */
size_t image_tree_end(const struct image_tree *tree, const struct image_file *directory);
/* The order of paths: that of their bytes, with '/' before all others. */
int image_path_compare(const char *left, const char *right);

/* A range inside a regular file. */
int image_file_read(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err);
/* How many of the bytes from there on are a hole, 0: none. */
int image_file_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err);
/* All of a regular file that has at most `limit` bytes. */
int image_file_contents(struct image_tree *tree, const struct image_file *file, size_t limit,
	struct buffer *ret_contents, struct error *err);

/* For readers: adds a file, or a fact; the value is kept in the tree. */
struct image_file *image_tree_add(struct image_tree *tree);
void image_tree_fact(struct image_tree *tree, const char *name, const char *format, ...)
	printf_like(3, 4);
/* The path of a name in a directory, in the arena. A name that no file can have is an error. */
int image_tree_name(struct image_tree *tree, const char *directory, const char *name, size_t length,
	const char **ret_path, struct error *err);
/* Counts a file and the bytes of its path: an image of a few MiB can hold names enough to fill any
 * memory. */
int image_tree_path_room(struct image_tree *tree, size_t length, struct error *err);
/* The error of a structure that is damaged: "ext4: WHAT, at byte 4096 of the disk". */
int image_damaged(const struct image_tree *tree, uint64_t offset, struct error *err,
	const char *format, ...) printf_like(4, 5);
