#include "ovf.h"

#include <inttypes.h>
#include <string.h>

#include "base/size.h"
#include "base/xml.h"
#include "hardware.h"

#define SCHEMAS "http://schemas.dmtf.org"

/* CIM_OperatingSystem's numbers. */
enum { OS_DEBIAN = 95, OS_DEBIAN_64 = 96 };

/* CIM_ResourceAllocationSettingData's. */
enum { PROCESSOR = 3, MEMORY = 4, NETWORK = 10, DISK = 17 };
/* Which item is which. */
enum { PROCESSOR_ID = 1, MEMORY_ID, CONTROLLER_ID, DISK_ID, NETWORK_ID };

static void element(struct buffer *xml, const char *name, const char *text)
{
	if (!text)
		return;
	buffer_printf(xml, "<%s>", name);
	xml_text(xml, text);
	buffer_printf(xml, "</%s>\n", name);
}

static void attribute(struct buffer *xml, const char *name, const char *text)
{
	if (!text)
		return;
	buffer_printf(xml, " ovf:%s=\"", name);
	xml_text(xml, text);
	buffer_text(xml, "\"");
}

static void begin(struct buffer *xml, const char *section, const char *info)
{
	buffer_printf(xml, "<%s>\n", section);
	element(xml, "Info", info);
}

static void write_files(struct buffer *xml, const struct ovf_disk *disk)
{
	buffer_text(xml, "<References>\n<File ovf:id=\"file1\"");
	attribute(xml, "href", disk->file);
	buffer_printf(xml, " ovf:size=\"%" PRIu64 "\"/>\n</References>\n", disk->file_size);
	begin(xml, "DiskSection", "The disk");
	buffer_printf(xml,
		"<Disk ovf:diskId=\"disk1\" ovf:fileRef=\"file1\" ovf:capacity=\"%" PRIu64
		"\" ovf:format=\"http://www.vmware.com/interfaces/specifications/vmdk.html"
		"#streamOptimized\"/>\n</DiskSection>\n",
		disk->size);
	begin(xml, "NetworkSection", "The networks");
	buffer_text(xml, "<Network ovf:name=\"nat\">\n"
			 "<Description>The network of the appliance</Description>\n"
			 "</Network>\n</NetworkSection>\n");
}

static void write_property(struct buffer *xml, const struct appliance_property *property)
{
	buffer_text(xml, "<Property ovf:userConfigurable=\"true\"");
	attribute(xml, "key", property->key);
	attribute(xml, "type", property->type);
	attribute(xml, "value", property->value);
	buffer_text(xml, ">\n");
	element(xml, "Label", property->label);
	element(xml, "Description", property->description);
	buffer_text(xml, "</Property>\n");
}

static void write_product(struct buffer *xml, const struct appliance *appliance)
{
	begin(xml, "ProductSection", "The product");
	element(xml, "Product", appliance->product);
	element(xml, "Vendor", appliance->vendor);
	element(xml, "Version", appliance->version);
	element(xml, "FullVersion", appliance->version);
	element(xml, "ProductUrl", appliance->url);
	element(xml, "VendorUrl", appliance->vendor_url);
	for (size_t i = 0; i < appliance->property_count; i++)
		write_property(xml, &appliance->properties[i]);
	buffer_text(xml, "</ProductSection>\n");
	if (appliance->annotation || appliance->summary) {
		begin(xml, "AnnotationSection", "What it is");
		element(xml, "Annotation",
			appliance->annotation ? appliance->annotation : appliance->summary);
		buffer_text(xml, "</AnnotationSection>\n");
	}
	if (appliance->eula) {
		begin(xml, "EulaSection", "The licence");
		element(xml, "License", appliance->eula);
		buffer_text(xml, "</EulaSection>\n");
	}
}

/* One device. The elements of an item are in the alphabet's order; those that are zero or NULL are
 * left out. */
struct item {
	const char *name, *units, *connection, *host, *subtype;
	unsigned id, parent, type;
	int address; /* of the device, or on its parent's bus; -1: none */
	uint64_t quantity;
};

static void number(struct buffer *xml, const char *name, uint64_t value)
{
	buffer_printf(xml, "<rasd:%s>%" PRIu64 "</rasd:%s>\n", name, value, name);
}

