/* The file on the host that holds an image: made, opened, read sparsely, holes punched. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What file systems keep apart: a smaller run of zeros makes no hole. */
enum { HOST_FILE_BLOCK = 4096 };

/* Makes a file that must not exist yet, of `size` zero bytes that take no space. When it fails, no
 * file is left behind. */
int host_file_create(const char *path, uint64_t size, int *ret_fd, struct error *err);
/* A file without a name, for reading and writing, in the directory that `beside` is in. */
int host_file_nameless(const char *beside, int *ret_fd, struct error *err);
/* Opens a regular file; anything else is refused (a FIFO would block). */
int host_file_open(
	const char *path, bool writable, int *ret_fd, uint64_t *ret_size, struct error *err);
/* Reads all of the range; bytes behind the end of the file are zeros. */
int host_file_read(int fd, uint64_t offset, void *data, uint64_t length, struct error *err);
/* Cuts the file off there, or makes it longer by a hole. */
int host_file_set_size(int fd, uint64_t size, struct error *err);
/* The range becomes a hole; where the file system has none, zeros are written. */
int host_file_zero(int fd, uint64_t offset, uint64_t length, struct error *err);
/* Whether there is data at `offset`, not a hole; *ret_length: how far, up to `length`, that holds.
 */
bool host_file_has_data(int fd, uint64_t offset, uint64_t length, uint64_t *ret_length);
