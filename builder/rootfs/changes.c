#include "changes.h"

#include "base/cleanup.h"
#include "base/inside.h"

extern const char embedded_changes_sh[];

int changes_configure(
	const struct recipe *recipe, const struct image_layout *layout, int root, struct error *err)
{
	const struct image_partition *partition = layout_find(layout, USE_CHANGES);
	cleanup_buffer struct buffer script = {0};
	char uuid[UUID_TEXT] = "";

	if (!recipe_has_changes(&recipe->disk))
		return 0;
	if (partition)
		uuid_format(&partition->filesystem_uuid, uuid);
	/* Behind the line that names the interpreter. */
	buffer_printf(&script, "#!/bin/sh\nuuid=%s\n%s", uuid, embedded_changes_sh);
	return inside_write(root, CHANGES_INIT, script.data, 0755, err);
}
