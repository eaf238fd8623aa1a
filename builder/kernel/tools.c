#include "tools.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "rootfs/unpack.h"

/* Beside the essential packages, which bring the shell, perl and the like. */
static const char *const tools[] = {
	"bc",         /* constants of timers */
	"bison",      /* Kconfig's parser */
	"flex",       /* ... and scanner */
	"gcc",        /* also for the programs that the build itself runs */
	"kmod",       /* indices of modules, where there are any */
	"libc6-dev",  /* for those programs */
	"libelf-dev", /* objtool */
	"libssl-dev", /* certificates, where a configuration has signatures checked */
	"lz4",        /* compression of the kernel: as its configuration has it */
	"make",
	"patch",
	"xz-utils",
	"zstd",
};

/* What nobody reads there. */
static struct word stripped[] = {
	{.text = "documentation"}, {.text = "info"}, {.text = "locales"}, {.text = "man-pages"}};

/* Links that packages have made when they are configured. */
static const struct {
	const char *path, *target;
} links[] = {{"usr/bin/awk", "mawk"}};

/* "gcc-aarch64-linux-gnu", of the prefix "aarch64-linux-gnu-"; in the arena. */
static const char *cross_compiler(const struct architecture *target, struct arena *arena)
{
	char *name = arena_printf(arena, "gcc-%s", target->cross_prefix);

	for (char *at = name; (at = strchr(at, '_'));)
		*at = '-';
	name[strlen(name) - 1] = '\0';
	return name;
}

int kernel_tools_choose(struct package_index *index, const struct architecture *target,
	struct arena *arena, struct package_list *ret_packages, struct error *err)
{
	struct word words[array_count(tools) + 1];
	struct package_request request = {
		.base = base_system_find("essential"),
		.packages = {words, array_count(tools), 0},
		.arena = arena,
	};

	for (size_t i = 0; i < array_count(tools); i++)
		words[i] = (struct word){.text = tools[i]};
	if (target != architecture_native())
		words[request.packages.count++] =
			(struct word){.text = cross_compiler(target, arena)};
	if (!package_index_resolve(index, &request, ret_packages, err))
		return 0;
	err->status = STATUS_ARCHIVE; /* the recipe does not name them */
	return error_wrap(err, "tools to build the kernel with");
}

static int make_merged_usr(int root, struct error *err)
{
	for (const char *const *name = architecture_native()->merged_usr; *name; name++) {
		cleanup_free char *target = xasprintf("usr/%s", *name);
		if (directory_make(root, target, err) || inside_symlink(root, *name, target, err))
			return -1;
	}
	return 0;
}

int kernel_tools_unpack(
	const struct package_list *packages, const struct store *store, int root, struct error *err)
{
	const struct recipe rules = {.strip = {stripped, array_count(stripped), 0}};
	cleanup_unpack struct unpack unpack = {0};

	if (make_merged_usr(root, err) ||
		unpack_packages(packages, store, &rules, root, &unpack, err))
		return -1;
	for (size_t i = 0; i < array_count(links); i++)
		if (!inside_exists(root, links[i].path) &&
			inside_symlink(root, links[i].path, links[i].target, err))
			return -1;
	return 0;
}
