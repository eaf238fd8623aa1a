/*
 * Capabilities: those that unpacking and configuring packages takes. What goes with the others
 * (mounts, modules, kexec, reboot, swap, clocks, tracing, raw devices, device nodes) fails in every
 * mode alike, as it must for an unprivileged user's namespace.
 *
 * System calls: those that only wait for a disk succeed at once, since a build that loses power
 * starts again anyway; those that reach kernel state without needing a capability fail.
 */
#include "sandbox/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

#define BIT(capability) (1ull << (capability))

static const uint64_t kept_capabilities =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) |
	BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) | BIT(CAP_SETFCAP) |
	BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_AUDIT_WRITE);

static const int succeeding[] = {
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(sync),
	SCMP_SYS(syncfs),
	SCMP_SYS(sync_file_range),
	SCMP_SYS(arm_sync_file_range),
	SCMP_SYS(msync),
};

static const int failing[] = {
	SCMP_SYS(keyctl), /* keyrings belong to no namespace */
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), /* would pass by the filter */
};

/* The architectures whose programs this kernel runs beside its own. */
static const struct {
	uint32_t native, other;
} companions[] = {
	{SCMP_ARCH_X86_64, SCMP_ARCH_X86},
	{SCMP_ARCH_X86_64, SCMP_ARCH_X32},
	{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
};

static int drop_capabilities(enum sandbox_mode mode, struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned capability = 0; capability < 64; capability++) {
		if (kept_capabilities & BIT(capability) ||
			!prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			continue;
		if (errno == EINVAL) /* the kernel knows no more */
			break;
		if (mode != SANDBOX_CHROOT) /* there the container may hold us already */
			return error_errno(err, errno, "dropping capability %u", capability);
	}
	if (syscall(SYS_capget, &header, data))
		return error_errno(err, errno, "reading capabilities");
	for (size_t i = 0; i < array_count(data); i++)
		data[i].inheritable = 0;
	if (syscall(SYS_capset, &header, data))
		return error_errno(err, errno, "setting capabilities");
	return 0;
}

/* A negative errno, as libseccomp reports. */
static int add_rules(scmp_filter_ctx filter)
{
	int result = 0;

	for (size_t i = 0; i < array_count(companions) && !result; i++)
		if (companions[i].native == seccomp_arch_native())
			result = seccomp_arch_add(filter, companions[i].other);
	for (size_t i = 0; i < array_count(succeeding) && !result; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), succeeding[i], 0);
	for (size_t i = 0; i < array_count(failing) && !result; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), failing[i], 0);
	return result;
}

static int filter_system_calls(enum sandbox_mode mode, struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter)
		return error_set(err, STATUS_FAILED, "making a system call filter failed");
	/* Set-user-ID programs work inside where the kernel lets us install a filter even so. */
	int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, mode == SANDBOX_CHROOT);
	if (!result)
		result = add_rules(filter);
	if (!result)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result ? error_errno(err, -result, "filtering system calls") : 0;
}

int confine(enum sandbox_mode mode, struct error *err)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none))
		return error_errno(err, errno, "forbidding core dumps");
	if (filter_system_calls(mode, err))
		return -1;
	return drop_capabilities(mode, err);
}
