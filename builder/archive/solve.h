/*
 * One request put to libsolv: what must be installed (roots), what must not be (bans), and the
 * solver's answer.
 */
#pragma once

#include <solv/solver.h>

#include "archive/catalog.h"

/* A package that must be installed, and who says so. */
struct root {
	Id solvable;
	const struct word *word; /* of the recipe; NULL: the base system */
};

/* A package that must not be installed. */
struct ban {
	Id solvable;
	const struct word *word; /* of the recipe's `without` */
};

struct solve {
	const struct catalog *catalog;
	vector(struct root) roots;
	vector(struct ban) bans;
	bool recommends; /* what the roots that have a word bring may bring what it recommends */
	Map considered;  /* the solvables that may be used: candidates, or pinned versions */
};

/* The solver with its answer, owned by the caller (solver_free); bans whose bit in `lifted` is set
 * do not count (NULL: all count). solver_problem_count() says whether there is a solution. */
Solver *solve_run(const struct solve *solve, const Map *lifted);

/* Which of the solve's jobs a rule of the solver comes from; NULL: another one. */
const struct root *solve_root_of(const struct solve *solve, Solver *solver, Id rule);
const struct ban *solve_ban_of(const struct solve *solve, Solver *solver, Id rule);

void solve_release(struct solve *solve);
