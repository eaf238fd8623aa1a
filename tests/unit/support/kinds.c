#include "kinds.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "scratch.h"

static void write_at(int directory, const char *name, off_t offset, const void *data, size_t length)
{
	cleanup_fd int fd = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, length, offset), length);
}

void make_file(const char *root, const char *name, size_t size)
{
	cleanup_fd int directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *bytes = xmalloc(size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = 1 + i * 7 % 255;
	write_at(directory, name, 0, bytes, size);
}

static void make_files(int root)
{
	char block[4096], name[256];

	write_at(root, "empty", 0, "", 0);
	write_at(root, "plain", 0, "hello\n", 6);
	assert_int_equal(fchmodat(root, "plain", 04755, 0), 0);
	memset(name, 'n', 255);
	name[255] = '\0';
	write_at(root, name, 0, "long name", 9);
	write_at(root, "space in 'name'", 0, "odd", 3);
	write_at(root, "sparse", (5ll << 30) - 1, "end", 3);
	memset(block, 0, sizeof(block));
	for (unsigned i = 0; i < 50; i++)
		write_at(root, "zeros", i * 4096, block, sizeof(block));
	write_at(root, "between-zeros", 0, block, sizeof(block));
	write_at(root, "between-zeros", 10000, "middle", 6);
	write_at(root, "between-zeros", 20000, block, 3000);
	memset(block, 'x', sizeof(block));
	for (unsigned i = 0; i < 2000; i++)
		write_at(root, "many-extents", i * 8192, block, sizeof(block));
}

static void make_links(int root)
{
	cleanup_free char *target = xcalloc(4001, 1);

	assert_int_equal(symlinkat("plain", root, "fast-link"), 0);
	memset(target, 'y', 4000);
	assert_int_equal(symlinkat(target, root, "longest-link"), 0);
	target[60] = '\0';
	assert_int_equal(symlinkat(target, root, "slow-link-60"), 0);
	target[59] = '\0';
	assert_int_equal(symlinkat(target, root, "fast-link-59"), 0);
	assert_int_equal(symlinkat("/nowhere", root, "dangling"), 0);
	assert_int_equal(linkat(root, "plain", root, "a-hard-link", 0), 0);
	assert_int_equal(linkat(root, "plain", root, "directory/below/hard-link", 0), 0);
	assert_int_equal(linkat(root, "fast-link", root, "hard-linked-link", 0), 0);
}

static void make_specials(const char *path, int root)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_int_equal(mkfifoat(root, "fifo", 0640), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (geteuid()) {
		print_message("not root: without devices, owners and capabilities\n");
		return;
	}
	assert_int_equal(mknodat(root, "char", S_IFCHR | 0666, makedev(1, 3)), 0);
	assert_int_equal(mknodat(root, "block", S_IFBLK | 0660, makedev(8, 1)), 0);
	assert_int_equal(mknodat(root, "large-number", S_IFCHR | 0600, makedev(300, 70000)), 0);
	assert_int_equal(fchownat(root, "space in 'name'", 100000, 200000, 0), 0);
	assert_int_equal(fchownat(root, "dangling", 65536, 1, AT_SYMLINK_NOFOLLOW), 0);
}

/* As xattr(7) has them: a version, then entries of tag, permission and id. */
static void make_acl(const char *file)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entries[5];
	} acl = {
		{2},
		{{1, 6, ~0u}, {2, 4, 1234}, {4, 4, ~0u}, {16, 4, ~0u}, {32, 4, ~0u}},
	};

	assert_int_equal(setxattr(file, "system.posix_acl_access", &acl, sizeof(acl), 0), 0);
}

static void make_attributes(const char *path)
{
	static const uint8_t capability[20] = {1, 0, 0, 2, 0, 0x20};
	cleanup_free char *file = xasprintf("%s/attributes", path);
	cleanup_free char *directory = xasprintf("%s/directory", path);
	char large[3000];

	make_file(path, "attributes", 100);
	memset(large, 'v', sizeof(large));
	if (setxattr(file, "user.small", "value", 5, 0)) {
		print_message("no extended attributes here\n");
		return;
	}
	assert_int_equal(setxattr(file, "user.large", large, sizeof(large), 0), 0);
	assert_int_equal(setxattr(file, "user.empty", "", 0, 0), 0);
	assert_int_equal(setxattr(file, "user.overlay.opaque", "y", 1, 0), 0);
	assert_int_equal(setxattr(directory, "user.directory", "d", 1, 0), 0);
	make_acl(file);
	if (geteuid())
		return;
	assert_int_equal(setxattr(file, "trusted.overlay.redirect", "y", 1, 0), 0);
	assert_int_equal(setxattr(file, "trusted.kept", "y", 1, 0), 0);
	assert_int_equal(
		setxattr(file, "security.capability", capability, sizeof(capability), 0), 0);
}

static void set_time(int root, const char *name, time_t seconds, long nanoseconds)
{
	const struct timespec time = {seconds, nanoseconds}, times[] = {time, time};

	assert_int_equal(utimensat(root, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

void make_every_kind(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
	cleanup_fd int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(root >= 0);
	assert_int_equal(mkdirat(root, "directory", 0755), 0);
	assert_int_equal(mkdirat(root, "directory/below", 0700), 0);
	assert_int_equal(mkdirat(root, "empty-directory", 0755), 0);
	assert_int_equal(fchmodat(root, "empty-directory", 01777, 0), 0);
	make_files(root);
	make_links(root);
	make_specials(path, root);
	make_attributes(path);
	set_time(root, "plain", -1000, 0);
	set_time(root, "slow-link-60", 1600000000, 123456789);
	set_time(root, "zeros", 6000000000, 0);
	set_time(root, "directory/below", 1500000000, 0);
}
