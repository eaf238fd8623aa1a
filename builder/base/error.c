#include "error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void replace(struct error *err, enum status status, char *message)
{
	free(err->message);
	err->status = status;
	err->message = message;
}

/* Names in parentheses: what reads these with an analyzer has macros of that name. */
int(error_set)(struct error *err, enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	replace(err, status, xvasprintf(format, arguments));
	va_end(arguments);
	return -1;
}

int(error_errno)(struct error *err, int number, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *what = xvasprintf(format, arguments);
	va_end(arguments);
	replace(err, STATUS_FAILED, xasprintf("%s: %s", what, strerror(number)));
	free(what);
	return -1;
}

int(error_at)(struct error *err, struct position at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *what = xvasprintf(format, arguments);
	va_end(arguments);
	replace(err, STATUS_RECIPE,
		at.file ? xasprintf("%s:%u:%u: %s", at.file, at.line, at.column, what)
			: xstrdup(what));
	free(what);
	return -1;
}

int(error_wrap)(struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *what = xvasprintf(format, arguments);
	va_end(arguments);
	replace(err, err->status, xasprintf("%s: %s", what, err->message));
	free(what);
	return -1;
}

void error_release(struct error *err)
{
	free(err->message);
	*err = (struct error){0};
}
