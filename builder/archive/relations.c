#include "archive/relations.h"

#include <string.h>

#include "archive/dependency.h"
#include "base/cleanup.h"

static Id intern(Pool *pool, struct span text)
{
	return pool_strn2id(pool, text.at, text.length, 1);
}

static bool is_native(const struct catalog *catalog, const char *architecture)
{
	return !strcmp(architecture, catalog->architecture);
}

/* The name of an architecture's package. */
static Id name_for(const struct catalog *catalog, struct span name, const char *architecture)
{
	if (is_native(catalog, architecture))
		return intern(catalog->pool, name);
	cleanup_free char *full = xasprintf("%.*s:%s", (int)name.length, name.at, architecture);
	return pool_str2id(catalog->pool, full, 1);
}

/* The n-th architecture of a catalog, the native one first; NULL behind the last. */
static const char *architecture_at(const struct catalog *catalog, size_t index)
{
	if (!index)
		return catalog->architecture;
	return index <= catalog->foreign.count ? catalog->foreign.items[index - 1] : NULL;
}

static void add(const struct relation_owner *owner, Id id, Offset *relations)
{
	if (id)
		*relations = repo_addid_dep(owner->repo, *relations, id, 0);
}

/* Adds libsolv's flags for <, = and >, which are its own. */
static Id versioned(Pool *pool, Id name, const struct dependency *dependency)
{
	int flags = 0;

	if (!dependency->relation)
		return name;
	flags |= dependency->relation & DEPENDENCY_LESS ? REL_LT : 0;
	flags |= dependency->relation & DEPENDENCY_EQUAL ? REL_EQ : 0;
	flags |= dependency->relation & DEPENDENCY_GREATER ? REL_GT : 0;
	return pool_rel2id(pool, name, intern(pool, dependency->version), flags, 1);
}

/* One relation; without an architecture of its own it means a package of the given one. */
static Id relation(const struct catalog *catalog, const struct dependency *dependency,
	const char *architecture)
{
	struct span name = dependency->name, own = dependency->architecture;
	Id id;

	if (!own.length)
		id = name_for(catalog, name, architecture);
	else if (span_equal(own, catalog->architecture) ||
		 (span_equal(own, "any") && !catalog->foreign.count))
		id = intern(catalog->pool, name);
	else
		id = intern(catalog->pool, (struct span){name.at, own.at + own.length - name.at});
	return versioned(catalog->pool, id, dependency);
}

/* a | b | c is (a or (b or c)): the order is what apt prefers by. */
static Id group_id(const struct relation_owner *owner, struct span group)
{
	struct dependency dependency;
	Id id = 0;
	Queue alternatives;

	queue_init(&alternatives);
	while (dependency_next_alternative(&group, &dependency))
		queue_push(
			&alternatives, relation(owner->catalog, &dependency, owner->architecture));
	for (int i = alternatives.count; i-- > 0;) {
		Id first = alternatives.elements[i];
		id = id ? pool_rel2id(owner->catalog->pool, first, id, REL_OR, 1) : first;
	}
	queue_free(&alternatives);
	return id;
}

void relations_require(const struct relation_owner *owner, struct span value, Offset *relations)
{
	struct span group;

	while (dependency_next_group(&value, &group))
		add(owner, group_id(owner, group), relations);
}

/* Whether the package itself has the name, by which it then is not in the way of what it is for
 * another architecture. */
static bool is_own(const struct relation_owner *owner, struct span name)
{
	struct span rest = owner->provides, group;
	struct dependency provided;

	if (name.length == owner->name.length && !memcmp(name.at, owner->name.at, name.length))
		return true;
	while (dependency_next_group(&rest, &group))
		while (dependency_next_alternative(&group, &provided))
			if (provided.name.length == name.length &&
				!memcmp(provided.name.at, name.at, name.length))
				return true;
	return false;
}

void relations_conflict(const struct relation_owner *owner, struct span value, Offset *relations)
{
	const struct catalog *catalog = owner->catalog;
	struct dependency dependency;
	const char *architecture;
	struct span group;

	while (dependency_next_group(&value, &group)) {
		if (!dependency_next_alternative(&group, &dependency))
			continue;
		if (dependency.architecture.length && !span_equal(dependency.architecture, "any")) {
			add(owner, relation(catalog, &dependency, owner->architecture), relations);
			continue;
		}
		dependency.architecture.length = 0;
		for (size_t i = 0; (architecture = architecture_at(catalog, i)); i++)
			if (!strcmp(architecture, owner->architecture) ||
				owner->multi_arch != MULTI_ARCH_SAME ||
				!is_own(owner, dependency.name))
				add(owner, relation(catalog, &dependency, architecture), relations);
	}
}

static void provide(
	const struct relation_owner *owner, const struct dependency *dependency, Offset *relations)
{
	const struct catalog *catalog = owner->catalog;
	const char *architecture;

	for (size_t i = 0; (architecture = architecture_at(catalog, i)); i++)
		if (!strcmp(architecture, owner->architecture) ||
			(owner->multi_arch == MULTI_ARCH_FOREIGN &&
				!dependency->architecture.length))
			add(owner, relation(catalog, dependency, architecture), relations);
}

void relations_provide(const struct relation_owner *owner, struct span value, Offset *relations)
{
	struct dependency dependency;
	struct span group;

	while (dependency_next_group(&value, &group))
		if (dependency_next_alternative(&group, &dependency))
			provide(owner, &dependency, relations);
}

/* What stands beside the name behind a colon, whatever the architecture. */
static Id marked(const struct relation_owner *owner, const char *mark)
{
	cleanup_free char *name =
		xasprintf("%.*s:%s", (int)owner->name.length, owner->name.at, mark);

	return pool_str2id(owner->catalog->pool, name, 1);
}

static void conflict_with_others(const struct relation_owner *owner, Solvable *solvable)
{
	const struct catalog *catalog = owner->catalog;
	const char *architecture;

	for (size_t i = 0; (architecture = architecture_at(catalog, i)); i++) {
		if (!strcmp(architecture, owner->architecture))
			continue;
		Id name = marked(owner, architecture);
		add(owner,
			owner->multi_arch == MULTI_ARCH_SAME
				? pool_rel2id(
					  catalog->pool, name, solvable->evr, REL_LT | REL_GT, 1)
				: name,
			&solvable->conflicts);
	}
}

void relations_identify(const struct relation_owner *owner, Solvable *solvable)
{
	const struct catalog *catalog = owner->catalog;
	const struct dependency itself = {
		.name = owner->name, .relation = DEPENDENCY_EQUAL, .version = owner->version};

	solvable->name = name_for(catalog, owner->name, owner->architecture);
	solvable->evr = intern(catalog->pool, owner->version);
	provide(owner, &itself, &solvable->provides);
	if (!catalog->foreign.count)
		return;
	if (owner->multi_arch == MULTI_ARCH_ALLOWED)
		add(owner, versioned(catalog->pool, marked(owner, "any"), &itself),
			&solvable->provides);
	if (is_native(catalog, owner->architecture))
		add(owner, versioned(catalog->pool, marked(owner, owner->architecture), &itself),
			&solvable->provides);
	else
		conflict_with_others(owner, solvable);
}