static void write_item(struct buffer *xml, const struct item *item)
{
	buffer_text(xml, "<Item>\n");
	if (item->address >= 0)
		number(xml, item->parent || item->connection ? "AddressOnParent" : "Address",
			item->address);
	element(xml, "rasd:AllocationUnits", item->units);
	if (item->connection)
		buffer_text(xml, "<rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>\n");
	element(xml, "rasd:Connection", item->connection);
	element(xml, "rasd:ElementName", item->name);
	element(xml, "rasd:HostResource", item->host);
	number(xml, "InstanceID", item->id);
	if (item->parent)
		number(xml, "Parent", item->parent);
	element(xml, "rasd:ResourceSubType", item->subtype);
	number(xml, "ResourceType", item->type);
	if (item->quantity)
		number(xml, "VirtualQuantity", item->quantity);
	buffer_text(xml, "</Item>\n");
}

static void write_hardware(struct buffer *xml, const struct appliance *appliance)
{
	const struct hardware_controller *controller = hardware_controller(appliance);
	const struct item items[] = {
		{.name = "Processors",
			.units = "hertz * 10^6",
			.id = PROCESSOR_ID,
			.type = PROCESSOR,
			.address = -1,
			.quantity = appliance->processors},
		{.name = "Memory",
			.units = "byte * 2^20",
			.id = MEMORY_ID,
			.type = MEMORY,
			.address = -1,
			.quantity = divide_up(appliance->memory, MIB)},
		{.name = "Disk controller",
			.subtype = controller->subtype,
			.id = CONTROLLER_ID,
			.type = controller->resource},
		{.name = "Disk",
			.host = "ovf:/disk/disk1",
			.id = DISK_ID,
			.parent = CONTROLLER_ID,
			.type = DISK},
		{.name = "Network card",
			.connection = "nat",
			.subtype = hardware_network(appliance)->subtype,
			.id = NETWORK_ID,
			.type = NETWORK,
			.address = 7}, /* as VMware has it */
	};

	buffer_printf(xml, "<VirtualHardwareSection%s>\n",
		appliance->property_count ? " ovf:transport=\"iso com.vmware.guestInfo\"" : "");
	element(xml, "Info", "The machine");
	buffer_text(xml, "<System>\n");
	element(xml, "vssd:ElementName", "Virtual hardware");
	element(xml, "vssd:InstanceID", "0");
	element(xml, "vssd:VirtualSystemIdentifier", appliance->product);
	element(xml, "vssd:VirtualSystemType", appliance->hardware->system);
	buffer_text(xml, "</System>\n");
	for (size_t i = 0; i < array_count(items); i++)
		write_item(xml, &items[i]);
	if (appliance->needs_uefi)
		buffer_text(xml, "<vmw:Config ovf:required=\"false\" vmw:key=\"firmware\" "
				 "vmw:value=\"efi\"/>\n");
	buffer_text(xml, "</VirtualHardwareSection>\n");
}

void ovf_write(
	const struct appliance *appliance, const struct ovf_disk *disk, struct buffer *ret_xml)
{
	bool wide = hardware_is_64(appliance);

	buffer_text(ret_xml,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Envelope xmlns=\"" SCHEMAS "/ovf/envelope/1\""
		" xmlns:ovf=\"" SCHEMAS "/ovf/envelope/1\""
		" xmlns:rasd=\"" SCHEMAS
		"/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData\""
		" xmlns:vssd=\"" SCHEMAS "/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData\""
		" xmlns:vmw=\"http://www.vmware.com/schema/ovf\">\n");
	write_files(ret_xml, disk);
	buffer_text(ret_xml, "<VirtualSystem");
	attribute(ret_xml, "id", appliance->product);
	buffer_text(ret_xml, ">\n");
	element(ret_xml, "Info", "The appliance");
	element(ret_xml, "Name", appliance->name);
	write_product(ret_xml, appliance);
	buffer_printf(ret_xml, "<OperatingSystemSection ovf:id=\"%d\">\n",
		wide ? OS_DEBIAN_64 : OS_DEBIAN);
	element(ret_xml, "Info", "The operating system");
	element(ret_xml, "Description", wide ? "Debian_64" : "Debian");
	buffer_text(ret_xml, "</OperatingSystemSection>\n");
	write_hardware(ret_xml, appliance);
	buffer_text(ret_xml, "</VirtualSystem>\n</Envelope>\n");
}
