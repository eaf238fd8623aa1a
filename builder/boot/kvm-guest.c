#include "kvm-guest.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "clock.h"

#ifdef __x86_64__

/*
 * Guest memory, one 2 MiB page mapped onto itself:
 *
 *     0x1000  page tables: level 4, level 3 (0x2000), level 2 (0x3000)
 *     0x4000  code
 *     0x8000  the 16 bytes that cmpxchg16b works on, at +0x20
 */
enum {
	LIMIT = 100, /* milliseconds for the loop; hardware needs less than 5 */
	MEMORY = 2 * 1024 * 1024,
	TABLES = 0x1000,
	CODE = 0x4000,
	DATA = 0x8000,
	REPORT_PORT = 0xe9,
};

/*
 * An emulated KVM stumbles over the locked instruction, which every kernel uses, or is slow in the
 * loop. The byte 'B' comes between the two.
 */
static const uint8_t code[] = {
	0xbd, 0x00, 0x80, 0x00, 0x00,       /* mov ebp, DATA */
	0xf0, 0x48, 0x0f, 0xc7, 0x4d, 0x20, /* lock cmpxchg16b [rbp + 0x20] */
	0xb0, 'B',                          /* mov al, 'B' */
	0xe6, REPORT_PORT,                  /* out REPORT_PORT, al */
	0xb9, 0x40, 0x42, 0x0f, 0x00,       /* mov ecx, 1000000 */
	0xff, 0xc9,                         /* dec ecx */
	0x75, 0xfc,                         /* jnz the dec */
	0xf4,                               /* hlt */
};

static const struct {
	uint32_t reason;
	const char *name;
} exits[] = {
	{KVM_EXIT_UNKNOWN, "unknown exit"},
	{KVM_EXIT_EXCEPTION, "exception"},
	{KVM_EXIT_IO, "port access"},
	{KVM_EXIT_HLT, "halt"},
	{KVM_EXIT_MMIO, "memory access outside its memory"},
	{KVM_EXIT_SHUTDOWN, "triple fault"},
	{KVM_EXIT_FAIL_ENTRY, "failed entry"},
	{KVM_EXIT_INTERNAL_ERROR, "internal error"},
};

static const char *exit_name(uint32_t reason)
{
	for (size_t i = 0; i < array_count(exits); i++)
		if (exits[i].reason == reason)
			return exits[i].name;
	return "unexpected exit";
}

/* 64-bit mode without interrupts: paging on, flat segments (Intel SDM 3A, 9.8.5). */
static void enter_long_mode(struct kvm_sregs *registers)
{
	struct kvm_segment flat = {
		.limit = 0xffffffff, .selector = 0x10, .type = 3, .present = 1, .s = 1, .g = 1};

	registers->ds = registers->es = registers->ss = flat;
	flat.selector = 0x08;
	flat.type = 11;
	flat.l = 1;
	registers->cs = flat;
	registers->cr3 = TABLES;
	registers->cr4 = 0x20;       /* PAE */
	registers->cr0 = 0x80050033; /* PG AM WP NE ET MP PE */
	registers->efer = 0x500;     /* LMA LME */
}

static void fill_memory(uint8_t *memory)
{
	uint64_t *tables = (uint64_t *)(memory + TABLES);

	tables[0] = (TABLES + 0x1000) | 3; /* present, writable */
	tables[512] = (TABLES + 0x2000) | 3;
	tables[1024] = 0x83; /* and large */
	memcpy(memory + CODE, code, sizeof(code));
}

/* Runs until the next exit; the error unless it is for `reason`. */
static int run_to(
	int processor, struct kvm_run *state, uint32_t reason, const char *doing, struct error *err)
{
	while (ioctl(processor, KVM_RUN, 0))
		if (errno != EINTR && errno != EAGAIN)
			return error_errno(err, errno, "emulated: KVM_RUN for %s", doing);
	if (state->exit_reason == reason)
		return 0;
	return error_set(err, STATUS_MISSING, "emulated: %s ends in %s (%u)", doing,
		exit_name(state->exit_reason), state->exit_reason);
}

static int run_code(int processor, struct kvm_run *state, struct error *err)
{
	if (run_to(processor, state, KVM_EXIT_IO, "lock cmpxchg16b", err))
		return -1;
	const uint8_t *byte = (const uint8_t *)state + state->io.data_offset;
	if (state->io.port != REPORT_PORT || *byte != 'B')
		return error_set(err, STATUS_MISSING, "emulated: the guest reported nonsense");
	uint64_t start = clock_now();
	if (run_to(processor, state, KVM_EXIT_HLT, "a counting loop", err))
		return -1;
	uint64_t took = clock_now() - start;
	if (took > LIMIT)
		return error_set(err, STATUS_MISSING,
			"emulated: a million loops took %" PRIu64 " ms, hardware needs less than 5",
			took);
	return 0;
}

int kvm_guest_run(int kvm, int vm, struct error *err)
{
	uint8_t *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY, .userspace_addr = (uintptr_t)memory};
	struct kvm_sregs segments;
	struct kvm_regs registers = {.rip = CODE, .rsp = DATA, .rflags = 2};

	if (memory == MAP_FAILED)
		return error_errno(err, errno, "memory for the probe's guest");
	fill_memory(memory);
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		return error_errno(err, errno, "giving the probe's guest memory");
	cleanup_fd int processor = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (processor < 0)
		return error_errno(err, errno, "creating the probe's processor");
	int length = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (length < (int)sizeof(struct kvm_run))
		return error_set(err, STATUS_MISSING, "the probe's processor has no state");
	struct kvm_run *state =
		mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, processor, 0);
	if (state == MAP_FAILED)
		return error_errno(err, errno, "mapping the probe's processor");
	if (ioctl(processor, KVM_GET_SREGS, &segments))
		return error_errno(err, errno, "reading the probe's registers");
	enter_long_mode(&segments);
	if (ioctl(processor, KVM_SET_SREGS, &segments) ||
		ioctl(processor, KVM_SET_REGS, &registers))
		return error_errno(err, errno, "setting the probe's registers");
	return run_code(processor, state, err);
}

#else

/* Elsewhere no such emulation is known: a processor that can be created is taken for good. */
int kvm_guest_run(int kvm, int vm, struct error *err)
{
	(void)kvm;
	cleanup_fd int processor = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (processor < 0)
		return error_errno(err, errno, "creating the probe's processor");
	return 0;
}

#endif
