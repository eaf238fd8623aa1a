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

int hash_file(int directory, const char *path, char ret_text[HASH_TEXT], struct error *err)
{
	enum { BLOCK = 256 * 1024 };
	cleanup_fd int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	cleanup_free uint8_t *block = xmalloc(BLOCK);
	struct hash hash;
	ssize_t length;

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	hash_init(&hash);
	while ((length = read(fd, block, BLOCK)) > 0)
		hash_update(&hash, block, length);
	if (length < 0)
		return error_errno(err, errno, "%s: reading", path);
	hash_finish(&hash, ret_text);
	return 0;
}

bool hash_valid(const char *text)
{
	return strlen(text) == HASH_TEXT - 1 && strspn(text, "0123456789abcdef") == HASH_TEXT - 1;
}
