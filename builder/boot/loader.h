/*
 * The agent for a guest whose root is not to be touched: not in its disk, but by the agent's serial
 * line. The kernel's command line gets an init= that reads its script from there; the script, which
 * is ours, puts the agent into /run, and goes on with the guest's own init. What has the words is a
 * throw-away copy of the ESP, or the emulator; the root is the one that was built, to the bit.
 */
#pragma once

#include "base/error.h"

/* What the guest says when it waits for the script, a line. */
#define LOADER_HELLO "jeos-agent?"

/* The words for the end of a command line; `device` is the line by the guest's name. Owned by the
 * caller. */
char *loader_words(const char *device);
/* The script, to be sent as it is; owned by the caller. */
char *loader_script(const char *device);
