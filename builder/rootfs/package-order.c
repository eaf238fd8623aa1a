#include "package-order.h"

#include <string.h>

#include "archive/dependency.h"
#include "base/cleanup.h"

static void need(const struct unpack *unpack, struct unpacked *package, const char *field,
	struct package_set *needs);

bool package_set_holds(const struct package_set *set, const struct unpacked *package)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i] == package)
			return true;
	return false;
}

static bool provides(const struct unpacked *package, const char *name)
{
	struct span rest = span_of(package->provides ? package->provides : ""), group;
	struct dependency provided;

	if (!strcmp(package->package->name, name))
		return true;
	while (dependency_next_group(&rest, &group))
		if (dependency_next_alternative(&group, &provided) &&
			span_equal(provided.name, name))
			return true;
	return false;
}

static void need_name(const struct unpack *unpack, const char *name, struct package_set *needs)
{
	for (size_t i = 0; i < unpack->count; i++) {
		struct unpacked *package = &unpack->packages[i];
		if (!provides(package, name) || package_set_holds(needs, package))
			continue;
		vector_push(needs, package);
		need(unpack, package, "Pre-Depends", needs);
		if (!unpack_is_first(unpack))
			need(unpack, package, "Depends", needs);
	}
}

static void need(const struct unpack *unpack, struct unpacked *package, const char *field,
	struct package_set *needs)
{
	const char *value = control_get(span_of(package->control), field, &package->arena);
	struct span rest = span_of(value ? value : ""), group;
	struct dependency dependency;

	while (dependency_next_group(&rest, &group))
		while (dependency_next_alternative(&group, &dependency)) {
			cleanup_free char *name = span_copy(dependency.name);
			need_name(unpack, name, needs);
		}
}

void package_needs(
	const struct unpack *unpack, struct unpacked *package, struct package_set *ret_needs)
{
	struct package_set needs = {0};

	need(unpack, package, "Pre-Depends", &needs);
	*ret_needs = needs;
}

struct ordering {
	const struct unpack *unpack;
	bool *seen; /* by index; owned */
	struct unpacked **order;
	size_t count;
};

/* A package that is on the stack already is part of a loop: it stays where it is. */
static void visit(struct ordering *ordering, struct unpacked *package)
{
	size_t index = package - ordering->unpack->packages;
	struct package_set needs;

	if (ordering->seen[index])
		return;
	ordering->seen[index] = true;
	package_needs(ordering->unpack, package, &needs);
	for (size_t i = 0; i < needs.count; i++)
		visit(ordering, needs.items[i]);
	vector_release(&needs);
	ordering->order[ordering->count++] = package;
}

void package_order(const struct unpack *unpack, struct unpacked **ret_order)
{
	cleanup_free bool *seen = xcalloc(unpack->count, sizeof(*seen));
	struct ordering ordering = {.unpack = unpack, .seen = seen, .order = ret_order};

	for (size_t i = 0; i < unpack->count; i++)
		if (unpack->packages[i].package->essential)
			visit(&ordering, &unpack->packages[i]);
	for (size_t i = 0; i < unpack->count; i++)
		visit(&ordering, &unpack->packages[i]);
}
