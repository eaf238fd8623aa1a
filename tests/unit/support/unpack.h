/* Unpacking packages, however wrong, into ./root, with a directory beside it that must stay as it
 * is. */
#pragma once

#include "deb.h"
#include "test.h"

/* The absolute path of that directory, which holds one file: `file`. */
extern char unpack_outside[4096];

/* A group's setup, and one for each test. */
int unpack_setup(void **state);
int unpack_begin(void **state);
/* Unpacks them together and writes the package database; nothing outside may have changed. */
int unpack_all(const struct made *made, size_t count, struct error *err);
