#include "archive/explain.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char *name_of(const Pool *pool, Id solvable)
{
	return pool_id2str(pool, pool_id2solvable(pool, solvable)->name);
}

/* The sentences of a problem, found by following it from what was asked for. */
struct account {
	const struct solve *solve;
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
	Id p, pp;

	FOR_PROVIDES(p, pp, dependency)
	MAPSET(&account->mentioned, p);
}

/* "a depends on b (>= 2), which no package provides; the archive has b 1.0" */
static void tell_nothing_provides(struct account *account, Id from, Id dependency)
{
	Pool *pool = account->solver->pool;
	Id name = dependency;

	buffer_printf(&account->text, "\n    %s depends on %s, which no package provides",
		name_of(pool, from), pool_dep2str(pool, dependency));
	while (ISRELDEP(name))
		name = GETRELDEP(pool, name)->name;
	Id other = catalog_candidate(account->solve->catalog, pool_id2str(pool, name));
	if (other)
		buffer_printf(&account->text, "; the archive has %s %s", pool_id2str(pool, name),
			pool_id2str(pool, pool_id2solvable(pool, other)->evr));
}

static void tell_request(struct account *account, const struct root *root)
{
	const char *name = name_of(account->solver->pool, root->solvable);

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

/* Tells one rule if the account has got to it; false: not yet. */
static bool tell(struct account *account, Id rule)
{
	Pool *pool = account->solver->pool;
	Id from, to, dependency;
	SolverRuleinfo kind = solver_ruleinfo(account->solver, rule, &from, &to, &dependency);

	if (kind == SOLVER_RULE_JOB)
		return tell_job(account, rule);
	if (from <= 0 || !MAPTST(&account->mentioned, from))
		return false;
	switch (kind) {
	case SOLVER_RULE_PKG_REQUIRES:
		buffer_printf(&account->text, "\n    %s depends on %s", name_of(pool, from),
			pool_dep2str(pool, dependency));
		mention_providers(account, dependency);
		return true;
	case SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP:
		tell_nothing_provides(account, from, dependency);
		return true;
	case SOLVER_RULE_PKG_CONFLICTS:
		if (!MAPTST(&account->mentioned, to))
			return false;
		buffer_printf(&account->text, "\n    %s conflicts with %s", name_of(pool, from),
			pool_dep2str(pool, dependency));
		if (strcmp(pool_dep2str(pool, dependency), name_of(pool, to)))
			buffer_printf(&account->text, ", which is %s %s", name_of(pool, to),
				pool_id2str(pool, pool_id2solvable(pool, to)->evr));
		return true;
	case SOLVER_RULE_PKG_SAME_NAME:
		buffer_printf(&account->text, "\n    %s %s and %s cannot both be installed",
			name_of(pool, from), pool_id2str(pool, pool_id2solvable(pool, from)->evr),
			pool_id2str(pool, pool_id2solvable(pool, to)->evr));
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

int explain_conflict(const struct solve *solve, Solver *solver, struct error *err)
{
	struct account account = {.solve = solve, .solver = solver};

	queue_init(&account.rules);
	solver_findallproblemrules(solver, solver_next_problem(solver, 0), &account.rules);
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

/* A breadth-first walk over the dependencies of what would be installed. */
struct walk {
	Pool *pool;
	Map installed;
	Id *parents; /* by solvable: whose dependency it is; itself for a root; 0: not reached */
	Queue reached;
};

static void reach(struct walk *walk, Id solvable, Id parent)
{
	if (!MAPTST(&walk->installed, solvable) || walk->parents[solvable])
		return;
	walk->parents[solvable] = parent;
	queue_push(&walk->reached, solvable);
}

static void reach_dependencies(struct walk *walk, Id solvable)
{
	Pool *pool = walk->pool;
	const Solvable *from = pool_id2solvable(pool, solvable);
	Id p, pp;

	if (!from->requires)
		return;
	for (Id *at = from->repo->idarraydata + from->requires; *at; at++)
		FOR_PROVIDES(p, pp, *at)
	reach(walk, p, solvable);
}

/* From the roots that the recipe names, then from those of the base system. */
static void walk_all(const struct solve *solve, struct walk *walk)
{
	for (int base = 0; base <= 1; base++) {
		int at = walk->reached.count;
		vector_for_each (root, &solve->roots)
			if (base == !root->word)
				reach(walk, root->solvable, root->solvable);
		while (at < walk->reached.count)
			reach_dependencies(walk, walk->reached.elements[at++]);
	}
}

/* "a depends on b, which depends on c" up to and with the solvable. */
static void print_chain(const struct walk *walk, Id solvable, struct buffer *text)
{
	Id parent = walk->parents[solvable];

	if (parent != solvable) {
		bool first = walk->parents[parent] == parent;
		print_chain(walk, parent, text);
		buffer_text(text, first ? " depends on " : ", which depends on ");
	}
	buffer_text(text, name_of(walk->pool, solvable));
}

static void note_installed(Solver *solver, Map *installed)
{
	Queue decisions;

	queue_init(&decisions);
	solver_get_decisionqueue(solver, &decisions);
	for (int i = 0; i < decisions.count; i++)
		if (decisions.elements[i] > 0)
			MAPSET(installed, decisions.elements[i]);
	queue_free(&decisions);
}

bool explain_ban(const struct solve *solve, Solver *solver, const Map *culprits, struct error *err)
{
	struct walk walk = {.pool = solver->pool};
	const struct ban *found = NULL;

	map_init(&walk.installed, solver->pool->nsolvables);
	walk.parents = xcalloc(solver->pool->nsolvables, sizeof(*walk.parents));
	queue_init(&walk.reached);
	note_installed(solver, &walk.installed);
	walk_all(solve, &walk);
	for (size_t i = 0; i < solve->bans.count && !found; i++)
		if (MAPTST(culprits, i) && walk.parents[solve->bans.items[i].solvable])
			found = &solve->bans.items[i];
	if (found) {
		cleanup_buffer struct buffer chain = {0};
		print_chain(&walk, found->solvable, &chain);
		error_at(err, found->word->at, "%s is forbidden by `without`, but needed: %s",
			found->word->text, chain.data);
	}
	queue_free(&walk.reached);
	map_free(&walk.installed);
	free(walk.parents);
	return found;
}
