#include "overlay.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "base/cleanup.h"
#include "machine.h"
#include "image/ext4.h"
#include "image/image.h"

extern const char embedded_agent_sh[];

enum { INITTAB_LIMIT = 64 * 1024 };

/* After multi-user.target, of which it is a part: when it speaks, the system is up. */
static const char unit[] = "[Unit]\n"
			   "Description=Test agent\n"
			   "DefaultDependencies=no\n"
			   "After=multi-user.target\n"
			   "Conflicts=shutdown.target\n"
			   "Before=shutdown.target\n"
			   "[Service]\n"
			   "ExecStart=" AGENT_PATH " serve %s\n";

#define INITTAB   "/etc/inittab"
#define UNIT_PATH "/etc/systemd/system/jeos-agent.service"
#define UNIT_LINK "/etc/systemd/system/multi-user.target.wants/jeos-agent.service"

static int plant_unit(struct ext4 *root, const char *device, struct error *err)
{
	cleanup_free char *text = xasprintf(unit, device);

	if (ext4_write_file(root, UNIT_PATH, text, strlen(text), 0644, err))
		return -1;
	return ext4_symlink(root, UNIT_LINK, UNIT_PATH, err);
}

/* The last line of busybox's inittab: after the service, when that has been started. */
static int plant_line(struct ext4 *root, const char *device, struct error *err)
{
	cleanup_buffer struct buffer table = {0};

	if (ext4_read_file(root, INITTAB, INITTAB_LIMIT, &table, err))
		return -1;
	buffer_printf(&table, "::respawn:" AGENT_PATH " serve %s\n", device);
	return ext4_write_file(root, INITTAB, table.data, table.length, 0644, err);
}

static int plant_agent(struct ext4 *root, const char *device, struct error *err)
{
	bool systemd = ext4_exists(root, "/usr/lib/systemd/systemd") ||
		       ext4_exists(root, "/lib/systemd/systemd");

	if (!systemd && !ext4_exists(root, INITTAB))
		return error_set(err, STATUS_FAILED,
			"its root has neither systemd nor " INITTAB ": nothing starts the agent");
	if (ext4_write_file(
		    root, AGENT_PATH, embedded_agent_sh, strlen(embedded_agent_sh), 0755, err))
		return -1;
	return systemd ? plant_unit(root, device, err) : plant_line(root, device, err);
}

static int change_root(
	struct disk *disk, const char *agent_device, struct slice *ret_root, struct error *err)
{
	cleanup_ext4 struct ext4 *root = NULL;

	if (image_find_root(disk, ret_root, err) || ext4_open(ret_root, true, &root, err) ||
		plant_agent(root, agent_device, err))
		return -1;
	return ext4_close(steal_pointer(&root), err);
}

/* A disk that can only be as large as the one below it goes over a larger copy. */
static int enlarge(
	struct disk **disk, char **name, uint64_t size, const char *path, struct error *err)
{
	const struct disk_options wanted = {.path = path, .size = size};
	cleanup_disk struct disk *larger = NULL;

	if (disk_create(&disk_raw, &wanted, &larger, err) || disk_copy(*disk, larger, err) ||
		disk_finish(larger, err))
		return -1;
	disk_free(*disk);
	free(*name);
	*disk = steal_pointer(&larger);
	*name = realpath(path, NULL);
	return 0;
}

int overlay_make(const struct boot_options *options, uint64_t size, const char *agent_device,
	const char *path, struct overlay *ret_overlay, struct error *err)
{
	const struct disk_driver *driver = machine_driver_of(options->platform)->overlay;
	cleanup_free char *image = realpath(options->image, NULL);
	cleanup_free char *copy = xasprintf("%s.below", path);
	cleanup_disk struct disk *artefact = NULL, *disk = NULL;
	struct slice root = {0};

	if (disk_open(options->image, false, &artefact, err))
		return -1;
	if (driver == &disk_cow && size > artefact->size &&
		enlarge(&artefact, &image, size, copy, err))
		return error_wrap(err, "%s: a larger copy", options->image);
	struct disk_options wanted = {
		.path = path,
		.size = size > artefact->size ? size : artefact->size,
		.backing = artefact,
		.backing_name = image,
	};
	if (disk_create(driver, &wanted, &disk, err) || change_root(disk, agent_device, &root, err))
		return error_wrap(err, "%s: the overlay with the test agent", options->image);
	if (disk_finish(disk, err))
		return -1;
	*ret_overlay = (struct overlay){wanted.size, root.start};
	return 0;
}
