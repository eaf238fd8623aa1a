/*
 * OVF 1.0 (DMTF DSP0243): what an appliance is and the machine it wants, in XML; as VirtualBox and
 * VMware's products read it.
 */
#pragma once

#include "base/text.h"
#include "image.h"

struct ovf_disk {
	const char *file;   /* beside the description */
	uint64_t file_size; /* bytes */
	uint64_t size;      /* bytes that the guest sees */
};

void ovf_write(
	const struct appliance *appliance, const struct ovf_disk *disk, struct buffer *ret_xml);
