/*
 * deny PROGRAM [ARGUMENT...]: runs it as a locked-down container would: whoever it is may neither
 * mount nor make namespaces.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static const int denied[] = {SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount),
	SCMP_SYS(pivot_root), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(move_mount),
	SCMP_SYS(open_tree), SCMP_SYS(mount_setattr)};

static const unsigned long namespaces[] = {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
	CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};

/* A negative errno. */
static int filter(void)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	int result = seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);

	for (size_t i = 0; i < array_count(denied) && !result; i++)
		result = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
	for (size_t i = 0; i < array_count(namespaces) && !result; i++)
		result = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	/* Its flags lie in memory, where a filter does not see them. */
	if (!result)
		result = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!result)
		result = seccomp_load(context);
	seccomp_release(context);
	return result;
}

int main(int count, char **arguments)
{
	int result = count < 2 ? -EINVAL : filter();

	if (!result) {
		execvp(arguments[1], arguments + 1);
		result = -errno;
	}
	fprintf(stderr, "deny: %s\n", strerror(-result));
	return 126;
}
