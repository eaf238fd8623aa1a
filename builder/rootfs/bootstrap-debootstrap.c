/*
 * debootstrap(8), in two stages: the first unpacks the required packages with the host's tools, the
 * second installs everything in the sandbox. It is given a mirror that holds the plan's packages
 * and nothing else, so that its own resolving can only find the plan, and finds the packages in
 * its download directory already; it checks each once more by its hash. The indices' signatures
 * have been verified before the plan was made.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/control.h"
#include "archive/deb.h"
#include "archive/suite.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/inside.h"
#include "base/log.h"
#include "debconf.h"
#include "rootfs.h"
#include "services.h"
#include "strip.h"

enum { LOG_LIMIT = 64 << 20, LOG_LINES = 8, CONTROL_LIMIT = 64 << 20 };

/* Below the root. The mirror lies in debootstrap's own directory, which it removes. */
static const char mirror[] = "debootstrap/archive", debs[] = "var/cache/apt/archives",
		  lists[] = "var/lib/apt/lists";

/* The first stage sees nothing of the host's environment either. `container` tells both stages that
 * device nodes and mounts are not theirs to make. */
static const char in_container[] = "container=lxc";
static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
	in_container, NULL};

/* What has been seen of debootstrap's output. */
struct watch {
	struct buffer line; /* the beginning of one not yet complete */
	uint64_t done, total;
};

/* "I: Unpacking apt...": each is one step. */
static void watch_line(struct watch *watch, const char *line)
{
	if (!text_starts(line, "I: "))
		return;
	if (watch->done < watch->total)
		watch->done++;
	progress_step(line + 3, watch->done, watch->total);
}

static void watch_output(void *context, const char *data, size_t length)
{
	struct watch *watch = context;

	for (size_t i = 0; i < length; i++) {
		if (data[i] != '\n') {
			buffer_append(&watch->line, &data[i], 1);
			continue;
		}
		buffer_append(&watch->line, "", 0);
		watch_line(watch, watch->line.data);
		watch->line.length = 0;
	}
}

static int take_control(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct buffer *control = context;
	char block[4096];
	la_ssize_t length;

	(void)entry;
	if (strcmp(path, "control"))
		return 0;
	while ((length = archive_read_data(tar, block, sizeof(block))) > 0)
		buffer_append(control, block, length);
	if (length < 0 || !control->length)
		return error_set(err, STATUS_ARCHIVE, "damaged control file");
	return 0;
}

/* A locked package's stanza: what the lock says of it goes before what it says itself. */
static int describe_locked(const struct package *package, const struct store *store,
	struct buffer *packages, struct error *err)
{
	cleanup_free char *path = store_package_path(store, package->sha256);
	cleanup_buffer struct buffer control = {0};
	struct span known = span_of(package->control), rest, value;
	struct control_field field;
	const struct deb_reader reader = {
		.limit = CONTROL_LIMIT, .visit = take_control, .context = &control};

	if (deb_read(path, DEB_CONTROL, &reader, err))
		return error_wrap(err, "%s %s", package->name, package->version);
	buffer_printf(packages, "%s\n", package->control);
	rest = (struct span){control.data, control.length};
	while (control_next_field(&rest, &field)) {
		cleanup_free char *name = span_copy(field.name);
		if (!control_find(known, name, &value))
			buffer_printf(packages, "%s: %.*s\n", name, (int)field.value.length,
				field.value.at);
	}
	buffer_printf(packages, "Filename: %s\nSize: %llu\nSHA256: %s\n\n", package->path,
		(unsigned long long)package->size, package->sha256);
	return 0;
}

static int describe(const struct package *package, const struct store *store,
	struct buffer *packages, struct error *err)
{
	struct span path;

	if (!control_find(span_of(package->control), "Filename", &path))
		return describe_locked(package, store, packages, err);
	buffer_printf(packages, "%s\n\n", package->control);
	return 0;
}

