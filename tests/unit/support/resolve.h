/* Resolving: a small archive, put as stanzas, and one request to it. */
#pragma once

#include <stdbool.h>

/* An archive of a base suite and its security suite, and one request to it. */
struct question {
	const char *const *base, *const *security, *const *foreign; /* stanzas; NULL: none */
	const char *packages, *without;
	const char *base_system; /* NULL: none */
	bool recommends;
};

#define STANZAS(...)              \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

/* "name=version ..." of what is installed, sorted. */
void assert_resolves(const struct question *question, const char *expected);
/* The message of a request that cannot be satisfied; the packages stand in line 10 of r.yaml, what
 * it goes without in line 21. */
void assert_refused(const struct question *question, const char *expected);
