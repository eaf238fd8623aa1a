/* Service starts are denied while packages are configured and hooks run. */
#pragma once

#include "sandbox/loan.h"

/* Lends the root a policy-rc.d, which invoke-rc.d(8) and deb-systemd-invoke(1) ask first. */
int services_deny(struct loans *loans, int root, struct error *err);