/* A mirror's indices; it has no pool. */
static int write_mirror(const struct rootfs *rootfs, int root, struct error *err)
{
	const char *suite = rootfs->recipe->suite.text;
	const char *architecture = rootfs->recipe->architecture.text;
	cleanup_free char *release_path = xasprintf("%s/dists/%s/Release", mirror, suite);
	cleanup_free char *index = xasprintf("main/binary-%s/Packages", architecture);
	cleanup_free char *index_path = xasprintf("%s/dists/%s/%s", mirror, suite, index);
	cleanup_buffer struct buffer packages = {0}, release = {0};
	char digest[HASH_TEXT];
	struct hash hash;

	vector_for_each (package, rootfs->packages)
		if (describe(package, rootfs->store, &packages, err))
			return -1;
	hash_init(&hash);
	hash_update(&hash, packages.data, packages.length);
	hash_finish(&hash, digest);
	buffer_printf(&release,
		"Suite: %s\nCodename: %s\nArchitectures: %s\nComponents: main\n"
		"SHA256:\n %s %zu %s\n",
		suite, suite, architecture, digest, packages.length, index);
	if (inside_write(root, index_path, packages.data, 0644, err) ||
		inside_write(root, release_path, release.data, 0644, err))
		return -1;
	return 0;
}

/* NAME_VERSION_ARCHITECTURE.deb, the colon of an epoch as %3a: where debootstrap looks first. */
static char *deb_name(const struct package *package)
{
	const char *version = package->version, *colon = strchr(version, ':');
	int epoch = colon ? (int)(colon - version) : 0;

	return xasprintf("%s_%.*s%s%s_%s.deb", package->name, epoch, version, colon ? "%3a" : "",
		colon ? colon + 1 : version, package->architecture);
}

/* Gives the tree a package from the store: another name of the file, or a copy where the store is
 * on another file system. */
static int place_deb(
	const struct package *package, const struct store *store, int directory, struct error *err)
{
	cleanup_free char *path = store_package_path(store, package->sha256);
	cleanup_free char *name = deb_name(package);

	if (!linkat(AT_FDCWD, path, directory, name, 0))
		return 0;
	cleanup_fd int from = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_fd int to = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (from < 0 || to < 0)
		return error_errno(err, errno, "%s: copying into the tree", path);
	return file_copy(from, to, err) ? error_wrap(err, "%s", path) : 0;
}

static int place_debs(const struct rootfs *rootfs, int root, struct error *err)
{
	cleanup_fd int directory = -1;

	if (inside_directory(root, debs, &directory, err))
		return -1;
	vector_for_each (package, rootfs->packages)
		if (place_deb(package, rootfs->store, directory, err))
			return -1;
	return 0;
}

/* Where the log tells why the first package failed: its end is about others that did not. */
static size_t first_failure(const struct buffer *log)
{
	const char *at = strstr(log->data, "\ndpkg: error processing ");

	for (unsigned lines = 0; at && lines < 2; lines++)
		at = strchr(at + 1, '\n');
	return at ? (size_t)(at - log->data) : 0;
}

/* Adds what debootstrap's log says, which is more than it prints. */
static int explain(int root, struct error *err)
{
	cleanup_buffer struct buffer log = {0};
	cleanup(error_release) struct error ignored = {0};

	if (err->status == STATUS_INTERRUPTED ||
		file_read(root, "debootstrap/debootstrap.log", LOG_LIMIT, &log, &ignored))
		return -1;
	size_t failure = first_failure(&log);
	cleanup_free char *lines = text_tail(log.data, failure ? failure : log.length, LOG_LINES);
	if (!*lines)
		return -1;
	int what = failure ? (int)strcspn(err->message, "\n") : (int)strlen(err->message);
	cleanup_free char *message = xstrdup(err->message);
	return error_set(err, err->status, "%.*s; its log:%s", what, message, lines);
}

/* debootstrap's shell takes a path with a space in it apart: the tree is passed as a descriptor,
 * with a number that the shell does not use itself. */
