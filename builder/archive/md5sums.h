/* What packages say of their files, in md5sums and dpkg's info/NAME.md5sums: "SUM  PATH", a line
 * each (deb-md5sums(5)). */
#pragma once

#include <nettle/md5.h>

#include "base/text.h"

/* Ends the sum of a file's content, and adds its line. */
void md5sums_add(struct buffer *sums, struct md5_ctx *content, const char *path);
