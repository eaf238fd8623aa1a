#include "verify.h"

#include <string.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "image/compress.h"
#include "kernel/ask.h"
#include "package-word.h"
#include "platform.h"
#include "problem.h"
#include "rootfs/rootfs.h"
#include "rootfs/strip.h"
#include "value.h"

static bool list_has(const struct word_list *list, const char *text)
{
	vector_for_each (word, list)
		if (!strcmp(word->text, text))
			return true;
	return false;
}

static void verify_required(struct recipe *recipe, struct position at)
{
	for (const struct key *key = recipe_keys; key->name; key++)
		if (key->required && schema_unset(key, recipe))
			recipe_problem(recipe, at,
				"the recipe has no `%s`, nor does it inherit one", key->name);
}

/* The distribution's kernel that has the drivers of all platforms; none where none needs it. */
static const char *usual_kernel(
	const struct recipe *recipe, const struct architecture *architecture)
{
	bool cloud = architecture->cloud_kernel, none = recipe->platforms.count;

	vector_for_each (name, &recipe->platforms) {
		const struct platform *platform = platform_find(name->text);
		cloud = cloud && !(platform && platform->generic);
		none = none && platform && platform->no_kernel;
	}
	return none ? "none" : cloud ? "cloud" : "generic";
}

static void verify_platforms(struct recipe *recipe, const struct architecture *architecture)
{
	vector_for_each (name, &recipe->platforms) {
		const struct platform *platform = platform_find(name->text);
		if (platform && platform->kernel_arch &&
			strcmp(platform->kernel_arch, architecture->kernel_arch) != 0)
			recipe_problem(recipe, name->at, "the platform %s has no %s machines",
				platform->name, architecture->name);
	}
}

static void verify_kernel(
	struct recipe *recipe, const struct architecture *architecture, struct position at)
{
	struct word *config = &recipe->kernel.config;

	if (!config->text)
		*config = (struct word){usual_kernel(recipe, architecture), at};
	enum kernel_origin origin = recipe_kernel_origin(&recipe->kernel);
	if (origin == KERNEL_DISTRIBUTION &&
		((!strcmp(config->text, "cloud") && !architecture->cloud_kernel) ||
			(!strcmp(config->text, "generic") && !architecture->generic_kernel)))
		recipe_problem(recipe, config->at, "there is no %s kernel for %s", config->text,
			architecture->name);
	if (recipe->kernel.add.count && (origin == KERNEL_NONE || origin == KERNEL_DISTRIBUTION))
		recipe_problem(recipe, recipe->kernel.add.items[0].at,
			"fragments need a kernel that is built, such as `config: guest`");
}

static void verify_firmware(
	struct recipe *recipe, const struct architecture *architecture, struct position at)
{
	unsigned there_is = (architecture->grub_bios ? FIRMWARE_BIOS : 0) |
			    (architecture->uefi_program ? FIRMWARE_UEFI : 0);

	if (!recipe->disk.firmware)
		recipe->disk.firmware = there_is;
	/* One recipe is for all architectures: what this one does not have falls away. */
	if (there_is && !(recipe->disk.firmware & there_is))
		recipe_problem(recipe, at, "there is no %s firmware for %s",
			recipe->disk.firmware & FIRMWARE_BIOS ? "BIOS" : "UEFI",
			architecture->name);
	recipe->disk.firmware &= there_is;
}

static void verify_architecture(struct recipe *recipe, struct position at)
{
	const struct architecture *architecture =
		recipe->architecture.text ? architecture_find(recipe->architecture.text)
					  : architecture_native();

	if (!architecture) {
		recipe_problem(recipe, at,
			"jeos does not know this machine's architecture; name "
			"one with `architecture`");
		return;
	}
	if (!recipe->architecture.text)
		recipe->architecture = (struct word){architecture->name, at};
	verify_platforms(recipe, architecture);
	verify_kernel(recipe, architecture, recipe->architecture.at);
	verify_firmware(recipe, architecture, recipe->architecture.at);
}

/* NAME:ARCHITECTURE of another one than the recipe's. */
static void add_foreign(struct recipe *recipe, const char *package, struct position at)
{
	const char *colon = strchr(package, ':'), *pin = strchr(package, '=');

	if (!colon || (pin && pin < colon))
		return;
	struct word word = {
		arena_printf(&recipe->arena, "%.*s", (int)strcspn(colon + 1, "=/"), colon + 1),
		at,
	};
	if (!text_equal(word.text, recipe->architecture.text) && !text_equal(word.text, "all") &&
		!list_has(&recipe->foreign, word.text))
		*arena_add(&recipe->arena, &recipe->foreign) = word;
}

