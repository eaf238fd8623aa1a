#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/process.h"

int scratch_setup(void **state)
{
	struct work_directory *work = xcalloc(1, sizeof(*work));
	const char *parent = getenv("TMPDIR");
	struct error err = {0};

	assert_fine(work_directory_make(parent ? parent : "/tmp", "jeos-unit", work, &err), &err);
	*state = work;
	return 0;
}

int scratch_teardown(void **state)
{
	work_directory_release(*state);
	free(*state);
	return 0;
}

char *scratch_path(void *const *state, const char *name)
{
	const struct work_directory *work = *state;

	return xasprintf("%s/%s", work->path, name);
}

void need_program(const char *name)
{
	cleanup_free char *path = program_find(name);

	if (path)
		return;
	print_message("skip: %s is not installed\n", name);
	free(steal_pointer(&path));
	skip();
}

char *run_program(const char *name, ...)
{
	const char *arguments[32] = {name};
	struct process process = {.arguments = arguments};
	struct buffer output = {0};
	struct error err = {0};
	va_list words;

	va_start(words, name);
	for (size_t i = 1; (arguments[i] = va_arg(words, const char *)); i++)
		assert_true(i + 1 < array_count(arguments));
	va_end(words);
	assert_fine(process_capture(&process, &output, &err), &err);
	buffer_append(&output, "", 0);
	return output.data;
}

void assert_fine(int result, struct error *err)
{
	if (!result)
		return;
	print_error("# %s\n", err->message);
	error_release(err);
	assert_int_equal(result, 0);
}

void assert_error(int result, struct error *err, const char *part)
{
	assert_int_equal(result, -1);
	assert_non_null(err->message);
	if (!strstr(err->message, part)) {
		print_error("# '%s' is not in: %s\n", part, err->message);
		fail();
	}
	error_release(err);
}
