#include "node.h"

#include <string.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "problem.h"

/* Far more than a recipe needs; they bound time, memory and the stack. */
enum { NODES_MOST = 10000, DEPTH_MOST = 16 };

#define cleanup_event  cleanup(yaml_event_delete)
#define cleanup_parser cleanup(yaml_parser_delete)

struct parse {
	yaml_parser_t *parser;
	struct recipe *recipe;
	const char *file;
	const struct buffer *text;
	unsigned nodes;
};

static struct position position_of(const struct parse *parse, const yaml_mark_t *mark)
{
	return (struct position){parse->file, mark->line + 1, mark->column + 1};
}

/* Where libyaml met a byte that is no text. */
static struct position position_of_byte(const struct parse *parse, size_t offset)
{
	struct position at = {parse->file, 1, 1};

	for (size_t i = 0; i < offset && i < parse->text->length; i++) {
		at.column++;
		if (parse->text->data[i] == '\n')
			at = (struct position){parse->file, at.line + 1, 1};
	}
	return at;
}

/* Whether the line is indented with a tab, which YAML does not allow and editors do not show. */
static bool tab_indents(const struct buffer *text, unsigned line)
{
	const char *start = text->data;

	for (unsigned i = 1; i < line && start; i++) {
		start = strchr(start, '\n');
		if (start)
			start++;
	}
	return start && memchr(start, '\t', strspn(start, " \t"));
}

static int syntax_problem(const struct parse *parse)
{
	const yaml_parser_t *parser = parse->parser;
	const char *problem = parser->problem ? parser->problem : "out of memory";

	if (parser->error == YAML_READER_ERROR)
		return recipe_problem(parse->recipe,
			position_of_byte(parse, parser->problem_offset), "invalid text: %s",
			problem);
	struct position at = position_of(parse, &parser->problem_mark);
	return recipe_problem(parse->recipe, at, "invalid YAML: %s%s%s%s",
		parser->context ? parser->context : "", parser->context ? ", " : "", problem,
		tab_indents(parse->text, at.line) ? "; indent with spaces, not tabs" : "");
}

static int next_event(struct parse *parse, yaml_event_t *ret_event)
{
	return yaml_parser_parse(parse->parser, ret_event) ? 0 : syntax_problem(parse);
}

/* What a recipe does without: each can make a file mean something else than it seems to. */
static int check_plain(const struct parse *parse, const yaml_event_t *event)
{
	struct position at = position_of(parse, &event->start_mark);
	bool anchor = false, tag = false;

	if (event->type == YAML_ALIAS_EVENT)
		return recipe_problem(parse->recipe, at,
			"a recipe has no aliases; write the value out, or inherit it with `from`");
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return recipe_problem(parse->recipe, at,
			"a recipe has no anchors; a text that begins with & needs quotes");
	if (tag)
		return recipe_problem(parse->recipe, at,
			"a recipe has no tags; a text that begins with ! needs quotes");
	return 0;
}

/* Line feeds and tabs, but no other control characters, however they are written. */
static bool is_text(const char *text, size_t length)
{
	/* Line breaks and non-characters that YAML takes only as escapes. */
	static const char *const others[] = {"\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff"};

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = text[i], next = text[i + 1];
		if ((byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f ||
			(byte == 0xc2 && next < 0xa0))
			return false;
	}
	for (size_t i = 0; i < array_count(others); i++)
		if (strstr(text, others[i]))
			return false;
	return true;
}

static int take_scalar(struct parse *parse, const yaml_event_t *event, const char **ret_text)
{
	const char *text = (const char *)event->data.scalar.value;

	if (!is_text(text, event->data.scalar.length))
		return recipe_problem(parse->recipe, position_of(parse, &event->start_mark),
			"a text cannot hold control characters");
	*ret_text = arena_strdup(&parse->recipe->arena, text);
	return 0;
}

static int take_key(struct parse *parse, const yaml_event_t *event, const struct node *mapping,
	struct node *ret_entry)
{
	struct position at = position_of(parse, &event->start_mark);
	const char *key;

