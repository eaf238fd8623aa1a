/*
 * Values: nodes into single fields of a recipe. Each reader stores what the node says into the
 * field of `key` in `base`, where that is good; a list adds to what is there.
 */
#pragma once

#include "base/text.h"
#include "schema.h"

int value_text(struct recipe *recipe, const struct key *key, const struct node *node, void *base);
int value_list(struct recipe *recipe, const struct key *key, const struct node *node, void *base);
int value_flags(struct recipe *recipe, const struct key *key, const struct node *node, void *base);
/* A number, a size or a duration. */
int value_number(struct recipe *recipe, const struct key *key, const struct node *node, void *base);
int value_boolean(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base);

/* Adds the problem that the node is not what the key's type asks for. */
int value_mismatch(struct recipe *recipe, const struct key *key, const struct node *node);

/* A number, size or duration as a recipe has it: 65535, 64M, 90s. */
void value_print_number(struct buffer *text, enum value_type type, uint64_t value);
