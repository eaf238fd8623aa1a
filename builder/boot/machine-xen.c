/*
 * Xen: QEMU emulates a machine for the hypervisor and its dom0 (xen-host.h), in which the guest is
 * made.
 *
 *     console, agent:  sockets - ports of virtio in dom0 - hvc0, hvc1
 *     disk:            the overlay - /dev/vdb in dom0 - xvda
 *     network:         QEMU's user network - dom0's card - a bridge - vif - the guest's card
 *
 * dom0 does as its guest does: it turns itself off or resets itself. When it cannot have a guest it
 * makes QEMU fail, whose output is what the hypervisor and dom0 have said.
 */
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "clock.h"
#include "machine-qemu.h"
#include "xen-host.h"

enum {
	HOST_MEMORY = 384,       /* mebibytes for dom0 */
	HYPERVISOR_MEMORY = 128, /* ... and for the hypervisor */
	HOST_LIMIT = 300 * 1000, /* milliseconds until dom0 has made the guest */
};

/* What dom0 says on the agent's line when the guest is about to start. */
#define STARTED "jeos-xen: started"

#define EMULATOR "qemu-system-x86_64"
/*
 * Without what Xen 4.17 or its guests find broken in QEMU 7.2's processor: dom0 dies in an
 * exception with smap; PVH guests die of pku, xsave and rdtscp.
 */
#define PROCESSOR "max,smap=off,pku=off,rdtscp=off,xsave=off"

static int xen_describe(
	const struct boot_options *options, struct machine_facts *ret_facts, struct error *err)
{
	cleanup_free char *emulator = program_find(EMULATOR);

	if (strcmp(options->architecture->name, "amd64") != 0)
		return error_set(err, STATUS_MISSING, "guests of Xen are tested as amd64, not %s",
			options->architecture->name);
	if (options->accelerator == ACCELERATOR_KVM)
		return error_set(err, STATUS_MISSING,
			"Xen is tested on a processor that QEMU emulates: not with --accel kvm");
	if (!emulator)
		return error_set(err, STATUS_MISSING,
			EMULATOR ": program not found; install qemu-system-x86");
	if (options->test->cloud.source.text)
		return error_set(err, STATUS_MISSING, "guests of Xen are told nothing by a cloud");
	if (!options->host)
		return error_set(err, STATUS_MISSING, "its host, %s, is not built",
			options->machine.hardware->host);
	*ret_facts = (struct machine_facts){
		.agent_device = xen_kind_of(options)->agent_device,
		.memory = options->test->memory,
		.powers_off = true,
		.accelerator = {.text = "Xen 4.17 in QEMU (tcg)"},
	};
	return 0;
}

static void add_host(struct qemu_command *command, const char *command_line, uint64_t guest_memory)
{
	uint64_t memory = divide_up(guest_memory, MIB) + HOST_MEMORY + HYPERVISOR_MEMORY;

	qemu_begin_bare(command, EMULATOR);
	qemu_option(command, "-no-reboot", NULL);
	qemu_option(command, "-machine", "pc,graphics=off");
	qemu_option(command, "-accel", "tcg");
	qemu_option(command, "-cpu", PROCESSOR);
	qemu_option_printf(command, "-m", "%lluM", (unsigned long long)memory);
	qemu_option(command, "-kernel", XEN_HYPERVISOR);
	qemu_option_printf(command, "-append",
		"console=com1 com1=115200,8n1 dom0_mem=%dM,max:%dM noreboot=1 loglvl=error "
		"guest_loglvl=error",
		HOST_MEMORY, HOST_MEMORY);
	qemu_option_printf(command, "-initrd", XEN_HOST_KERNEL " %s console=hvc0," XEN_HOST_INITRD,
		qemu_escape(command, command_line));
	/* By this the host makes QEMU fail. */
	qemu_option(command, "-device", "isa-debug-exit,iobase=0x501,iosize=1");
}

