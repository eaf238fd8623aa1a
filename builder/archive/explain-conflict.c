#include "archive/explain.h"

#include <solv/util.h>

#include "base/cleanup.h"
#include "base/text.h"

/* "a (>= 2) | b", as packages write it. */
static void add_dependency(struct buffer *text, Pool *pool, Id dependency)
{
	static const char *const signs[] = {"", ">>", "=", ">=", "<<", "<>", "<=", ""};

	while (ISRELDEP(dependency) && GETRELDEP(pool, dependency)->flags == REL_OR) {
		add_dependency(text, pool, GETRELDEP(pool, dependency)->name);
		buffer_text(text, " | ");
		dependency = GETRELDEP(pool, dependency)->evr;
	}
	if (!ISRELDEP(dependency)) {
		buffer_text(text, pool_id2str(pool, dependency));
		return;
	}
	const Reldep *relation = GETRELDEP(pool, dependency);
	buffer_printf(text, "%s (%s %s)", pool_id2str(pool, relation->name),
		signs[relation->flags & 7], pool_id2str(pool, relation->evr));
}

/* The sentences of a problem, found by following it from what was asked for. */
struct account {
	const struct solve *solve;
	const struct catalog *catalog; /* the solve's */
	Solver *solver;
	Queue rules;
	Map told;      /* by place in rules */
	Map mentioned; /* solvables that a sentence has led to */
	const struct word *blamed;
	struct buffer text;
};

static void mention_providers(struct account *account, Id dependency)
{
	Pool *pool = account->solver->pool;

	provider_for_each (p, pool, dependency)
		MAPSET(&account->mentioned, p);
}

static void tell_relation(struct account *account, Id from, const char *verb, Id dependency)
{
	Pool *pool = account->solver->pool;

	buffer_printf(&account->text, "\n    %s %s ", catalog_name(account->catalog, from), verb);
	add_dependency(&account->text, pool, dependency);
}

/* "a depends on b (>= 2), which no package provides; the archive has b 1.0" */
static void tell_nothing_provides(struct account *account, Id from, Id dependency)
{
	Pool *pool = account->solver->pool;
	Id name = dependency;

	tell_relation(account, from, "depends on", dependency);
	buffer_text(&account->text, ", which no package provides");
	while (ISRELDEP(name))
		name = GETRELDEP(pool, name)->name;
	Id other = catalog_candidate(account->catalog, pool_id2str(pool, name));
	if (other)
		buffer_printf(&account->text, "; the archive has %s %s", pool_id2str(pool, name),
			catalog_version(account->catalog, other));
}

static void tell_request(struct account *account, const struct root *root)
{
	const char *name = catalog_name(account->catalog, root->solvable);

	if (root->word && !account->blamed)
		account->blamed = root->word;
	if (root->word)
		buffer_printf(&account->text, "\n    the recipe asks for %s", root->word->text);
	else
		buffer_printf(&account->text, "\n    every system has %s", name);
	MAPSET(&account->mentioned, root->solvable);
}

static bool tell_job(struct account *account, Id rule)
{
	const struct root *root = solve_root_of(account->solve, account->solver, rule);
	const struct ban *ban = solve_ban_of(account->solve, account->solver, rule);

	if (root)
		tell_request(account, root);
	if (!ban)
		return true;
	if (!MAPTST(&account->mentioned, ban->solvable))
		return false;
	buffer_printf(&account->text, "\n    `without` forbids %s", ban->word->text);
	return true;
}

static bool tell_conflict(struct account *account, Id from, Id to, Id dependency)
{
	Pool *pool = account->solver->pool;

	if (!MAPTST(&account->mentioned, to))
		return false;
	tell_relation(account, from, "conflicts with", dependency);
	if (dependency != pool_id2solvable(pool, to)->name)
		buffer_printf(&account->text, ", which is %s %s",
			catalog_name(account->catalog, to), catalog_version(account->catalog, to));
	return true;
}

/* Tells one rule if the account has got to it; false: not yet. */
static bool tell(struct account *account, Id rule)
{
	Id from, to, dependency;
	SolverRuleinfo kind = solver_ruleinfo(account->solver, rule, &from, &to, &dependency);

	if (kind == SOLVER_RULE_JOB)
		return tell_job(account, rule);
	if (from <= 0 || !MAPTST(&account->mentioned, from))
		return false;
	switch (kind) {
	case SOLVER_RULE_PKG_REQUIRES:
		tell_relation(account, from, "depends on", dependency);
		mention_providers(account, dependency);
		return true;
	case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
		tell_nothing_provides(account, from, dependency);
		return true;
	case SOLVER_RULE_PKG_CONFLICTS:
		return tell_conflict(account, from, to, dependency);
	case SOLVER_RULE_PKG_SAME_NAME:
		buffer_printf(&account->text, "\n    only one version of %s can be installed",
			catalog_name(account->catalog, from));
		return true;
	default:
		buffer_printf(&account->text, "\n    %s",
			solver_problemruleinfo2str(account->solver, kind, from, to, dependency));
		return true;
	}
}

/* Tells what can be told, until nothing more can; what is left over comes from elsewhere. */
static void tell_all(struct account *account)
{
	bool more = true;

	while (more) {
		more = false;
		for (int i = 0; i < account->rules.count; i++) {
			if (MAPTST(&account->told, i) || !tell(account, account->rules.elements[i]))
				continue;
			MAPSET(&account->told, i);
			more = true;
		}
	}
}

static int compare_ids(const void *a, const void *b, void *ignored)
{
	(void)ignored;
	return *(const Id *)a - *(const Id *)b;
}

int explain_conflict(const struct solve *solve, Solver *solver, struct error *err)
{
	struct account account = {.solve = solve, .catalog = solve->catalog, .solver = solver};

	queue_init(&account.rules);
	solver_findallproblemrules(solver, solver_next_problem(solver, 0), &account.rules);
	/* Jobs come in the recipe's order then. */
	solv_sort(account.rules.elements, account.rules.count, sizeof(Id), compare_ids, NULL);
	map_init(&account.told, account.rules.count);
	map_init(&account.mentioned, solver->pool->nsolvables);
	tell_all(&account);
	error_at(err, account.blamed ? account.blamed->at : (struct position){0},
		"the packages cannot be installed together:%s",
		account.text.data ? account.text.data : "");
	queue_free(&account.rules);
	map_free(&account.told);
	map_free(&account.mentioned);
	buffer_release(&account.text);
	return -1;
}
