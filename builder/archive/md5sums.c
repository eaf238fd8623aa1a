#include "md5sums.h"

#include <stdint.h>

void md5sums_add(struct buffer *sums, struct md5_ctx *content, const char *path)
{
	uint8_t digest[MD5_DIGEST_SIZE];

	md5_digest(content, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		buffer_printf(sums, "%02x", digest[i]);
	buffer_printf(sums, "  %s\n", path);
}
