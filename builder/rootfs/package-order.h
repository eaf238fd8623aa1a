/* The order in which packages' preinst scripts run, and what must be configured before them. */
#pragma once

#include "unpack.h"

struct package_set {
	struct unpacked **items; /* the vector's is owned, the packages borrowed */
	size_t count, capacity;
};

bool package_set_holds(const struct package_set *set, const struct unpacked *package);

/*
 * What a package Pre-Depends on, with all that this depends on, of the same unpack: dpkg configures
 * it before the package's preinst (Debian Policy 7.2). Of a root's first packages none could be
 * configured before another: of those it is what must be unpacked. The set is the caller's
 * (vector_release).
 */
void package_needs(
	const struct unpack *unpack, struct unpacked *package, struct package_set *ret_needs);

/*
 * Essential packages first, since every script may use them; each package behind what it needs.
 * Otherwise as in the list. ret_order has room for unpack->count.
 */
void package_order(const struct unpack *unpack, struct unpacked **ret_order);
