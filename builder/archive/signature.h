/* OpenPGP signatures, checked by the program gpgv. */
#pragma once

#include "base/error.h"

/*
 * Checks that at least one key of the keyring made a good signature and that none is bad; keys that
 * the keyring does not hold do not count, for archives sign with the next release's key too.
 * `signature` is a detached one, or NULL when the file is signed inline. What was signed is written
 * to `content` (inline only; NULL: not wanted). Failure is STATUS_ARCHIVE.
 */
int signature_check(const char *keyring, const char *file, const char *signature,
	const char *content, struct error *err);
