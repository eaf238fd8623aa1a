/*
 * The test harness: boots a throw-away overlay of an image and runs the recipe's checks on it. The
 * artefact itself is never written to.
 */
#pragma once

#include "architecture.h"
#include "platform.h"
#include "recipe/recipe.h"

enum accelerator { ACCELERATOR_AUTO, ACCELERATOR_KVM, ACCELERATOR_TCG };
enum { ACCELERATORS = 3 };
extern const char *const accelerator_names[ACCELERATORS]; /* "auto", "kvm", "tcg" */

extern const char *const boot_path_names[BOOT_PATHS]; /* "bios", "uefi", "direct", "pvh" */
/* Whether the machine is given a kernel. */
bool boot_path_has_kernel(enum boot_path path);
/* By which to boot on a platform what firmware of FIRMWARE_* can boot: bits BY_*. */
unsigned boot_paths_of(const struct platform *platform, unsigned firmware);
/* The same for an image, by what is in it: at least one. */
int boot_paths_find(
	const char *image, const struct platform *platform, unsigned *ret_paths, struct error *err);

/* A machine to boot on. */
struct boot_machine {
	const char *name;    /* "pvscsi" */
	const char *machine; /* QEMU's, by our name: "q35" */
	unsigned paths;      /* of BY_*: by which it can boot */
	const struct test_machine *hardware;
};
/* The machines of the platform, in order; false when there are no more. */
bool boot_machine_at(const struct platform *platform, const struct architecture *architecture,
	size_t index, struct boot_machine *ret_machine);
/* The usual one for that path; false: none. */
bool boot_machine_usual(const struct platform *platform, const struct architecture *architecture,
	enum boot_path path, struct boot_machine *ret_machine);
/* Whether what is tested on the platform must bring a kernel. */
bool boot_needs_kernel(const struct platform *platform);
/* Whether its images are archives of a root and not disks. */
bool boot_takes_archives(const struct platform *platform);

/* Whose programs are in the image; NULL: it cannot be told. */
const struct architecture *boot_architecture_find(const char *image);

/* What a host's /dev/kvm is worth; found by running a tiny guest. */
struct kvm_probe {
	bool usable;
	char reason[160]; /* "usable", "/dev/kvm: no such file", "emulated: ..." */
};
void kvm_probe(struct kvm_probe *ret_probe);

/* A port of this host that leads to one of the guest. */
struct port_forward {
	uint16_t host, guest;
};

struct boot_options {
	const char *name;  /* what the verdict calls it: "minimal" */
	const char *image; /* the artefact */
	const struct architecture *architecture;
	const struct platform *platform;
	struct boot_machine machine;
	enum accelerator accelerator;
	enum boot_path path;
	const struct recipe_test *test;
	bool analyze;              /* ask systemd where the time went: seconds more */
	const char *log_directory; /* receives serial logs; exists */
	const char *work;          /* a private directory for the overlay */
	bool may_skip;             /* what this host cannot run is a verdict, not an error */
	const char *host;          /* image of what the machine runs in; NULL: there is none */
	bool interactive; /* for a person, not a test: no agent, and the network leads out */
	const struct port_forward *forwards; /* of interactive ones only */
	size_t forward_count;
};

enum check_outcome { CHECK_PASSED, CHECK_FAILED, CHECK_SKIPPED };

struct check_result {
	char *name; /* "run: systemctl is-system-running"; owned */
	enum check_outcome outcome;
	char *detail; /* why it failed or was skipped, or what was measured; NULL; owned */
	uint64_t milliseconds;
};

/*
 * Where a boot's time went, in milliseconds by the host's clock; the guest's tells how `total` is
 * divided, and only `total` is there when it does not. They add up: power-on, firmware (with boot
 * loader and the kernel's unpacking of itself), kernel (with initramfs), /sbin/init, userspace,
 * ready.
 */
struct boot_timing {
	uint64_t firmware, kernel, userspace, total;
	uint64_t
		processor; /* what the emulator used of the host's processors by then; 0: unknown */
};

/* How long a unit took to start, by `systemd-analyze blame`. */
struct unit_time {
	char *name; /* owned */
	uint64_t milliseconds;
};

/* What systemd has to say about the boot; empty where there is none, or nobody asked. */
struct boot_analysis {
	vector(struct unit_time) units; /* the slowest first */
	char *critical_chain;           /* a text of lines; NULL: unknown; owned */
};

/* All that one boot showed. */
struct verdict {
	char *name;         /* "minimal kvm bios"; owned */
	enum status status; /* OK, CHECK, TIMEOUT, PANIC or EMULATOR; MISSING: skipped */
	char *accelerator;  /* "tcg (KVM is emulated: ...)"; owned */
	char *log;          /* path of the serial log; owned */
	uint64_t milliseconds;
	struct boot_timing timing; /* total 0: it did not get ready */
	uint64_t memory;           /* bytes that the guest had */
	uint64_t memory_used;      /* ... and used when ready; 0: unknown */
	struct boot_analysis analysis;
	vector(struct check_result) results;
};
void verdict_release(struct verdict *verdict);

/*
 * Boots and checks. A failed check, a panic or a time-out is a verdict, not an error; an error is
 * what kept the test from being made at all (STATUS_MISSING, STATUS_EMULATOR, an image that cannot
 * be read).
 */
int boot_test(const struct boot_options *options, struct verdict *ret_verdict, struct error *err);
/*
 * The same for several, at most `most` at once (0: one for each processor) and no more than the
 * memory of this host holds. Each works in a private directory of its own in its log directory.
 * The verdicts, zeroed by the caller, come in the order of the options; after an error those that
 * were not made have no name.
 */
int boot_test_several(const struct boot_options *options, size_t count, unsigned most,
	struct verdict *ret_verdicts, struct error *err);
/* "minimal kvm bios": what a boot is called; owned by the caller. */
char *boot_name(const struct boot_options *options);

/* Whether a run of the machine takes over the process, and does with no work directory. */
bool boot_becomes_emulator(const struct boot_machine *machine);
/*
 * Boots the image for a person: its console on the terminal, changes thrown away. Returns when the
 * guest has ended, and on success not at all when the process becomes the emulator.
 */
int boot_run(const struct boot_options *options, struct error *err);

/* Verdicts as texts, owned by the caller: TAP 13, JUnit XML, JSON, and a table for people. */
char *verdicts_tap(const struct verdict *verdicts, size_t count);
char *verdicts_junit(const struct verdict *verdicts, size_t count);
char *verdicts_json(const struct verdict *verdicts, size_t count);
char *verdicts_text(const struct verdict *verdicts, size_t count);
