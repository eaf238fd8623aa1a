#include "base/size.h"
#include "kernel-files.h"
#include "xen-host.h"

/* xl counts channels from 0, the number of the console, and reports the first as an error: it takes
 * its place only. The second is hvc1. */
#define PARAVIRTUAL(name)                                           \
	{                                                           \
		name, "/dev/hvc1", "console device/console/1\n",    \
			"disk = [\"phy:/dev/vdb,xvda,w\"]\n"        \
			"channel = [\"name=none,connection=pty\", " \
			"\"name=agent,connection=pty\"]\n"          \
	}

static const struct xen_kind kinds[] = {
	PARAVIRTUAL("pv"),
	PARAVIRTUAL("pvh"),
	{"hvm", "/dev/ttyS1", "serial/0 serial/1\n",
		"disk = [\"phy:/dev/vdb,hda,w\"]\n"
		"hdtype = \"ahci\"\n"
		"serial = [\"pty\", \"pty\"]\n"
		"vga = \"none\"\n"
		"vnc = 0\n"},
};

const struct xen_kind *xen_kind_of(const struct boot_options *boot)
{
	size_t i = 0;

	while (!text_equal(kinds[i].type, boot->machine.machine))
		i++;
	return &kinds[i];
}

/* A text between quotes, which a backslash takes into it. */
static void add_text(struct buffer *config, const char *key, const char *value)
{
	buffer_printf(config, "%s = \"", key);
	for (; *value; value++)
		buffer_printf(config, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	buffer_text(config, "\"\n");
}

static void add_kernel(struct buffer *config, const struct boot_kernel *kernel)
{
	buffer_printf(config, "kernel = \"" XEN_GUEST "%s\"\n", kernel->image);
	if (kernel->initrd)
		buffer_printf(config, "ramdisk = \"" XEN_GUEST "%s\"\n", kernel->initrd);
	add_text(config, "cmdline", kernel->command_line);
}

/*
 * The clock is the processor's own: to give a guest another one Xen would have to decode its
 * instructions, and cannot, for the processor that QEMU emulates does not tell how long they are.
 */
char *xen_guest_config(const struct xen_guest *guest)
{
	struct buffer config = {0};

	add_text(&config, "name", "guest");
	add_text(&config, "type", guest->kind->type);
	if (guest->kernel)
		add_kernel(&config, guest->kernel);
	buffer_printf(&config,
		"memory = %llu\n"
		"vcpus = %u\n"
		"tsc_mode = \"native\"\n"
		"vif = [\"mac=" XEN_CARD ",bridge=guests,script=/usr/lib/xen-dom0/vif\"]\n"
		"on_poweroff = \"destroy\"\n"
		"on_reboot = \"destroy\"\n"
		"on_crash = \"destroy\"\n"
		"%s",
		(unsigned long long)divide_up(guest->memory, MIB), guest->processors,
		guest->kind->devices);
	return config.data;
}
