/*
 * Building a guest's kernel: from the distribution's source and a configuration to a package in the
 * store, STORE/kernels/KEY.deb. The key is the hash of all that goes in, and the bytes that come
 * out are the same wherever and whenever it is built: the compiler is the archive's, not the
 * host's; paths, times and names in it are fixed.
 */
#pragma once

#include "archive/archive.h"
#include "architecture.h"
#include "base/hash.h"
#include "kernel/config.h"
#include "sandbox/sandbox.h"

/* The package that comes out. */
#define KERNEL_PACKAGE_NAME "linux-image-jeos"
/* The field of its control file that has the key. */
#define KERNEL_KEY_FIELD "Jeos-Kernel"

/* How a kernel is built. */
struct kernel_build {
	const struct architecture *architecture; /* the guest's */
	const struct package *source;            /* linux-source-VERSION */
	const struct package_list *tools;        /* what the root holds in which it is built */
	struct kernel_target target;
	const char *image; /* what make leaves to be booted: "arch/x86/boot/bzImage" */
	/* What is asked for, line by line; where the target is complete other symbols get their
	 * defaults, else they are off. */
	struct kernel_config asked; /* owned */
	const char *config;         /* the same as a text */
	const char *patches;        /* changes of the source, as one patch; "": none */
	char config_hash[HASH_TEXT];
	char key[HASH_TEXT];
	const char *version; /* of the package that comes out: "6.1.192-2+jeos.0123456789ab" */
};
void kernel_build_release(struct kernel_build *build);

/* Fills in what follows from the rest; strings in the arena. */
void kernel_build_name(struct kernel_build *build, struct arena *arena);

/* "6.1" of linux-source-6.1: the version that fragments are told; in the arena. */
const char *kernel_build_series(const struct package *source, struct arena *arena);

struct kernel_build_options {
	const struct store *store;
	enum sandbox_mode mode;
	const char *log; /* the file for all that make says; it stays when the build fails */
};

/*
 * Builds it, unless the store has it or another build, which is waited for, puts it there. The
 * source and the tools must be in the store. A symbol that Kconfig does not grant is STATUS_RECIPE;
 * a failing compiler is STATUS_FAILED with its last lines and the name of the log.
 */
int kernel_build_run(const struct kernel_build *build, const struct kernel_build_options *options,
	bool *ret_built, struct error *err);
/* The same without compiling: writes the .config that it would be built with to `file`. */
int kernel_build_configure(const struct kernel_build *build,
	const struct kernel_build_options *options, const char *file, struct error *err);
