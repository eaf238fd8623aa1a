/* The throw-away disk that is booted: over the artefact, with the agent in it. */
#pragma once

#include "boot.h"

struct overlay {
	uint64_t size;        /* bytes of the disk as the guest sees it */
	uint64_t root_start;  /* where its root partition begins */
	unsigned root_number; /* its number; 0: the root is the whole disk */
	bool read_only;       /* its root: the agent is not in it, the guest asks for it */
};

/*
 * Makes the overlay under `path`. It is at least `size` bytes large, which the artefact's partition
 * table then knows nothing of, as after a disk was enlarged. `agent_device` is the serial line that
 * the agent speaks on, by the guest's name; NULL: no agent.
 */
int overlay_make(const struct boot_options *options, uint64_t size, const char *agent_device,
	const char *path, struct overlay *ret_overlay, struct error *err);
