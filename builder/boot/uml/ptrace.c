/*
 * Loaded into User Mode Linux (LD_PRELOAD) for processors whose extended state is larger than what
 * UML has room for: it reads as much as fits, and Linux takes back the whole only (ptrace(2),
 * PTRACE_SETREGSET). Here the rest is put behind it: parts of the state that were cut off begin
 * anew, as for a program that never used them. Intel's manual, volume 1, chapter 13: XSAVE.
 */
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

enum { STATE_LIMIT = 16 * 1024, HEADER_AT = 512, HEADER_END = 576, PARTS = 63 };

/* The C library's. */
static long (*real)(enum __ptrace_request request, ...);

/* Marks the parts as unused that do not end before `length`. */
static void forget_cut_parts(uint8_t *state, size_t length)
{
	uint64_t used;

	memcpy(&used, state + HEADER_AT, sizeof(used));
	for (unsigned i = 2; i < PARTS; i++) {
		unsigned size = 0, offset = 0, ecx, edx;
		__cpuid_count(0xd, i, size, offset, ecx, edx);
		if (!(ecx & 1) && size && offset + size > length)
			used &= ~(1ull << i);
	}
	memcpy(state + HEADER_AT, &used, sizeof(used));
}

static long set_state(pid_t pid, void *kind, const struct iovec *given)
{
	/* UML has one thread, with a stack smaller than this. */
	static uint8_t state[STATE_LIMIT] __attribute__((aligned(64)));
	struct iovec whole = {state, sizeof(state)};

	if (given->iov_len < HEADER_END || real(PTRACE_GETREGSET, pid, kind, &whole) ||
		given->iov_len >= whole.iov_len)
		return real(PTRACE_SETREGSET, pid, kind, given);
	memcpy(state, given->iov_base, given->iov_len);
	forget_cut_parts(state, given->iov_len);
	return real(PTRACE_SETREGSET, pid, kind, &whole);
}

/* In place of the C library's. */
long ptrace(enum __ptrace_request request, ...)
{
	va_list list;

	real = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
	va_start(list, request);
	pid_t pid = va_arg(list, pid_t);
	void *address = va_arg(list, void *);
	void *data = va_arg(list, void *);
	va_end(list);
	if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE)
		return set_state(pid, address, data);
	return real(request, pid, address, data);
}
