/*
 * Dependency fields as libsolv's relations. libsolv knows names and no architectures, so that a
 * catalog of several tells them apart by name (deb-control(5), "Multi-Arch"):
 *
 *     NAME         a package of the native architecture, or of `all`
 *     NAME:i386    of a foreign one
 *     NAME:any     provided by those that are `Multi-Arch: allowed`
 *     NAME:amd64   provided by the native ones: what foreign ones of the same name conflict with
 *
 * What a package depends on is of its own architecture, or is `Multi-Arch: foreign`: that provides
 * its names for all of them. What it conflicts with is of any. Packages of one name can be together
 * if they are `Multi-Arch: same`, and of one version.
 */
#pragma once

#include "archive/catalog.h"

enum multi_arch { MULTI_ARCH_NO, MULTI_ARCH_SAME, MULTI_ARCH_FOREIGN, MULTI_ARCH_ALLOWED };

/* The package whose fields are read. */
struct relation_owner {
	const struct catalog *catalog;
	Repo *repo;
	const char *architecture; /* of the catalog's; that of `all` is the native one */
	enum multi_arch multi_arch;
	struct span name, version, provides;
};

/* Gives the solvable its name, what it thereby provides and conflicts with. */
void relations_identify(const struct relation_owner *owner, Solvable *solvable);
/* Add a field's value to a solvable's relations. */
void relations_require(const struct relation_owner *owner, struct span value, Offset *relations);
void relations_conflict(const struct relation_owner *owner, struct span value, Offset *relations);
void relations_provide(const struct relation_owner *owner, struct span value, Offset *relations);
