/*
 * Dependency fields (Depends, Conflicts, Provides, ...): groups separated by commas, each with
 * alternatives separated by '|': `name[:architecture] [(operator version)]`. Source: Debian Policy
 * 7.1, 7.5.
 */
#pragma once

#include "archive/control.h"

enum dependency_operator { /* bits, so that >= is GREATER | EQUAL */
	DEPENDENCY_LESS = 1,
	DEPENDENCY_EQUAL = 2,
	DEPENDENCY_GREATER = 4,
};

/* One alternative of a group, or one relation of another field. */
struct dependency {
	struct span name;
	struct span architecture; /* behind the colon; empty: none */
	unsigned relation;        /* DEPENDENCY_*; 0: any version will do */
	struct span version;
};

/* Takes the next group off a field's value. */
bool dependency_next_group(struct span *rest, struct span *ret_group);
/* Takes the next alternative off a group. What is malformed becomes, whole, a name that no package
 * has. */
bool dependency_next_alternative(struct span *group, struct dependency *ret_dependency);
