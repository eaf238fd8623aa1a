/*
 * From packages to a tree: all are unpacked into a work directory, depmod says what
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
#include "kernel/needs.h"
#include "kernel/register.h"
#include "rootfs/unpack-file.h"

/* A kernel on its way from its package into a tree. */
struct installation {
	const struct kernel_plan *plan;
	const char *tree_path;
	int tree;
	struct work_directory work;
	int unpacked;          /* the work directory: a root that holds the packages' files only */
	char *release, *image; /* owned: "6.1.0-50-amd64", "boot/vmlinuz-6.1.0-50-amd64" */
	struct kernel_config config; /* empty: it has come without one */
	int source;                  /* lib/modules/RELEASE in it; -1: there is none */
	struct module_list modules;
	struct module_order order; /* what the initramfs loads */
	struct arena arena;        /* owns ... */
	struct words installed;    /* ... the paths of what the package has put into the tree */
};

static void installation_release(struct installation *installation)
{
	cleanup_close_fd(&installation->tree);
	cleanup_close_fd(&installation->unpacked);
	cleanup_close_fd(&installation->source);
	kernel_config_release(&installation->config);
	module_order_release(&installation->order);
	modules_release(&installation->modules);
	work_directory_release(&installation->work);
	vector_release(&installation->installed);
	arena_release(&installation->arena);
	free(installation->release);
	free(installation->image);
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

static int unpack(int unpacked, const struct package *package, const char *path,
	bool (*wanted)(const char *path), struct error *err)
{
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

/* "6.1.0-50-cloud-amd64" of boot/vmlinuz-6.1.0-50-cloud-amd64; NULL when it is no such name. */
static const char *release_of(const char *name)
{
	static const char *const images[] = {"vmlinuz-", "vmlinux-"};

	for (size_t i = 0; i < array_count(images); i++)
		if (text_starts(name, images[i]))
			return name + strlen(images[i]);
	return NULL;
}

/* After trixie Debian's image lies beside its modules. */
static bool take_beside_modules(struct installation *installation, const char *name)
{
	cleanup_free char *image = xasprintf("lib/modules/%s/vmlinuz", name);

	if (*name == '.' || !inside_exists(installation->unpacked, image))
		return false;
	installation->image = steal_pointer(&image);
	installation->release = xstrdup(name);
	return true;
}

static bool take_in_boot(struct installation *installation, const char *name)
{
	if (!release_of(name))
		return false;
	installation->image = xasprintf("boot/%s", name);
	installation->release = xstrdup(release_of(name));
	return true;
}

/* Looks for an image among the names in a directory. */
static bool find_image(struct installation *installation, const char *path,
	bool (*take)(struct installation *installation, const char *name))
{
	int fd = openat(installation->unpacked, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_directory DIR *names = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (names && (entry = readdir(names)))
		if (take(installation, entry->d_name))
			return true;
	return false;
}

static int find_release(struct installation *installation, struct error *err)
{
	if (!find_image(installation, "boot", take_in_boot) &&
		!find_image(installation, "usr/lib/modules", take_beside_modules))
		return error_set(err, STATUS_ARCHIVE, "%s: it has no /boot/vmlinuz-*",
			installation->plan->image.name);
	return 0;
}

/* Writes modules.dep and its like; without the host's depmod.d. */
static int index_modules(const char *root, const char *release, struct error *err)
{
	const char *const arguments[] = {"depmod", "-b", root, "-C", "/dev/null", release, NULL};

	return process_run(&(struct process){.arguments = arguments}, err);
}

/* A file of the package is in the tree. */
static void note(struct installation *installation, const char *path)
{
	vector_push(&installation->installed, arena_strdup(&installation->arena, path));
}

static int move(struct installation *installation, int from, const char *source, const char *path,
	struct error *err)
{
	cleanup_fd int directory = -1;
	const char *name;

	if (inside_parent(installation->tree, path, &directory, &name, err))
		return -1;
	if (renameat(from, source, directory, name))
		return error_errno(err, errno, "%s", source);
	note(installation, path);
	return 0;
}

/* The order in which the kernel's build linked them decides between aliases: depmod(8). */
static int write_order(struct installation *installation, const char *path, struct error *err)
{
	cleanup_buffer struct buffer all = {0}, kept = {0};

	if (file_read(installation->source, "modules.order", 16 * MIB, &all, err))
		return -1;
	buffer_text(&kept, "");
	for (char *rest = all.data, *line; (line = strsep(&rest, "\n"));) {
		const struct module *module = modules_find_path(&installation->modules, line);
		if (module && module->kept)
			buffer_printf(&kept, "%s\n", line);
	}
	note(installation, path);
	return inside_write(installation->tree, path, kept.data, 0644, err);
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

static int move_module(struct installation *installation, const char *directory, const char *name,
	struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", directory, name);

	return move(installation, installation->source, name, path, err);
}

static int install_modules(struct installation *installation, struct error *err)
{
	static const char *const indices[] = {"modules.builtin", "modules.builtin.modinfo"};
	cleanup_free char *directory = xasprintf("usr/lib/modules/%s", installation->release);
	cleanup_free char *order = xasprintf("%s/modules.order", directory);

	if (installation->source < 0)
		return 0;
	if (write_order(installation, order, err))
		return -1;
	for (size_t i = 0; i < array_count(indices); i++)
		if (move_module(installation, directory, indices[i], err))
			return -1;
	vector_for_each (module, &installation->modules.items)
		if (module->kept && move_module(installation, directory, module->path, err))
			return -1;
	return index_kept(installation, err);
}

static int write_initramfs(struct installation *installation, struct error *err)
{
	cleanup_free char *busybox = xasprintf("%s/bin/busybox", installation->work.path);
	struct initramfs initramfs = {installation->source, &installation->order, busybox};
	cleanup_buffer struct buffer image = {0};

	if (initramfs_make(&initramfs, &image, err))
		return -1;
	return inside_write_data(
		installation->tree, "boot/initrd.img", image.data, image.length, 0644, err);
}

static int install_boot_files(struct installation *installation, struct error *err)
{
	cleanup_free char *config = xasprintf("boot/config-%s", installation->release);
	cleanup_free char *beside = xasprintf("lib/modules/%s/config", installation->release);
	int unpacked = installation->unpacked;
	const char *source = file_exists(unpacked, config) ? config : beside;
	/* An init needs /dev. */
	bool initramfs =
		installation->order.count ||
		(installation->config.lines.count &&
			!strcmp(kernel_config_value(&installation->config, "DEVTMPFS_MOUNT"), "n"));

	if (move(installation, unpacked, installation->image, "boot/vmlinuz", err) ||
		(file_exists(unpacked, source) &&
			move(installation, unpacked, source, config, err)))
		return -1;
	return initramfs ? write_initramfs(installation, err) : 0;
}

/* A kernel without any has no directory for them either. */
static int select_modules(struct installation *installation, struct error *err)
{
	const struct kernel_plan *plan = installation->plan;
	cleanup_free char *path = xasprintf("lib/modules/%s", installation->release);

	if (!inside_exists(installation->unpacked, path))
		return 0;
	if (inside_directory(installation->unpacked, path, &installation->source, err) ||
		index_modules(installation->work.path, installation->release, err) ||
		modules_read(installation->source, &installation->modules, err) ||
		modules_select(&installation->modules, plan->platforms,
			kernel_needed_modules(plan->recipe, &installation->arena),
			&installation->order, err))
		return -1;
	if (plan->all_modules)
		modules_keep_all(&installation->modules);
	return 0;
}

static int unpack_all(struct installation *installation, const struct kernel_debs *debs,
	const struct store *store, struct error *err)
{
	const struct package *busybox = &installation->plan->busybox;
	cleanup_free char *path = store_package_path(store, busybox->sha256);
	int root = installation->unpacked;

	vector_for_each (deb, debs)
		if (unpack(root, deb->package, deb->path, wanted_of_kernel, err))
			return -1;
	return unpack(root, busybox, path, wanted_of_busybox, err);
}

int kernel_install(const struct kernel_plan *plan, const struct store *store, const char *work,
	const char *tree, struct error *err)
{
	cleanup(installation_release) struct installation installation = {
		.plan = plan, .tree_path = tree, .tree = -1, .unpacked = -1, .source = -1};
	cleanup_kernel_debs struct kernel_debs debs;
	int *unpacked = &installation.unpacked;

	kernel_debs_find(plan, store, &debs);
	if (inside_open_root(tree, &installation.tree, err) ||
		kernel_check_package(plan, &debs, &installation.config, err) ||
		work_directory_make(work, "kernel", &installation.work, err) ||
		inside_open_root(installation.work.path, unpacked, err) ||
		merge_usr(*unpacked, err) || unpack_all(&installation, &debs, store, err) ||
		find_release(&installation, err) || select_modules(&installation, err) ||
		install_boot_files(&installation, err) || install_modules(&installation, err))
		return -1;
	return kernel_register(debs.items[0].path, &installation.installed, installation.tree, err);
}
