/* A tar header's fields, for those who write one. */
#pragma once

#include "tar.h"

/* Numbers are octal digits, ended by a NUL or a blank. */
struct tar_fields {
	char name[100], mode[8], uid[8], gid[8], size[12], time[12], checksum[8];
	char type;
	char target[100], magic[6], version[2], owner[32], group[32], major[8], minor[8];
	char prefix[155], padding[12];
};
_Static_assert(sizeof(struct tar_fields) == TAR_BLOCK, "a tar header");

/* Whether the number fits the field, which is all zeros if not. */
bool tar_put_octal(char *field, size_t size, uint64_t number);
#define TAR_OCTAL(field, number) tar_put_octal((field), sizeof(field), (number))

/* Puts in the checksum, once everything else is there. */
void tar_seal(struct tar_fields *fields);
