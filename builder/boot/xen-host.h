/*
 * What Xen's guests run in: the hypervisor and its first guest, dom0, an appliance of jeos's own
 * (recipes/xen-dom0.yaml). Its image is not changed: it boots from an overlay, in which it finds
 * the guest's files.
 */
#pragma once

#include "boot.h"

/* Where they are in dom0; overlays/xen-dom0 knows, too. */
#define XEN_GUEST "/guest/"
/* The card of the machine, which is the guest's. */
#define XEN_CARD "52:54:00:12:34:56"

/* What the work directory has of the host. */
#define XEN_HOST_DISK   "host"
#define XEN_HYPERVISOR  "xen"
#define XEN_HOST_KERNEL "host-vmlinuz"
#define XEN_HOST_INITRD "host-initrd.img"

/* A kind of guest. */
struct xen_kind {
	const char *type;         /* xl's: "pv" */
	const char *agent_device; /* the agent's line, by the guest's name */
	const char *lines;        /* nodes of console and agent's line in Xen's store, a line */
	const char *devices;      /* of its configuration: disk and lines */
};

/* That of the machine's name. */
const struct xen_kind *xen_kind_of(const struct boot_options *boot);

struct xen_guest {
	const struct xen_kind *kind;
	const struct boot_kernel *kernel; /* files of the work directory; NULL: its disk boots */
	uint64_t memory;                  /* bytes */
	unsigned processors;
};

/* The guest's configuration, as xl(1) reads it; owned by the caller. */
char *xen_guest_config(const struct xen_guest *guest);

/* Makes all of the above in the work directory. The command line is dom0's, owned by the caller. */
int xen_host_make(const struct boot_options *boot, const struct xen_guest *guest,
	char **ret_command_line, struct error *err);
