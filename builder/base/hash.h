/* SHA-256 over bytes, files and structured inputs, in hexadecimal. */
#pragma once

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum { HASH_TEXT = 2 * SHA256_DIGEST_SIZE + 1 };

struct hash {
	struct sha256_ctx context;
};

void hash_init(struct hash *hash);
void hash_update(struct hash *hash, const void *data, size_t length);
/* A text with its length, so that two lists of texts never hash alike by concatenation; NULL is a
 * text of its own. */
void hash_text(struct hash *hash, const char *text);
void hash_number(struct hash *hash, uint64_t number);
/* Ends the hash: 64 lower-case digits and a NUL. */
void hash_finish(struct hash *hash, char ret_text[HASH_TEXT]);

int hash_file(int directory, const char *path, char ret_text[HASH_TEXT], struct error *err);
/* Of this running program: what it makes may differ whenever it does. */
int hash_program(char ret_text[HASH_TEXT], struct error *err);
/* Whether the text is 64 lower-case hexadecimal digits. */
bool hash_valid(const char *text);
