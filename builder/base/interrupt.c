#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "memory.h"

static volatile sig_atomic_t arrived; /* the one global a signal handler needs */
static const int handled[] = {SIGINT, SIGTERM, SIGHUP};

static void remember(int number)
{
	arrived = number;
}

void interrupt_install(void)
{
	struct sigaction action = {.sa_handler = remember}, before;

	/* What nohup(1) had ignored stays ignored. */
	for (size_t i = 0; i < array_count(handled); i++)
		if (!sigaction(handled[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(handled[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* where it is ignored, no child's end can be seen */
}

bool interrupt_pending(void)
{
	return arrived;
}

int interrupt_signal(void)
{
	return arrived;
}

int interrupt_check(struct error *err)
{
	if (!arrived)
		return 0;
	return error_set(err, STATUS_INTERRUPTED, "interrupted by %s", strsignal(arrived));
}

void interrupt_reset(void)
{
	sigset_t none;

	for (size_t i = 0; i < array_count(handled); i++)
		signal(handled[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
