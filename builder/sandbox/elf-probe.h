/* Whether a kind of programs runs on this host: by trying one. */
#pragma once

#include <stdbool.h>

#include "architecture.h"

/* As root in namespaces of the build's own; false also where it cannot be tried. */
bool elf_runs(const struct elf_kind *elf);
