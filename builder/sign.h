/* SHA256SUMS.asc: the signature of a directory's SHA256SUMS, by gpg. */
#pragma once

#include "base/error.h"

#define SUMS_SIGNATURE "SHA256SUMS.asc"

/* Signs it with a key of the user's keyring, named as for `gpg --local-user`. */
int sums_sign(const char *output, const char *key, struct error *err);
