#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/size.h"
#include "config-line.h"

/* The .config of a distribution's kernel has 300 KiB. */
enum { CONFIG_LONGEST = 4 * MIB };

const char *const kernel_config_guest[] = {"base", "ipv6", NULL};
const char *const kernel_config_versions[] = {"6.1", "6.12", NULL};

void kernel_config_release(struct kernel_config *config)
{
	vector_release(&config->lines);
	arena_release(&config->arena);
	*config = (struct kernel_config){0};
}

static int by_symbol(const void *a, const void *b)
{
	return strcmp(
		((const struct config_line *)a)->symbol, ((const struct config_line *)b)->symbol);
}

/* Lines of one symbol come together, in the same order each time. */
static int compare_lines(const void *first, const void *second)
{
	const struct config_line *a = first, *b = second;
	int order = by_symbol(a, b);

	if (!order)
		order = strcmp(a->at.file, b->at.file);
	return order ? order : (a->at.line > b->at.line) - (a->at.line < b->at.line);
}

/* Sorts, and makes lines that say the same one. */
static int settle(struct kernel_config *config, struct error *err)
{
	size_t count = 0;

	vector_sort(&config->lines, compare_lines);
	vector_for_each (line, &config->lines) {
		const struct config_line *last = count ? &config->lines.items[count - 1] : NULL;
		if (!last || strcmp(last->symbol, line->symbol))
			config->lines.items[count++] = *line;
		else if (strcmp(last->value, line->value))
			return error_at(err, line->at,
				"CONFIG_%s=%s contradicts %s:%u, which has CONFIG_%s=%s",
				line->symbol, line->value, last->at.file, last->at.line,
				last->symbol, last->value);
	}
	config->lines.count = count;
	return 0;
}

static int add_text(struct kernel_config *config, const char *file, const struct buffer *text,
	const struct kernel_target *target, struct error *err)
{
	struct position at = {arena_strdup(&config->arena, file), 0, 1};
	struct span rest = {text->data, text->length}, line;
	struct config_line parsed;

	while (control_next_line(&rest, &line)) {
		at.line++;
		switch (config_line_parse(line, target, &config->arena, &parsed)) {
		case CONFIG_LINE_WRONG:
			return error_at(err, at,
				"`%.*s` is no line of a kernel configuration: that is "
				"CONFIG_NAME=VALUE, with y, m, n, a number or a \"text\"%s",
				(int)(line.length < 64 ? line.length : 64), line.at,
				target ? ", and may end in `# since VERSION`, `# before VERSION`, "
					 "`# on ARCHITECTURE...` or `# not on ARCHITECTURE...`"
				       : "");
		case CONFIG_LINE_SETS:
			parsed.at = at;
			vector_push(&config->lines, parsed);
			break;
		case CONFIG_LINE_SAYS_NOTHING:
			break;
		}
	}
	return 0;
}

static int add_file(struct kernel_config *config, int directory, const char *path,
	const struct kernel_target *target, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	if (file_read(directory, path, CONFIG_LONGEST, &text, err))
		return -1;
	return add_text(config, path, &text, target, err);
}

static int unknown_fragment(const struct word *fragment, struct error *err)
{
	struct arena arena = {0};
	struct kernel_fragments known;
	struct words names = {0};

	kernel_config_list(fragment->at.file, &arena, &known);
	vector_for_each (item, &known)
		vector_push(&names, item->name);
	const char *nearest = text_nearest(fragment->text, names.items, names.count);
	error_at(err, fragment->at,
		"no kernel configuration fragment `%s`: %s.config must be in " FRAGMENTS
		"/ beside the recipe or one directory up, or in " JEOS_DATA "/" FRAGMENTS "%s%s%s",
		fragment->text, fragment->text, nearest ? "; did you mean `" : "",
		nearest ? nearest : "", nearest ? "`?" : "");
	vector_release(&names);
	vector_release(&known);
	arena_release(&arena);
	return -1;
}

char *fragment_find(const struct word *fragment, const struct kernel_target *target,
	unsigned variant, const char *suffix)
{
	const char *const variants[FRAGMENT_VARIANTS] = {
		"", target->kernel_arch, target->architecture};
	const char *name = variants[variant];

	if (!name || (variant && !strcmp(name, variants[variant - 1])))
		return NULL;
	cleanup_free char *file =
		xasprintf("%s%s%s%s", fragment->text, variant ? "-" : "", name, suffix);
	return recipe_find(fragment->at.file, FRAGMENTS, file);
}

/* Adds what there is of a fragment: the file of its name must be there, those for the target's
 * architecture may. */
static int add_fragment(struct kernel_config *config, const struct word *fragment,
	const struct kernel_target *target, struct error *err)
{
	for (unsigned i = 0; i < FRAGMENT_VARIANTS; i++) {
		cleanup_free char *path = fragment_find(fragment, target, i, ".config");
		if (path && add_file(config, AT_FDCWD, path, target, err))
			return -1;
		if (!path && !i)
			return unknown_fragment(fragment, err);
	}
	return 0;
}

int kernel_config_merge(const struct word_list *fragments, const struct kernel_target *target,
	struct kernel_config *ret_config, struct error *err)
{
	cleanup_config struct kernel_config config = {0};

	vector_for_each (fragment, fragments)
		if (add_fragment(&config, fragment, target, err))
			return -1;
	if (settle(&config, err) || kernel_config_check_allowed(&config, err))
		return -1;
	*ret_config = config;
	config = (struct kernel_config){0};
	return 0;
}

int kernel_config_parse(const char *file, const struct buffer *text,
	struct kernel_config *ret_config, struct error *err)
{
	cleanup_config struct kernel_config config = {0};

	if (add_text(&config, file, text, NULL, err) || settle(&config, err))
		return -1;
	*ret_config = config;
	config = (struct kernel_config){0};
	return 0;
}

int kernel_config_read(
	int directory, const char *path, struct kernel_config *ret_config, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	return file_read(directory, path, CONFIG_LONGEST, &text, err)
		       ? -1
		       : kernel_config_parse(path, &text, ret_config, err);
}

const char *kernel_config_value(const struct kernel_config *config, const char *symbol)
{
	const struct config_line key = {.symbol = symbol};
	const struct config_line *line =
		config->lines.count ? bsearch(&key, config->lines.items, config->lines.count,
					      sizeof(key), by_symbol)
				    : NULL;

	return line ? line->value : "n";
}

char *kernel_config_text(const struct kernel_config *config)
{
	struct buffer text = {0};

	buffer_text(&text, "");
	vector_for_each (line, &config->lines) {
		if (strcmp(line->value, "n"))
			buffer_printf(&text, "CONFIG_%s=%s\n", line->symbol, line->value);
		else
			buffer_printf(&text, "# CONFIG_%s is not set\n", line->symbol);
	}
	return text.data;
}