	if (check_plain(parse, event))
		return -1;
	if (event->type != YAML_SCALAR_EVENT)
		return recipe_problem(parse->recipe, at, "a key must be a word");
	if (take_scalar(parse, event, &key))
		return -1;
	const struct node *twin = node_find(mapping, key);
	if (twin)
		return recipe_problem(parse->recipe, at,
			"the key %s is already there, in line %u; join the two",
			problem_quote(parse->recipe, key), twin->key_at.line);
	ret_entry->key = key;
	ret_entry->key_at = at;
	return 0;
}

static int parse_value(
	struct parse *parse, const yaml_event_t *event, unsigned depth, struct node *ret_node);

/* Items of a list or entries of a mapping, up to its end. */
static int parse_inside(struct parse *parse, unsigned depth, struct node *parent)
{
	struct node **last = &parent->first;

	for (;;) {
		cleanup_event yaml_event_t event = {0};
		if (next_event(parse, &event))
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
			return 0;
		struct node *node = arena_alloc(&parse->recipe->arena, sizeof(*node));
		if (parent->kind == NODE_MAPPING) {
			if (take_key(parse, &event, parent, node))
				return -1;
			yaml_event_delete(&event);
			if (next_event(parse, &event))
				return -1;
		}
		if (parse_value(parse, &event, depth + 1, node))
			return -1;
		*last = node;
		last = &node->next;
	}
}

static int parse_value(
	struct parse *parse, const yaml_event_t *event, unsigned depth, struct node *ret_node)
{
	ret_node->at = position_of(parse, &event->start_mark);
	if (check_plain(parse, event))
		return -1;
	if (++parse->nodes > NODES_MOST)
		return recipe_problem(
			parse->recipe, ret_node->at, "more than %d values", NODES_MOST);
	if (event->type == YAML_SCALAR_EVENT) {
		ret_node->kind = NODE_SCALAR;
		ret_node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		return take_scalar(parse, event, &ret_node->text);
	}
	if (depth == DEPTH_MOST)
		return recipe_problem(
			parse->recipe, ret_node->at, "nested deeper than %d levels", DEPTH_MOST);
	ret_node->kind = event->type == YAML_MAPPING_START_EVENT ? NODE_MAPPING : NODE_LIST;
	return parse_inside(parse, depth, ret_node);
}

/* From the stream's start to the root's first event. */
static int parse_start(struct parse *parse, yaml_event_t *ret_event)
{
	do {
		yaml_event_delete(ret_event);
		if (next_event(parse, ret_event))
			return -1;
		if (ret_event->type == YAML_STREAM_END_EVENT)
			return recipe_problem(parse->recipe, (struct position){parse->file, 1, 1},
				"the recipe is empty");
	} while (ret_event->type == YAML_STREAM_START_EVENT ||
		 ret_event->type == YAML_DOCUMENT_START_EVENT);
	return 0;
}

/* From behind the root to the end of the stream. */
static int parse_end(struct parse *parse)
{
	for (;;) {
		cleanup_event yaml_event_t event = {0};
		if (next_event(parse, &event))
			return -1;
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (event.type == YAML_DOCUMENT_START_EVENT)
			return recipe_problem(parse->recipe, position_of(parse, &event.start_mark),
				"a recipe is one YAML document; a second one begins here");
	}
}

int node_parse(struct recipe *recipe, const char *file, const struct buffer *text,
	const struct node **ret_root)
{
	cleanup_parser yaml_parser_t parser;
	cleanup_event yaml_event_t event = {0};
	struct parse parse = {&parser, recipe, file, text, 0};
	struct node *root = arena_alloc(&recipe->arena, sizeof(*root));

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->length);
	if (parse_start(&parse, &event) || parse_value(&parse, &event, 0, root) ||
		parse_end(&parse))
		return -1;
	*ret_root = root;
	return 0;
}

const struct node *node_find(const struct node *mapping, const char *key)
{
	if (mapping->kind == NODE_MAPPING)
		for (const struct node *entry = mapping->first; entry; entry = entry->next)
			if (!strcmp(entry->key, key))
				return entry;
	return NULL;
}
