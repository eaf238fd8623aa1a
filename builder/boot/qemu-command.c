#include "qemu-command.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "tsc.h"

static void add_word(struct qemu_command *command, const char *text)
{
	vector_push(&command->words, text);
}

void qemu_option(struct qemu_command *command, const char *option, const char *value)
{
	add_word(command, option);
	if (value)
		add_word(command, arena_strdup(&command->arena, value));
}

const char *qemu_escape(struct qemu_command *command, const char *value)
{
	cleanup_buffer struct buffer text = {0};

	buffer_text(&text, "");
	for (; *value; value++)
		buffer_text(&text, (char[]){*value, *value == ',' ? ',' : '\0', '\0'});
	return arena_strdup(&command->arena, text.data);
}

/* QEMU's name of a device on that machine. */
static const char *device_on(
	struct qemu_command *command, const struct qemu_machine *machine, const char *device)
{
	return strncmp(device, "virtio-", strlen("virtio-"))
		       ? device
		       : arena_printf(&command->arena, "%s-%s", device, machine->bus);
}

void qemu_begin_bare(struct qemu_command *command, const char *emulator)
{
	qemu_option(command, emulator, NULL);
	qemu_option(command, "-nodefaults", NULL);
	qemu_option(command, "-no-user-config", NULL);
	qemu_option(command, "-display", "none");
	qemu_option(command, "-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

static void add_hardware(struct qemu_command *command, const struct qemu_guest *guest,
	const struct qemu_machine *machine)
{
	const struct boot_options *boot = guest->boot;
	unsigned processors = boot->test->processors ? boot->test->processors : 1;

	qemu_begin_bare(command, boot->architecture->emulator);
	qemu_option(command, "-machine", machine->options);
	qemu_option(command, "-accel", guest->kvm ? "kvm" : "tcg,thread=multi");
	qemu_option(command, "-cpu", guest->kvm ? "host" : boot->architecture->emulator_cpu);
	qemu_option_printf(command, "-smp", "%u", processors);
	qemu_option_printf(command, "-m", "%" PRIu64 "K", qemu_memory(boot, machine) / KIB);
	if (!strcmp(boot->machine.hardware->network, "virtio-net")) {
		qemu_option(command, "-object", "rng-random,id=random,filename=/dev/urandom");
		qemu_option_printf(command, "-device", "%s,rng=random",
			device_on(command, machine, "virtio-rng"));
		qemu_option(command, "-device", device_on(command, machine, "virtio-balloon"));
	}
	if (machine->panic_device)
		qemu_option(command, "-device", machine->panic_device);
}

/* SCSI disks get world-wide names: behind a SAS controller Linux finds none without. */
static void add_drive(struct qemu_command *command, const struct qemu_guest *guest,
	const char *name, unsigned number, const char *more)
{
	const char *disk = guest->boot->machine.hardware->disk;

	qemu_option_printf(command, "-device", "%s,drive=%s,serial=%s%s%s",
		device_on(command, command->machine, disk), name, name, more,
		strcmp(disk, "scsi-hd")
			? ""
			: arena_printf(&command->arena, ",wwn=0x300000000000000%u", number));
}

static void add_disk(struct qemu_command *command, const struct qemu_guest *guest,
	const struct qemu_machine *machine)
{
	const struct test_machine *hardware = guest->boot->machine.hardware;

	qemu_option_printf(command, "-drive",
		"if=none,id=disk,file=%s,format=%s,cache=unsafe,discard=unmap%s",
		qemu_escape(command, guest->disk), guest->disk_format,
		guest->keep_disk ? ",snapshot=on" : "");
	if (hardware->controller)
		qemu_option_printf(command, "-device", "%s,id=controller",
			device_on(command, machine, hardware->controller));
	add_drive(command, guest, "disk", 1,
		hardware->controller ? ",bootindex=1,bus=controller.0" : ",bootindex=1");
}

/* On whatever bus has room for one more such disk. */
static void add_volume(struct qemu_command *command, const struct qemu_guest *guest)
{
	qemu_option_printf(command, "-drive", "if=none,id=volume,file=%s,format=raw,snapshot=on",
		qemu_escape(command, guest->volume));
	add_drive(command, guest, "volume", 2, "");
}

void qemu_add_user_network(struct qemu_command *command, const struct boot_options *boot)
{
	cleanup_buffer struct buffer forwards = {0};

	buffer_text(&forwards, "");
	for (size_t i = 0; i < boot->forward_count; i++)
		buffer_printf(&forwards, ",hostfwd=tcp:127.0.0.1:%u-:%u", boot->forwards[i].host,
			boot->forwards[i].guest);
	qemu_option_printf(command, "-netdev", "user,id=net,restrict=%s%s",
		boot->interactive ? "off" : "on", forwards.data);
}

static void add_network(struct qemu_command *command, const struct qemu_guest *guest,
	const struct qemu_machine *machine)
{
	if (guest->network)
		qemu_option_printf(command, "-netdev", "socket,id=net,fd=%d", guest->network);
	else
		qemu_add_user_network(command, guest->boot);
	/* No boot from the network: the disk is what is tested. */
	qemu_option_printf(command, "-device", "%s,netdev=net%s",
		device_on(command, machine, guest->boot->machine.hardware->network),
		text_equal(machine->bus, "pci") ? ",romfile=" : "");
}

/* The variables' file is a template: each guest begins with them as they come, and forgets them. */
static int add_uefi(
	struct qemu_command *command, const struct qemu_machine *machine, struct error *err)
{
	if (!machine->uefi_code)
		return error_set(err, STATUS_MISSING,
			"%s of %s: no UEFI firmware for it is known; take another machine",
			machine->name, machine->emulator);
	if (!file_exists(AT_FDCWD, machine->uefi_code) ||
		!file_exists(AT_FDCWD, machine->uefi_variables))
		return error_set(err, STATUS_MISSING,
			"UEFI firmware for the machine %s: not found; install the package %s",
			machine->name, machine->uefi_package);
	qemu_option_printf(command, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=%s",
		machine->uefi_code);
	qemu_option_printf(command, "-drive", "if=pflash,unit=1,format=raw,snapshot=on,file=%s",
		machine->uefi_variables);
	return 0;
}

/* Without KVM, which has a clock of its own, the guest is told how fast its processor counts. */
static void add_kernel(struct qemu_command *command, const struct qemu_guest *guest,
	const struct qemu_machine *machine)
{
	const struct boot_kernel *kernel = guest->kernel;
	unsigned khz = machine->no_clock && !guest->kvm ? tsc_khz() : 0;

	if (guest->boot->path == BOOT_PVH && machine->pvh_firmware)
		qemu_option(command, "-bios", machine->pvh_firmware);
	qemu_option(command, "-kernel", kernel->image);
	if (kernel->initrd)
		qemu_option(command, "-initrd", kernel->initrd);
	if (khz)
		qemu_option_printf(
			command, "-append", "%s tsc_early_khz=%u", kernel->command_line, khz);
	else
		qemu_option(command, "-append", kernel->command_line);
}

int qemu_command_begin(
	const struct qemu_guest *guest, struct qemu_command *ret_command, struct error *err)
{
	cleanup_qemu_command struct qemu_command command = {0};
	const struct qemu_machine *machine;

	if (qemu_machine_find(guest->boot, &machine, err))
		return -1;
	command.machine = machine;
	add_hardware(&command, guest, machine);
	add_disk(&command, guest, machine);
	if (guest->volume)
		add_volume(&command, guest);
	add_network(&command, guest, machine);
	if (guest->boot->path == BOOT_UEFI && add_uefi(&command, machine, err))
		return -1;
	if (guest->kernel)
		add_kernel(&command, guest, machine);
	*ret_command = command;
	command = (struct qemu_command){0};
	return 0;
}

const char *const *qemu_command_end(struct qemu_command *command)
{
	add_word(command, NULL);
	return command->words.items;
}

void qemu_command_release(struct qemu_command *command)
{
	vector_release(&command->words);
	arena_release(&command->arena);
}
