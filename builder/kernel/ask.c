#include "kernel/ask.h"

#include <fcntl.h>
#include <string.h>

#include "kernel/needs.h"
#include "kernel/patch.h"

static void add_names(
	struct word_list *fragments, const char *const *names, const struct position *at)
{
	for (; *names; names++)
		vector_push(fragments, ((struct word){*names, *at}));
}

/* Every guest's, the platforms', the disk's, the recipe's own; the last only, where it brings the
 * rest. */
static void choose_fragments(const struct recipe *recipe, const struct platform *const *wanted,
	bool complete, struct word_list *ret_fragments)
{
	const struct recipe_kernel *kernel = &recipe->kernel;
	const struct position *at = &kernel->config.at;
	struct word_list fragments = {0};
	struct arena arena = {0};

	if (!complete) {
		add_names(&fragments, kernel_config_guest, at);
		for (; *wanted; wanted++)
			add_names(&fragments, (*wanted)->fragments, at);
		add_names(&fragments, kernel_needed_fragments(recipe, &arena), at);
	}
	vector_for_each (word, &kernel->add)
		vector_push(&fragments, *word);
	arena_release(&arena);
	*ret_fragments = fragments;
}

static int by_symbol(const void *a, const void *b)
{
	return strcmp(
		((const struct config_line *)a)->symbol, ((const struct config_line *)b)->symbol);
}

static void set_line(struct kernel_config *config, const struct config_line *line)
{
	const struct config_line copy = {
		.symbol = arena_strdup(&config->arena, line->symbol),
		.value = arena_strdup(&config->arena, line->value),
		.at = line->at,
	};

	vector_for_each (old, &config->lines)
		if (!strcmp(old->symbol, line->symbol)) {
			*old = copy;
			return;
		}
	vector_push(&config->lines, copy);
}

/* A complete configuration, and what the recipe would have otherwise. */
static int change_file(const char *path, const struct kernel_config *added,
	struct kernel_config *ret_asked, struct error *err)
{
	struct kernel_config asked;

	if (kernel_config_read(AT_FDCWD, path, &asked, err))
		return -1;
	vector_for_each (line, &added->lines)
		set_line(&asked, line);
	vector_sort(&asked.lines, by_symbol);
	*ret_asked = asked;
	return 0;
}

static const char *arch_of(const struct platform *platform, const struct architecture *architecture)
{
	return platform && platform->kernel_port ? platform->kernel_port
						 : architecture->kernel_arch;
}

/* The platforms share one kernel. */
static int find_target(const struct recipe *recipe, const struct platform *const *wanted,
	struct kernel_build *build, struct error *err)
{
	const struct architecture *architecture = build->architecture;
	const struct platform *first = wanted[0];
	const char *arch = arch_of(first, architecture);
	bool native = !strcmp(arch, architecture->kernel_arch);

	for (size_t i = 0; wanted[i]; i++)
		if (strcmp(arch_of(wanted[i], architecture), arch))
			return error_at(err, recipe->platforms.items[i].at,
				"no kernel is for both `%s` and `%s`: make it two recipes, one "
				"`from` the other",
				first->name, wanted[i]->name);
	build->image = native ? architecture->kernel_image : first->kernel_image;
	build->target.kernel_arch = arch;
	build->target.architecture = native ? architecture->name : NULL;
	build->target.complete = strcmp(recipe->kernel.config.text, "guest");
	return 0;
}

static int ask(const struct recipe *recipe, const struct platform *const *wanted,
	struct kernel_build *build, struct buffer *patches, struct error *err)
{
	const struct kernel_target *target = &build->target;
	cleanup_config struct kernel_config asked = {0};
	struct word_list fragments;

	choose_fragments(recipe, wanted, target->complete, &fragments);
	int result = kernel_config_merge(&fragments, target, &asked, err) ||
		     kernel_patches(&fragments, target, patches, err);
	vector_release(&fragments);
	if (result)
		return -1;
	if (target->complete)
		return change_file(recipe->kernel.config.text, &asked, &build->asked, err);
	build->asked = asked;
	asked = (struct kernel_config){0};
	return 0;
}

int kernel_ask(const struct recipe *recipe, const struct platform *const *wanted,
	struct kernel_build *build, struct arena *arena, struct error *err)
{
	cleanup_buffer struct buffer patches = {0};

	buffer_text(&patches, "");
	build->target.version = kernel_build_series(build->source, arena);
	if (find_target(recipe, wanted, build, err) || ask(recipe, wanted, build, &patches, err))
		return -1;
	build->patches = arena_strdup(arena, patches.data);
	return 0;
}

int kernel_ask_check(
	const struct recipe *recipe, const struct architecture *architecture, struct error *err)
{
	struct arena arena = {0};
	const struct platform *const *wanted = platforms_of(recipe, &arena);
	int result = 0;

	for (const char *const *at = kernel_config_versions; *at && !result; at++) {
		struct kernel_build build = {.architecture = architecture, .target.version = *at};
		cleanup_buffer struct buffer patches = {0};
		result = find_target(recipe, wanted, &build, err) ||
			 ask(recipe, wanted, &build, &patches, err);
		kernel_build_release(&build);
	}
	arena_release(&arena);
	return result ? -1 : 0;
}
