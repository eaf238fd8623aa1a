/* What systemd has to say about a boot: systemd-analyze(1). */
#pragma once

#include "subject.h"

/* Asks the guest; one without systemd-analyze has nothing to say. */
int analysis_make(struct subject *subject, struct boot_analysis *ret_analysis, struct error *err);
void analysis_release(struct boot_analysis *analysis);

/* A line such as "1min 2.345s ssh.service"; false when it is none. The name is a part of it. */
bool analysis_parse_blame(const char *line, const char **ret_name, uint64_t *ret_milliseconds);
