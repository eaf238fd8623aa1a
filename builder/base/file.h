/* Files: whole reads and writes, atomic replacement, directories, trees. Paths are relative to
 * `directory` (AT_FDCWD for the working directory). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

/* Reads a whole file, at most `limit` bytes; a longer one is an error. */
int file_read(int directory, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err);
/* Writes a file that may exist; not atomic. For files in a tree or a work directory. */
int file_write(int directory, const char *path, const void *data, size_t length, mode_t mode,
	struct error *err);
int file_write_text(
	int directory, const char *path, const char *text, mode_t mode, struct error *err);
/* By one write into a file that exists, as those of the kernel's own file systems want it. */
int file_tell(int directory, const char *path, const char *text, struct error *err);
/* Writes beside `path` and renames: readers see the old file or the whole new one. */
int file_replace(const char *path, const void *data, size_t length, struct error *err);

/* All of it at a file offset, or an error; a short read is an error that says so. */
int file_read_at(int fd, uint64_t offset, void *data, size_t length, struct error *err);
int file_write_at(int fd, uint64_t offset, const void *data, size_t length, struct error *err);
int file_write_all(int fd, const void *data, size_t length, struct error *err);
/* Copies contents by copy_file_range or reflink where possible. */
int file_copy(int from, int to, struct error *err);

bool file_exists(int directory, const char *path); /* does not follow a final link */
/* Like `mkdir -p`, mode 0755 under the umask. */
int directory_make(int directory, const char *path, struct error *err);
/* Removes a file or a whole tree, never following links; a missing path is fine. */
int tree_remove(int directory, const char *path, struct error *err);

/* A directory of the caller's own that vanishes with cleanup_work. */
struct work_directory {
	char *path; /* owned; NULL when there is none */
	int lock;   /* a descriptor that says that it is in use, closed last; 0: none */
};

/* Makes PARENT/NAME.XXXXXX, mode 0700. */
int work_directory_make(
	const char *parent, const char *name, struct work_directory *ret_work, struct error *err);
void work_directory_release(struct work_directory *work);
#define cleanup_work cleanup(work_directory_release)

/* Finds a program on PATH; the result is owned by the caller, NULL when there is none. */
char *program_find(const char *name);
