#include "sandbox/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"

void sweep_prepare(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* From /proc/PID/stat: "pid (name) state parent ..."; the name may hold anything. */
static pid_t parent_of(int proc, const char *pid)
{
	char text[512];
	cleanup_free char *path = xasprintf("%s/stat", pid);
	cleanup_fd int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (length <= 0)
		return -1;
	text[length] = '\0';
	const char *behind_name = strrchr(text, ')');
	int parent;
	return behind_name && sscanf(behind_name, ") %*c %d", &parent) == 1 ? parent : -1;
}

static bool kill_children(void)
{
	cleanup_directory DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && parent_of(dirfd(proc), entry->d_name) == getpid() &&
			!kill(pid, SIGKILL))
			found = true;
	}
	return found;
}

void sweep(void)
{
	/* The children of a killed child become ours: again until there are none. */
	while (waitpid(-1, NULL, WNOHANG) >= 0 && kill_children())
		waitpid(-1, NULL, 0);
}
