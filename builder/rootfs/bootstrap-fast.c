/*
 * jeos's own bootstrap: every package is unpacked at once, dpkg's database is written as dpkg would
 * have left it, then the maintainer scripts run: each preinst, and one `dpkg --configure -a`.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/inside.h"
#include "base/log.h"
#include "debconf.h"
#include "package-database.h"
#include "package-order.h"
#include "rootfs.h"
#include "services.h"
#include "strip.h"

/* A merged /usr: before the first package, so that nothing has to be moved. */
static int make_merged_usr(const char *architecture, int root, struct error *err)
{
	const struct architecture *about = architecture_find(architecture);

	for (const char *const *name = about->merged_usr; *name; name++) {
		cleanup_free char *target = xasprintf("usr/%s", *name);
		if (directory_make(root, target, err))
			return -1;
		if (symlinkat(target, root, *name))
			return error_errno(err, errno, "%s", *name);
	}
	return 0;
}

static bool holds(const struct unpack *unpack, const char *directory)
{
	size_t length = strlen(directory);

	for (size_t i = 0; i < unpack->count; i++)
		vector_for_each (entry, &unpack->packages[i].paths)
			if (text_starts(entry->path, directory) &&
				(!entry->path[length] || entry->path[length] == '/'))
				return true;
	return false;
}

/* Of directories like /lib32, those stay that packages have: as debootstrap does it. */
static int trim_merged_usr(const struct unpack *unpack, int root, struct error *err)
{
	const struct architecture *about = architecture_find(unpack->recipe->architecture.text);

	for (const char *const *name = about->merged_usr; *name; name++) {
		cleanup_free char *target = xasprintf("usr/%s", *name);
		if (holds(unpack, *name))
			continue;
		if (unlinkat(root, *name, 0))
			return error_errno(err, errno, "%s", *name);
		if (unlinkat(root, target, AT_REMOVEDIR) && errno != ENOTEMPTY)
			return error_errno(err, errno, "%s", target);
	}
	return 0;
}

/* What the first packages count on and no package brings. */
static int make_ground(const struct rootfs *rootfs, int root, struct error *err)
{
	cleanup_free char *rules = strip_dpkg_rules(rootfs->recipe);

	if (make_merged_usr(rootfs->recipe->architecture.text, root, err) ||
		directory_make(root, "etc/dpkg/dpkg.cfg.d", err))
		return -1;
	if (file_write_text(root, "etc/hosts", ROOTFS_FIRST_HOSTS, 0644, err))
		return -1;
	return file_write_text(root, "etc/dpkg/dpkg.cfg.d/jeos", rules, 0644, err);
}

/* Copies NAME.dpkg-new, which dpkg wants too, to NAME. */
static int place_conffile(int root, const char *path, struct error *err)
{
	cleanup_fd int directory = -1;
	const char *name;
	struct stat status;

	if (inside_parent(root, path, &directory, &name, err))
		return -1;
	cleanup_free char *beside = xasprintf("%s.dpkg-new", name);
	cleanup_fd int from = openat(directory, beside, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 && (errno == ENOENT || errno == ELOOP)) /* stripped, or a link */
		return 0;
	cleanup_fd int to = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0 && errno == EEXIST)
		return 0;
	if (from < 0 || to < 0 || fstat(from, &status))
		return error_errno(err, errno, "/%s", path);
	const struct timespec times[] = {status.st_mtim, status.st_mtim};
	if (file_copy(from, to, err))
		return error_wrap(err, "/%s", path);
	if (fchown(to, status.st_uid, status.st_gid) || fchmod(to, status.st_mode & 07777) ||
		futimens(to, times))
		return error_errno(err, errno, "/%s", path);
	return 0;
}

/* The scripts of a root's first packages count on each other's conffiles before they are
 * configured, as if they had been extracted without dpkg. */
static int place_conffiles(const struct unpack *unpack, int root, struct error *err)
{
	for (size_t i = 0; i < unpack->count; i++)
		for (size_t j = 0; j < unpack->packages[i].conffiles.count; j++)
			if (place_conffile(root, unpack->packages[i].conffiles.items[j], err))
				return -1;
	return 0;
}

/* Where configure-packages.sh finds what it runs; it removes it. */
#define SCRATCH "var/lib/dpkg/jeos"

extern const char embedded_configure_packages_sh[];

/* Of what dpkg would have configured before the package's preinst, what has not been yet. */
static void add_configuring(const struct unpack *unpack, struct unpacked *package,
	struct package_set *configured, struct buffer *steps)
{
	cleanup_buffer struct buffer names = {0};
	struct package_set needs;

