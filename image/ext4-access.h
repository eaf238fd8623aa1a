/* An open ext4: what reading (ext4-access.c) and changing (ext4-change.c) share. */
#pragma once

#include "ext4-io.h"
#include "ext4.h"

struct ext4 {
	struct slice slice;
	struct ext4_device device;
	ext2_filsys fs; /* owned */
};
