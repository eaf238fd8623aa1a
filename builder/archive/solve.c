#include "archive/solve.h"

#include "archive/prefer.h"

/* The first jobs: roots, then bans. solve_root_of() and solve_ban_of() rely on it. */
static void queue_demands(const struct solve *solve, const Map *lifted, Queue *jobs)
{
	vector_for_each (root, &solve->roots)
		queue_push2(jobs, SOLVER_INSTALL | SOLVER_SOLVABLE, root->solvable);
	for (size_t i = 0; i < solve->bans.count; i++) {
		bool counts = !lifted || !MAPTST(lifted, i);
		queue_push2(jobs, counts ? SOLVER_ERASE | SOLVER_SOLVABLE : SOLVER_NOOP,
			solve->bans.items[i].solvable);
	}
}

/* What apt would install, given those demands. */
static void find_preferred(const struct solve *solve, const Queue *jobs, Queue *preferred)
{
	Pool *pool = solve->catalog->pool;
	Queue roots;
	Map banned;

	queue_init(&roots);
	map_init(&banned, pool->nsolvables);
	for (int i = 0; i < jobs->count; i += 2) {
		int job = jobs->elements[i] & SOLVER_JOBMASK;
		if (job == SOLVER_INSTALL)
			queue_push(&roots, jobs->elements[i + 1]);
		else if (job == SOLVER_ERASE)
			MAPSET(&banned, jobs->elements[i + 1]);
	}
	prefer_like_apt(solve->catalog, &roots, &banned, preferred);
	queue_free(&roots);
	map_free(&banned);
}

static Solver *run(Pool *pool, const Queue *demands, const Queue *preferred, Id how)
{
	Queue jobs;
	Solver *solver = solver_create(pool);

	queue_init_clone(&jobs, demands);
	for (int i = 0; i < preferred->count; i++)
		queue_push2(&jobs, how | SOLVER_SOLVABLE, preferred->elements[i]);
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	solver_solve(solver, &jobs);
	queue_free(&jobs);
	return solver;
}

Solver *solve_run(const struct solve *solve, const Map *lifted)
{
	Pool *pool = solve->catalog->pool;
	Queue demands, preferred;

	pool->considered = (Map *)&solve->considered;
	pool_createwhatprovides(pool);
	queue_init(&demands);
	queue_init(&preferred);
	queue_demands(solve, lifted, &demands);
	find_preferred(solve, &demands, &preferred);
	Solver *solver = run(pool, &demands, &preferred, SOLVER_INSTALL);
	/* Where apt's way does not fit together it is only a hint. */
	if (solver_problem_count(solver)) {
		solver_free(solver);
		solver = run(pool, &demands, &preferred, SOLVER_FAVOR);
	}
	queue_free(&demands);
	queue_free(&preferred);
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
