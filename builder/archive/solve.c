#include "archive/solve.h"

#include "archive/prefer.h"

/* The order of the jobs: roots, bans, preferences. solve_root_of() relies on it. */
static void queue_jobs(const struct solve *solve, const Map *lifted, Queue *jobs)
{
	Pool *pool = solve->catalog->pool;
	Queue roots, preferred;
	Map banned;

	queue_init(&roots);
	queue_init(&preferred);
	map_init(&banned, pool->nsolvables);
	vector_for_each (root, &solve->roots) {
		queue_push(&roots, root->solvable);
		queue_push2(jobs, SOLVER_INSTALL | SOLVER_SOLVABLE, root->solvable);
	}
	for (size_t i = 0; i < solve->bans.count; i++) {
		bool counts = !lifted || !MAPTST(lifted, i);
		Id solvable = solve->bans.items[i].solvable;
		queue_push2(jobs, counts ? SOLVER_ERASE | SOLVER_SOLVABLE : SOLVER_NOOP, solvable);
		if (counts)
			MAPSET(&banned, solvable);
	}
	prefer_like_apt(solve->catalog, &roots, &banned, &preferred);
	for (int i = 0; i < preferred.count; i++)
		queue_push2(jobs, SOLVER_FAVOR | SOLVER_SOLVABLE, preferred.elements[i]);
	queue_free(&roots);
	queue_free(&preferred);
	map_free(&banned);
}

Solver *solve_run(const struct solve *solve, const Map *lifted)
{
	Pool *pool = solve->catalog->pool;
	Queue jobs;

	pool->considered = (Map *)&solve->considered;
	pool_createwhatprovides(pool);
	queue_init(&jobs);
	queue_jobs(solve, lifted, &jobs);
	Solver *solver = solver_create(pool);
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	solver_solve(solver, &jobs);
	queue_free(&jobs);
	return solver;
}

/* The index of the job that a rule comes from; -1: from none. */
static Id job_of(Solver *solver, Id rule)
{
	Id from, to, dependency;

	if (solver_ruleinfo(solver, rule, &from, &to, &dependency) != SOLVER_RULE_JOB)
		return -1;
	return from / 2;
}

const struct root *solve_root_of(const struct solve *solve, Solver *solver, Id rule)
{
	Id job = job_of(solver, rule);

	return job >= 0 && (size_t)job < solve->roots.count ? &solve->roots.items[job] : NULL;
}

const struct ban *solve_ban_of(const struct solve *solve, Solver *solver, Id rule)
{
	Id job = job_of(solver, rule) - (Id)solve->roots.count;

	return job >= 0 && (size_t)job < solve->bans.count ? &solve->bans.items[job] : NULL;
}

void solve_release(struct solve *solve)
{
	vector_release(&solve->roots);
	vector_release(&solve->bans);
	map_free(&solve->considered);
	if (solve->catalog)
		solve->catalog->pool->considered = NULL;
}
