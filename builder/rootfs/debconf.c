#include "debconf.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define ANSWERS "debconf-answers"

char *debconf_answers(const struct recipe *recipe)
{
	struct buffer text = {0};

	buffer_text(&text, "");
	vector_for_each (answer, &recipe->debconf)
		buffer_printf(&text, "%s\n", answer->text);
	return text.data;
}

bool debconf_comes(const struct rootfs *rootfs)
{
	vector_for_each (package, rootfs->packages)
		if (!strcmp(package->name, "debconf"))
			return true;
	return false;
}

int debconf_preseed(const struct rootfs *rootfs, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/" ANSWERS, rootfs->work);
	cleanup_free char *answers = debconf_answers(rootfs->recipe);
	const struct sandbox_run run = {
		.mode = rootfs->mode,
		.root = rootfs->root,
		.name = "giving debconf its answers",
		.arguments =
			(const char *const[]){"debconf-set-selections", "/run/jeos/" ANSWERS, NULL},
		.files = (const char *const[]){path, NULL},
	};

	if (!*answers)
		return 0;
	/* Among them may be passwords. */
	if (file_write_text(AT_FDCWD, path, answers, 0600, err))
		return -1;
	return sandbox_run(&run, err);
}
