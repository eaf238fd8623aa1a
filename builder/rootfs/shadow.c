#include "shadow.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

struct entry {
	const char *account, *hash, *day, *rest; /* rest begins with its colon, or is empty */
};

/* Cuts a line up in place; false when it is none of an account. */
static bool entry_read(char *line, struct entry *ret_entry)
{
	struct entry entry = {.account = strsep(&line, ":")};

	entry.hash = strsep(&line, ":");
	entry.day = strsep(&line, ":");
	if (!entry.day)
		return false;
	entry.rest = line ? line : "";
	*ret_entry = entry;
	return true;
}

/* Copies the text, passing each account's line through `change`. */
static char *map_entries(
	const char *shadow, void (*change)(struct entry *entry, void *context), void *context)
{
	struct buffer result = {0};

	buffer_text(&result, "");
	while (*shadow) {
		size_t length = strcspn(shadow, "\n");
		cleanup_free char *line = xstrndup(shadow, length);
		struct entry entry;
		if (entry_read(line, &entry)) {
			change(&entry, context);
			buffer_printf(&result, "%s:%s:%s:%s\n", entry.account, entry.hash,
				entry.day, entry.rest);
		} else {
			buffer_append(&result, shadow, length);
			buffer_text(&result, "\n");
		}
		shadow += length + (shadow[length] == '\n');
	}
	return result.data;
}

struct account_hash {
	const char *account, *hash;
};

static void set_hash(struct entry *entry, void *context)
{
	const struct account_hash *wanted = context;

	if (!strcmp(entry->account, wanted->account))
		entry->hash = wanted->hash;
}

char *shadow_set_hash(const char *shadow, const char *account, const char *hash)
{
	return map_entries(shadow, set_hash, &(struct account_hash){account, hash});
}

static void clamp_day(struct entry *entry, void *context)
{
	const char *newest = context;

	if (*entry->day && strtoul(entry->day, NULL, 10) > strtoul(newest, NULL, 10))
		entry->day = newest;
}

char *shadow_clamp_days(const char *shadow, unsigned long day)
{
	cleanup_free char *newest = xasprintf("%lu", day);

	return map_entries(shadow, clamp_day, newest);
}
