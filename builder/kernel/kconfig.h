/*
 * Kconfig files as far as they say why a symbol is off: prompts, dependencies, choices and
 * selections (Linux, Documentation/kbuild/kconfig-language.rst). Types, defaults and ranges are
 * passed over: Kconfig itself has made the .config that this explains.
 */
#pragma once

#include "base/cleanup.h"
#include "base/text.h"

/* A condition and those around it: `depends on`, `if`, `visible if`. */
struct kconfig_condition {
	const char *expression;
	const struct kconfig_condition *outer; /* all must hold; NULL: no more */
};

/* One definition of a symbol; there may be several. */
struct kconfig_entry {
	const char *symbol;
	const char *prompt; /* NULL: nobody can ask for it */
	const struct kconfig_condition *conditions;
	unsigned choice; /* entries with the same number exclude each other; 0: none */
};

/* `by` switches `symbol` on. */
struct kconfig_select {
	const char *symbol, *by;
};

struct kconfig {
	struct arena arena;
	vector(struct kconfig_entry) entries;
	vector(struct kconfig_select) selects;
};

/* Reads the Kconfig file of a kernel's source and all that it sources for this ARCH=. What is
 * malformed is passed over; a missing top file is an error. */
int kconfig_read(
	int source, const char *kernel_arch, struct kconfig *ret_kconfig, struct error *err);
/* The same of one text that sources nothing. */
void kconfig_parse(const struct buffer *text, struct kconfig *ret_kconfig);
void kconfig_release(struct kconfig *kconfig);
#define cleanup_kconfig cleanup(kconfig_release)

/* The definition of a symbol, if there are several the first that has a prompt; NULL: none. */
const struct kconfig_entry *kconfig_find(const struct kconfig *kconfig, const char *symbol);
/* The name that is nearest to a symbol's; NULL: none is near. */
const char *kconfig_nearest(const struct kconfig *kconfig, const char *symbol);
