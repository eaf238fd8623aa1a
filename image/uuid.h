/* UUIDs: 16 bytes in network order (RFC 4122), as texts, and as GPT stores them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct uuid {
	uint8_t bytes[16]; /* as printed: time-low first */
};

enum { UUID_TEXT = 37, UUID_SERIAL = 10 };

bool uuid_parse(const char *text, struct uuid *ret_uuid);
void uuid_format(const struct uuid *uuid, char ret_text[UUID_TEXT]);
/* The serial number of a FAT with that UUID, its first four bytes, as blkid(8) writes it:
 * "1A2B-3C4D". */
void uuid_format_serial(const struct uuid *uuid, char ret_text[UUID_SERIAL]);
/* A version 8 UUID from the SHA-256 of a seed and a purpose: the same inputs, the same UUID. */
struct uuid uuid_derive(const char *seed, const char *purpose);
/* GPT's mixed-endian form (UEFI 2.10, appendix A). */
void uuid_to_gpt(const struct uuid *uuid, uint8_t ret_bytes[16]);
struct uuid uuid_from_gpt(const uint8_t bytes[16]);
