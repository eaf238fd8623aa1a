/* The source of a kernel, out of the distribution's linux-source package. */
#pragma once

#include "architecture.h"
#include "base/text.h"

/*
 * Extracts the tar in the package `deb` (usr/src/linux-source-VERSION.tar.xz) into the open
 * directory, without the directory that it has on top. What no build for that kernel architecture
 * ("x86") can need is left out, but never a Kconfig file or a makefile. STATUS_ARCHIVE when the
 * package holds no such tar.
 */
int kernel_source_extract(
	const char *deb, const char *kernel_arch, int directory, struct error *err);