static void find_foreign(struct recipe *recipe)
{
	vector_for_each (package, &recipe->packages) {
		char *rest = arena_strdup(&recipe->arena, package->text);
		for (char *one; (one = package_word_next(&rest));)
			add_foreign(recipe, one, package->at);
	}
	if (recipe->foreign.count && !bootstrap_find(recipe->bootstrap.text)->adds_packages)
		recipe_problem(recipe, recipe->foreign.items[0].at,
			"`bootstrap: %s` installs packages of one architecture only",
			recipe->bootstrap.text);
}

static void verify_packages(struct recipe *recipe)
{
	vector_for_each (without, &recipe->without)
		vector_for_each (package, &recipe->packages)
			if (package_word_names(package->text, without->text))
				recipe_problem(recipe, without->at,
					"%s is in `without`, but `packages` asks for it at "
					"%s:%u:%u",
					problem_quote(recipe, without->text), package->at.file,
					package->at.line, package->at.column);
}

/* Busybox comes along with the init that it is. */
static void verify_init(struct recipe *recipe)
{
	bool minimal = !strcmp(recipe->init.text, "minimal");

	if (minimal && !recipe->service.text)
		recipe_problem(recipe, recipe->init.at, "`init: minimal` needs a `service` to run");
	if (!minimal && recipe->service.text)
		recipe_problem(recipe, recipe->service.at,
			"`service` is for `init: minimal`; systemd's are units, in an overlay");
	vector_for_each (package, &recipe->packages)
		minimal = minimal && !package_word_names(package->text, "busybox-static");
	if (minimal)
		*arena_add(&recipe->arena, &recipe->packages) =
			(struct word){"busybox-static", recipe->init.at};
}

static void verify_grows(struct recipe *recipe, const struct recipe_check *check)
{
	cleanup_buffer struct buffer size = {0};

	if (recipe->disk.size == SIZE_CONTENT || check->number > recipe->disk.size)
		return;
	value_print_number(&size, VALUE_SIZE, recipe->disk.size);
	recipe_problem(recipe, check->at, "`root-grows` must be larger than the disk, which has %s",
		size.data);
}

static void verify_checks(struct recipe *recipe)
{
	vector_for_each (check, &recipe->test.checks) {
		bool lists = check->kind == CHECK_ABSENT || check->kind == CHECK_PRESENT;
		if (lists && !check->packages.count && !check->modules.count && !check->files.count)
			recipe_problem(recipe, check->at, "`%s` names nothing",
				check_keys[check->kind].name);
		if (check->kind == CHECK_ROOT_GROWS)
			verify_grows(recipe, check);
	}
}

void verify_keep(struct recipe *recipe)
{
	vector_for_each (kept, &recipe->keep) {
		const struct strip_rule *rule = strip_find(kept->text);
		if (rule && rule->always)
			recipe_problem(recipe, kept->at,
				"the strip rule %s applies to every image; it cannot be kept",
				problem_quote(recipe, kept->text));
	}
}

/* debootstrap itself adds what is required, and apt. */
static void verify_base(struct recipe *recipe)
{
	const struct base_system *base = base_system_find(recipe->base.text);

	if (!bootstrap_find(recipe->bootstrap.text)->adds_packages &&
		base->below < PRIORITY_IMPORTANT)
		recipe_problem(recipe, recipe->base.at,
			"`bootstrap: %s` makes no base smaller than minbase, as %s is",
			recipe->bootstrap.text, base->name);
}

static void verify_snapshot(struct recipe *recipe)
{
	if (recipe->snapshot.text && !recipe->mirror.text)
		recipe_problem(recipe, recipe->snapshot.at,
			"`snapshot` needs a `mirror` that keeps history");
}

/* Only of a recipe that is good otherwise: it takes names that are known. */
static void verify_kernel_config(struct recipe *recipe)
{
	cleanup(error_release) struct error err = {0};

	if (!recipe->problems.count && recipe_kernel_origin(&recipe->kernel) == KERNEL_BUILT &&
		kernel_ask_check(recipe, architecture_find(recipe->architecture.text), &err))
		recipe_problem(recipe, (struct position){0}, "%s", err.message);
}

void verify_recipe(struct recipe *recipe)
{
	struct position at = {recipe->path, 1, 1};

	verify_required(recipe, at);
	verify_architecture(recipe, at);
	verify_snapshot(recipe);
	verify_base(recipe);
	verify_init(recipe);
	find_foreign(recipe);
	verify_packages(recipe);
	verify_checks(recipe);
	if (!recipe->hostname.text)
		recipe->hostname = recipe->name;
	verify_disk(recipe);
	verify_kernel_config(recipe);
}
