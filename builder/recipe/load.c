/* A recipe's file and those it comes `from`: found, read in order, completed. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "problem.h"
#include "schema.h"
#include "verify.h"

enum { FILE_MOST = MIB, ANCESTORS_MOST = 16 };

/* A recipe file being read, and the one that is `from` it. */
struct source {
	const struct source *heir; /* NULL: the recipe itself */
	struct word from;          /* how the heir names it */
	const char *path;
	const char *real; /* the same for each way to name one file */
};

/* "a.yaml -> b.yaml -> a.yaml" */
static void print_chain(struct buffer *text, const struct source *source)
{
	if (source->heir) {
		print_chain(text, source->heir);
		buffer_text(text, " -> ");
	}
	buffer_text(text, source->path);
}

/* Finds loops; also a chain that is too long to be meant. */
static int check_chain(struct recipe *recipe, const struct source *source)
{
	unsigned ancestors = 0;
	cleanup_buffer struct buffer chain = {0};

	print_chain(&chain, source);
	for (const struct source *heir = source->heir; heir; heir = heir->heir) {
		if (text_equal(heir->real, source->real))
			return recipe_problem(recipe, source->from.at,
				"recipes inherit each other in a loop: %s", chain.data);
		if (++ancestors > ANCESTORS_MOST)
			return recipe_problem(recipe, source->from.at,
				"more than %d recipes inherit each other: %s", ANCESTORS_MOST,
				chain.data);
	}
	return 0;
}

static int parse_file(
	struct recipe *recipe, const struct source *source, const struct node **ret_root)
{
	cleanup_buffer struct buffer text = {0};
	cleanup(error_release) struct error error = {0};

	if (file_read(AT_FDCWD, source->path, FILE_MOST, &text, &error))
		return recipe_problem(
			recipe, source->from.at, "cannot read the recipe: %s", error.message);
	if (node_parse(recipe, source->path, &text, ret_root))
		return -1;
	if ((*ret_root)->kind == NODE_MAPPING)
		return 0;
	return recipe_problem(
		recipe, (*ret_root)->at, "a recipe must be a mapping of keys, such as `name: web`");
}

/* `from: NAME` is found like an overlay; `from: DIR/FILE` is a path, relative to its recipe. */
static char *parent_path(const struct word *from)
{
	const char *slash = strrchr(from->at.file, '/');

	if (*from->text == '/')
		return xstrdup(from->text);
	if (strchr(from->text, '/'))
		return xasprintf("%.*s%s", slash ? (int)(slash + 1 - from->at.file) : 0,
			from->at.file, from->text);
	const char *suffix = text_ends(from->text, ".yaml") ? "" : ".yaml";
	cleanup_free char *name = xasprintf("%s%s", from->text, suffix);
	return recipe_find(from->at.file, "recipes", name);
}

static int read_source(struct recipe *recipe, const struct source *source);

static int read_parent(struct recipe *recipe, const struct source *source, const struct node *from)
{
	struct source parent = {.heir = source, .from = {from->text, from->at}};

	/* What else it may be is reported when the recipe is read. */
	if (from->kind != NODE_SCALAR || !*from->text)
		return -1;
	cleanup_free char *path = parent_path(&parent.from);
	if (!path)
		return recipe_problem(recipe, from->at,
			"no recipe %s: its file must be beside this one, in recipes/ beside it or "
			"one directory up, or in " JEOS_DATA "/recipes",
			problem_quote(recipe, from->text));
	cleanup_free char *real = realpath(path, NULL);
	parent.path = arena_strdup(&recipe->arena, path);
	parent.real = real;
	return check_chain(recipe, &parent) ? -1 : read_source(recipe, &parent);
}

/* Whether `keep` has the rule; in the same file the two contradict. */
static bool is_kept(struct recipe *recipe, const struct word *rule)
{
	vector_for_each (kept, &recipe->keep) {
		if (strcmp(kept->text, rule->text))
			continue;
		if (kept->at.file == rule->at.file)
			recipe_problem(recipe, kept->at, "%s is in `strip` too, in line %u",
				problem_quote(recipe, kept->text), rule->at.line);
		return true;
	}
	return false;
}

/* Takes the rules that this file keeps off those that it inherits. */
static void apply_keep(struct recipe *recipe)
{
	struct word_list *strip = &recipe->strip;
	size_t count = 0;

	for (size_t i = 0; i < strip->count; i++)
		if (!is_kept(recipe, &strip->items[i]))
			strip->items[count++] = strip->items[i];
	strip->count = count;
	verify_keep(recipe);
	recipe->keep = (struct word_list){0};
}

/* Reads what the file inherits, then the file: so it adds and replaces. */
static int read_source(struct recipe *recipe, const struct source *source)
{
	const struct node *root;
	int result = 0;

	*arena_add(&recipe->arena, &recipe->sources) = (struct word){source->path, source->from.at};
	if (parse_file(recipe, source, &root))
		return -1;
	const struct node *from = node_find(root, "from");
	if (from)
		result = read_parent(recipe, source, from);
	if (schema_read(recipe, recipe_keys, root, recipe))
		result = -1;
	apply_keep(recipe);
	return result;
}

struct recipe *recipe_examine(const char *path)
{
	struct recipe *recipe = xcalloc(1, sizeof(*recipe));
	cleanup_free char *real = realpath(path, NULL);

	recipe->path = arena_strdup(&recipe->arena, path);
	struct source source = {.path = recipe->path, .real = real};
	if (read_source(recipe, &source) || recipe->problems.count)
		return recipe;
	schema_complete(recipe, recipe_keys, recipe);
	verify_recipe(recipe);
	return recipe;
}

char *recipe_problems_text(const struct recipe *recipe)
{
	struct buffer text = {0};

	buffer_text(&text, "");
	vector_for_each (problem, &recipe->problems) {
		const struct position *at = &problem->at;
		if (text.length)
			buffer_text(&text, "\n");
		if (at->file)
			buffer_printf(&text, "%s:%u:%u: ", at->file, at->line, at->column);
		buffer_text(&text, problem->message);
	}
	return text.data;
}

int recipe_load(const char *path, struct recipe **ret_recipe, struct error *err)
{
	cleanup_recipe struct recipe *recipe = recipe_examine(path);

	if (recipe->problems.count) {
		cleanup_free char *text = recipe_problems_text(recipe);
		return error_set(err, STATUS_RECIPE, "%s", text);
	}
	*ret_recipe = steal_pointer(&recipe);
	return 0;
}

enum kernel_origin recipe_kernel_origin(const struct recipe_kernel *kernel)
{
	if (kernel->package.text)
		return KERNEL_PACKAGE;
	if (!strcmp(kernel->config.text, "none"))
		return KERNEL_NONE;
	if (!strcmp(kernel->config.text, "cloud") || !strcmp(kernel->config.text, "generic"))
		return KERNEL_DISTRIBUTION;
	return KERNEL_BUILT;
}

void recipe_free(struct recipe *recipe)
{
	if (!recipe)
		return;
	arena_release(&recipe->arena);
	free(recipe);
}

void recipe_cleanup(struct recipe **recipe)
{
	recipe_free(*recipe);
}