static void add_devices(
	struct qemu_command *command, const struct boot_options *boot, const char *disk)
{
	const char *const disks[] = {XEN_HOST_DISK, disk};

	for (size_t i = 0; i < array_count(disks); i++) {
		qemu_option_printf(command, "-drive",
			"if=none,id=disk%zu,file=%s,format=qcow2,cache=unsafe,discard=unmap", i,
			disks[i]);
		qemu_option_printf(command, "-device", "virtio-blk-pci,drive=disk%zu", i);
	}
	qemu_add_user_network(command, boot);
	qemu_option(command, "-device", "virtio-net-pci,netdev=net,romfile=,mac=" XEN_CARD);
	qemu_add_lines(command);
	qemu_option(command, "-serial", "stdio");
	qemu_option(command, "-device", "virtio-serial-pci");
	qemu_option(command, "-device", "virtserialport,name=console,chardev=console");
	qemu_option(command, "-device", "virtserialport,name=agent,chardev=agent");
}

/* Whether dom0 has said so by now. */
static bool has_started(struct machine *machine)
{
	for (;;) {
		cleanup_free char *line = line_take(&machine->agent_line);
		if (!line)
			return false;
		if (!strcmp(line, STARTED))
			return true;
	}
}

/* The console waits meanwhile: nobody logs it yet. */
static int wait_started(struct machine_qemu *qemu, struct error *err)
{
	struct machine *machine = &qemu->machine;
	uint64_t deadline = clock_now() + HOST_LIMIT;

	while (machine->state == MACHINE_RUNNING && clock_until(deadline)) {
		struct pollfd lines[] = {
			{machine->agent_line.fd, POLLIN, 0}, {machine->control_fd, POLLIN, 0}};
		if (interrupt_check(err))
			return -1;
		poll(lines, array_count(lines), clock_poll(deadline));
		line_receive(&machine->agent_line);
		if (has_started(machine))
			return 0;
		qemu_receive(machine);
	}
	if (machine->failure)
		return error_set(err, STATUS_EMULATOR, "Xen has no guest: %s", machine->failure);
	cleanup_free char *words = qemu_last_words(qemu);
	return error_set(err, STATUS_EMULATOR, "Xen has %s; its last words:%s",
		machine->state == MACHINE_RUNNING ? "not started the guest in time"
						  : "ended before it had a guest",
		words);
}

static int start_with(
	struct machine_qemu *qemu, const struct machine_options *options, struct error *err)
{
	const struct boot_options *boot = options->boot;
	const struct xen_guest guest = {xen_kind_of(boot), options->kernel, boot->test->memory,
		boot->test->processors ? boot->test->processors : 1};
	cleanup_free char *command_line = NULL;

	if (xen_host_make(boot, &guest, &command_line, err))
		return -1;
	add_host(&qemu->command, command_line, guest.memory);
	add_devices(&qemu->command, boot, options->disk);
	if (qemu_launch(qemu, err))
		return -1;
	return wait_started(qemu, err);
}

static int xen_start(
	const struct machine_options *options, struct machine **ret_machine, struct error *err)
{
	struct machine_qemu *qemu = qemu_new(options->boot->work);

	qemu->machine.driver = &machine_xen;
	qemu->next_look = UINT64_MAX; /* its registers are the host's */
	if (start_with(qemu, options, err)) {
		machine_free(&qemu->machine);
		return -1;
	}
	if (options->kernel)
		qemu->machine.console.phase = PHASE_KERNEL; /* there is nothing before it */
	*ret_machine = &qemu->machine;
	return 0;
}

const struct machine_driver machine_xen = {
	.name = "xen",
	.overlay = &disk_qcow2,
	.host_memory = (HOST_MEMORY + HYPERVISOR_MEMORY) * MIB,
	.describe = xen_describe,
	.start = xen_start,
	.receive = qemu_receive,
	.diagnose = qemu_diagnose,
	.processor_time = qemu_processor_time,
	.connect = qemu_connect,
	.free = qemu_free,
};
