#include "command-line.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

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

char *kernel_command_line(const struct recipe *recipe, const struct architecture *architecture,
	const struct platform *const *wanted, const struct uuid *root_partition)
{
	struct buffer line = {0};
	char id[UUID_TEXT];

	uuid_format(root_partition, id);
	buffer_printf(
		&line, "root=PARTUUID=%s rootfstype=%s rw panic=10", id, recipe->disk.root.text);
	for (; *wanted; wanted++)
		add_consoles(&line, *wanted, architecture);
	buffer_text(&line, " quiet loglevel=5");
	vector_for_each (word, &recipe->kernel.command_line)
		buffer_printf(&line, " %s", word->text);
	return line.data;
}
