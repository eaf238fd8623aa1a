#include "plan-appliance.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/bundle.h"
#include "image/format.h"

enum { EULA_MAX = MIB };

/* Where the recipe asks for the format, by itself or by a platform that brings it. */
static struct position place_of(const struct plan *plan, const char *format)
{
	const struct recipe *recipe = plan->recipe;

	vector_for_each (word, &recipe->disk.formats)
		if (text_equal(word->text, format))
			return word->at;
	return recipe->platforms.items[0].at;
}

static const struct plan_artefact *find_artefact(const struct plan *plan, const char *format)
{
	for (size_t i = 0; i < plan->artefact_count; i++)
		if (text_equal(plan->artefacts[i].format, format))
			return &plan->artefacts[i];
	return NULL;
}

/* The first of the formats that the appliance has as an artefact. */
static const struct plan_artefact *find_first(const struct plan *plan, const char *const *formats)
{
	const struct plan_artefact *found = NULL;

	for (; formats && *formats && !found; formats++)
		found = find_artefact(plan, *formats);
	return found;
}

static bool brings(const struct platform *platform, const char *format)
{
	for (const char *const *name = platform->formats; *name; name++)
		if (text_equal(*name, format))
			return true;
	return false;
}

/* That of the first platform which brings the format, else of the first which has any. */
static const struct appliance_hardware *find_hardware(const struct plan *plan, const char *format)
{
	const struct appliance_hardware *first = NULL;

	for (size_t i = 0; plan->platforms[i]; i++) {
		const struct platform *platform = plan->platforms[i];
		if (platform->hardware && brings(platform, format))
			return platform->hardware;
		first = first ? first : platform->hardware;
	}
	return first;
}

static int check_beside(
	const struct plan *plan, const struct bundle *bundle, struct position at, struct error *err)
{
	if (bundle->disks && !find_first(plan, bundle->disks)) {
		cleanup_buffer struct buffer known = {0};
		for (const char *const *name = bundle->disks; *name; name++)
			buffer_printf(&known, "%s%s", name == bundle->disks ? "" : ", ", *name);
		return error_at(err, at,
			"`%s` describes a machine with a disk beside it; add one of these formats: "
			"%s",
			bundle->name, known.data);
	}
	if (bundle->kernel && !find_artefact(plan, bundle->kernel))
		return error_at(err, at,
			"`%s` describes a machine with a kernel beside it; add the format %s",
			bundle->name, bundle->kernel);
	return 0;
}

static int check_bundle(
	const struct plan *plan, const struct plan_artefact *artefact, struct error *err)
{
	struct position at = place_of(plan, artefact->format);
	struct format format;

	if (!format_find(artefact->format, &format) || !format.bundle)
		return 0;
	const struct bundle *bundle = format.bundle;
	if (bundle->needs_kernel && !plan->command_line)
		return error_at(err, at, "`%s`: the recipe has no kernel", bundle->name);
	if (bundle->needs_hardware && !find_hardware(plan, bundle->name))
		return error_at(err, at,
			"`%s` describes a machine that no platform of the recipe has; add one such "
			"as virtualbox or vmware to `platforms`",
			bundle->name);
	if (bundle->disk_multiple &&
		(!artefact->layout->size || artefact->layout->size % bundle->disk_multiple)) {
		char text[32];
		return error_at(err, plan->recipe->disk.size_at,
			"`%s` needs a disk whose size is a multiple of %s", bundle->name,
			size_format(bundle->disk_multiple, text, sizeof(text)));
	}
	return check_beside(plan, bundle, at, err);
}

int plan_check_bundles(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->artefact_count; i++)
		if (check_bundle(plan, &plan->artefacts[i], err))
			return -1;
	return 0;
}

static const char *const *texts(const struct word_list *words, struct arena *arena)
{
	const char **texts = arena_alloc(arena, (words->count + 1) * sizeof(*texts));

	for (size_t i = 0; i < words->count; i++)
		texts[i] = words->items[i].text;
	return texts;
}

static void tell_files(
	const struct plan *plan, const struct plan_artefact *artefact, struct appliance *appliance)
{
	struct format format, disk;

	if (!format_find(artefact->format, &format) || !format.bundle)
		return;
	const struct plan_artefact *beside = find_first(plan, format.bundle->disks);
	const struct plan_artefact *kernel = find_artefact(plan, format.bundle->kernel);
	const struct plan_artefact *initrd = find_artefact(plan, "initrd");
	if (beside && format_find(beside->format, &disk))
		appliance->disk = (struct appliance_disk){beside->name, beside->format, disk.disk};
	appliance->kernel_file = kernel ? kernel->name : NULL;
	appliance->initrd_file = kernel && initrd ? initrd->name : NULL;
}

static void tell_container(
	const struct recipe *recipe, struct arena *arena, struct appliance *appliance)
{
	const struct recipe_container *container = &recipe->container;
	const char *command =
		container->command.text ? container->command.text : recipe->service.text;
	const char **words = arena_alloc(arena, 4 * sizeof(*words));

	words[0] = "/bin/sh";
	words[1] = "-c";
	words[2] = command;
	appliance->command = command ? words : NULL;
	appliance->environment = texts(&container->environment, arena);
	appliance->ports = texts(&container->ports, arena);
}

static void tell_properties(
	const struct recipe_appliance *recipe, struct arena *arena, struct appliance *appliance)
{
	size_t count = recipe->properties.count;
	struct appliance_property *properties = arena_alloc(arena, count * sizeof(*properties));

	for (size_t i = 0; i < count; i++) {
		const struct recipe_property *property = &recipe->properties.items[i];
		properties[i] = (struct appliance_property){property->key.text, property->type.text,
			property->value.text, property->label.text, property->description.text};
	}
	appliance->properties = properties;
	appliance->property_count = count;
}

static int read_eula(
	const struct word *file, struct arena *arena, const char **ret_text, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	if (!file->text)
		return 0;
	if (file_read(AT_FDCWD, file->text, EULA_MAX, &text, err))
		return -1;
	*ret_text = arena_strdup(arena, text.data ? text.data : "");
	return 0;
}

int plan_appliance(const struct plan *plan, const struct plan_artefact *artefact,
	struct arena *arena, struct appliance *ret_appliance, struct error *err)
{
	const struct recipe *recipe = plan->recipe;
	const struct recipe_appliance *told = &recipe->appliance;
	struct appliance appliance = {
		.name = plan->name,
		.product = recipe->name.text,
		.version = recipe->version.text,
		.summary = recipe->summary.text,
		.vendor = told->vendor.text,
		.vendor_url = told->vendor_url.text,
		.url = told->url.text,
		.annotation = told->annotation.text,
		.architecture = plan->architecture->name,
		.memory = told->memory ? told->memory : recipe->test.memory,
		.processors = told->processors ? told->processors : recipe->test.processors,
		.needs_uefi = !(recipe->disk.firmware & FIRMWARE_BIOS),
		.hardware = find_hardware(plan, artefact->format),
		.command_line = plan->command_line,
	};

	tell_files(plan, artefact, &appliance);
	tell_container(recipe, arena, &appliance);
	tell_properties(told, arena, &appliance);
	if (read_eula(&told->eula, arena, &appliance.eula, err))
		return -1;
	*ret_appliance = appliance;
	return 0;
}
