/* QEMU's command line for a guest: what tests and interactive runs have in common. */
#pragma once

#include "base/text.h"
#include "boot.h"
#include "kernel-files.h"

struct qemu_guest {
	const struct boot_options *boot;
	bool kvm;
	const char *disk, *disk_format;   /* path; "qcow2" */
	const char *volume;               /* one more disk, raw and not written to; NULL: none */
	bool keep_disk;                   /* changes go to a nameless file, not to the disk */
	int network;                      /* its socket in user-network.h; 0: QEMU's own network */
	const struct boot_kernel *kernel; /* NULL: the firmware boots the disk */
};

struct qemu_machine;

struct qemu_command {
	struct words words;                 /* ends with NULL after qemu_command_end() */
	struct arena arena;                 /* owns them */
	const struct qemu_machine *machine; /* NULL: one that only a driver knows */
};

/* STATUS_MISSING when the firmware or the emulator is not installed. */
int qemu_command_begin(
	const struct qemu_guest *guest, struct qemu_command *ret_command, struct error *err);
/* Appends an option, and its value unless that is NULL. */
void qemu_option(struct qemu_command *command, const char *option, const char *value);
#define qemu_option_printf(command, option, ...) \
	qemu_option(command, option, arena_printf(&(command)->arena, __VA_ARGS__))
/* As a value inside an option, where a comma is doubled; the command's. */
const char *qemu_escape(struct qemu_command *command, const char *value);
/* The emulator's program, without a device, a window, or a way to this host. */
void qemu_begin_bare(struct qemu_command *command, const char *emulator);
/* QEMU's user-mode network, `net`: a guest that is tested reaches nothing by it. */
void qemu_add_user_network(struct qemu_command *command, const struct boot_options *boot);
const char *const *qemu_command_end(struct qemu_command *command);
void qemu_command_release(struct qemu_command *command);
#define cleanup_qemu_command cleanup(qemu_command_release)

/* What differs between the machines. */
struct qemu_machine {
	const char *name;         /* ours: "q35" */
	const char *emulator;     /* whose it is; NULL: of all that have it */
	const char *options;      /* QEMU's, its type first */
	const char *bus;          /* what virtio devices there end in: "pci" */
	const char *panic_device; /* by which a kernel's panic reaches QEMU; NULL: none */
	/* The agent's line as a second serial one or what comes next to it, by the chardev `agent`,
	 * and what the guest calls it: "/dev/ttyS1". */
	const char *const *agent_options; /* NULL-terminated */
	const char *agent_device;
	bool no_power_switch; /* the guest cannot turn it off */
	bool silent_end;      /* when the guest turns it off QEMU ends, and says nothing before */
	/* The guest has no clock but the processor's, and a busy host keeps it from measuring that.
	 */
	bool no_clock;
	const char *pvh_firmware; /* which does no more than start a kernel; NULL: the usual */
	const char *uefi_code, *uefi_variables, *uefi_package;
	uint64_t uefi_memory; /* bytes below which what UEFI starts finds no room for a kernel */
};

/* STATUS_MISSING: none that jeos knows, or its emulator is not installed. */
int qemu_machine_find(const struct boot_options *boot, const struct qemu_machine **ret_machine,
	struct error *err);
/* Bytes of memory that a guest gets. */
uint64_t qemu_memory(const struct boot_options *boot, const struct qemu_machine *machine);
