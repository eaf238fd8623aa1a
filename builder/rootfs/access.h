/* Who may become root in the guest, and where: password, SSH keys, logins on the consoles. */
#pragma once

#include "rootfs.h"

/* `root` is the open guest root. */
int access_configure(const struct recipe_access *access, int root, struct error *err);
