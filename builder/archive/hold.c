#include "archive/hold.h"

#include <string.h>

#include <solv/solvable.h>

#include "base/cleanup.h"
#include "base/log.h"

static bool is_held(const struct catalog *catalog, Id name)
{
	return catalog->newest && catalog->candidates[name] != catalog->newest[name];
}

static bool is_same(const struct catalog *catalog, Id id, const struct package *package)
{
	const Solvable *solvable = pool_id2solvable(catalog->pool, id);
	struct span sha256;

	return !strcmp(pool_id2str(catalog->pool, solvable->evr), package->version) &&
	       control_find(catalog->entries.items[id].stanza, "SHA256", &sha256) &&
	       span_equal(sha256, package->sha256);
}

void catalog_hold(struct catalog *catalog, const struct package_list *held)
{
	Pool *pool = catalog->pool;
	size_t names = catalog->name_end;
	const struct package **wanted = xcalloc(names, sizeof(*wanted));

	catalog->newest = xmalloc(names * sizeof(*catalog->newest));
	memcpy(catalog->newest, catalog->candidates, names * sizeof(*catalog->newest));
	vector_for_each (package, held) {
		cleanup_free char *full = package_full_name(
			package->name, package->architecture, catalog->architecture);
		Id name = pool_str2id(pool, full, 0);
		if (name && name < catalog->name_end)
			wanted[name] = package;
	}
	for (Id id = 0; id < (Id)catalog->entries.count; id++) {
		Id name = pool_id2solvable(pool, id)->name;
		if (!catalog->entries.items[id].file || !wanted[name] ||
			!is_same(catalog, id, wanted[name]))
			continue;
		catalog->candidates[name] = id;
		wanted[name] = NULL;
	}
	for (size_t name = 0; name < names; name++)
		if (wanted[name] && catalog->newest[name])
			log_note("%s %s is no longer in the archive", wanted[name]->name,
				wanted[name]->version);
	free(wanted);
}

static bool let_go(struct catalog *catalog, Id name)
{
	if (!is_held(catalog, name))
		return false;
	catalog->candidates[name] = catalog->newest[name];
	return true;
}

static bool let_go_of(struct catalog *catalog, Id solvable)
{
	return solvable && let_go(catalog, pool_id2solvable(catalog->pool, solvable)->name);
}

/* Lets go of whatever would satisfy the dependency in its newest version. */
static bool let_go_for(struct catalog *catalog, Id dependency)
{
	bool any = false;

	for (Id name = 1; name < catalog->name_end; name++)
		if (is_held(catalog, name) &&
			solvable_matchesdep(pool_id2solvable(catalog->pool, catalog->newest[name]),
				SOLVABLE_PROVIDES, dependency, 0))
			any |= let_go(catalog, name);
	return any;
}

static bool loosen_rule(struct catalog *catalog, Solver *solver, Id rule)
{
	Id from, to, dependency;
	bool any = false;

	if ((solver_ruleinfo(solver, rule, &from, &to, &dependency) & SOLVER_RULE_TYPEMASK) !=
		SOLVER_RULE_PKG)
		return false;
	if (dependency)
		any = let_go_for(catalog, dependency);
	if (any)
		return true;
	any = let_go_of(catalog, from);
	return let_go_of(catalog, to) || any;
}

bool catalog_loosen(struct catalog *catalog, Solver *solver)
{
	bool any = false;
	Id problem = 0;
	Queue rules;

	if (!catalog->newest)
		return false;
	queue_init(&rules);
	while ((problem = solver_next_problem(solver, problem))) {
		queue_empty(&rules);
		solver_findallproblemrules(solver, problem, &rules);
		for (int i = 0; i < rules.count; i++)
			any |= loosen_rule(catalog, solver, rules.elements[i]);
	}
	queue_free(&rules);
	return any;
}
