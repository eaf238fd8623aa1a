#include "archive/prefer.h"

#include <string.h>

/* A root that jeos makes is born with a merged /usr: nothing is left for `usrmerge` to do, whatever
 * `usrmerge | usr-is-merged` prefers. debootstrap decides the same. */
static const char merged_already[] = "usr-is-merged";

struct walk {
	const struct catalog *catalog;
	const Map *banned;
	Map chosen, blocked; /* blocked: something chosen conflicts with it */
	Queue *order;        /* the chosen ones */
	Queue open;          /* dependencies that leave a choice */
};

static void choose(struct walk *walk, Id id)
{
	Pool *pool = walk->catalog->pool;
	const Solvable *solvable = pool_id2solvable(pool, id);
	Id *conflict, p, pp;

	if (MAPTST(&walk->chosen, id))
		return;
	MAPSET(&walk->chosen, id);
	queue_push(walk->order, id);
	if (!solvable->conflicts)
		return;
	for (conflict = solvable->repo->idarraydata + solvable->conflicts; *conflict; conflict++)
		FOR_PROVIDES(p, pp, *conflict)
	if (p != id)
		MAPSET(&walk->blocked, p);
}

static bool is_possible(const struct walk *walk, Id id)
{
	Pool *pool = walk->catalog->pool;
	const Solvable *solvable = pool_id2solvable(pool, id);
	Id *conflict, p, pp;

	if (MAPTST(walk->banned, id) || MAPTST(&walk->blocked, id))
		return false;
	if (!solvable->conflicts)
		return true;
	for (conflict = solvable->repo->idarraydata + solvable->conflicts; *conflict; conflict++)
		FOR_PROVIDES(p, pp, *conflict)
	if (p != id && MAPTST(&walk->chosen, p))
		return false;
	return true;
}

/* The name of `name`, `name (>= 1)`. */
static Id name_of(const Pool *pool, Id dependency)
{
	while (ISRELDEP(dependency))
		dependency = GETRELDEP(pool, dependency)->name;
	return dependency;
}

/* Whether apt would rather have `a` than `b` for a dependency on `name`. */
static bool is_better(const struct walk *walk, Id a, Id b, Id name)
{
	const struct catalog_entry *entry_a = &walk->catalog->entries.items[a];
	const struct catalog_entry *entry_b = &walk->catalog->entries.items[b];
	Pool *pool = walk->catalog->pool;
	bool named_a = pool_id2solvable(pool, a)->name == name;
	bool named_b = pool_id2solvable(pool, b)->name == name;

	if (named_a != named_b)
		return named_a;
	if (entry_a->essential != entry_b->essential)
		return entry_a->essential;
	if (entry_a->priority != entry_b->priority)
		return entry_a->priority < entry_b->priority;
	return a < b;
}

/* Takes the next alternative off `a | b | c`; 0 behind the last. */
static Id next_alternative(const Pool *pool, Id *rest)
{
	Id dependency = *rest;

	if (ISRELDEP(dependency) && GETRELDEP(pool, dependency)->flags == REL_OR) {
		*rest = GETRELDEP(pool, dependency)->evr;
		return GETRELDEP(pool, dependency)->name;
	}
	*rest = 0;
	return dependency;
}

/* The best of the first alternative that has any; 0: none. */
static Id best_choice(const struct walk *walk, Id dependency)
{
	Pool *pool = walk->catalog->pool;
	Id best = 0, alternative, p, pp;

	FOR_PROVIDES(p, pp, dependency)
	if (!strcmp(pool_id2str(pool, pool_id2solvable(pool, p)->name), merged_already))
		return p;
	while (!best && (alternative = next_alternative(pool, &dependency)))
		FOR_PROVIDES(p, pp, alternative)
	if (is_possible(walk, p) && (!best || is_better(walk, p, best, name_of(pool, alternative))))
		best = p;
	return best;
}

static bool is_satisfied(const struct walk *walk, Id dependency)
{
	Pool *pool = walk->catalog->pool;
	Id p, pp;

	FOR_PROVIDES(p, pp, dependency)
	if (MAPTST(&walk->chosen, p))
		return true;
	return false;
}

/* The only package that can satisfy it; 0 when there are several or none. */
static Id only_choice(const struct walk *walk, Id dependency)
{
	Pool *pool = walk->catalog->pool;
	Id only = 0, p, pp;

	FOR_PROVIDES(p, pp, dependency)
	{
		if (MAPTST(walk->banned, p))
			continue;
		if (only)
			return 0;
		only = p;
	}
	return only;
}

static void visit(struct walk *walk, Id id)
{
	const Solvable *solvable = pool_id2solvable(walk->catalog->pool, id);

	if (!solvable->requires)
		return;
	for (Id *at = solvable->repo->idarraydata + solvable->requires; *at; at++) {
		Id only = only_choice(walk, *at);
		if (only)
			choose(walk, only);
		else
			queue_push(&walk->open, *at);
	}
}

void prefer_like_apt(
	const struct catalog *catalog, const Queue *roots, const Map *banned, Queue *preferred)
{
	struct walk walk = {.catalog = catalog, .banned = banned, .order = preferred};
	int visited = preferred->count, decided = 0;

	map_init(&walk.chosen, catalog->pool->nsolvables);
	map_init(&walk.blocked, catalog->pool->nsolvables);
	queue_init(&walk.open);
	for (int i = 0; i < roots->count; i++)
		choose(&walk, roots->elements[i]);
	/* What leaves no choice first: it may settle what does. */
	for (;;) {
		if (visited < preferred->count) {
			visit(&walk, preferred->elements[visited++]);
		} else if (decided < walk.open.count) {
			Id dependency = walk.open.elements[decided++];
			Id best = is_satisfied(&walk, dependency) ? 0
								  : best_choice(&walk, dependency);
			if (best)
				choose(&walk, best);
		} else {
			break;
		}
	}
	queue_free(&walk.open);
	map_free(&walk.chosen);
	map_free(&walk.blocked);
}
