#include "hash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "memory.h"

void hash_init(struct hash *hash)
{
	sha256_init(&hash->context);
}

void hash_update(struct hash *hash, const void *data, size_t length)
{
	sha256_update(&hash->context, length, data);
}

void hash_number(struct hash *hash, uint64_t number)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = number >> (8 * i);
	hash_update(hash, bytes, sizeof(bytes));
}

void hash_text(struct hash *hash, const char *text)
{
	hash_number(hash, text ? strlen(text) : UINT64_MAX);
	if (text)
		hash_update(hash, text, strlen(text));
}

void hash_finish(struct hash *hash, char ret_text[HASH_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&hash->context, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret_text[2 * i] = digits[digest[i] >> 4];
		ret_text[2 * i + 1] = digits[digest[i] & 15];
	}
	ret_text[2 * sizeof(digest)] = '\0';
}

enum { BLOCK = 256 * 1024 };

/* A hole is hashed from memory: most of a sparse image is none of the disk's business. */
static int hash_hole(struct hash *hash, int fd, uint64_t start, uint64_t *ret_end)
{
	static const uint8_t zeros[BLOCK];
	off_t data = lseek(fd, start, SEEK_DATA);

	if (data < 0 && errno != ENXIO)
		return -1;
	if (data < 0)
		data = lseek(fd, 0, SEEK_END);
	if (data < 0)
		return -1;
	for (uint64_t left = (uint64_t)data - start; left;) {
		size_t length = left < BLOCK ? left : BLOCK;
		hash_update(hash, zeros, length);
		left -= length;
	}
	*ret_end = data;
	return 0;
}

int hash_file(int directory, const char *path, char ret_text[HASH_TEXT], struct error *err)
{
	cleanup_fd int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	cleanup_free uint8_t *block = xmalloc(BLOCK);
	uint64_t offset = 0;
	struct hash hash;
	ssize_t length;

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	hash_init(&hash);
	do {
		if (hash_hole(&hash, fd, offset, &offset))
			return error_errno(err, errno, "%s: looking for its holes", path);
		length = pread(fd, block, BLOCK, offset);
		if (length > 0)
			hash_update(&hash, block, length);
		offset += length;
	} while (length > 0);
	if (length < 0)
		return error_errno(err, errno, "%s: reading", path);
	hash_finish(&hash, ret_text);
	return 0;
}

int hash_program(char ret_text[HASH_TEXT], struct error *err)
{
	return hash_file(AT_FDCWD, "/proc/self/exe", ret_text, err);
}

bool hash_valid(const char *text)
{
	return strlen(text) == HASH_TEXT - 1 && strspn(text, "0123456789abcdef") == HASH_TEXT - 1;
}
