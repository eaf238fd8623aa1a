/*
 * Who an unprivileged user may be inside a user namespace: id 0 is the user, ids 1..N are the
 * user's subordinate ids, as /etc/subuid and /etc/subgid grant them (subuid(5)). Root keeps its
 * ids as they are.
 */
#pragma once

#include "base/memory.h"
#include "base/text.h"

/* Ids [start, start + count). */
struct id_range {
	unsigned long start, count;
};

struct id_ranges {
	struct id_range *items;
	size_t count, capacity;
};

/* The ranges that the text of a subuid file (NAME:START:COUNT lines) grants to a user, who is named
 * there by name (may be NULL) or by number. */
void id_ranges_parse(const char *text, const char *name, unsigned uid, struct id_ranges *ret);

/* What the caller was granted. */
struct identity {
	struct id_ranges users, groups;
};

/* STATUS_MISSING when less was granted than a Debian root needs, with the command that grants it.
 */
int identity_load(struct identity *ret_identity, struct error *err);
void identity_release(struct identity *identity);
#define cleanup_identity cleanup(identity_release)

/* Writes the id maps of a process that has just made its user namespace. */
int identity_map(const struct identity *identity, pid_t pid, struct error *err);
