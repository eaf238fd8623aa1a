/* Interactive runs: the guest's console is on the terminal. QEMU has that itself, so the process
 * becomes it; other guests run beside the process, as those of tests do. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accelerator.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "image/disk.h"
#include "kernel-files.h"
#include "qemu-command.h"
#include "subject.h"
#include "terminal.h"

/* A nameless file that the emulator inherits, as a path that it can open. */
static int keep_in_memory(
	const char *name, const struct buffer *content, char **ret_path, struct error *err)
{
	cleanup_fd int fd = memfd_create(name, 0);

	if (fd < 0)
		return error_errno(err, errno, "%s: a file in memory", name);
	if (file_write_all(fd, content->data, content->length, err))
		return -1;
	*ret_path = xasprintf("/proc/self/fd/%d", steal_fd(&fd));
	return 0;
}

static int image_format(const char *image, const char **ret_format, struct error *err)
{
	cleanup_disk struct disk *disk = NULL;

	if (disk_open(image, false, &disk, err))
		return -1;
	*ret_format = disk->driver->name;
	return 0;
}

static int become_qemu(const struct qemu_guest *guest, struct error *err)
{
	cleanup_qemu_command struct qemu_command command = {0};

	if (qemu_command_begin(guest, &command, err))
		return -1;
	qemu_option(&command, "-serial", "mon:stdio");
	const char *const *arguments = qemu_command_end(&command);
	interrupt_reset();
	execvp(arguments[0], (char *const *)arguments);
	return error_errno(err, errno, "%s: starting", arguments[0]);
}

static void announce(const struct accelerator_choice *accelerator, enum boot_path path)
{
	log_note("%s, %s boot; changes are thrown away; Ctrl-A X ends the guest", accelerator->text,
		boot_path_names[path]);
}

static int run_in_qemu(const struct boot_options *options, struct error *err)
{
	cleanup_kernel_files struct kernel_files files = {0};
	cleanup_free char *image = NULL, *initrd = NULL;
	struct accelerator_choice accelerator;
	struct boot_kernel kernel = {0};
	struct qemu_guest guest = {.boot = options, .disk = options->image, .keep_disk = true};

	accelerator_choose(options->accelerator, options->architecture, &accelerator);
	guest.kvm = accelerator.kvm;
	if (image_format(options->image, &guest.disk_format, err))
		return -1;
	if (boot_path_has_kernel(options->path)) {
		if (kernel_files_read(options->image, options->path == BOOT_PVH, &files, err) ||
			keep_in_memory("vmlinuz", &files.kernel, &image, err))
			return -1;
		if (files.initrd.length && keep_in_memory("initrd", &files.initrd, &initrd, err))
			return -1;
		kernel = (struct boot_kernel){image, initrd, files.command_line};
		guest.kernel = &kernel;
	}
	announce(&accelerator, options->path);
	return become_qemu(&guest, err);
}

/* The guest may end itself in any way but by a fault. */
static int judge(const struct machine *machine, struct error *err)
{
	const char *panic = machine->console.panic;

	switch (machine->state) {
	case MACHINE_PANICKED:
		return error_set(err, STATUS_PANIC, "%s", panic ? panic : "kernel panic");
	case MACHINE_BROKEN:
		return error_set(err, STATUS_EMULATOR, "%s", machine->failure);
	case MACHINE_RESET:
		log_note("the guest has reset itself: run it again to go on");
		break;
	case MACHINE_RUNNING:
	case MACHINE_OFF:
		break;
	}
	return 0;
}

static int run_beside(const struct boot_options *options, struct error *err)
{
	cleanup_subject struct subject subject = {.options = options};

	if (subject_prepare(&subject, err))
		return -1;
	announce(&subject.facts.accelerator, options->path);
	if (options->host)
		log_note("what it runs in starts first, which takes a while");
	if (subject_power_on(&subject, NULL, err) || terminal_serve(subject.machine, err))
		return -1;
	return judge(subject.machine, err);
}

bool boot_becomes_emulator(const struct boot_machine *machine)
{
	return machine_driver_of(machine->hardware) == &machine_qemu;
}

int boot_run(const struct boot_options *options, struct error *err)
{
	return boot_becomes_emulator(&options->machine) ? run_in_qemu(options, err)
							: run_beside(options, err);
}
