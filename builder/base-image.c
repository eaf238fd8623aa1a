#include "base-image.h"

#include "base/cleanup.h"
#include "base/size.h"
#include "image/format.h"

static bool records_differences(const struct plan *plan)
{
	struct format format;

	for (size_t i = 0; i < plan->artefact_count; i++)
		if (format_find(plan->artefacts[i].format, &format) && format.disk &&
			format.disk->abilities & DISK_HAS_BACKING)
			return true;
	return false;
}

int base_image_open(const struct recipe *recipe, struct disk **ret_disk, struct error *err)
{
	const struct word *base = &recipe->disk.base;

	*ret_disk = NULL;
	if (!base->text || !disk_open(base->text, false, ret_disk, err))
		return 0;
	cleanup_free char *why = steal_pointer(&err->message);
	return error_at(err, base->at, "the base image: %s", why);
}

int base_image_check(const struct plan *plan, struct error *err)
{
	const struct recipe_disk *disk = &plan->recipe->disk;
	cleanup_disk struct disk *base = NULL;
	char has[32], needs[32];

	if (base_image_open(plan->recipe, &base, err))
		return -1;
	if (base && !records_differences(plan))
		return error_at(err, disk->base.at,
			"`base` is for images that record differences, and none of the formats "
			"here does; add qcow2 to `formats`");
	if (base && plan->layout.size && base->size > plan->layout.size)
		return error_at(err, disk->base.at,
			"the base image is a disk of %s, and this one has %s; raise disk.size",
			size_format(base->size, needs, sizeof(needs)),
			size_format(plan->layout.size, has, sizeof(has)));
	return 0;
}
