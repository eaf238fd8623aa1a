#include "report.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "interrupt.h"
#include "process.h"
#include "size.h"

enum { MESSAGE_LIMIT = 32 * KIB };

void report_write(int pipe, const struct error *error)
{
	size_t length = strlen(error->message);

	/* Where nobody listens any more, nothing can be said. */
	if (write(pipe, &error->status, sizeof(error->status)) < 0 ||
		write(pipe, error->message, length < MESSAGE_LIMIT ? length : MESSAGE_LIMIT) < 0)
		return;
}

int report_conclude(const char *name, int wait_status, const struct buffer *said, struct error *err)
{
	enum status status;

	if (WIFEXITED(wait_status) && !WEXITSTATUS(wait_status))
		return 0;
	if (said->length >= sizeof(status)) {
		memcpy(&status, said->data, sizeof(status));
		return error_set(err, status, "%s", said->data + sizeof(status));
	}
	if (interrupt_check(err))
		return -1;
	cleanup_free char *why = process_explain(wait_status);
	return error_set(err, STATUS_FAILED, "%s ended: %s%s", name, why,
		WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL ? "; was memory short?"
									     : "");
}