static int first_stage(
	const struct rootfs *rootfs, int root, struct watch *watch, struct error *err)
{
	cleanup_fd int passed = fcntl(root, F_DUPFD, 100);
	cleanup_free char *target = xasprintf("/proc/self/fd/%d", passed);
	cleanup_free char *script = suite_script(rootfs->recipe->suite.text);
	cleanup_free char *architecture = xasprintf("--arch=%s", rootfs->recipe->architecture.text);
	cleanup_buffer struct buffer include = {0};

	buffer_text(&include, "--include=");
	vector_for_each (package, rootfs->packages)
		buffer_printf(&include, "%s,", package->name);
	const struct process process = {
		.name = "debootstrap, first stage",
		.arguments = (const char *const[]){"debootstrap", "--foreign", "--variant=minbase",
			"--no-check-gpg", architecture, include.data, rootfs->recipe->suite.text,
			target, "file:debootstrap/archive", script, NULL},
		.environment = environment,
		.directory = rootfs->root,
		.pass_fds = {passed},
		.failure = STATUS_SCRIPT,
		.output = watch_output,
		.context = watch,
	};

	if (passed < 0)
		return error_errno(err, errno, "%s", rootfs->root);
	return process_run(&process, err);
}

static int second_stage(
	const struct rootfs *rootfs, int root, struct watch *watch, struct error *err)
{
	cleanup_loans struct loans loans = {0};
	const struct sandbox_run run = {
		.mode = rootfs->mode,
		.root = rootfs->root,
		.name = "debootstrap, second stage",
		.arguments =
			(const char *const[]){"/debootstrap/debootstrap", "--second-stage", NULL},
		.environment = (const char *const[]){in_container, NULL},
		.output = watch_output,
		.context = watch,
	};

	return services_deny(&loans, root, err) ? -1 : sandbox_run(&run, err);
}

/* What debootstrap copied from the host goes, before a package could put its own there; scripts
 * find a name for localhost, and dpkg learns what to leave out. */
static int between_stages(const struct rootfs *rootfs, int root, struct error *err)
{
	cleanup_free char *rules = strip_dpkg_rules(rootfs->recipe);

	if (tree_remove(root, "etc/hostname", err) || tree_remove(root, "etc/resolv.conf", err))
		return -1;
	if (inside_write(root, "etc/hosts", ROOTFS_FIRST_HOSTS, 0644, err))
		return -1;
	return inside_write(root, "etc/dpkg/dpkg.cfg.d/jeos", rules, 0644, err);
}

/* Removes all that a directory holds, or its files only. */
static int empty(int root, const char *path, bool keep_directories, struct error *err)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_directory DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return error_errno(err, errno, "%s in the guest root", path);
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
			(keep_directories && entry->d_type == DT_DIR))
			continue;
		if (tree_remove(fd, entry->d_name, err))
			return -1;
	}
	return 0;
}

/* What is debootstrap's own, and static device nodes, which every guest's devtmpfs hides. */
static int tidy(int root, struct error *err)
{
	if (empty(root, debs, true, err) || empty(root, lists, true, err) ||
		empty(root, "dev", false, err) || tree_remove(root, "var/log/bootstrap.log", err))
		return -1;
	return tree_remove(root, "var/lib/dpkg/available", err);
}

static int bootstrap(const struct rootfs *rootfs, int root, struct watch *watch, struct error *err)
{
	if (write_mirror(rootfs, root, err) || place_debs(rootfs, root, err))
		return -1;
	if (first_stage(rootfs, root, watch, err) || between_stages(rootfs, root, err) ||
		debconf_preseed(rootfs, err) || second_stage(rootfs, root, watch, err))
		return explain(root, err);
	return tidy(root, err);
}

int bootstrap_debootstrap(const struct rootfs *rootfs, struct error *err)
{
	cleanup_fd int root = -1;
	/* Each package is validated, unpacked and configured; most are extracted first. */
	struct watch watch = {.total = 4 * rootfs->packages->count};

	if (inside_open_root(rootfs->root, &root, err))
		return -1;
	int result = bootstrap(rootfs, root, &watch, err);
	buffer_release(&watch.line);
	return result;
}
