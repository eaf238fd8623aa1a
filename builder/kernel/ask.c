#include "kernel/ask.h"

#include <fcntl.h>
#include <string.h>

static void add_names(
	struct word_list *fragments, const char *const *names, const struct position *at)
{
	for (; *names; names++)
		vector_push(fragments, ((struct word){*names, *at}));
}

static void add_words(struct word_list *fragments, const struct word_list *words)
{
	vector_for_each (word, words)
		vector_push(fragments, *word);
}

/* Every guest's, the platforms', the recipe's own. */
static int ask_fragments(const struct recipe_kernel *kernel, const struct platform *const *wanted,
	const struct kernel_target *target, struct kernel_config *ret_asked, struct error *err)
{
	const struct position *at = &kernel->config.at;
	struct word_list fragments = {0};

	add_names(&fragments, kernel_config_guest, at);
	for (; *wanted; wanted++)
		add_names(&fragments, (*wanted)->fragments, at);
	add_words(&fragments, &kernel->add);
	int result = kernel_config_merge(&fragments, target, ret_asked, err);
	vector_release(&fragments);
	return result;
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
static int ask_file(const struct recipe_kernel *kernel, const struct kernel_target *target,
	struct kernel_config *ret_asked, struct error *err)
{
	cleanup_config struct kernel_config asked = {0}, added = {0};

	if (kernel_config_read(AT_FDCWD, kernel->config.text, &asked, err) ||
		kernel_config_merge(&kernel->add, target, &added, err))
		return -1;
	vector_for_each (line, &added.lines)
		set_line(&asked, line);
	vector_sort(&asked.lines, by_symbol);
	*ret_asked = asked;
	asked = (struct kernel_config){0};
	return 0;
}

static bool is_complete(const struct recipe_kernel *kernel)
{
	return strcmp(kernel->config.text, "guest");
}

static int ask(const struct recipe_kernel *kernel, const struct platform *const *wanted,
	const struct kernel_target *target, struct kernel_config *ret_asked, struct error *err)
{
	return is_complete(kernel) ? ask_file(kernel, target, ret_asked, err)
				   : ask_fragments(kernel, wanted, target, ret_asked, err);
}

int kernel_ask(const struct recipe *recipe, const struct platform *const *wanted,
	struct kernel_build *build, struct error *err)
{
	struct arena arena = {0};
	const struct kernel_target target = {
		.version = kernel_build_series(build->source, &arena),
		.kernel_arch = build->target->kernel_arch,
		.architecture = build->target->name,
	};

	build->complete = is_complete(&recipe->kernel);
	int result = ask(&recipe->kernel, wanted, &target, &build->asked, err);
	arena_release(&arena);
	return result;
}

int kernel_ask_check(
	const struct recipe *recipe, const struct architecture *target, struct error *err)
{
	struct arena arena = {0};
	const struct platform *const *wanted = platforms_of(recipe, &arena);
	int result = 0;

	for (const char *const *at = kernel_config_versions; *at && !result; at++) {
		cleanup_config struct kernel_config asked = {0};
		const struct kernel_target with = {.version = *at,
			.kernel_arch = target->kernel_arch,
			.architecture = target->name};
		result = ask(&recipe->kernel, wanted, &with, &asked, err);
	}
	arena_release(&arena);
	return result;
}
