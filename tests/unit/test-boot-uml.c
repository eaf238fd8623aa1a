/* What is loaded into User Mode Linux, on whatever processor this is: it reads less of the extended
 * state than there is, and must be able to write that back. */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"
#include "support/test.h"

extern const char embedded_ptrace_so[];
extern const size_t embedded_ptrace_so_size;

enum { LEGACY_AND_HEADER = 576, REGISTERS_AT = 160, NO_SUCH_STATE = 3 };

/* A child that waits to be looked at. */
static pid_t start_traced(void)
{
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

/* Says on standard output how it went. */
static int be_tracer(void)
{
	void *kind = (void *)(uintptr_t)NT_X86_XSTATE;
	uint8_t whole[16384], less[LEGACY_AND_HEADER], after[LEGACY_AND_HEADER];
	struct iovec all = {whole, sizeof(whole)}, part = {less, sizeof(less)},
		     again = {after, sizeof(after)};
	pid_t pid = start_traced();

	if (ptrace(PTRACE_GETREGSET, pid, kind, &all) || all.iov_len <= sizeof(less))
		return kill(pid, SIGKILL), NO_SUCH_STATE;
	ptrace(PTRACE_GETREGSET, pid, kind, &part);
	memset(less + REGISTERS_AT, 0x5a, 16); /* xmm0 */
	less[512] |= 2;                        /* which is in use */
	if (ptrace(PTRACE_SETREGSET, pid, kind, &part))
		puts("refused");
	else if (ptrace(PTRACE_GETREGSET, pid, kind, &again) ||
		 memcmp(less + REGISTERS_AT, after + REGISTERS_AT, 16))
		puts("lost");
	else
		puts("written");
	kill(pid, SIGKILL);
	return 0;
}

static char *run_tracer(const char *loaded)
{
	const char *const arguments[] = {"/proc/self/exe", "tracer", NULL};
	const char *const environment[] = {loaded, NULL};
	struct process process = {.arguments = arguments, .environment = environment};
	struct buffer output = {0};
	struct error err = {0};

	if (process_capture(&process, &output, &err)) {
		error_release(&err);
		return xstrdup("no such state\n");
	}
	return output.data;
}

static void what_was_cut_off_is_put_back(void **state)
{
	cleanup_free char *plain = run_tracer("NOTHING=");
	struct error err = {0};

	(void)state;
	if (!strcmp(plain, "no such state\n"))
		skip();
	assert_string_equal(plain, "refused\n");
	assert_ok(file_write(AT_FDCWD, "ptrace.so", embedded_ptrace_so, embedded_ptrace_so_size,
			  0600, &err),
		&err);
	cleanup_free char *helped = run_tracer("LD_PRELOAD=./ptrace.so");
	assert_string_equal(helped, "written\n");
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_cut_off_is_put_back),
	};

	(void)arguments;
	if (count > 1)
		return be_tracer();
	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
