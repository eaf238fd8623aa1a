/* Any bytes are opened as an image, as `jeos inspect` does it: archives, what is in them (a root,
 * layers of OCI, a disk), and disks with what is on them. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "image/image-view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_image_view struct image_view view = {0};
	struct error err = {0};

	if (image_view_open(input_file(data, size), &view, &err)) {
		if (!err.message || view.path)
			abort();
		error_release(&err);
		return 0;
	}
	for (size_t i = 0; i < view.part_count; i++)
		if (view.parts[i].tree)
			read_tree(view.parts[i].tree);
	return 0;
}
