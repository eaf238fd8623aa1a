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
static void find_preferred(
	const struct solve *solve, const Map *lifted, Queue *preferred, Queue *recommended)
{
	struct wishes wishes = {.recommends = solve->recommends};

	queue_init(&wishes.base);
	queue_init(&wishes.packages);
	map_init(&wishes.banned, solve->catalog->pool->nsolvables);
	vector_for_each (root, &solve->roots)
		queue_push(root->word ? &wishes.packages : &wishes.base, root->solvable);
	for (size_t i = 0; i < solve->bans.count; i++)
		if (!lifted || !MAPTST(lifted, i))
			MAPSET(&wishes.banned, solve->bans.items[i].solvable);
	prefer_like_apt(solve->catalog, &wishes, preferred, recommended);
	queue_free(&wishes.base);
	queue_free(&wishes.packages);
	map_free(&wishes.banned);
}

static void queue_jobs(Queue *jobs, Id how, const Queue *solvables)
{
	for (int i = 0; i < solvables->count; i++)
		queue_push2(jobs, how | SOLVER_SOLVABLE, solvables->elements[i]);
}

static Solver *run(const struct solve *solve, Queue *jobs)
{
	Solver *solver = solver_create(solve->catalog->pool);

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	solver_solve(solver, jobs);
	return solver;
}

Solver *solve_run(const struct solve *solve, const Map *lifted)
{
	Pool *pool = solve->catalog->pool;
	Queue jobs, preferred, recommended;

	pool->considered = (Map *)&solve->considered;
	pool_createwhatprovides(pool);
	queue_init(&jobs);
	queue_init(&preferred);
	queue_init(&recommended);
	queue_demands(solve, lifted, &jobs);
	int demands = jobs.count;
	find_preferred(solve, lifted, &preferred, &recommended);
	queue_jobs(&jobs, SOLVER_INSTALL, &preferred);
	queue_jobs(&jobs, SOLVER_INSTALL, &recommended);
	Solver *solver = run(solve, &jobs);
	/* Where apt's way does not fit together it is only a hint. */
	if (solver_problem_count(solver)) {
		solver_free(solver);
		queue_truncate(&jobs, demands);
		queue_jobs(&jobs, SOLVER_FAVOR, &preferred);
		queue_jobs(&jobs, SOLVER_INSTALL | SOLVER_WEAK, &recommended);
		solver = run(solve, &jobs);
	}
	queue_free(&jobs);
	queue_free(&preferred);
	queue_free(&recommended);
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
