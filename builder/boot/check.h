/*
 * Checks: assertions on a running guest. A kind of check is one function and one row of a table in
 * check.c.
 *
 * A function returns 0 when the guest passes. Otherwise the error says why not: STATUS_CHECK means
 * that it failed, STATUS_MISSING that it cannot be made on this guest. Any other status ends the
 * test.
 */
#pragma once

#include "subject.h"

struct check_driver {
	const char *name; /* "run" */
	/* `check` is NULL for those that no recipe asks for. */
	int (*make)(struct subject *subject, const struct recipe_check *check, struct error *err);
};

extern const struct check_driver check_drivers[]; /* by enum check_kind */
extern const struct check_driver always_checks[]; /* what every guest must pass, in order */
extern const size_t always_check_count;

/* "run: systemctl is-system-running"; owned by the caller. */
char *check_name(const struct recipe_check *check);

int check_command(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_console(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_port(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_absent(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_present(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_memory_used(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_root_grows(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_survives(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_balloon(struct subject *subject, const struct recipe_check *check, struct error *err);
int check_no_failed_units(
	struct subject *subject, const struct recipe_check *check, struct error *err);
int check_no_kernel_fault(
	struct subject *subject, const struct recipe_check *check, struct error *err);
int check_power_off(struct subject *subject, const struct recipe_check *check, struct error *err);

/* Tries again until the guest passes or the check's time is over. */
int check_retry(struct subject *subject, const struct recipe_check *check,
	int (*attempt)(struct subject *subject, const struct recipe_check *check, uint64_t deadline,
		struct error *err),
	struct error *err);
