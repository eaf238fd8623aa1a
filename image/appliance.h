/* An appliance: what a bundle is told of it beside its disk and its tree. All borrowed; texts that
 * the recipe does not have are NULL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The machine that an OVF or VMX file asks a hypervisor for. */
struct appliance_hardware {
	const char *system;     /* as OVF has it: "virtualbox-2.2", "vmx-10" */
	const char *controller; /* of the disk: "ahci", "ide", "lsilogic", "pvscsi" */
	const char *network;    /* "e1000", "pcnet32", "vmxnet3" */
};

/* What somebody who deploys the appliance may set. */
struct appliance_property {
	const char *key, *type, *value; /* the type as OVF has it: "string", "boolean" */
	const char *label, *description;
};

/* The file beside a description that it names. */
struct appliance_disk {
	const char *file;   /* NULL: none */
	const char *format; /* "qcow2" */
	bool partitioned;   /* else it is the root filesystem alone */
};

struct appliance {
	const char *name; /* what its files are called: "web-1.0-amd64" */
	const char *product, *version, *summary;
	const char *vendor, *vendor_url, *url;
	const char *annotation, *eula; /* may have several lines */
	const struct appliance_property *properties;
	size_t property_count;
	const char *architecture; /* Debian's name of it */
	uint64_t memory;          /* bytes */
	unsigned processors;
	bool needs_uefi;                           /* it does not boot by a BIOS */
	const struct appliance_hardware *hardware; /* NULL: the platforms have none */
	/* Of containers, NULL-terminated: argv; "NAME=VALUE"; "80", "53/udp". NULL: none. */
	const char *const *command, *const *environment, *const *ports;
	const char *command_line; /* the kernel's */
	/* For descriptions: */
	struct appliance_disk disk;
	const char *kernel_file, *initrd_file;
	/* PEM file of a key and a certificate that a bundle is signed with. */
	const char *certificate;
};
