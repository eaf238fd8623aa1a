#include "plan.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "image/disk.h"
#include "rootfs/rootfs.h"
#include "rootfs/strip.h"

static int choose_platforms(const struct recipe *recipe, struct plan *plan, struct error *err)
{
	size_t count = recipe->platforms.count;

	plan->platforms = arena_alloc(&plan->arena, (count + 1) * sizeof(*plan->platforms));
	for (size_t i = 0; i < count; i++) {
		plan->platforms[i] = platform_find(recipe->platforms.items[i].text);
		if (!plan->platforms[i])
			return error_at(err, recipe->platforms.items[i].at, "unknown platform `%s`",
				recipe->platforms.items[i].text);
	}
	return 0;
}

static int choose_packages(struct package_index *index, struct plan *plan, struct error *err)
{
	struct package_request request = {
		.base = true,
		.packages = plan->recipe->packages,
		.without = plan->recipe->without,
		.arena = &plan->arena,
	};

	if (package_index_resolve(index, &request, &plan->packages, err))
		return -1;
	if (kernel_choose(index, plan->recipe->kernel.text, plan->architecture, &plan->arena,
		    &plan->kernel, err))
		return -1;
	plan->kernel.platforms = (const struct platform *const *)plan->platforms;
	plan->kernel.all_modules = !strip_applies(strip_find(STRIP_KERNEL_MODULES), plan->recipe);
	return 0;
}

/* The key of the bootstrapped root: everything that its packages are unpacked and configured with.
 */
static const char *base_key(struct plan *plan)
{
	char key[HASH_TEXT];
	struct hash hash;
	cleanup_free char *rules = strip_dpkg_rules(plan->recipe);
	const struct bootstrap *bootstrap = bootstrap_find(plan->recipe->bootstrap.text);

	hash_init(&hash);
	hash_text(&hash, bootstrap->name);
	hash_text(&hash, bootstrap->version);
	hash_text(&hash, plan->recipe->suite.text);
	hash_text(&hash, plan->architecture->name);
	hash_text(&hash, rules);
	vector_for_each (package, &plan->packages)
		hash_text(&hash, package->sha256);
	hash_finish(&hash, key);
	return arena_strdup(&plan->arena, key);
}

static const char *seed(struct plan *plan)
{
	char text[HASH_TEXT];
	struct hash hash;

	hash_init(&hash);
	hash_text(&hash, plan->base_key);
	hash_text(&hash, plan->name);
	hash_text(&hash, plan->kernel.image.name ? plan->kernel.image.sha256 : NULL);
	hash_finish(&hash, text);
	return arena_strdup(&plan->arena, text);
}

static int lay_out_disk(struct plan *plan, struct error *err)
{
	const struct recipe_disk *disk = &plan->recipe->disk;
	struct image_layout *layout = &plan->layout;

	if (image_layout_make(disk->size, disk->firmware, plan->seed, &plan->arena, layout, err)) {
		cleanup_free char *why = steal_pointer(&err->message);
		return error_at(err, disk->size_at, "%s", why);
	}
	layout->epoch = plan->epoch;
	layout->grub_bios = plan->architecture->grub_bios;
	layout->grub_uefi = plan->architecture->grub_uefi;
	layout->uefi_file = plan->architecture->uefi_file;
	for (size_t i = 0; i < layout->partition_count; i++) {
		struct image_partition *partition = &layout->partitions[i];
		if (!partition->holds_root)
			continue;
		uuid_parse(plan->architecture->root_type, &partition->type);
		partition->filesystem = disk->root.text;
	}
	return 0;
}

static void add_artefact(struct plan *plan, const char *format)
{
	const struct disk_driver *driver = disk_driver_find(format);

	for (size_t i = 0; i < plan->artefact_count; i++)
		if (!strcmp(plan->artefacts[i].format, format))
			return;
	plan->artefacts[plan->artefact_count++] = (struct plan_artefact){
		.format = format,
		.name = arena_printf(&plan->arena, "%s.%s", plan->name, driver->suffix),
	};
}

static void name_artefacts(struct plan *plan)
{
	const struct word_list *formats = &plan->recipe->disk.formats;
	size_t most = formats->count + plan->recipe->platforms.count;

	plan->artefacts = arena_alloc(&plan->arena, most * sizeof(*plan->artefacts));
	vector_for_each (format, formats)
		add_artefact(plan, format->text);
	for (size_t i = 0; !formats->count && plan->platforms[i]; i++)
		add_artefact(plan, plan->platforms[i]->format);
}

char *plan_name(const struct recipe *recipe)
{
	return xasprintf(
		"%s-%s-%s", recipe->name.text, recipe->version.text, recipe->architecture.text);
}

int plan_make(const struct recipe *recipe, const struct store *store, struct plan **ret_plan,
	struct error *err)
{
	cleanup_plan struct plan *plan = xcalloc(1, sizeof(*plan));
	cleanup_package_index struct package_index *index = NULL;
	cleanup_free char *name = plan_name(recipe);

	plan->recipe = recipe;
	plan->name = arena_strdup(&plan->arena, name);
	plan->architecture = architecture_find(recipe->architecture.text);
	if (choose_platforms(recipe, plan, err) || package_index_open(recipe, store, &index, err) ||
		choose_packages(index, plan, err))
		return -1;
	cleanup_free char *sources = package_index_sources_list(index);
	plan->sources_list = arena_strdup(&plan->arena, sources);
	plan->keyring = arena_strdup(&plan->arena, package_index_keyring(index));
	plan->epoch = package_index_date(index);
	plan->base_key = base_key(plan);
	plan->seed = seed(plan);
	if (lay_out_disk(plan, err))
		return -1;
	name_artefacts(plan);
	*ret_plan = steal_pointer(&plan);
	return 0;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	vector_release(&plan->packages);
	arena_release(&plan->arena);
	free(plan);
}

void plan_cleanup(struct plan **plan)
{
	plan_free(*plan);
}
