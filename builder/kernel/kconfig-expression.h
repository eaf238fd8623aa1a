/*
 * Expressions of Kconfig files: symbols, "texts", !, &&, ||, =, !=, <, <=, >, >= and parentheses
 * (Linux, Documentation/kbuild/kconfig-language.rst). What only Kconfig can know, $(...), is taken
 * to hold.
 */
#pragma once

#include "base/text.h"
#include "config.h"

/* Ordered: what is less than wanted stands in the way. */
enum tristate { TRISTATE_NO, TRISTATE_MODULE, TRISTATE_YES };

enum tristate tristate_of(const char *value);
/* Malformed expressions are TRISTATE_NO. */
enum tristate kconfig_evaluate(const char *expression, const struct kernel_config *config);

/* Appends those parts of an expression, joined by " and ", that are less than `wanted`, each with
 * the values of its symbols: "FUSE_FS (n) and X86 || ARM64 (X86=n, ARM64=n)". */
void kconfig_explain(const char *expression, const struct kernel_config *config,
	enum tristate wanted, struct buffer *out);
