/* A request's words (`name`, `name=version`, `name/suite`, `name:architecture`, virtual names) as
 * the packages they mean. */
#pragma once

#include "archive/solve.h"

/*
 * Fills in the roots, the bans and which versions count. A word that means no package is
 * STATUS_RECIPE at its position, with the nearest name.
 */
int request_read(const struct package_request *request, const struct catalog *catalog,
	struct solve *ret_solve, struct error *err);
