/* A kernel's package beside the platforms it is to run on. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "archive/deb.h"
#include "base/size.h"
#include "kernel.h"
#include "kernel/needs.h"

/* That of a distribution's kernel has 300 KiB. */
enum { CONFIG_LONGEST = 4 * MIB };

/* The configuration in a package, which stands before the modules. */
struct search {
	struct buffer text;
	bool found;
};

static int take_config(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct search *search = context;

	if (archive_entry_filetype(entry) != AE_IFREG ||
		(fnmatch("boot/config-*", path, FNM_PATHNAME) &&
			fnmatch("usr/lib/modules/*/config", path, FNM_PATHNAME)))
		return 0;
	search->found = true;
	return deb_read_content(tar, entry, CONFIG_LONGEST, &search->text, err);
}

static int search_package(
	const struct package *package, const char *deb, struct search *search, struct error *err)
{
	const struct deb_reader reader = {
		.limit = deb_limit(package->size, package->installed_size),
		.visit = take_config,
		.context = search,
		.done = &search->found,
	};

	return deb_read(deb, DEB_DATA, &reader, err) ? error_wrap(err, "%s", package->name) : 0;
}

static int read_config(
	const struct kernel_debs *debs, struct kernel_config *ret_config, struct error *err)
{
	struct search search = {0};
	int result = 0;

	for (size_t i = 0; i < debs->count && !result && !search.found; i++)
		result = search_package(debs->items[i].package, debs->items[i].path, &search, err);
	if (!result && search.found)
		result = kernel_config_parse("its configuration", &search.text, ret_config, err);
	buffer_release(&search.text);
	return result;
}

void kernel_debs_find(
	const struct kernel_plan *plan, const struct store *store, struct kernel_debs *ret_debs)
{
	char *image = kernel_is_built(plan) ? store_kernel_path(store, plan->build.key)
					    : store_package_path(store, plan->image.sha256);

	*ret_debs = (struct kernel_debs){0};
	vector_push(ret_debs, ((struct kernel_deb){&plan->image, image}));
	vector_for_each (part, &plan->parts)
		vector_push(ret_debs,
			((struct kernel_deb){part, store_package_path(store, part->sha256)}));
}

void kernel_debs_release(struct kernel_debs *debs)
{
	vector_for_each (deb, debs)
		free(deb->path);
	vector_release(debs);
}

int kernel_check_package(const struct kernel_plan *plan, const struct kernel_debs *debs,
	struct kernel_config *ret_config, struct error *err)
{
	const struct recipe_kernel *kernel = &plan->recipe->kernel;
	bool given = kernel->package.text,
	     cloud = !given && text_equal(kernel->config.text, "cloud");
	cleanup_config struct kernel_config config = {0};

	if (read_config(debs, &config, err))
		return -1;
	if (config.lines.count &&
		(kernel_config_check_platforms(&config, plan->image.name, plan->platforms,
			 plan->architecture, true, err) ||
			kernel_config_check_disk(&config, plan->image.name, plan->recipe, err))) {
		cleanup_free char *lacks = steal_pointer(&err->message);
		return error_at(err, given ? kernel->package.at : kernel->config.at,
			"%s\n%s`kernel: guest` builds one that has what its platforms and disk "
			"need",
			lacks, cloud ? "`kernel: generic` has more drivers, " : "");
	}
	*ret_config = config;
	config = (struct kernel_config){0};
	return 0;
}
