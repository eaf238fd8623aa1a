#include "archive/explain.h"
#include "base/cleanup.h"
#include "base/text.h"

/* A breadth-first walk over the dependencies of what would be installed. */
struct walk {
	const struct catalog *catalog;
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
	Pool *pool = walk->catalog->pool;
	const Solvable *from = pool_id2solvable(pool, solvable);

	if (!from->requires)
		return;
	for (Id *at = from->repo->idarraydata + from->requires; *at; at++)
		provider_for_each (p, pool, *at)
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
	buffer_text(text, catalog_name(walk->catalog, solvable));
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

static void tell_chain(const struct walk *walk, const struct ban *ban, struct error *err)
{
	cleanup_buffer struct buffer chain = {0};

	if (walk->parents[ban->solvable] == ban->solvable)
		buffer_text(&chain, "every system has it");
	else
		print_chain(walk, ban->solvable, &chain);
	error_at(err, ban->word->at, "%s is forbidden by `without`, but needed: %s",
		ban->word->text, chain.data);
}

bool explain_ban(const struct solve *solve, Solver *solver, const Map *culprits, struct error *err)
{
	struct walk walk = {.catalog = solve->catalog};
	const struct ban *found = NULL;

	map_init(&walk.installed, solver->pool->nsolvables);
	walk.parents = xcalloc(solver->pool->nsolvables, sizeof(*walk.parents));
	queue_init(&walk.reached);
	note_installed(solver, &walk.installed);
	walk_all(solve, &walk);
	for (size_t i = 0; i < solve->bans.count && !found; i++)
		if (MAPTST(culprits, i) && walk.parents[solve->bans.items[i].solvable])
			found = &solve->bans.items[i];
	if (found)
		tell_chain(&walk, found, err);
	queue_free(&walk.reached);
	map_free(&walk.installed);
	free(walk.parents);
	return found;
}
