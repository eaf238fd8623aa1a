#include "sandbox/inside.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

int inside_open(int root, const char *path, int flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	return syscall(SYS_openat2, root, path, &how, sizeof(how));
}

bool inside_executable(int root, const char *path)
{
	cleanup_fd int fd = inside_open(root, path, O_PATH);
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_mode & 0111;
}
