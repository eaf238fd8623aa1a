#include "kernel/build.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/log.h"
#include "base/processors.h"
#include "base/size.h"
#include "base/space.h"
#include "kernel/build-package.h"
#include "kernel/source.h"
#include "kernel/tools.h"
#include "rootfs/seal.h"

/* Raised when the same inputs come to give another kernel. */
#define BUILD_VERSION "2"

enum { KEY_SHOWN = 12, HOURS = 3600 * 1000 };

/* What tools, source and objects take, at least. */
#define ROOM_NEEDED (3 * GIB / 2)

/* Where things lie in the root: the same on every host, for paths get into a kernel. */
#define ROOM         "kernel"
#define SOURCE       ROOM "/source"
#define MADE         ROOM "/build"
#define INSTALLED    ROOM "/modules"
#define PATCHES      ROOM "/patches"
#define CONFIG_ASKED MADE "/asked.config"

/* A build under way. */
struct making {
	const struct kernel_build *build;
	const struct kernel_build_options *options;
	struct work_directory work;
	char *root_path; /* owned */
	int root, source;
	uint64_t date; /* of the source, in seconds: the time of all that is made */
	/* What make says comes in pieces; a line of it names an object. */
	char line[256];
	size_t line_length, objects;
};

static void making_release(struct making *making)
{
	cleanup_close_fd(&making->root);
	cleanup_close_fd(&making->source);
	free(making->root_path);
	work_directory_release(&making->work);
}

void kernel_build_release(struct kernel_build *build)
{
	kernel_config_release(&build->asked);
}

const char *kernel_build_series(const struct package *source, struct arena *arena)
{
	const char *version = source->version, *dot = strchr(version, '.');

	if (!dot)
		return version;
	return arena_printf(
		arena, "%.*s", (int)(dot + 1 + strcspn(dot + 1, ".-~+") - version), version);
}

void kernel_build_name(struct kernel_build *build, struct arena *arena)
{
	cleanup_free char *config = kernel_config_text(&build->asked);
	struct hash hash;

	build->config = arena_strdup(arena, config);
	hash_init(&hash);
	hash_text(&hash, config);
	hash_number(&hash, build->target.complete);
	hash_finish(&hash, build->config_hash);
	hash_init(&hash);
	hash_text(&hash, BUILD_VERSION);
	hash_text(&hash, build->architecture->name);
	hash_text(&hash, build->target.kernel_arch);
	hash_text(&hash, build->source->sha256);
	hash_text(&hash, build->patches);
	hash_text(&hash, build->config_hash);
	vector_for_each (tool, build->tools)
		hash_text(&hash, tool->sha256);
	hash_finish(&hash, build->key);
	build->version =
		arena_printf(arena, "%s+jeos.%.*s", build->source->version, KEY_SHOWN, build->key);
}

/* "  CC      kernel/fork.o" */
static void take_line(struct making *making)
{
	char *name = making->line + strspn(making->line, " ");
	size_t verb = strcspn(name, " ");

	if (verb != 2 || (strncmp(name, "CC", verb) && strncmp(name, "AS", verb)))
		return;
	making->objects++;
	cleanup_free char *detail = xasprintf(
		"object %zu: %s", making->objects, name + verb + strspn(name + verb, " "));
	progress_step(detail, making->objects, 0);
}

static void take_output(void *context, const char *data, size_t length)
{
	struct making *making = context;

	for (; length--; data++) {
		if (*data != '\n') {
			if (making->line_length + 1 < sizeof(making->line))
				making->line[making->line_length++] = *data;
			continue;
		}
		making->line[making->line_length] = '\0';
		making->line_length = 0;
		take_line(making);
	}
}

/* Runs a program in the root. */
static int run(
	struct making *making, const char *name, const char *const *arguments, struct error *err)
{
	time_t date = making->date;
	struct tm parts;
	char stamp[64];

	strftime(stamp, sizeof(stamp), "KBUILD_BUILD_TIMESTAMP=%a %b %e %H:%M:%S UTC %Y",
		gmtime_r(&date, &parts));
	const struct sandbox_run run = {
		.mode = making->options->mode,
		.root = making->root_path,
		.name = name,
		.arguments = arguments,
		.environment = (const char *const[]){stamp, "KBUILD_BUILD_USER=jeos",
			"KBUILD_BUILD_HOST=jeos", "KBUILD_BUILD_VERSION=1",
			"KCONFIG_ALLCONFIG=/" CONFIG_ASKED, NULL},
		.timeout = 12 * HOURS,
		.log = making->options->log,
		.output = take_output,
		.context = making,
	};
	if (!sandbox_run(&run, err))
		return 0;
	if (err->status == STATUS_SCRIPT)
		err->status = STATUS_FAILED;
	cleanup_free char *why = steal_pointer(&err->message);
	return error_set(err, err->status, "%s\nthe whole log: %s", why, making->options->log);
}

/* Runs make for these targets, NULL-terminated. */
static int make(struct making *making, const char *const *targets, struct error *err)
{
	const struct architecture *architecture = making->build->architecture;
	const char *arguments[16] = {"make", "-C", "/" SOURCE, "O=/" MADE};
	size_t count = 4;

	cleanup_free char *jobs = xasprintf("-j%u", processors_usable());
	cleanup_free char *arch = xasprintf("ARCH=%s", making->build->target.kernel_arch);
	cleanup_free char *processor = xasprintf("SUBARCH=%s", architecture->kernel_arch);
	cleanup_free char *prefix = xasprintf("CROSS_COMPILE=%s", architecture->cross_prefix);
	arguments[count++] = jobs;
	arguments[count++] = arch;
	arguments[count++] = processor; /* user-mode Linux is for one, too */
	if (architecture != architecture_native())
		arguments[count++] = prefix;
	while (*targets && count + 1 < array_count(arguments))
		arguments[count++] = *targets++;
	return run(making, "building the kernel", arguments, err);
}

