/*
 * Words of `packages`: NAME, NAME=VERSION, NAME/SUITE, each with :ARCHITECTURE behind the name or
 * without. Of alternatives, `A | B`, the first that the archive has is meant.
 */
#pragma once

#include <stdbool.h>

/* Takes the next alternative off a word, which it takes apart; NULL: there is none left. */
char *package_word_next(char **rest);
/* Whether a word, or an alternative in it, means a package of that name. */
bool package_word_names(const char *word, const char *name);
