/*
 * Kernel configurations: fragments of kernel-configs/ merged into what a recipe asks for, what
 * Kconfig made of it, and whether that holds.
 *
 * The format is Kconfig's own (Linux, Documentation/kbuild/kconfig.rst and .config files):
 * CONFIG_NAME=VALUE, "# CONFIG_NAME is not set", comments. A line of a fragment may end in
 * "# since VERSION" or "# before VERSION", "# on ARCHITECTURE..." or "# not on ARCHITECTURE...",
 * for a symbol that not every kernel has. Of a fragment NAME the files NAME.config,
 * NAME-KERNELARCH.config and NAME-ARCHITECTURE.config are read, those that exist: base.config,
 * base-x86.config, base-amd64.config.
 */
#pragma once

#include <stdbool.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "platform.h"
#include "recipe/recipe.h"

/* What a configuration is for. */
struct kernel_target {
	const char *version;      /* "6.1" */
	const char *kernel_arch;  /* ARCH= of its build: "x86", "um" */
	const char *architecture; /* Debian's name: "amd64"; NULL where it does not matter (um) */
	/* A whole .config is asked for, not fragments: what in it only notes what Kconfig found
	 * out, such as the compiler's version, may differ. */
	bool complete;
};

/* Value of a symbol: "y", "m", "n", a number, or a text in quotes as it stands in the file. */
struct config_line {
	const char *symbol; /* without CONFIG_ */
	const char *value;
	struct position at;
};

/* Zero-initialized is empty. */
struct kernel_config {
	struct arena arena;               /* owns the strings */
	vector(struct config_line) lines; /* by symbol, each once */
};
void kernel_config_release(struct kernel_config *config);
#define cleanup_config cleanup(kernel_config_release)

struct kernel_fragment {
	const char *name, *summary; /* the summary is the first line of its file */
};
struct kernel_fragments {
	struct kernel_fragment *items;
	size_t count, capacity;
};
/* The fragments that a recipe at that path could name, by name; the list is the caller's
 * (vector_release), its strings are the arena's. */
void kernel_config_list(
	const char *recipe_path, struct arena *arena, struct kernel_fragments *ret_fragments);

/* The fragments of `config: guest` besides those of the platforms; NULL-terminated. */
extern const char *const kernel_config_guest[];
/* The kernels that the fragments are for, oldest first; NULL-terminated. */
extern const char *const kernel_config_versions[];

/*
 * Merges fragments. Where a word stands decides where its file is looked for, like any helper of a
 * recipe (recipe_find()). A fragment named twice is read once. STATUS_RECIPE for an unknown
 * fragment, a malformed line, two lines that contradict each other (both are named) and a symbol
 * that no guest may have.
 */
int kernel_config_merge(const struct word_list *fragments, const struct kernel_target *target,
	struct kernel_config *ret_config, struct error *err);
/* Reads one whole file: a recipe's own configuration, or a .config. */
int kernel_config_read(
	int directory, const char *path, struct kernel_config *ret_config, struct error *err);
/* The same of a text; `file` names it in errors. */
int kernel_config_parse(const char *file, const struct buffer *text,
	struct kernel_config *ret_config, struct error *err);

/* "n" for a symbol that does not occur. */
const char *kernel_config_value(const struct kernel_config *config, const char *symbol);
/* Sorted lines, the same for the same configuration: what `make allnoconfig` takes as
 * KCONFIG_ALLCONFIG, and what the cache goes by. Owned by the caller. */
char *kernel_config_text(const struct kernel_config *config);

/*
 * Whether every line of `asked` stands in `final`, the .config that Kconfig made of it, and nothing
 * in there that no guest may have. What is missing is STATUS_RECIPE: for each symbol its prompt and
 * what keeps it off, read from the Kconfig files of `source`, the open top directory of the
 * kernel's source.
 */
int kernel_config_verify(const struct kernel_config *asked, const struct kernel_config *final,
	const struct kernel_target *target, int source, struct error *err);

/* Whether nothing is on that no guest may have; STATUS_RECIPE names each, and where it stands. */
int kernel_config_check_allowed(const struct kernel_config *config, struct error *err);

/*
 * Whether a kernel has what the platforms (NULL-terminated) cannot do without: built in, or else,
 * where an initramfs loads them, as modules. STATUS_RECIPE names what it lacks. `kernel` names it
 * in the message: "the cloud kernel".
 */
int kernel_config_check_platforms(const struct kernel_config *config, const char *kernel,
	const struct platform *const *wanted, const struct architecture *architecture, bool modules,
	struct error *err);
