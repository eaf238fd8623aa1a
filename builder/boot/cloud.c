#include "cloud.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/filesystem.h"
#include "metadata.h"

enum { VOLUME_SIZE = 64 * MIB };

const char cloud_instance[] = "jeos-test";

static int write_user_data(
	const struct recipe_cloud *cloud, int directory, const char *name, struct error *err)
{
	const char *text = cloud->user_data.text;

	return text ? file_write_text(directory, name, text, 0644, err) : 0;
}

static int write_nocloud(const struct recipe_cloud *cloud, int directory, struct error *err)
{
	cleanup_buffer struct buffer meta = {0};

	buffer_printf(&meta, "instance-id: %s\n", cloud_instance);
	if (cloud->hostname.text)
		buffer_printf(&meta, "local-hostname: %s\n", cloud->hostname.text);
	if (cloud->ssh_keys.count)
		buffer_text(&meta, "public-keys:\n");
	vector_for_each (key, &cloud->ssh_keys)
		buffer_printf(&meta, "  - %s\n", key->text);
	if (file_write_text(directory, "meta-data", meta.data, 0644, err))
		return -1;
	return write_user_data(cloud, directory, "user-data", err);
}

char *cloud_describe_instance(const struct recipe_cloud *cloud)
{
	json_t *keys = json_object();

	vector_for_each (key, &cloud->ssh_keys) {
		cleanup_free char *line = xasprintf("%s\n", key->text);
		cleanup_free char *name = xasprintf("key-%u", key->at.line);
		json_object_set_new(keys, name, json_string(line));
	}
	json_t *meta = json_pack("{s:s, s:s*, s:s*, s:o}", "uuid", cloud_instance, "name",
		cloud->hostname.text, "hostname", cloud->hostname.text, "public_keys", keys);
	char *text = json_dumps(meta, 0);
	json_decref(meta);
	return text;
}

static int write_config_drive(const struct recipe_cloud *cloud, int directory, struct error *err)
{
	cleanup_free char *text = cloud_describe_instance(cloud);

	if (!text)
		return error_set(err, STATUS_FAILED, "what it tells is no UTF-8, which JSON needs");
	if (directory_make(directory, "openstack/latest", err) ||
		file_write_text(directory, "openstack/latest/meta_data.json", text, 0644, err))
		return -1;
	return write_user_data(cloud, directory, "openstack/latest/user_data", err);
}

static const struct source {
	const char *name, *label;
	int (*write)(const struct recipe_cloud *cloud, int directory, struct error *err);
} sources[] = {
	{"nocloud", "CIDATA", write_nocloud},
	{"config-drive", "config-2", write_config_drive},
};

const char *cloud_source_at(size_t index)
{
	return index < array_count(sources) ? sources[index].name
					    : metadata_source_at(index - array_count(sources));
}

bool cloud_has_volume(const struct recipe_cloud *cloud)
{
	return cloud->source.text && !metadata_is_source(cloud);
}

static const struct source *find_source(const char *name)
{
	size_t i = 0;

	while (strcmp(sources[i].name, name) != 0)
		i++;
	return &sources[i];
}

static int write_volume(
	int tree, const struct filesystem_options *options, const char *path, struct error *err)
{
	const struct disk_options wanted = {.path = path, .size = VOLUME_SIZE};
	cleanup_disk struct disk *disk = NULL;

	if (disk_create(disk_driver_find("raw"), &wanted, &disk, err))
		return -1;
	const struct slice whole = {disk, 0, VOLUME_SIZE};
	return filesystem_vfat.write(&whole, tree, options, err) ? -1 : disk_finish(disk, err);
}

int cloud_volume_make(
	const struct recipe_cloud *cloud, const char *work, const char *path, struct error *err)
{
	const struct source *source = find_source(cloud->source.text);
	const struct filesystem_options options = {.label = source->label, .work = work};
	cleanup_free char *tree = xasprintf("%s/cloud", work);

	if (directory_make(AT_FDCWD, tree, err))
		return -1;
	cleanup_fd int directory = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_errno(err, errno, "%s", tree);
	if (source->write(cloud, directory, err) || write_volume(directory, &options, path, err))
		return error_wrap(err, "the volume of the source %s", source->name);
	return 0;
}
