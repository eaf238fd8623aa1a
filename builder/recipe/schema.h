/*
 * The schema: one table of every key that a recipe can have. Reading, inheriting, defaults, the
 * JSON Schema for editors and the printed recipe all walk this table, so a new key is one row here,
 * its field in recipe.h and its line in the manual, which a test asks for.
 *
 * Inheriting is reading the inherited recipe first: then what is read later replaces single values,
 * adds to lists, and goes into mappings key by key.
 */
#pragma once

#include "form.h"
#include "node.h"

/* Types, and what a row's field is. */
enum value_type {
	VALUE_TEXT,     /* struct word, or const char * where no place is needed */
	VALUE_LIST,     /* of texts without repetition: struct word_list */
	VALUE_FLAGS,    /* of choices of the form: unsigned, bit i for choice i */
	VALUE_NUMBER,   /* uint64_t, unsigned or int */
	VALUE_BOOLEAN,  /* bool; true and false only */
	VALUE_SIZE,     /* uint64_t, in bytes */
	VALUE_DURATION, /* uint64_t, in milliseconds */
	VALUE_MAPPING,  /* none: its keys have fields */
	VALUE_ITEMS,    /* of mappings with the same keys: a vector; always added */
	VALUE_CHECKS,   /* of mappings with one key each: recipe_test.checks; always added */
};

/* A key. Fields count as unset while they are zero: they then get the default. */
struct key {
	const char *name;
	enum value_type type;
	const char *documentation; /* one line */
	const char *fallback;      /* default, as a recipe has it; of a list its only item */
	const struct form *form;   /* of texts, lists and flags */
	const char *word;          /* of sizes: one that stands for SIZE_CONTENT */
	uint64_t least, most;      /* of numbers, sizes and durations; most 0: any */
	uint64_t multiple;         /* of sizes; 0: any */
	const struct key *keys;    /* of mappings, items and checks; ends with a NULL name */
	size_t item;               /* of items: the size of one, where its keys have their fields */
	bool scalar;   /* of mappings: a bare value stands for the first of the keys, the rest unset
			*/
	bool required; /* must be there; at the top: after inheriting */
	size_t offset, width; /* the field; width 0: it is not kept */
	size_t position;      /* offset of a struct position for it; 0: none */
};

extern const struct key recipe_keys[]; /* ends with a NULL name */
/* One row for each enum check_kind, in its order; their fields are those of a recipe_check. */
extern const struct key check_keys[];

/* Reads a mapping into `base`: the recipe, or one of its checks. Goes on after problems; -1 when
 * there was one. */
int schema_read(struct recipe *recipe, const struct key *keys, const struct node *node, void *base);
/* Gives every unset field its default. */
void schema_complete(struct recipe *recipe, const struct key *keys, void *base);
/* Whether the key's field is still unset. */
bool schema_unset(const struct key *key, const void *base);
