/* libvirt's description of a domain, for `virsh define`. The disk is sought where virsh runs,
 * unless its path is made absolute: libvirt itself knows no relative ones. */
#include "bundle.h"

#include <string.h>

#include "base/size.h"
#include "base/xml.h"

/* The kernel's names of architectures, where they are not Debian's. */
static const struct {
	const char *debian, *machine;
} machines[] = {{"amd64", "x86_64"}, {"i386", "i686"}, {"arm64", "aarch64"}, {"armhf", "armv7l"},
	{"armel", "armv6l"}, {"ppc64el", "ppc64le"}};

static const char *machine(const struct appliance *appliance)
{
	for (size_t i = 0; i < array_count(machines); i++)
		if (!strcmp(machines[i].debian, appliance->architecture))
			return machines[i].machine;
	return appliance->architecture;
}

static void element(struct buffer *xml, const char *name, const char *text)
{
	if (!text)
		return;
	buffer_printf(xml, "  <%s>", name);
	xml_text(xml, text);
	buffer_printf(xml, "</%s>\n", name);
}

static void describe(const struct appliance *appliance, struct buffer *xml)
{
	bool qcow2 = strcmp(appliance->disk.format, "raw") != 0;

	buffer_text(xml, "<domain type=\"kvm\">\n");
	element(xml, "name", appliance->product);
	element(xml, "title", appliance->summary);
	element(xml, "description", appliance->annotation);
	buffer_printf(xml,
		"  <memory unit=\"KiB\">%llu</memory>\n"
		"  <vcpu>%u</vcpu>\n"
		"  <os%s>\n"
		"    <type arch=\"%s\">hvm</type>\n"
		"  </os>\n"
		"  <features>\n    <acpi/>\n  </features>\n"
		"  <devices>\n"
		"    <disk type=\"file\" device=\"disk\">\n"
		"      <driver name=\"qemu\" type=\"%s\"/>\n"
		"      <source file=\"",
		(unsigned long long)(appliance->memory / KIB), appliance->processors,
		appliance->needs_uefi ? " firmware=\"efi\"" : "", machine(appliance),
		qcow2 ? "qcow2" : "raw");
	xml_text(xml, appliance->disk.file);
	buffer_text(xml, "\"/>\n"
			 "      <target dev=\"vda\" bus=\"virtio\"/>\n"
			 "    </disk>\n"
			 "    <interface type=\"network\">\n"
			 "      <source network=\"default\"/>\n"
			 "      <model type=\"virtio\"/>\n"
			 "    </interface>\n"
			 "    <serial type=\"pty\"/>\n"
			 "    <console type=\"pty\"/>\n"
			 "    <memballoon model=\"virtio\"/>\n"
			 "    <rng model=\"virtio\">\n"
			 "      <backend model=\"random\">/dev/urandom</backend>\n"
			 "    </rng>\n"
			 "  </devices>\n"
			 "</domain>\n");
}

static const char *const disks[] = {"qcow2", "qcow2-v2", "raw", NULL};

const struct bundle bundle_libvirt = {
	.name = "libvirt",
	.suffix = "libvirt.xml",
	.summary = "libvirt's description of a domain for the disk beside it",
	.write = bundle_write_description,
	.describe = describe,
	.disks = disks,
};
