#include "archive/prefer.h"

#include <string.h>

/* A root that jeos makes is born with a merged /usr: nothing is left for `usrmerge` to do, whatever
 * `usrmerge | usr-is-merged` prefers. debootstrap decides the same. */
static const char merged_already[] = "usr-is-merged";

struct walk {
	const struct catalog *catalog;
	const struct wishes *wishes;
	Map chosen;
	Map inevitable; /* what the roots need without any choice, chosen yet or not */
	Map blocked;    /* something chosen or inevitable conflicts with it */
	Queue order;    /* the chosen ones */
	Queue path;     /* from the root being visited: solvable, place in its requires, ... */
};

static void block_conflicting(struct walk *walk, Id id)
{
	Pool *pool = walk->catalog->pool;
	const Solvable *solvable = pool_id2solvable(pool, id);
	Id *conflict;

	if (!solvable->conflicts)
		return;
	for (conflict = solvable->repo->idarraydata + solvable->conflicts; *conflict; conflict++)
		provider_for_each (p, pool, *conflict)
			if (p != id)
				MAPSET(&walk->blocked, p);
}

static void choose(struct walk *walk, Id id)
{
	if (MAPTST(&walk->chosen, id))
		return;
	MAPSET(&walk->chosen, id);
	queue_push(&walk->order, id);
	block_conflicting(walk, id);
}

