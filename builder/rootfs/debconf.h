/* Answers to what packages ask when they are configured, debconf-set-selections(1). */
#pragma once

#include "rootfs.h"

/* The recipe's answers as that program reads them; owned by the caller. */
char *debconf_answers(const struct recipe *recipe);

/* Whether rootfs->packages bring debconf: they take the answers, before they are configured. */
bool debconf_comes(const struct rootfs *rootfs);
/* Gives the answers to a root in which debconf is unpacked. STATUS_SCRIPT when it refuses them. */
int debconf_preseed(const struct rootfs *rootfs, struct error *err);
