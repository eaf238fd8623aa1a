#include "tool.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"

int tool_run(const struct tool *tool, const char *const *arguments, struct error *err)
{
	cleanup_free char *program = program_find(arguments[0]);
	cleanup_free char *epoch =
		xasprintf("SOURCE_DATE_EPOCH=%llu", (unsigned long long)tool->epoch);
	const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
		"TZ=UTC", "MTOOLSRC=/dev/null", epoch, NULL};
	const struct process process = {
		.arguments = arguments, .environment = environment, .pass_fds = {tool->pass_fd}};

	if (!program)
		return error_set(err, STATUS_MISSING,
			"%s: program not found; install the package %s", arguments[0],
			tool->package);
	return process_run(&process, err);
}
