/* Why a request cannot be satisfied, in the words of the packages. Both set STATUS_RECIPE at the
 * recipe's word that is to blame, and return -1. */
#pragma once

#include "archive/solve.h"

/* The failed solver's first problem, as sentences. */
int explain_conflict(const struct solve *solve, Solver *solver, struct error *err);

/* A solver that got by with bans lifted: the shortest chain of dependencies from what was asked for
 * to the first package that `culprits` (a bit for each ban) names. False when there is none. */
bool explain_ban(const struct solve *solve, Solver *solver, const Map *culprits, struct error *err);
