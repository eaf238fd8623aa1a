/* From a request to the packages that satisfy it. */
#include <stdlib.h>
#include <string.h>

#include "archive/explain.h"
#include "archive/hold.h"
#include "archive/package-index.h"
#include "archive/request.h"
#include "base/cleanup.h"

static void release_solver(Solver **solver)
{
	if (*solver)
		solver_free(*solver);
}

/* Adds the bans that the solver's problems are about; false when there are no more. */
static bool find_culprits(const struct solve *solve, Solver *solver, Map *culprits)
{
	bool more = false;
	Queue rules;
	Id problem = 0;

	queue_init(&rules);
	while ((problem = solver_next_problem(solver, problem))) {
		queue_empty(&rules);
		solver_findallproblemrules(solver, problem, &rules);
		for (int i = 0; i < rules.count; i++) {
			const struct ban *ban = solve_ban_of(solve, solver, rules.elements[i]);
			if (!ban || MAPTST(culprits, ban - solve->bans.items))
				continue;
			MAPSET(culprits, ban - solve->bans.items);
			more = true;
		}
	}
	queue_free(&rules);
	return more;
}

/* A request that only `without` stands against names the chain; any other, the conflict. */
static int explain(const struct solve *solve, Solver *failed, struct error *err)
{
	cleanup(release_solver) Solver *lifted = NULL;
	cleanup(map_free) Map culprits;

	map_init(&culprits, solve->bans.count);
	/* One problem can hide another. */
	while (find_culprits(solve, lifted ? lifted : failed, &culprits)) {
		release_solver(&lifted);
		lifted = solve_run(solve, &culprits);
	}
	if (lifted && !solver_problem_count(lifted) && explain_ban(solve, lifted, &culprits, err))
		return -1;
	return explain_conflict(solve, failed, err);
}

static int compare(const void *a, const void *b)
{
	const struct package *first = a, *second = b;
	int order = strcmp(first->name, second->name);

	return order ? order : strcmp(first->architecture, second->architecture);
}

void package_list_sort(struct package_list *packages)
{
	vector_sort(packages, compare);
}

char *package_full_name(const char *name, const char *architecture, const char *native)
{
	bool foreign = strcmp(architecture, native) && strcmp(architecture, "all");

	return xasprintf("%s%s%s", name, foreign ? ":" : "", foreign ? architecture : "");
}

void package_list_append(struct package_list *packages, const struct package_list *more)
{
	vector_for_each (package, more)
		vector_push(packages, *package);
}

void package_list_merge(struct package_list *packages, const struct package_list *more)
{
	vector_for_each (package, more) {
		bool there = false;
		vector_for_each (other, packages)
			there = there || !strcmp(other->sha256, package->sha256);
		if (!there)
			vector_push(packages, *package);
	}
}

static int list_packages(const struct catalog *catalog, Solver *solver, struct arena *arena,
	struct package_list *ret_packages, struct error *err)
{
	struct package_list packages = {0};
	Queue decisions;
	int result = 0;

	queue_init(&decisions);
	solver_get_decisionqueue(solver, &decisions);
	for (int i = 0; i < decisions.count && !result; i++) {
		Id id = decisions.elements[i];
		if (id <= 0 || (size_t)id >= catalog->entries.count ||
			!catalog->entries.items[id].file)
			continue;
		result = catalog_package(catalog, id, arena, vector_add(&packages), err);
	}
	queue_free(&decisions);
	if (result) {
		vector_release(&packages);
		return -1;
	}
	package_list_sort(&packages);
	*ret_packages = packages;
	return 0;
}

int package_index_resolve(struct package_index *index, const struct package_request *request,
	struct package_list *ret_packages, struct error *err)
{
	for (;;) {
		cleanup(solve_release) struct solve solve = {0};
		cleanup(release_solver) Solver *solver = NULL;
		if (request_read(request, &index->catalog, &solve, err))
			return -1;
		solver = solve_run(&solve, NULL);
		if (!solver_problem_count(solver))
			return list_packages(
				&index->catalog, solver, request->arena, ret_packages, err);
		if (!catalog_loosen(&index->catalog, solver))
			return explain(&solve, solver, err);
	}
}
