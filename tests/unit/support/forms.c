#include "forms.h"

#include <unistd.h>

#include "base/size.h"
#include "scratch.h"

/* Sizes that are no multiple of the cluster, clusters from the smallest to the largest. */
const struct form forms[] = {
	{&disk_raw, 0, 3 * MIB + 1536},
	{&disk_raw, 0, 512},
	{&disk_qcow2, 0, 3 * MIB + 1536},
	{&disk_qcow2, 0, 512},
	{&disk_qcow2, 512, 300 * KIB + 512},
	{&disk_qcow2, 4096, 3 * MIB + 512},
	{&disk_qcow2, 2 * MIB, 9 * MIB + 512},
	{&disk_vdi, 0, 3 * MIB + 1536},
	{&disk_vdi, 0, 512},
	{&disk_vhd, 0, 5 * MIB + 1536},
	{&disk_vhd, 0, 512},
	{&disk_vhd_fixed, 0, 3 * MIB},
	{&disk_vmdk, 0, 3 * MIB + 1536},
	{&disk_vmdk, 0, 512},
	{&disk_vmdk_stream, 0, 3 * MIB + 1536},
	{&disk_vmdk_stream, 0, 512},
	{0},
};

struct disk *form_create(const struct form *form, const char *path)
{
	struct disk_options options = {
		.path = path, .size = form->size, .cluster_size = form->cluster_size};
	struct disk *disk;
	struct error err = {0};

	unlink(path);
	assert_fine(disk_create(form->driver, &options, &disk, &err), &err);
	return disk;
}

void form_finish(struct disk *disk)
{
	struct error err = {0};

	assert_fine(disk_finish(disk, &err), &err);
}
