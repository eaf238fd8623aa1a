/*
 * Files inside a guest root: paths are resolved as if the root were "/", so no link in it leads
 * out (openat2(2), RESOLVE_IN_ROOT). Paths have no leading '/'; missing directories on the way are
 * made, mode 0755.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "text.h"

int inside_open_root(const char *path, int *ret_root, struct error *err);
/* Opens a directory, "" being the root. */
int inside_directory(int root, const char *path, int *ret_directory, struct error *err);
/* Opens the directory that holds the path's last part, which is ret_name (a part of `path`). */
int inside_parent(
	int root, const char *path, int *ret_directory, const char **ret_name, struct error *err);
/* These replace whatever has that name, except a directory. */
int inside_create(int root, const char *path, mode_t mode, int *ret_fd, struct error *err);
int inside_write(int root, const char *path, const char *text, mode_t mode, struct error *err);
int inside_write_data(int root, const char *path, const void *data, size_t length, mode_t mode,
	struct error *err);
int inside_symlink(int root, const char *path, const char *target, struct error *err);
/* These follow links. Rewriting keeps a file's owner and mode. */
int inside_rewrite(int root, const char *path, const char *text, struct error *err);
int inside_read(
	int root, const char *path, size_t limit, struct buffer *ret_content, struct error *err);
bool inside_exists(int root, const char *path);
