#include <fcntl.h>
#include <string.h>

#include "access.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/size.h"
#include "changes.h"
#include "fstab.h"
#include "init-minimal.h"

enum { KEYRING_LIMIT = 16 * MIB };

static int write_hostname(const char *name, int root, struct error *err)
{
	cleanup_free char *hostname = xasprintf("%s\n", name);
	cleanup_free char *hosts = xasprintf("127.0.0.1\tlocalhost\n"
					     "127.0.1.1\t%s\n"
					     "::1\tlocalhost ip6-localhost ip6-loopback\n"
					     "ff02::1\tip6-allnodes\n"
					     "ff02::2\tip6-allrouters\n",
		name);

	if (inside_write(root, "etc/hostname", hostname, 0644, err))
		return -1;
	return inside_write(root, "etc/hosts", hosts, 0644, err);
}

/*
 * The kernel mounts the root read-write, and replays its journal. What else a check could find is
 * known: the filesystem counts the errors it has met. Only then is there one, as systemd would make
 * it, with the root read-only meanwhile.
 */
static const char root_check[] = "[Unit]\n"
				 "ConditionPathExists=\n"
				 "[Service]\n"
				 "ExecStart=\n"
				 "ExecStart=/bin/sh -c '\\\n"
				 "  set -- /sys/fs/ext4/*/errors_count; \\\n"
				 "  read -r errors <$$1 && [ $$errors != 0 ] || exit 0; \\\n"
				 "  mount -o remount,ro / && \\\n"
				 "  /lib/systemd/systemd-fsck && \\\n"
				 "  mount -o remount,rw /'\n";

static int write_root_check(int root, struct error *err)
{
	if (!inside_exists(root, "usr/lib/systemd/system/systemd-fsck-root.service") &&
		!inside_exists(root, "lib/systemd/system/systemd-fsck-root.service"))
		return 0;
	return inside_write(root, "etc/systemd/system/systemd-fsck-root.service.d/jeos.conf",
		root_check, 0644, err);
}

/* The build's own name servers mean nothing to the guest, nor does what resolved kept of them. */
static int write_resolver(int root, struct error *err)
{
	if (inside_exists(root, "usr/lib/systemd/systemd-resolved") ||
		inside_exists(root, "lib/systemd/systemd-resolved"))
		return inside_symlink(
			root, "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf", err);
	return inside_write(root, "etc/resolv.conf", "", 0644, err);
}

static int write_sources(const struct rootfs *rootfs, int root, struct error *err)
{
	unsigned number = 0;

	if (!inside_exists(root, "etc/apt"))
		return 0;
	vector_for_each (repository, &rootfs->recipe->repositories) {
		cleanup_free char *path = xasprintf(GUEST_KEYRING, ++number);
		cleanup_buffer struct buffer keys = {0};
		cleanup_fd int fd = -1;
		if (file_read(AT_FDCWD, repository->keyring.text, KEYRING_LIMIT, &keys, err) ||
			inside_create(root, path, 0644, &fd, err) ||
			file_write_all(fd, keys.data, keys.length, err))
			return error_wrap(err, "keyring of %s", repository->mirror.text);
	}
	return inside_write(root, "etc/apt/sources.list", rootfs->sources_list, 0644, err);
}

int rootfs_configure(
	const struct rootfs *rootfs, const struct image_layout *layout, struct error *err)
{
	cleanup_fd int root = -1;

	if (inside_open_root(rootfs->root, &root, err) ||
		write_hostname(rootfs->recipe->hostname.text, root, err) ||
		fstab_write(rootfs->recipe, layout, root, err) || write_root_check(root, err) ||
		changes_configure(rootfs->recipe, layout, root, err) || write_resolver(root, err) ||
		write_sources(rootfs, root, err))
		return -1;
	if (text_equal(rootfs->recipe->init.text, "minimal") &&
		init_minimal(rootfs->recipe, root, err))
		return -1;
	return access_configure(&rootfs->recipe->access, root, err);
}