static bool is_possible(const struct walk *walk, Id id)
{
	Pool *pool = walk->catalog->pool;
	const Solvable *solvable = pool_id2solvable(pool, id);
	Id *conflict;

	if (MAPTST(&walk->wishes->banned, id) || MAPTST(&walk->blocked, id))
		return false;
	if (!solvable->conflicts)
		return true;
	for (conflict = solvable->repo->idarraydata + solvable->conflicts; *conflict; conflict++)
		provider_for_each (p, pool, *conflict)
			if (p != id && (MAPTST(&walk->chosen, p) || MAPTST(&walk->inevitable, p)))
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

/* Whether a solvable has the name, for whatever architecture. */
static bool is_named(const struct catalog *catalog, Id solvable, Id name)
{
	Id own = pool_id2solvable(catalog->pool, solvable)->name;

	if (own == name || !catalog->foreign.count)
		return own == name;
	const char *one = pool_id2str(catalog->pool, own);
	const char *other = pool_id2str(catalog->pool, name);
	size_t length = strcspn(one, ":");
	return length == strcspn(other, ":") && !memcmp(one, other, length);
}

static bool is_foreign(const struct catalog *catalog, Id solvable)
{
	return strchr(catalog_name(catalog, solvable), ':');
}

/* Whether apt would rather have `a` than `b` for a dependency on `name`. */
static bool is_better(const struct walk *walk, Id a, Id b, Id name)
{
	const struct catalog *catalog = walk->catalog;
	const struct catalog_entry *entry_a = &catalog->entries.items[a];
	const struct catalog_entry *entry_b = &catalog->entries.items[b];
	Pool *pool = catalog->pool;
	bool named_a = is_named(catalog, a, name), named_b = is_named(catalog, b, name);

	if (named_a != named_b)
		return named_a;
	if (entry_a->essential != entry_b->essential)
		return entry_a->essential;
	if (is_foreign(catalog, a) != is_foreign(catalog, b))
		return is_foreign(catalog, b);
	if (entry_a->priority != entry_b->priority)
		return entry_a->priority < entry_b->priority;
	/* Unable to decide, apt takes the name that it came across last. */
	return pool_id2solvable(pool, a)->name > pool_id2solvable(pool, b)->name;
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
	Id best = 0, alternative;

	provider_for_each (p, pool, dependency)
		if (!strcmp(catalog_name(walk->catalog, p), merged_already) && is_possible(walk, p))
			return p;
	while (!best && (alternative = next_alternative(pool, &dependency)))
		provider_for_each (p, pool, alternative)
			if (is_possible(walk, p) &&
				(!best || is_better(walk, p, best, name_of(pool, alternative))))
				best = p;
	return best;
}

static bool is_satisfied(const struct walk *walk, Id dependency)
{
	Pool *pool = walk->catalog->pool;

	provider_for_each (p, pool, dependency)
		if (MAPTST(&walk->chosen, p))
			return true;
	return false;
}

/* The only package that can satisfy it; 0 when there are several or none. */
static Id only_choice(const struct walk *walk, Id dependency)
{
	Pool *pool = walk->catalog->pool;
	Id only = 0;

	provider_for_each (p, pool, dependency) {
		if (MAPTST(&walk->wishes->banned, p))
			continue;
		if (only)
			return 0;
		only = p;
	}
	return only;
}

/* Known beforehand, so that no choice falls on what conflicts with it. */
static void find_inevitable(struct walk *walk)
{
	Queue found;

	queue_init_clone(&found, &walk->wishes->base);
	queue_insertn(
		&found, found.count, walk->wishes->packages.count, walk->wishes->packages.elements);
	for (int i = 0; i < found.count; i++) {
		Id id = found.elements[i];
		const Solvable *solvable = pool_id2solvable(walk->catalog->pool, id);
		if (MAPTST(&walk->inevitable, id))
			continue;
		MAPSET(&walk->inevitable, id);
		block_conflicting(walk, id);
		Id *at = solvable->repo->idarraydata + solvable->requires;
		while (solvable->requires && *at) {
			Id only = only_choice(walk, *at++);
			if (only)
				queue_push(&found, only);
		}
	}
	queue_free(&found);
}

/* Takes the next dependency off the package at the end of the path; 0 behind the last. */
static Id next_dependency(struct walk *walk)
{
	Id *place = &walk->path.elements[walk->path.count - 1];
	const Solvable *solvable = pool_id2solvable(walk->catalog->pool, place[-1]);

	if (!solvable->requires)
		return 0;
	return solvable->repo->idarraydata[solvable->requires + (*place)++];
}

/* Depth first, in the order in which dependencies are written; what is chosen is never given up.
 * False when something is missing, which is then for libsolv to explain. */
static bool visit(struct walk *walk, Id root)
{
	bool complete = true;

	queue_push2(&walk->path, root, 0);
	while (walk->path.count) {
		Id dependency = next_dependency(walk);
		if (!dependency)
			queue_truncate(&walk->path, walk->path.count - 2);
		if (!dependency || is_satisfied(walk, dependency))
			continue;
		Id best = best_choice(walk, dependency);
		complete = complete && best;
		if (best) {
			choose(walk, best);
			queue_push2(&walk->path, best, 0);
		}
	}
	return complete;
}

static void visit_all(struct walk *walk, const Queue *roots)
{
	for (int i = 0; i < roots->count; i++)
		choose(walk, roots->elements[i]);
	for (int i = 0; i < roots->count; i++)
		visit(walk, roots->elements[i]);
}

/* Back to what was chosen before. */
static void give_up(struct walk *walk, int count, const Map *blocked)
{
	for (int i = count; i < walk->order.count; i++)
		MAPCLR(&walk->chosen, walk->order.elements[i]);
	queue_truncate(&walk->order, count);
	memcpy(walk->blocked.map, blocked->map, blocked->size);
}

/* Adds what is recommended, with what that needs, from the first alternative that can be had. */
static void recommend(struct walk *walk, Id recommendation)
{
	Id alternative;

	if (is_satisfied(walk, recommendation))
		return;
	while ((alternative = next_alternative(walk->catalog->pool, &recommendation))) {
		Id best = best_choice(walk, alternative);
		int count = walk->order.count;
		Map blocked;
		if (!best)
			continue;
		map_init_clone(&blocked, &walk->blocked);
		choose(walk, best);
		bool complete = visit(walk, best);
		if (!complete)
			give_up(walk, count, &blocked);
		map_free(&blocked);
		if (complete)
			return;
	}
}

/* The recommendations of all that was chosen from `first` on, and of what they bring. */
static void add_recommended(struct walk *walk, int first)
{
	for (int i = first; i < walk->order.count; i++) {
		const Solvable *solvable =
			pool_id2solvable(walk->catalog->pool, walk->order.elements[i]);
		Offset at = solvable->recommends;
		while (at && solvable->repo->idarraydata[at])
			recommend(walk, solvable->repo->idarraydata[at++]);
	}
}

void prefer_like_apt(const struct catalog *catalog, const struct wishes *wishes, Queue *preferred,
	Queue *recommended)
{
	struct walk walk = {.catalog = catalog, .wishes = wishes};

	map_init(&walk.chosen, catalog->pool->nsolvables);
	map_init(&walk.inevitable, catalog->pool->nsolvables);
	map_init(&walk.blocked, catalog->pool->nsolvables);
	queue_init(&walk.order);
	queue_init(&walk.path);
	find_inevitable(&walk);
	visit_all(&walk, &wishes->base);
	int base = walk.order.count;
	visit_all(&walk, &wishes->packages);
	int needed = walk.order.count;
	if (wishes->recommends)
		add_recommended(&walk, base);
	queue_insertn(preferred, preferred->count, needed, walk.order.elements);
	/* Where nothing was chosen there is nothing to point into. */
	if (walk.order.count > needed)
		queue_insertn(recommended, recommended->count, walk.order.count - needed,
			walk.order.elements + needed);
	queue_free(&walk.order);
	queue_free(&walk.path);
	map_free(&walk.chosen);
	map_free(&walk.inevitable);
	map_free(&walk.blocked);
}
