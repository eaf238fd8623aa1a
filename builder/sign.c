#include "sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/process.h"

/* Builds that write to the same directory wait: what is signed is what is there. */
int sums_sign(const char *output, const char *key, struct error *err)
{
	cleanup_free char *sums = xasprintf("%s/SHA256SUMS", output);
	cleanup_free char *signature = xasprintf("%s/" SUMS_SIGNATURE, output);
	cleanup_free char *beside = xasprintf("%s.%d.part", signature, getpid());
	const char *const arguments[] = {"gpg", "--batch", "--yes", "--armor", "--detach-sign",
		"--local-user", key, "--output", beside, sums, NULL};
	const struct process gpg = {.arguments = arguments};
	cleanup_fd int lock = open(output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock < 0 || flock(lock, LOCK_EX))
		return error_errno(err, errno, "%s: locking", output);
	if (process_run(&gpg, err)) {
		unlink(beside);
		return error_wrap(err, "signing %s with the key %s", sums, key);
	}
	if (rename(beside, signature)) {
		error_errno(err, errno, "%s: renaming into place", signature);
		unlink(beside);
		return -1;
	}
	return 0;
}
