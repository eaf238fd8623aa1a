/* VMware's configuration of a machine, for the disk beside it: vmx files as Workstation, Player and
 * ESXi read them. */
#include "bundle.h"

#include "base/cleanup.h"
#include "base/size.h"
#include "hardware.h"

/* Within quotes; what would end them, or the line, is written as |XX, its code. */
static void set(struct buffer *text, const char *key, const char *value)
{
	cleanup_free char *clean = text_clean(value);

	buffer_printf(text, "%s = \"", key);
	for (const char *at = clean; *at; at++)
		if (*at == '"' || *at == '|' || *at == '\n')
			buffer_printf(text, "|%02X", (unsigned)*at);
		else
			buffer_append(text, at, 1);
	buffer_text(text, "\"\n");
}

static void set_number(struct buffer *text, const char *key, uint64_t value)
{
	buffer_printf(text, "%s = \"%llu\"\n", key, (unsigned long long)value);
}

static void describe(const struct appliance *appliance, struct buffer *text)
{
	const struct hardware_controller *controller = hardware_controller(appliance);

	set(text, ".encoding", "UTF-8");
	set(text, "config.version", "8");
	set(text, "virtualHW.version", "10");
	set(text, "displayName", appliance->name);
	if (appliance->annotation || appliance->summary)
		set(text, "annotation",
			appliance->annotation ? appliance->annotation : appliance->summary);
	set(text, "guestOS", hardware_is_64(appliance) ? "other3xlinux-64" : "other3xlinux");
	set(text, "firmware", appliance->needs_uefi ? "efi" : "bios");
	set_number(text, "memsize", divide_up(appliance->memory, MIB));
	set_number(text, "numvcpus", appliance->processors);
	buffer_printf(text, "%s.present = \"TRUE\"\n", controller->vmx);
	if (controller->device)
		buffer_printf(
			text, "%s.virtualDev = \"%s\"\n", controller->vmx, controller->device);
	buffer_printf(text, "%s:0.present = \"TRUE\"\n", controller->vmx);
	cleanup_free char *file = xasprintf("%s:0.fileName", controller->vmx);
	set(text, file, appliance->disk.file);
	set(text, "ethernet0.present", "TRUE");
	set(text, "ethernet0.virtualDev", hardware_network(appliance)->name);
	set(text, "ethernet0.connectionType", "nat");
	set(text, "ethernet0.addressType", "generated");
	/* Bridges that PCI Express devices are on. */
	set(text, "pciBridge0.present", "TRUE");
	set(text, "pciBridge4.present", "TRUE");
	set(text, "pciBridge4.virtualDev", "pcieRootPort");
	set(text, "pciBridge4.functions", "8");
}

static const char *const disks[] = {"vmdk", NULL};

const struct bundle bundle_vmx = {
	.name = "vmx",
	.suffix = "vmx",
	.summary = "VMware's configuration for the vmdk beside it",
	.write = bundle_write_description,
	.describe = describe,
	.disks = disks,
	.needs_hardware = true,
};
