/* A kernel that was built, as a package: KERNEL_PACKAGE_NAME. */
#pragma once

#include "kernel/build.h"

/* What make left behind. */
struct kernel_made {
	const struct kernel_build *build;
	int directory;       /* open: where it was built */
	int root;            /* open: the root that was in */
	const char *modules; /* path below `root` of lib/modules, if there is one */
	uint64_t date;       /* seconds: of everything in the package */
};

int kernel_package_write(const struct kernel_made *made, const char *path, struct error *err);
