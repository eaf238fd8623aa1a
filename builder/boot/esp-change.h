/* The ESP of a throw-away disk with other words for the kernel: what UEFI starts, and what GRUB
 * reads. */
#pragma once

#include "image/disk.h"

/* Writes the ESP anew, the same but for the words at the end of its command lines. `work` is a
 * private directory for scratch files. */
int esp_add_words(struct disk *disk, const char *words, const char *work, struct error *err);
