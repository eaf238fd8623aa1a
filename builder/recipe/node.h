/*
 * Nodes: a YAML file as a tree in which every value and every key knows its place.
 *
 * A strict subset of YAML 1.1: one document, no anchors, aliases or tags; keys are
 * plain texts and differ; a scalar is a text, and only the schema says what it must be.
 */
#pragma once

#include "base/text.h"
#include "recipe.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

struct node {
	enum node_kind kind;
	struct position at;
	const char *text;       /* of a scalar */
	bool quoted;            /* the scalar has quotes or is a block: never a number or boolean */
	const char *key;        /* of a mapping's entry */
	struct position key_at; /* likewise */
	struct node *first;     /* of a list's items or a mapping's entries, in their order */
	struct node *next;      /* beside this one */
};

/* The entry of a mapping; NULL when there is none, or when it is no mapping. */
const struct node *node_find(const struct node *mapping, const char *key);

/* Parses `text`, the content of `file`, into the recipe's arena. Stops at the first problem, which
 * it adds to the recipe's. */
int node_parse(struct recipe *recipe, const char *file, const struct buffer *text,
	const struct node **ret_root);
