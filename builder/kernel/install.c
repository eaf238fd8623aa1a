/*
 * From packages to a tree: both packages are unpacked into a work directory, depmod says what
 * depends on what, and what the guest needs is moved.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/deb.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/process.h"
#include "base/size.h"
#include "initramfs.h"
#include "kernel.h"
#include "rootfs/unpack-file.h"

/* A kernel on its way from its package into a tree. */
struct installation {
	const struct kernel_plan *plan;
	const char *tree_path;
	int tree;
	struct work_directory work;
	int unpacked;  /* the work directory: a root that holds the packages' files only */
	char *release; /* owned */
	int source;    /* lib/modules/RELEASE in it */
	struct module_list modules;
	struct module_order order; /* what the initramfs loads */
};

static void installation_release(struct installation *installation)
{
	cleanup_close_fd(&installation->tree);
	cleanup_close_fd(&installation->unpacked);
	cleanup_close_fd(&installation->source);
	module_order_release(&installation->order);
	modules_release(&installation->modules);
	work_directory_release(&installation->work);
	free(installation->release);
}

static bool wanted_of_kernel(const char *path)
{
	return text_starts(path, "boot/vmlinu") || text_starts(path, "boot/config-") ||
	       text_starts(path, "lib/modules/") || text_starts(path, "usr/lib/modules/");
}

static bool wanted_of_busybox(const char *path)
{
	return text_equal(path, "bin/busybox") || text_equal(path, "usr/bin/busybox");
}

/* Packages of some suites hold lib/modules, of others usr/lib/modules; here they are one. */
static int merge_usr(int unpacked, struct error *err)
{
	static const char *const merged[] = {"bin", "lib"};

	for (size_t i = 0; i < array_count(merged); i++) {
		cleanup_free char *target = xasprintf("usr/%s", merged[i]);
		if (directory_make(unpacked, target, err) ||
			inside_symlink(unpacked, merged[i], target, err))
			return -1;
	}
	return 0;
}

struct unpacking {
	struct extractor extractor;
	bool (*wanted)(const char *path);
};

static int unpack_wanted(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct unpacking *unpacking = context;
	bool exists;

	if (archive_entry_filetype(entry) != AE_IFREG || !unpacking->wanted(path))
		return 0;
	return extract_entry(&unpacking->extractor, tar, entry, path, &exists, err);
}

static int unpack(int unpacked, const struct store *store, const struct package *package,
	bool (*wanted)(const char *path), struct error *err)
{
	cleanup_free char *path = store_package_path(store, package->sha256);
	struct unpacking unpacking = {{.root = unpacked, .directory = -1}, wanted};

	const struct deb_reader reader = {
		.limit = deb_limit(package->size, package->installed_size),
		.visit = unpack_wanted,
		.context = &unpacking,
	};

	int result = deb_read(path, DEB_DATA, &reader, err);
	extractor_release(&unpacking.extractor);
	return result;
}

