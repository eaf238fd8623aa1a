#include "package-order.h"

#include <string.h>

#include "archive/dependency.h"
#include "base/cleanup.h"

struct ordering {
	struct unpack *unpack;
	bool *seen; /* by index; owned */
	struct unpacked **order;
	size_t count;
};

static void visit(struct ordering *ordering, size_t index);

static void visit_name(struct ordering *ordering, struct span name)
{
	const struct unpack *unpack = ordering->unpack;

	for (size_t i = 0; i < unpack->count; i++)
		if (span_equal(name, unpack->packages[i].package->name))
			visit(ordering, i);
}

/* A package that is on the stack already is part of a loop: it stays where it is. */
static void visit(struct ordering *ordering, size_t index)
{
	struct unpacked *package = &ordering->unpack->packages[index];

	if (ordering->seen[index])
		return;
	ordering->seen[index] = true;
	const char *needs = control_get(span_of(package->control), "Pre-Depends", &package->arena);
	struct span rest = span_of(needs ? needs : ""), group;
	struct dependency dependency;
	while (dependency_next_group(&rest, &group))
		while (dependency_next_alternative(&group, &dependency))
			visit_name(ordering, dependency.name);
	ordering->order[ordering->count++] = package;
}

void package_order(struct unpack *unpack, struct unpacked **ret_order)
{
	cleanup_free bool *seen = xcalloc(unpack->count, sizeof(*seen));
	struct ordering ordering = {.unpack = unpack, .seen = seen, .order = ret_order};

	for (size_t i = 0; i < unpack->count; i++)
		if (unpack->packages[i].package->essential)
			visit(&ordering, i);
	for (size_t i = 0; i < unpack->count; i++)
		visit(&ordering, i);
}
