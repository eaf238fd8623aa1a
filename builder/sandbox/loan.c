#include "sandbox/loan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"

/* Adds a loan that has nothing yet but its place. */
static struct loan *loan_begin(struct loans *loans, int root, const char *path, struct error *err)
{
	const char *name;
	int directory;

	if (inside_parent(root, path, &directory, &name, err))
		return NULL;
	struct loan *loan = vector_add(loans);
	loan->directory = directory;
	loan->name = xstrdup(name);
	return loan;
}

static int remember(struct loan *loan, struct error *err)
{
	if (fstatat(loan->directory, loan->name, &loan->ours, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "%s in the guest root", loan->name);
	return 0;
}

/* Whether what is there now is what we put there. A new file may have an old one's inode. */
static bool is_ours(const struct loan *loan)
{
	struct stat now;

	return loan->ours.st_ino &&
	       !fstatat(loan->directory, loan->name, &now, AT_SYMLINK_NOFOLLOW) &&
	       now.st_ino == loan->ours.st_ino && now.st_ctim.tv_sec == loan->ours.st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == loan->ours.st_ctim.tv_nsec;
}

int loan_file(struct loans *loans, int root, const char *path, const char *text, mode_t mode,
	struct error *err)
{
	struct loan *loan = loan_begin(loans, root, path, err);

	if (!loan)
		return -1;
	if (file_exists(loan->directory, loan->name)) {
		char *aside = xasprintf("%s.jeos-aside", loan->name);
		if (renameat(loan->directory, loan->name, loan->directory, aside)) {
			free(aside);
			return error_errno(
				err, errno, "/%s in the guest root: setting aside", path);
		}
		loan->aside = aside;
	}
	if (file_write_text(loan->directory, loan->name, text, mode, err))
		return error_wrap(err, "putting /%s into the guest root", path);
	return remember(loan, err);
}

int loan_device(struct loans *loans, int root, const char *path, dev_t device, struct error *err)
{
	struct loan *loan = loan_begin(loans, root, path, err);

	if (!loan)
		return -1;
	if (file_exists(loan->directory, loan->name))
		return 0;
	if (mknodat(loan->directory, loan->name, S_IFCHR | 0666, device) ||
		fchmodat(loan->directory, loan->name, 0666, 0))
		return error_errno(err, errno, "/%s in the guest root: making the device", path);
	return remember(loan, err);
}

static void loan_return(struct loan *loan)
{
	if (is_ours(loan))
		unlinkat(loan->directory, loan->name, 0);
	if (loan->aside && file_exists(loan->directory, loan->name))
		unlinkat(loan->directory, loan->aside, 0);
	else if (loan->aside)
		renameat(loan->directory, loan->aside, loan->directory, loan->name);
	close(loan->directory);
	free(loan->name);
	free(loan->aside);
}

void loans_return(struct loans *loans)
{
	while (loans->count)
		loan_return(&loans->items[--loans->count]);
	vector_release(loans);
}