static int patch(struct making *making, struct error *err)
{
	const char *patches = making->build->patches;

	if (!*patches)
		return 0;
	if (file_write_text(making->root, PATCHES, patches, 0644, err))
		return -1;
	return run(making, "patching the kernel's source",
		(const char *const[]){
			"patch", "-p1", "--batch", "-d", "/" SOURCE, "-i", "/" PATCHES, NULL},
		err);
}

/* Makes the .config, and compares it with what was asked for. */
static int configure(struct making *making, struct kernel_config *ret_config, struct error *err)
{
	const struct kernel_build *build = making->build;
	cleanup_config struct kernel_config config = {0};
	bool complete = build->target.complete;
	const char *file = complete ? MADE "/.config" : CONFIG_ASKED;
	const char *goal = complete ? "olddefconfig" : "allnoconfig";

	if (directory_make(making->root, MADE, err) ||
		file_write_text(making->root, file, build->config, 0644, err) ||
		make(making, (const char *const[]){goal, NULL}, err) ||
		kernel_config_read(making->root, MADE "/.config", &config, err) ||
		kernel_config_verify(&build->asked, &config, &build->target, making->source, err))
		return -1;
	*ret_config = config;
	config = (struct kernel_config){0};
	return 0;
}

static int compile(struct making *making, const struct kernel_config *config, struct error *err)
{
	const char *image = basename(making->build->image);

	if (!strcmp(kernel_config_value(config, "MODULES"), "n"))
		return make(making, (const char *const[]){image, NULL}, err);
	if (make(making, (const char *const[]){image, "modules", NULL}, err))
		return -1;
	return make(making,
		(const char *const[]){"modules_install", "INSTALL_MOD_PATH=/" INSTALLED,
			"INSTALL_MOD_STRIP=1", NULL},
		err);
}

static int unpack(struct making *making, struct error *err)
{
	const struct kernel_build *build = making->build;
	const struct store *store = making->options->store;
	cleanup_free char *deb = store_package_path(store, build->source->sha256);

	progress_step("unpacking the tools", 0, 0);
	if (kernel_tools_unpack(build->tools, store, making->root, err) ||
		inside_directory(making->root, SOURCE, &making->source, err))
		return -1;
	return kernel_source_extract(deb, build->target.kernel_arch, making->source, err);
}

static int pack(struct making *making, struct error *err)
{
	const struct kernel_build *build = making->build;
	cleanup_free char *path = store_kernel_path(making->options->store, build->key);
	cleanup_fd int made = -1;

	if (inside_directory(making->root, MADE, &made, err))
		return -1;
	const struct kernel_made kernel = {
		.build = build,
		.directory = made,
		.root = making->root,
		.modules = INSTALLED "/lib/modules",
		.date = making->date,
	};
	return kernel_package_write(&kernel, path, err);
}

/* Up to a .config that has all that was asked for. */
static int prepare(struct making *making, struct kernel_config *ret_config, struct error *err)
{
	const struct store *store = making->options->store;
	struct package source = *making->build->source;
	const struct package_list dated = {&source, 1, 1};

	unlink(making->options->log);
	if (space_check(store->path, ROOM_NEEDED, err) ||
		packages_date(&dated, store, &making->date, err))
		return -1;
	making->root_path = xasprintf("%s/root", making->work.path);
	if (mkdir(making->root_path, 0755))
		return error_errno(err, errno, "%s", making->root_path);
	if (inside_open_root(making->root_path, &making->root, err) || unpack(making, err) ||
		patch(making, err))
		return -1;
	return configure(making, ret_config, err);
}

int kernel_build_run(const struct kernel_build *build, const struct kernel_build_options *options,
	bool *ret_built, struct error *err)
{
	cleanup(making_release) struct making making = {
		.build = build, .options = options, .root = -1, .source = -1};
	cleanup_config struct kernel_config config = {0};
	cleanup_free char *path = store_kernel_path(options->store, build->key);
	cleanup_free char *name = xasprintf("kernel.%s", build->key);

	store_touch(path);
	if (file_exists(AT_FDCWD, path))
		return 0;
	if (store_work_alone(options->store, name, &making.work, err))
		return -1;
	if (file_exists(AT_FDCWD, path)) /* the one that was waited for made it */
		return 0;
	if (prepare(&making, &config, err) || compile(&making, &config, err) || pack(&making, err))
		return -1;
	unlink(options->log);
	*ret_built = true;
	return 0;
}

int kernel_build_configure(const struct kernel_build *build,
	const struct kernel_build_options *options, const char *file, struct error *err)
{
	cleanup(making_release) struct making making = {
		.build = build, .options = options, .root = -1, .source = -1};
	cleanup_config struct kernel_config config = {0};
	cleanup_buffer struct buffer text = {0};

	if (store_work_directory(options->store, "configure", &making.work, err) ||
		prepare(&making, &config, err) ||
		inside_read(making.root, MADE "/.config", 16 * MIB, &text, err))
		return -1;
	unlink(options->log);
	return file_replace(file, text.data, text.length, err);
}
