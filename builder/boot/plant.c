#include "plant.h"

#include <string.h>

#include "agent.h"
#include "base/cleanup.h"

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

static int plant_unit(
	const struct plant_root *kind, void *root, const char *device, struct error *err)
{
	cleanup_free char *text = xasprintf(unit, device);

	if (kind->write(root, UNIT_PATH, text, strlen(text), 0644, err))
		return -1;
	return kind->link(root, UNIT_LINK, UNIT_PATH, err);
}

/* The last line of busybox's inittab: after the service, when that has been started. */
static int plant_line(
	const struct plant_root *kind, void *root, const char *device, struct error *err)
{
	cleanup_buffer struct buffer table = {0};

	if (kind->read(root, INITTAB, INITTAB_LIMIT, &table, err))
		return -1;
	buffer_printf(&table, "::respawn:" AGENT_PATH " serve %s\n", device);
	return kind->write(root, INITTAB, table.data, table.length, 0644, err);
}

int plant_agent(const struct plant_root *kind, void *root, const char *device, struct error *err)
{
	bool systemd = kind->exists(root, "/usr/lib/systemd/systemd") ||
		       kind->exists(root, "/lib/systemd/systemd");

	if (!systemd && !kind->exists(root, INITTAB))
		return error_set(err, STATUS_FAILED,
			"its root has neither systemd nor " INITTAB ": nothing starts the agent");
	if (kind->write(root, AGENT_PATH, embedded_agent_sh, strlen(embedded_agent_sh), 0755, err))
		return -1;
	return systemd ? plant_unit(kind, root, device, err) : plant_line(kind, root, device, err);
}
