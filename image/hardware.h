/* Emulated hardware by the names that each of VMware's and DMTF's files has for it. */
#pragma once

#include "appliance.h"

struct hardware_controller {
	const char *name;         /* "ahci" */
	unsigned resource;        /* OVF's ResourceType */
	const char *subtype;      /* OVF's ResourceSubType */
	const char *vmx, *device; /* VMX: "scsi0", and its virtualDev, NULL: none */
};

struct hardware_network {
	const char *name;    /* "e1000" */
	const char *subtype; /* OVF's ResourceSubType */
};

/* NULL: unknown. */
const struct hardware_controller *hardware_controller(const struct appliance *appliance);
const struct hardware_network *hardware_network(const struct appliance *appliance);
/* Whether the architecture has 64 bits. */
bool hardware_is_64(const struct appliance *appliance);