	package_needs(unpack, package, &needs);
	for (size_t i = 0; i < needs.count; i++) {
		cleanup_free char *name = package_database_name(needs.items[i]);
		if (needs.items[i] == package || package_set_holds(configured, needs.items[i]))
			continue;
		buffer_printf(&names, " %s", name);
		vector_push(configured, needs.items[i]);
	}
	if (names.length)
		buffer_printf(steps, "configure%s\n", names.data);
	vector_release(&needs);
}

/* How one package's preinst comes to run. Its control file lies beside the steps. */
static int add_preinst(
	const struct unpacked *package, int scratch, struct buffer *steps, struct error *err)
{
	cleanup_free char *name = package_database_name(package);
	cleanup_free char *control = xasprintf("%s.control", name);

	if (package->left_to_dpkg) {
		buffer_printf(steps, "unpack %s\n", strrchr(package->file, '/') + 1);
		return 0;
	}
	buffer_printf(steps, "preinst %s %s %s\n", name, package->package->name,
		package->package->architecture);
	return inside_write(scratch, control, package->control, 0644, err);
}

static int write_steps(const struct unpack *unpack, int root, struct error *err)
{
	cleanup_free struct unpacked **order = xcalloc(unpack->count, sizeof(struct unpacked *));
	cleanup_buffer struct buffer steps = {0};
	struct package_set configured = {0};
	cleanup_fd int scratch = -1;
	int result = inside_directory(root, SCRATCH, &scratch, err);

	buffer_text(&steps, "");
	package_order(unpack, order);
	for (size_t i = 0; i < unpack->count && !result; i++) {
		if (!order[i]->left_to_dpkg && !unpacked_member(order[i], "preinst"))
			continue;
		if (!unpack_is_first(unpack))
			add_configuring(unpack, order[i], &configured, &steps);
		result = add_preinst(order[i], scratch, &steps, err);
	}
	vector_release(&configured);
	return result ? -1 : inside_write(scratch, "steps", steps.data, 0644, err);
}

/* dpkg says "Setting up NAME (VERSION) ..." for each package. */
static void show_progress(void *context, const char *data, size_t length)
{
	size_t *done = context;
	const char *at = data, *end = data + length;

	while ((at = memmem(at, end - at, "Setting up ", 11))) {
		at += 11;
		char name[64];
		size_t size = 0;
		while (at + size < end && at[size] != ' ' && size + 1 < sizeof(name)) {
			name[size] = at[size];
			size++;
		}
		name[size] = '\0';
		progress_step(name, ++done[0], done[1]);
	}
}

static int configure(
	const struct rootfs *rootfs, const struct unpack *unpack, int root, struct error *err)
{
	cleanup_loans struct loans loans = {0};
	size_t done[] = {0, unpack->count};
	struct words left_to_dpkg = {0};

	for (size_t i = 0; i < unpack->count; i++)
		if (unpack->packages[i].left_to_dpkg)
			vector_push(&left_to_dpkg, unpack->packages[i].file);
	vector_push(&left_to_dpkg, NULL);
	const struct sandbox_run run = {
		.mode = rootfs->mode,
		.root = rootfs->root,
		.name = "configuring the packages",
		.arguments =
			(const char *const[]){"sh", "-c", embedded_configure_packages_sh, NULL},
		.files = left_to_dpkg.items,
		.output = show_progress,
		.context = done,
	};
	int result = services_deny(&loans, root, err) ? -1 : sandbox_run(&run, err);
	vector_release(&left_to_dpkg);
	return result;
}

int bootstrap_fast(const struct rootfs *rootfs, struct error *err)
{
	cleanup_unpack struct unpack unpack = {0};
	cleanup_fd int root = -1;

	if (inside_open_root(rootfs->root, &root, err))
		return -1;
	bool empty = !inside_exists(root, "usr");
	if (empty && make_ground(rootfs, root, err))
		return -1;
	if (unpack_packages(rootfs->packages, rootfs->store, rootfs->recipe, root, &unpack, err) ||
		(empty && (trim_merged_usr(&unpack, root, err) ||
				  place_conffiles(&unpack, root, err))) ||
		package_database_write(&unpack, root, err) || write_steps(&unpack, root, err) ||
		(debconf_comes(rootfs) && debconf_preseed(rootfs, err)))
		return -1;
	return configure(rootfs, &unpack, root, err);
}
