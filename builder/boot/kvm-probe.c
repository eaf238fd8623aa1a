#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "boot.h"
#include "kvm-guest.h"

enum { PROBE_SECONDS = 5 };

static const char device[] = "/dev/kvm";

/* What to make of a device that cannot be opened, or that makes no machine. */
static const char *advice(int number)
{
	switch (number) {
	case ENOENT:
		return "; no KVM module is loaded";
	case EACCES:
	case EPERM:
		return "; join the group kvm";
	case EBUSY:
		return "; another hypervisor holds the processor";
	default:
		return "";
	}
}

static int probe_device(struct error *err)
{
	cleanup_fd int kvm = open(device, O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return error_set(
			err, STATUS_MISSING, "%s: %s%s", device, strerror(errno), advice(errno));
	int version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return error_set(err, STATUS_MISSING, "%s: version %d of its interface, not %d",
			device, version, KVM_API_VERSION);
	cleanup_fd int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return error_set(err, STATUS_MISSING, "%s: creating a machine: %s%s", device,
			strerror(errno), advice(errno));
	return kvm_guest_run(kvm, vm, err);
}

/* The child's side: the reason goes to the pipe, empty when KVM is usable. */
static void probe_child(int output)
{
	struct error err = {0};

	interrupt_reset();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	const char *reason = probe_device(&err) ? err.message : "usable";
	_exit(write(output, reason, strlen(reason)) < 0);
}

/* Reads the child's reason; false when none came in time. */
static bool wait_reason(int input, char *reason, size_t size)
{
	struct pollfd pipe = {.fd = input, .events = POLLIN};

	if (poll(&pipe, 1, PROBE_SECONDS * 1000) <= 0)
		return false;
	ssize_t length = read(input, reason, size - 1);
	if (length <= 0)
		return false;
	reason[length] = '\0';
	return true;
}

void kvm_probe(struct kvm_probe *ret_probe)
{
	struct kvm_probe probe = {0};
	int ends[2];
	cleanup_process pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC)) {
		snprintf(ret_probe->reason, sizeof(ret_probe->reason), "making a pipe: %s",
			strerror(errno));
		ret_probe->usable = false;
		return;
	}
	pid = fork();
	if (!pid)
		probe_child(ends[1]);
	close(ends[1]);
	if (!wait_reason(ends[0], probe.reason, sizeof(probe.reason)))
		snprintf(probe.reason, sizeof(probe.reason),
			"emulated: the probe's guest gave no answer");
	close(ends[0]);
	probe.usable = !strcmp(probe.reason, "usable");
	*ret_probe = probe;
}
