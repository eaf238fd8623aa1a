/* What the commands that boot images, `test` and `run`, read alike from the command line. */
#pragma once

#include "boot/boot.h"
#include "command.h"

#define BOOT_OPTIONS                                                                        \
	{"accel", 0, "auto|kvm|tcg", "how to run the guest; auto tries what KVM is worth"}, \
		{"boot", 0, "PATH,...", "bios, uefi; a given kernel: direct, pvh"},         \
		{"platform", 0, "NAME", "the platform whose hardware the guest gets"},      \
		{"machine", 0, "NAME", "one of the platform's machines, such as q35, pc"},  \
	{                                                                                   \
		"memory", 0, "SIZE", "the guest's memory"                                   \
	}

struct boot_arguments {
	enum accelerator accelerator;
	unsigned paths;         /* of BY_*; 0: not given */
	struct words platforms; /* names; none: not given; owned */
	bool every_platform;    /* "all" was given, and platforms is empty */
	const char *machine;    /* NULL: not given */
	uint64_t memory;        /* bytes; 0: not given */
};

int boot_arguments_parse(
	const struct arguments *arguments, struct boot_arguments *ret_arguments, struct error *err);
void boot_arguments_release(struct boot_arguments *arguments);
#define cleanup_boot_arguments cleanup(boot_arguments_release)

/* Sets the options' machine, of their platform, if one was named: STATUS_USAGE when it has none of
 * the name. */
int boot_arguments_machine(
	const struct boot_arguments *arguments, struct boot_options *options, struct error *err);
/* Sets their path, and without a named machine the usual one for it: STATUS_USAGE when the machine
 * does not boot by it. */
int boot_arguments_path(const struct boot_arguments *arguments, enum boot_path path,
	struct boot_options *options, struct error *err);

/* The architecture that an image's name tells, as in NAME-VERSION-ARCHITECTURE.SUFFIX; else that
 * of the programs in it; else the host's. */
const struct architecture *image_architecture(const char *image);
/* The suffix of such a name, ".stream.vmdk": what is behind the architecture, which has no dot. */
const char *artefact_suffix(const char *artefact);
/* The name of an image's file without its suffix; owned by the caller. */
char *image_name(const char *image);
