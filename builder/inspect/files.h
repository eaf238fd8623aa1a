/* Files of an image as a listing: JSON, or lines like those of ls(1). */
#pragma once

#include <jansson.h>

#include "image/image-tree.h"

json_t *inspect_file_json(const struct image_file *file);
void inspect_file_print(const struct image_file *file, struct buffer *text);
