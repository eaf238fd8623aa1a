/* `init: minimal`: busybox as /sbin/init, told by /etc/inittab to run a script of ours, then the
 * recipe's one service. */
#include <string.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "init-minimal.h"

extern const char embedded_init_minimal_sh[];

#define SCRIPT  "usr/lib/jeos/init"
#define SERVICE "usr/lib/jeos/service"

/* What busybox is by the name of: the kernel calls two of them, people the rest. */
static const char *const programs[] = {"init", "halt", "poweroff", "reboot"};

static int link_programs(int root, struct error *err)
{
	for (size_t i = 0; i < array_count(programs); i++) {
		cleanup_free char *path = xasprintf("sbin/%s", programs[i]);
		if (inside_exists(root, path))
			return error_set(err, STATUS_RECIPE,
				"`init: minimal`: a package has brought /%s already; without "
				"systemd-sysv it would not",
				path);
		if (inside_symlink(root, path, "/bin/busybox", err))
			return -1;
	}
	return 0;
}

/* busybox init: its console is the last one of the kernel's command line. */
static int write_inittab(const struct recipe *recipe, int root, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	buffer_text(&text, "::sysinit:/" SCRIPT " start\n"
			   "::respawn:/" SERVICE "\n"
			   "::once:/usr/bin/nice -n 19 /" SCRIPT " grow\n"
			   "::ctrlaltdel:/sbin/reboot\n"
			   "::shutdown:/" SCRIPT " stop\n");
	if (recipe->access.console_login)
		buffer_printf(&text, "::respawn:%s\n",
			recipe->access.password_hash.text ? "/sbin/getty -L console 115200 vt100"
							  : "-/bin/sh");
	return inside_write(root, "etc/inittab", text.data, 0644, err);
}

int init_minimal(const struct recipe *recipe, int root, struct error *err)
{
	cleanup_free char *service = xasprintf("#!/bin/sh\n%s\n", recipe->service.text);

	if (link_programs(root, err) || write_inittab(recipe, root, err) ||
		inside_write(root, SCRIPT, embedded_init_minimal_sh, 0755, err) ||
		inside_write(root, SERVICE, service, 0755, err) ||
		inside_symlink(root, "etc/resolv.conf", "../run/resolv.conf", err))
		return -1;
	return inside_write(
		root, "etc/acpi/PWRF/00000080", "#!/bin/sh\nexec /sbin/poweroff\n", 0755, err);
}