/* The one name in lib/modules. */
static int find_release(struct installation *installation, struct error *err)
{
	int fd = openat(installation->unpacked, "lib/modules", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_directory DIR *names = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (names && (entry = readdir(names)))
		if (*entry->d_name != '.' && !installation->release)
			installation->release = xstrdup(entry->d_name);
	if (!installation->release)
		return error_set(err, STATUS_ARCHIVE, "%s: it holds no modules",
			installation->plan->image.name);
	cleanup_free char *source = xasprintf("lib/modules/%s", installation->release);
	return inside_directory(installation->unpacked, source, &installation->source, err);
}

/* Writes modules.dep and its like; without the host's depmod.d. */
static int index_modules(const char *root, const char *release, struct error *err)
{
	const char *const arguments[] = {"depmod", "-b", root, "-C", "/dev/null", release, NULL};

	return process_run(&(struct process){.arguments = arguments}, err);
}

static int move(int from, const char *source, int to, const char *target, struct error *err)
{
	return renameat(from, source, to, target) ? error_errno(err, errno, "%s", source) : 0;
}

/* The order in which the kernel's build linked them decides between aliases: depmod(8). */
static int write_order(struct installation *installation, int target, struct error *err)
{
	cleanup_buffer struct buffer all = {0}, kept = {0};

	if (file_read(installation->source, "modules.order", 16 * MIB, &all, err))
		return -1;
	buffer_text(&kept, "");
	for (char *rest = all.data, *path; (path = strsep(&rest, "\n"));) {
		const struct module *module = modules_find_path(&installation->modules, path);
		if (module && module->kept)
			buffer_printf(&kept, "%s\n", path);
	}
	return file_write(target, "modules.order", kept.data, kept.length, 0644, err);
}

/* depmod looks into lib/modules; in the tree, as in a root, that is usr/lib/modules. */
static int index_kept(const struct installation *installation, struct error *err)
{
	cleanup_free char *library = xasprintf("%s/usr/lib", installation->tree_path);
	cleanup_free char *stand_in = xasprintf("%s/kept", installation->work.path);

	if (inside_symlink(installation->unpacked, "kept/lib", library, err))
		return -1;
	return index_modules(stand_in, installation->release, err);
}

static int install_modules(struct installation *installation, struct error *err)
{
	static const char *const indices[] = {"modules.builtin", "modules.builtin.modinfo"};
	cleanup_free char *path = xasprintf("usr/lib/modules/%s", installation->release);
	cleanup_fd int target = -1;

	if (inside_directory(installation->tree, path, &target, err) ||
		write_order(installation, target, err))
		return -1;
	for (size_t i = 0; i < array_count(indices); i++)
		if (move(installation->source, indices[i], target, indices[i], err))
			return -1;
	vector_for_each (module, &installation->modules.items) {
		if (!module->kept)
			continue;
		cleanup_free char *parent =
			xstrndup(module->path, strrchr(module->path, '/') - module->path);
		if (directory_make(target, parent, err) ||
			move(installation->source, module->path, target, module->path, err))
			return -1;
	}
	return index_kept(installation, err);
}

static int make_initramfs(struct installation *installation, int boot, struct error *err)
{
	cleanup_free char *busybox = xasprintf("%s/bin/busybox", installation->work.path);
	const struct initramfs initramfs = {installation->source, &installation->order, busybox};
	cleanup_buffer struct buffer image = {0};

	if (initramfs_make(&initramfs, &image, err))
		return -1;
	return file_write(boot, "initrd.img", image.data, image.length, 0644, err);
}

static int install_boot_files(struct installation *installation, struct error *err)
{
	const char *release = installation->release;
	cleanup_free char *compressed = xasprintf("boot/vmlinuz-%s", release);
	cleanup_free char *plain = xasprintf("boot/vmlinux-%s", release);
	cleanup_free char *config = xasprintf("boot/config-%s", release);
	const char *image = file_exists(installation->unpacked, compressed) ? compressed : plain;
	cleanup_fd int boot = -1;

	if (inside_directory(installation->tree, "boot", &boot, err) ||
		move(installation->unpacked, image, boot, "vmlinuz", err) ||
		move(installation->unpacked, config, boot, config + strlen("boot/"), err))
		return -1;
	return make_initramfs(installation, boot, err);
}

static int select_modules(struct installation *installation, struct error *err)
{
	const struct kernel_plan *plan = installation->plan;

	if (index_modules(installation->work.path, installation->release, err) ||
		modules_read(installation->source, &installation->modules, err) ||
		modules_select(&installation->modules, plan->platforms, &installation->order, err))
		return -1;
	if (plan->all_modules)
		modules_keep_all(&installation->modules);
	return 0;
}

int kernel_install(const struct kernel_plan *plan, const struct store *store, const char *work,
	const char *tree, struct error *err)
{
	cleanup(installation_release) struct installation installation = {
		.plan = plan, .tree_path = tree, .tree = -1, .unpacked = -1, .source = -1};
	int *unpacked = &installation.unpacked;

	if (inside_open_root(tree, &installation.tree, err) ||
		work_directory_make(work, "kernel", &installation.work, err) ||
		inside_open_root(installation.work.path, unpacked, err) ||
		merge_usr(*unpacked, err) ||
		unpack(*unpacked, store, &plan->image, wanted_of_kernel, err) ||
		unpack(*unpacked, store, &plan->busybox, wanted_of_busybox, err) ||
		find_release(&installation, err) || select_modules(&installation, err) ||
		install_boot_files(&installation, err) || install_modules(&installation, err))
		return -1;
	return 0;
}
