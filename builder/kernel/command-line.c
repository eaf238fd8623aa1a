#include "command-line.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "recipe/disk-layout.h"
#include "rootfs/changes.h"

/* Each once: several platforms may have the same. */
static void add_console(struct buffer *line, const char *console)
{
	cleanup_free char *word = xasprintf(" console=%s", console);

	if (!strstr(line->data, word))
		buffer_text(line, word);
}

static void add_consoles(struct buffer *line, const struct platform *platform,
	const struct architecture *architecture)
{
	cleanup_free char *serial = xasprintf("%s,115200", architecture->serial_console);
	const char *const usual[] = {"tty0", serial, NULL};
	const char *const *console = platform->consoles ? platform->consoles : usual;

	for (; *console; console++)
		add_console(line, *console);
}

/* The root's device: its partition, or what checks that. */
static void add_root(
	struct buffer *line, const struct recipe *recipe, const struct image_layout *layout)
{
	const struct image_partition *root = layout_find(layout, USE_ROOT);
	char id[UUID_TEXT];

	layout_partition_id(layout, root, id);
	if (recipe->disk.verity)
		buffer_text(line, "dm-mod.create=\"root,,,ro," VERITY_UNKNOWN "\" root=/dev/dm-0");
	else
		buffer_printf(line, "root=PARTUUID=%s", id);
	buffer_printf(line, " rootfstype=%s %s panic=10", root->filesystem,
		recipe_root_is_read_only(recipe) ? "ro" : "rw");
}

char *kernel_command_line(const struct recipe *recipe, const struct architecture *architecture,
	const struct platform *const *wanted, const struct image_layout *layout)
{
	struct buffer line = {0};

	add_root(&line, recipe, layout);
	for (; *wanted; wanted++)
		add_consoles(&line, *wanted, architecture);
	/* Kernels of distributions test their ciphers at each boot; under emulation it shows. */
	buffer_text(&line, " quiet loglevel=5 cryptomgr.notests");
	if (recipe_has_changes(&recipe->disk))
		buffer_text(&line, " init=/" CHANGES_INIT);
	vector_for_each (word, &recipe->kernel.command_line)
		buffer_printf(&line, " %s", word->text);
	return line.data;
}

char *kernel_command_line_complete(const char *line, const char *verity_table)
{
	const char *unknown = strstr(line, VERITY_UNKNOWN);

	return unknown ? xasprintf("%.*s%s%s", (int)(unknown - line), line, verity_table,
				 unknown + strlen(VERITY_UNKNOWN))
		       : xstrdup(line);
}
