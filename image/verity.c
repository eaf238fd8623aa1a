#include "verity.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "host-file.h"

enum { DIGEST = SHA256_DIGEST_SIZE, SALT_MAX = 256, LEVELS_MAX = 8, AT_ONCE = 256 };

/* The first block of the hashes; numbers are little-endian. */
struct verity_superblock {
	uint8_t magic[8]; /* "verity" */
	uint32_t version, hash_type;
	uint8_t uuid[16];
	char algorithm[32]; /* padded by NUL */
	uint32_t data_block_size, hash_block_size;
	uint64_t data_blocks;
	uint16_t salt_size;
	uint8_t reserved[6];
	uint8_t salt[SALT_MAX];
	uint8_t reserved_end[168];
} __attribute__((packed));
_Static_assert(sizeof(struct verity_superblock) == 512, "a superblock of dm-verity");

struct salt {
	uint8_t bytes[DIGEST];
};

static void digest(const struct salt *salt, const uint8_t *block, uint8_t ret_digest[DIGEST])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, sizeof(salt->bytes), salt->bytes);
	sha256_update(&context, VERITY_BLOCK, block);
	sha256_digest(&context, DIGEST, ret_digest);
}

/* Appends the hashes of so many blocks. */
static void add_digests(
	struct buffer *level, const struct salt *salt, const char *blocks, uint64_t count)
{
	uint8_t hash[DIGEST];

	for (uint64_t i = 0; i < count; i++) {
		digest(salt, (const uint8_t *)blocks + i * VERITY_BLOCK, hash);
		buffer_append(level, hash, sizeof(hash));
	}
}

/* Levels end with whole blocks. */
static void pad(struct buffer *level)
{
	static const char zeros[VERITY_BLOCK];
	size_t over = level->length % VERITY_BLOCK;

	if (over)
		buffer_append(level, zeros, VERITY_BLOCK - over);
}

static int hash_data(
	int fd, uint64_t size, const struct salt *salt, struct buffer *level, struct error *err)
{
	cleanup_free char *blocks = xmalloc(AT_ONCE * VERITY_BLOCK);

	for (uint64_t offset = 0, length; offset < size; offset += length) {
		length = size - offset < AT_ONCE * VERITY_BLOCK ? size - offset
								: AT_ONCE * VERITY_BLOCK;
		uint64_t count = divide_up(length, VERITY_BLOCK);
		memset(blocks, 0, count * VERITY_BLOCK);
		if (interrupt_check(err) || host_file_read(fd, offset, blocks, length, err))
			return -1;
		add_digests(level, salt, blocks, count);
	}
	return 0;
}

static int write_tree(const char *path, const struct verity_superblock *super,
	const struct buffer *levels, size_t count, struct error *err)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	char first[VERITY_BLOCK] = {0};

	memcpy(first, super, sizeof(*super));
	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	if (file_write_all(fd, first, sizeof(first), err))
		return -1;
	while (count--)
		if (file_write_all(fd, levels[count].data, levels[count].length, err))
			return -1;
	return 0;
}

static void hex(const uint8_t bytes[DIGEST], char ret_text[HASH_TEXT])
{
	for (size_t i = 0; i < DIGEST; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

static struct salt make_salt(const char *seed)
{
	struct sha256_ctx context;
	struct salt salt;

	sha256_init(&context);
	sha256_update(&context, strlen("salt") + 1, (const uint8_t *)"salt");
	sha256_update(&context, strlen(seed), (const uint8_t *)seed);
	sha256_digest(&context, sizeof(salt.bytes), salt.bytes);
	return salt;
}

/* The levels above the lowest; the hash of the only block of the highest is the root hash. */
static size_t build_levels(
	struct buffer levels[LEVELS_MAX], const struct salt *salt, uint8_t ret_root[DIGEST])
{
	size_t count = 1;

	for (pad(&levels[0]); levels[count - 1].length > VERITY_BLOCK; count++) {
		add_digests(&levels[count], salt, levels[count - 1].data,
			levels[count - 1].length / VERITY_BLOCK);
		pad(&levels[count]);
	}
	digest(salt, (const uint8_t *)levels[count - 1].data, ret_root);
	return count;
}

static int make(int fd, uint64_t size, const char *hashes, const char *seed,
	struct verity *ret_verity, struct error *err)
{
	const struct salt salt = make_salt(seed);
	struct buffer levels[LEVELS_MAX] = {0};
	struct uuid uuid = uuid_derive(seed, "verity");
	uint8_t root[DIGEST];
	struct verity verity = {.blocks = divide_up(size, VERITY_BLOCK), .hash_blocks = 1};
	struct verity_superblock super = {
		.magic = "verity",
		.version = htole32(1),
		.hash_type = htole32(1),
		.algorithm = "sha256",
		.data_block_size = htole32(VERITY_BLOCK),
		.hash_block_size = htole32(VERITY_BLOCK),
		.data_blocks = htole64(verity.blocks),
		.salt_size = htole16(sizeof(salt.bytes)),
	};

	memcpy(super.uuid, uuid.bytes, sizeof(super.uuid));
	memcpy(super.salt, salt.bytes, sizeof(salt.bytes));
	int result = hash_data(fd, size, &salt, &levels[0], err);
	if (!result) {
		size_t count = build_levels(levels, &salt, root);
		result = write_tree(hashes, &super, levels, count, err);
		for (size_t i = 0; i < count; i++)
			verity.hash_blocks += levels[i].length / VERITY_BLOCK;
	}
	for (size_t i = 0; i < LEVELS_MAX; i++)
		buffer_release(&levels[i]);
	if (result)
		return -1;
	hex(salt.bytes, verity.salt);
	hex(root, verity.root_hash);
	*ret_verity = verity;
	return 0;
}

int verity_make(const char *data, const char *hashes, const char *seed, struct verity *ret_verity,
	struct error *err)
{
	cleanup_fd int fd = -1;
	uint64_t size;

	if (host_file_open(data, false, &fd, &size, err))
		return error_wrap(err, "%s", data);
	/* With one block there is no tree, only its hash. */
	if (size <= VERITY_BLOCK)
		return error_set(err, STATUS_FAILED, "%s: too small for dm-verity", data);
	return make(fd, size, hashes, seed, ret_verity, err) ? error_wrap(err, "dm-verity") : 0;
}

/* A block that is not as it was is nothing to go on with: it panics, as anything else would only
 * fail here and there. */
char *verity_table(const struct verity *verity, const char *data, const char *hashes)
{
	unsigned long long blocks = verity->blocks;

	return xasprintf("0 %llu verity 1 %s %s %d %d %llu 1 sha256 %s %s 1 panic_on_corruption",
		blocks * VERITY_BLOCK / 512, data, hashes, VERITY_BLOCK, VERITY_BLOCK, blocks,
		verity->root_hash, verity->salt);
}
