#include "forms.h"

#include <unistd.h>

#include "base/size.h"
#include "scratch.h"

/* Sizes that are no multiple of the cluster, clusters from the smallest to the largest. */
const struct form forms[] = {
	{.driver = &disk_raw, .size = 3 * MIB + 1536},
	{.driver = &disk_raw, .size = 512},
	{.driver = &disk_qcow2, .size = 3 * MIB + 1536},
	{.driver = &disk_qcow2, .size = 512},
	{.driver = &disk_qcow2, .cluster_size = 512, .size = 300 * KIB + 512},
	{.driver = &disk_qcow2, .cluster_size = 4096, .size = 3 * MIB + 512},
	{.driver = &disk_qcow2, .cluster_size = 2 * MIB, .size = 9 * MIB + 512},
	{.driver = &disk_qcow2, .size = 3 * MIB + 1536, .compression = COMPRESSION_ZLIB},
	{.driver = &disk_qcow2, .size = 3 * MIB + 1536, .compression = COMPRESSION_ZSTD},
	{.driver = &disk_qcow2,
		.cluster_size = 64 * KIB,
		.size = 3 * MIB + 1536,
		.compression = COMPRESSION_ZSTD},
	{.driver = &disk_qcow2, .size = 512, .compression = COMPRESSION_ZSTD},
	{.driver = &disk_qcow2,
		.cluster_size = 512,
		.size = 300 * KIB + 512,
		.compression = COMPRESSION_ZLIB},
	{.driver = &disk_qcow2,
		.cluster_size = 2 * MIB,
		.size = 9 * MIB + 512,
		.compression = COMPRESSION_ZSTD},
	{.driver = &disk_qcow2_v2, .size = 3 * MIB + 1536},
	{.driver = &disk_qcow2_v2,
		.cluster_size = 4096,
		.size = 3 * MIB + 512,
		.compression = COMPRESSION_ZLIB},
	{.driver = &disk_vdi, .size = 3 * MIB + 1536},
	{.driver = &disk_vdi, .size = 512},
	{.driver = &disk_vhd, .size = 5 * MIB + 1536},
	{.driver = &disk_vhd, .size = 512},
	{.driver = &disk_vhd_fixed, .size = 3 * MIB},
	{.driver = &disk_vhdx, .size = 3 * MIB + 1536},
	{.driver = &disk_vhdx, .size = 512},
	{.driver = &disk_vmdk, .size = 3 * MIB + 1536},
	{.driver = &disk_vmdk, .size = 512},
	{.driver = &disk_vmdk_stream, .size = 3 * MIB + 1536},
	{.driver = &disk_vmdk_stream, .size = 512},
	{0},
};

struct disk *form_create(const struct form *form, const char *path)
{
	struct disk_options options = {.path = path,
		.size = form->size,
		.cluster_size = form->cluster_size,
		.compression = form->compression};
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
