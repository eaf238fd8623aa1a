#include "hardware.h"

#include "base/memory.h"
#include "base/text.h"

/* CIM_ResourceAllocationSettingData: 5 IDE, 6 SCSI, 20 other storage. */
static const struct hardware_controller controllers[] = {
	{"ahci", 20, "AHCI", "sata0", NULL},
	{"ide", 5, "PIIX4", "ide0", NULL},
	{"lsilogic", 6, "lsilogic", "scsi0", "lsilogic"},
	{"pvscsi", 6, "VirtualSCSI", "scsi0", "pvscsi"},
};

static const struct hardware_network networks[] = {
	{"e1000", "E1000"},
	{"pcnet32", "PCNet32"},
	{"vmxnet3", "VmxNet3"},
};

const struct hardware_controller *hardware_controller(const struct appliance *appliance)
{
	for (size_t i = 0; i < array_count(controllers) && appliance->hardware; i++)
		if (text_equal(controllers[i].name, appliance->hardware->controller))
			return &controllers[i];
	return NULL;
}

const struct hardware_network *hardware_network(const struct appliance *appliance)
{
	for (size_t i = 0; i < array_count(networks) && appliance->hardware; i++)
		if (text_equal(networks[i].name, appliance->hardware->network))
			return &networks[i];
	return NULL;
}

bool hardware_is_64(const struct appliance *appliance)
{
	return !text_equal(appliance->architecture, "i386");
}
