#include "check.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "clock.h"

const struct check_driver check_drivers[] = {
	[CHECK_RUN] = {"run", check_command},
	[CHECK_CONSOLE] = {"console", check_console},
	[CHECK_PORT] = {"port", check_port},
	[CHECK_ABSENT] = {"absent", check_absent},
	[CHECK_PRESENT] = {"present", check_present},
	[CHECK_MEMORY_USED] = {"memory-used", check_memory_used},
	[CHECK_ROOT_GROWS] = {"root-grows", check_root_grows},
	[CHECK_SURVIVES] = {"survives", check_survives},
	[CHECK_BALLOON] = {"balloon", check_balloon},
};

const struct check_driver always_checks[] = {
	{"no failed units", check_no_failed_units},
	{"no kernel fault", check_no_kernel_fault},
	{"power-off", check_power_off},
};
const size_t always_check_count = array_count(always_checks);

static void append_words(struct buffer *name, const char *kind, const struct word_list *words)
{
	if (!words->count)
		return;
	buffer_printf(name, " %s", kind);
	vector_for_each (word, words)
		buffer_printf(name, " %s", word->text);
}

/* On one line, and not too long for a table. */
static void append_text(struct buffer *name, const char *text)
{
	enum { LENGTH = 72 };
	size_t length = strlen(text);

	while (length && text[length - 1] == '\n')
		length--;
	buffer_text(name, " ");
	for (size_t i = 0; i < length && i < LENGTH; i++)
		buffer_append(name, text[i] == '\n' ? " " : &text[i], 1);
	if (length > LENGTH)
		buffer_text(name, "...");
}

char *check_name(const struct recipe_check *check)
{
	struct buffer name = {0};
	char size[32];

	buffer_printf(&name, "%s:", check_drivers[check->kind].name);
	if (check->text)
		append_text(&name, check->text);
	if (check->kind == CHECK_PORT)
		buffer_printf(&name, " %" PRIu64, check->number);
	else if (check->kind == CHECK_SURVIVES && check->number)
		buffer_printf(&name, ", port %" PRIu64, check->number);
	else if (check->kind == CHECK_SURVIVES)
		return name.data;
	else if (check->number)
		buffer_printf(&name, " %s", size_format(check->number, size, sizeof(size)));
	append_words(&name, "packages", &check->packages);
	append_words(&name, "modules", &check->modules);
	append_words(&name, "files", &check->files);
	return name.data;
}

int check_retry(struct subject *subject, const struct recipe_check *check,
	int (*attempt)(struct subject *subject, const struct recipe_check *check, uint64_t deadline,
		struct error *err),
	struct error *err)
{
	enum { PAUSE = 300, GRACE = 1000 /* milliseconds that the last attempt may take more */ };
	uint64_t deadline = clock_now() + check->within;

	while (attempt(subject, check, deadline + GRACE, err)) {
		if (err->status != STATUS_CHECK || !clock_until(deadline) ||
			subject->machine->state != MACHINE_RUNNING)
			return -1;
		if (machine_pause(subject->machine, PAUSE, err))
			return -1;
	}
	error_release(err);
	return 0;
}
