#include "kernel/build-package.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/deb-write.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/size.h"
#include "image/tree.h"

struct packing {
	const struct kernel_made *made;
	struct arena arena;
	const char *release; /* "6.1.192-guest" */
	struct deb_files files;
	int modules; /* lib/modules of the root; -1: none */
};

static void packing_release(struct packing *packing)
{
	vector_release(&packing->files);
	arena_release(&packing->arena);
	cleanup_close_fd(&packing->modules);
}

static void add(struct packing *packing, const char *path, int directory, const char *source)
{
	vector_push(&packing->files, ((struct deb_file){path, directory, source}));
}

static int read_release(struct packing *packing, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	if (file_read(packing->made->directory, "include/config/kernel.release", KIB, &text, err))
		return -1;
	text.data[strcspn(text.data, "\n")] = '\0';
	if (!*text.data || strchr(text.data, '/'))
		return error_set(
			err, STATUS_FAILED, "the kernel has the odd release `%s`", text.data);
	packing->release = arena_strdup(&packing->arena, text.data);
	return 0;
}

/* What is built in, by name: depmod and modprobe know it then. A kernel without modules has no
 * order of them. */
static int add_builtin(struct packing *packing, struct error *err)
{
	static const char *const lists[] = {
		"modules.builtin", "modules.builtin.modinfo", "modules.order"};
	int made = packing->made->directory;

	for (size_t i = 0; i < array_count(lists); i++) {
		if (!file_exists(made, lists[i]) && file_write_text(made, lists[i], "", 0644, err))
			return -1;
		add(packing,
			arena_printf(
				&packing->arena, "lib/modules/%s/%s", packing->release, lists[i]),
			made, lists[i]);
	}
	return 0;
}

/* Modules and these lists, but not the indices: those are made where they are installed. */
static int add_module(void *context, const struct tree_entry *entry, struct error *err)
{
	struct packing *packing = context;
	bool index = text_starts(entry->name, "modules.") && strcmp(entry->name, "modules.order") &&
		     strcmp(entry->name, "modules.builtin") &&
		     strcmp(entry->name, "modules.builtin.modinfo");

	(void)err;
	if (!S_ISREG(entry->status.st_mode) || index)
		return 0;
	const char *path = arena_strdup(&packing->arena, entry->path);
	add(packing, arena_printf(&packing->arena, "lib/modules/%s", path), packing->modules, path);
	return 0;
}

static int add_modules(struct packing *packing, struct error *err)
{
	const struct tree_visitor visitor = {.enter = add_module, .context = packing};
	const struct kernel_made *made = packing->made;

	if (!inside_exists(made->root, made->modules))
		return add_builtin(packing, err);
	if (inside_directory(made->root, made->modules, &packing->modules, err))
		return -1;
	return tree_walk(packing->modules, &visitor, err);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct deb_file *)a)->path, ((const struct deb_file *)b)->path);
}

static char *control_fields(struct packing *packing)
{
	const struct kernel_build *build = packing->made->build;

	return xasprintf("Package: " KERNEL_PACKAGE_NAME "\n"
			 "Version: %s\n"
			 "Architecture: %s\n"
			 "Maintainer: jeos <root@localhost>\n"
			 "Section: kernel\n"
			 "Priority: optional\n"
			 "Provides: linux-image\n"
			 "Built-Using: linux (= %s)\n" KERNEL_KEY_FIELD ": %s\n"
			 "Jeos-Configuration: %s\n"
			 "Description: Linux %s for one appliance\n"
			 " It has the drivers of its platforms built in, and no others.\n",
		build->version, build->architecture->name, build->source->version, build->key,
		build->config_hash, packing->release);
}

int kernel_package_write(const struct kernel_made *made, const char *path, struct error *err)
{
	cleanup(packing_release) struct packing packing = {.made = made, .modules = -1};

	if (read_release(&packing, err) || add_modules(&packing, err))
		return -1;
	add(&packing, arena_printf(&packing.arena, "boot/config-%s", packing.release),
		made->directory, ".config");
	add(&packing, arena_printf(&packing.arena, "boot/vmlinuz-%s", packing.release),
		made->directory, made->build->image);
	vector_sort(&packing.files, by_path);
	cleanup_free char *fields = control_fields(&packing);
	return deb_write(path, fields, &packing.files, made->date, err);
}
