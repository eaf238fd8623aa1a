#include "command-line.h"

#include "base/text.h"

char *kernel_command_line(const struct recipe *recipe, const struct architecture *architecture,
	const struct uuid *root_partition)
{
	struct buffer line = {0};
	char id[UUID_TEXT];

	uuid_format(root_partition, id);
	buffer_printf(&line,
		"root=PARTUUID=%s rootfstype=%s rw panic=10 console=tty0 console=%s,115200 quiet "
		"loglevel=5",
		id, recipe->disk.root.text, architecture->serial_console);
	vector_for_each (word, &recipe->kernel.command_line)
		buffer_printf(&line, " %s", word->text);
	return line.data;
}
