#include "archive/dependency.h"

#include <string.h>

/* Takes what stands before `separator`, or all of it. */
static bool take_until(struct span *rest, char separator, struct span *ret_part)
{
	if (!rest->length)
		return false;
	const char *end = memchr(rest->at, separator, rest->length);
	size_t length = end ? (size_t)(end - rest->at) : rest->length;

	*ret_part = (struct span){rest->at, length};
	rest->at += end ? length + 1 : length;
	rest->length -= end ? length + 1 : length;
	return true;
}

static struct span trim(struct span span)
{
	while (span.length && strchr(" \t\r\n", *span.at)) {
		span.at++;
		span.length--;
	}
	while (span.length && strchr(" \t\r\n", span.at[span.length - 1]))
		span.length--;
	return span;
}

bool dependency_next_group(struct span *rest, struct span *ret_group)
{
	while (take_until(rest, ',', ret_group)) {
		*ret_group = trim(*ret_group);
		if (ret_group->length)
			return true;
	}
	return false;
}

/* `>= 1.0`; the old forms `<` and `>` mean the same as `<=` and `>=`. */
static bool parse_relation(struct span text, struct dependency *dependency)
{
	static const struct {
		const char *sign;
		unsigned relation;
	} relations[] = {
		{"<<", DEPENDENCY_LESS},
		{"<=", DEPENDENCY_LESS | DEPENDENCY_EQUAL},
		{">>", DEPENDENCY_GREATER},
		{">=", DEPENDENCY_GREATER | DEPENDENCY_EQUAL},
		{"=", DEPENDENCY_EQUAL},
		{"<", DEPENDENCY_LESS | DEPENDENCY_EQUAL},
		{">", DEPENDENCY_GREATER | DEPENDENCY_EQUAL},
	};

	for (size_t i = 0; i < array_count(relations); i++) {
		size_t length = strlen(relations[i].sign);
		if (text.length < length || memcmp(text.at, relations[i].sign, length))
			continue;
		dependency->relation = relations[i].relation;
		dependency->version = trim((struct span){text.at + length, text.length - length});
		return dependency->version.length > 0;
	}
	return false;
}

static bool parse(struct span text, struct dependency *ret_dependency)
{
	struct dependency dependency = {0};
	struct span rest = text;

	if (!take_until(&rest, '(', &dependency.name))
		return false;
	dependency.name = trim(dependency.name);
	if (memchr(text.at, '(', text.length)) {
		struct span inside = {0};
		if (!take_until(&rest, ')', &inside) || !parse_relation(trim(inside), &dependency))
			return false;
	}
	rest = dependency.name;
	if (!take_until(&rest, ':', &dependency.name) || !dependency.name.length ||
		memchr(dependency.name.at, ' ', dependency.name.length))
		return false;
	dependency.architecture = rest;
	*ret_dependency = dependency;
	return true;
}

bool dependency_next_alternative(struct span *group, struct dependency *ret_dependency)
{
	struct span text;

	if (!take_until(group, '|', &text))
		return false;
	text = trim(text);
	if (!parse(text, ret_dependency))
		*ret_dependency = (struct dependency){.name = text};
	return true;
}
