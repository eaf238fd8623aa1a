/*
 * Device nodes are the host's, bound one by one, since nobody may make any inside a user namespace.
 * Whatever comes from the host is cloned (open_tree) before the root changes and attached
 * (move_mount) after, so that every path is resolved either wholly outside or wholly inside.
 */
#include "sandbox/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { FILE_LIMIT = 1 << 20 };

static const struct {
	const char *name;
	unsigned major, minor;
} devices[] = {
	{"/dev/null", 1, 3},
	{"/dev/zero", 1, 5},
	{"/dev/full", 1, 7},
	{"/dev/random", 1, 8},
	{"/dev/urandom", 1, 9},
	{"/dev/tty", 5, 0},
};

/* In order. `host` says that the host's own may stand in where a fresh one is not allowed, as in a
 * container that hides parts of its /proc. */
static const struct {
	const char *target, *type;
	unsigned long flags;
	const char *options;
	bool host;
} mounts[] = {
	{"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true},
	{"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true},
	{"/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=1M", false},
	{"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=666,mode=620,gid=5",
		false},
	{"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", false},
	{"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755", false},
	{"/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", false},
};

/* What a guest's root could change the host's kernel by. */
static const char *const read_only[] = {
	"/sys", "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};

static const struct {
	const char *name, *target;
} links[] = {
	{"/dev/ptmx", "pts/ptmx"},
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
};

/* Descriptors of what is taken along from the host. */
struct luggage {
	int root, devices[array_count(devices)], mounts[array_count(mounts)];
	struct {
		int *items;
		size_t count, capacity;
	} files;
};

static int clone_mount(const char *path)
{
	return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

static int attach(int mount, const char *target, struct error *err)
{
	if (move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH))
		return error_errno(err, errno, "%s in the guest root: mounting", target);
	return 0;
}

static int pack(const struct sandbox_run *run, struct luggage *luggage, struct error *err)
{
	for (const char *const *file = run->files; file && *file; file++) {
		int fd = open(*file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_errno(err, errno, "%s", *file);
		vector_push(&luggage->files, fd);
	}
	if (run->mode == SANDBOX_CHROOT) {
		luggage->root = open(run->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return luggage->root < 0 ? error_errno(err, errno, "%s", run->root) : 0;
	}
	luggage->root = clone_mount(run->root);
	if (luggage->root < 0)
		return error_errno(err, errno, "%s: cloning the mount", run->root);
	for (size_t i = 0; i < array_count(devices); i++) {
		luggage->devices[i] = clone_mount(devices[i].name);
		if (luggage->devices[i] < 0)
			return error_errno(err, errno, "%s on the host", devices[i].name);
	}
	for (size_t i = 0; i < array_count(mounts); i++)
		luggage->mounts[i] = mounts[i].host ? clone_mount(mounts[i].target) : -1;
	return 0;
}

/* Attaches the root above "/" and steps into it. */
static int change_root(const struct sandbox_run *run, int root, struct error *err)
{
	if (run->mode != SANDBOX_CHROOT && attach(root, "/", err))
		return -1;
	if (fchdir(root) || chroot(".") || chdir("/"))
		return error_errno(err, errno, "%s: changing root", run->root);
	return 0;
}

static int make_mount(size_t i, int host, struct error *err)
{
	const char *target = mounts[i].target, *type = mounts[i].type;

	if (mkdir(target, 0755) && errno != EEXIST)
		return error_errno(err, errno, "%s in the guest root: making", target);
	if (!mount(type, target, type, mounts[i].flags, mounts[i].options))
		return 0;
	if (host < 0 || errno != EPERM)
		return error_errno(err, errno, "%s in the guest root: mounting", target);
	return attach(host, target, err);
}

static int protect(const char *path, struct error *err)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	cleanup_fd int fd = clone_mount(path);

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "%s", path);
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)))
		return error_errno(err, errno, "%s: making it read-only", path);
	return attach(fd, path, err);
}

static int mount_all(const struct luggage *luggage, struct error *err)
{
	for (size_t i = 0; i < array_count(mounts); i++)
		if (make_mount(i, luggage->mounts[i], err))
			return -1;
	for (size_t i = 0; i < array_count(read_only); i++)
		if (protect(read_only[i], err))
			return -1;
	for (size_t i = 0; i < array_count(devices); i++)
		if (file_write_text(AT_FDCWD, devices[i].name, "", 0666, err) ||
			attach(luggage->devices[i], devices[i].name, err))
			return -1;
	for (size_t i = 0; i < array_count(links); i++)
		if (symlink(links[i].target, links[i].name))
			return error_errno(err, errno, "%s in the guest root", links[i].name);
	return 0;
}

/* A copy, not a mount: it must be executable wherever it comes from. */
static int unpack_file(const char *host, int from, struct error *err)
{
	cleanup_free char *path = xasprintf("/run/jeos/%s", basename(host));
	cleanup_fd int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	if (to < 0)
		return error_errno(err, errno, "%s in the guest root", path);
	return file_copy(from, to, err);
}

int guest_enter(const struct sandbox_run *run, struct error *err)
{
	struct luggage luggage = {0};

	if (pack(run, &luggage, err) || change_root(run, luggage.root, err))
		return -1;
	if (run->mode != SANDBOX_CHROOT && mount_all(&luggage, err))
		return -1;
	if (luggage.files.count && directory_make(AT_FDCWD, "/run/jeos", err))
		return -1;
	for (size_t i = 0; i < luggage.files.count; i++)
		if (unpack_file(run->files[i], luggage.files.items[i], err))
			return -1;
	vector_release(&luggage.files);
	return 0; /* the descriptors go with exec */
}

static int lend_resolver(int root, struct loans *loans, struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	struct error missing = {0};
	int result = 0;

	if (file_read(AT_FDCWD, "/etc/resolv.conf", FILE_LIMIT, &content, &missing))
		error_release(&missing); /* a host without one: then it works without */
	else
		result = loan_file(loans, root, "etc/resolv.conf", content.data, 0644, err);
	return result;
}

int guest_make_ready(
	const struct sandbox_run *run, int root, struct loans *loans, struct error *err)
{
	if (run->network && lend_resolver(root, loans, err))
		return -1;
	if (run->mode != SANDBOX_CHROOT)
		return 0;
	for (size_t i = 0; i < array_count(devices); i++)
		if (loan_device(loans, root, devices[i].name + 1,
			    makedev(devices[i].major, devices[i].minor), err))
			return -1;
	return 0;
}
