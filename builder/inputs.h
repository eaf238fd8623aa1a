/* What a command that is given a recipe opens: the recipe, its lock, the store. */
#pragma once

#include "command.h"
#include "lock.h"
#include "recipe/recipe.h"
#include "store/store.h"

struct inputs {
	struct recipe *recipe; /* all owned */
	struct lock *lock;     /* NULL: there is none, or --no-lock was given */
	struct store store;
};

/* The option of commands that do. */
#define NO_LOCK_OPTION                                                               \
	{                                                                            \
		"no-lock", 0, NULL, "ignore NAME.lock, which lies beside the recipe" \
	}

int inputs_open(const struct arguments *arguments, const char *path, struct inputs *ret_inputs,
	struct error *err);
void inputs_release(struct inputs *inputs);
#define cleanup_inputs cleanup(inputs_release)
