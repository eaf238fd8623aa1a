/* Cleanup attributes: what a variable owns is released when it leaves its scope; `steal` hands it
 * out. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(function) __attribute__((cleanup(function)))

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define cleanup_free      cleanup(cleanup_free_pointer)
#define cleanup_fd        cleanup(cleanup_close_fd)
#define cleanup_file      cleanup(cleanup_close_file)
#define cleanup_directory cleanup(cleanup_close_directory)

#define steal_pointer(pointer)                           \
	({                                               \
		typeof(*(pointer)) stolen_ = *(pointer); \
		*(pointer) = NULL;                       \
		stolen_;                                 \
	})

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}
