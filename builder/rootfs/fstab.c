#include "fstab.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "recipe/disk-layout.h"

static void add_line(struct buffer *text, const struct image_partition *partition,
	const char *point, const char *rest)
{
	char id[UUID_TEXT];

	if (!strcmp(partition->filesystem, "vfat"))
		uuid_format_serial(&partition->filesystem_uuid, id);
	else
		uuid_format(&partition->filesystem_uuid, id);
	buffer_printf(text, "UUID=%s\t%s\t%s\t%s\n", id, point, partition->filesystem, rest);
}

/* A read-only root is not mounted again. The firmware's partition is there to be mounted by hand;
 * the guest needs it for nothing. */
static void add_partition(struct buffer *text, const struct image_partition *partition)
{
	switch (partition->use) {
	case USE_ROOT:
		add_line(text, partition, "/", "defaults\t0\t1");
		break;
	case USE_ESP:
		add_line(text, partition, "/boot/efi", "noauto,umask=0077\t0\t0");
		break;
	case USE_SWAP:
		add_line(text, partition, "none", "sw\t0\t0");
		break;
	case USE_DATA:
		if (partition->mount)
			add_line(text, partition, partition->mount, "defaults\t0\t2");
		break;
	case USE_BIOS_BOOT:
	case USE_VERITY:
	case USE_CHANGES:
	case PARTITION_USES:
		break;
	}
}

static int make_mount_point(int root, const char *path, struct error *err)
{
	cleanup_fd int directory = -1;

	return inside_directory(root, path, &directory, err);
}

/* The order in which partitions are mounted is theirs but for the root, which comes first. */
int fstab_write(
	const struct recipe *recipe, const struct image_layout *layout, int root, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	buffer_text(&text, "");
	if (!recipe_root_is_read_only(recipe))
		add_partition(&text, layout_find(layout, USE_ROOT));
	for (size_t i = 0; i < layout->partition_count; i++) {
		const struct image_partition *partition = &layout->partitions[i];
		if (partition->use == USE_ROOT)
			continue;
		add_partition(&text, partition);
		if ((partition->use == USE_ESP && make_mount_point(root, "boot/efi", err)) ||
			(partition->mount && make_mount_point(root, partition->mount + 1, err)))
			return -1;
	}
	return inside_write(root, "etc/fstab", text.data, 0644, err);
}

static int check_empty(int directory, const struct word *mount, struct error *err)
{
	DIR *list = fdopendir(directory);
	const struct dirent *entry;

	if (!list) {
		close(directory);
		return error_errno(err, ENOMEM, "%s", mount->text);
	}
	do
		entry = readdir(list);
	while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	int result =
		!entry ? 0
		       : error_at(err, mount->at,
				 "%s is not empty: the partition would hide its `%s`; mount it "
				 "elsewhere, or leave that out of the root",
				 mount->text, entry->d_name);
	closedir(list);
	return result;
}

int fstab_check(const struct recipe *recipe, int root, struct error *err)
{
	vector_for_each (partition, &recipe->disk.partitions) {
		const struct word *mount = &partition->mount;
		int directory;
		if (mount->text && (inside_directory(root, mount->text + 1, &directory, err) ||
					   check_empty(directory, mount, err)))
			return -1;
	}
	return 0;
}
