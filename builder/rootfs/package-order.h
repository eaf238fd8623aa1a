/* The order in which packages' preinst scripts run. */
#pragma once

#include "unpack.h"

/*
 * Essential packages first, since every script may use them; each package behind those of the same
 * unpack that it Pre-Depends on (Debian Policy 7.2). Otherwise as in the list. ret_order has room
 * for unpack->count.
 */
void package_order(struct unpack *unpack, struct unpacked **ret_order);
