/* Paths inside a root, resolved as a program in that root would: no link leads out of it. */
#pragma once

#include <stdbool.h>

/* Opens `path` below the directory `root` (flags as for open(2), no O_CREAT); -1 with errno. */
int inside_open(int root, const char *path, int flags);
/* Whether an executable file is there. */
bool inside_executable(int root, const char *path);
