#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "clock.h"

static const struct machine_driver *const drivers[] = {
	&machine_qemu, &machine_uml, &machine_container, &machine_xen};

const struct machine_driver *machine_driver_of(const struct test_machine *hardware)
{
	for (size_t i = 0; i < array_count(drivers); i++)
		if (text_equal(drivers[i]->name, hardware->backend))
			return drivers[i];
	return &machine_qemu;
}

bool boot_needs_kernel(const struct platform *platform)
{
	return !machine_driver_of(platform->machines)->has_kernel;
}

bool boot_takes_archives(const struct platform *platform)
{
	return machine_driver_of(platform->machines)->unpack;
}

int machine_describe(
	const struct boot_options *options, struct machine_facts *ret_facts, struct error *err)
{
	return machine_driver_of(options->machine.hardware)->describe(options, ret_facts, err);
}

int machine_start(
	const struct machine_options *options, struct machine **ret_machine, struct error *err)
{
	struct machine *machine;

	if (machine_driver_of(options->boot->machine.hardware)->start(options, &machine, err))
		return -1;
	machine->interactive = options->boot->interactive;
	machine->console_log =
		options->log ? open(options->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)
			     : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (machine->console_log < 0) {
		machine_free(machine);
		return error_errno(
			err, errno, "%s", options->log ? options->log : "standard output");
	}
	*ret_machine = machine;
	return 0;
}

/* The log gets the bytes as they are: a file as many as the console keeps. */
void machine_receive_console(struct machine *machine)
{
	struct buffer *input = &machine->console_line.input;
	struct error ignored = {0};

	line_receive(&machine->console_line);
	if ((machine->interactive || machine->console.text.length < CONSOLE_LIMIT) &&
		file_write_all(machine->console_log, input->data, input->length, &ignored))
		error_release(&ignored);
	console_feed(&machine->console, input->data, input->length);
	input->length = 0;
	if (machine->console.panic && !machine->interactive && machine->state == MACHINE_RUNNING)
		machine->state = MACHINE_PANICKED;
}

int machine_wait(struct machine *machine, uint64_t deadline, struct error *err)
{
	struct pollfd lines[] = {
		{machine->console_line.ended ? -1 : machine->console_line.fd, POLLIN, 0},
		{machine->agent_line.ended ? -1 : machine->agent_line.fd, POLLIN, 0},
		{machine->control_fd, POLLIN, 0},
	};

	if (interrupt_check(err))
		return -1;
	poll(lines, array_count(lines), clock_poll(deadline));
	/* The console last: when the emulator has ended, all its words are there by now. */
	machine->driver->receive(machine);
	line_receive(&machine->agent_line);
	machine_receive_console(machine);
	return 0;
}

int machine_pause(struct machine *machine, uint64_t milliseconds, struct error *err)
{
	uint64_t deadline = clock_now() + milliseconds;

	while (clock_until(deadline))
		if (machine_wait(machine, deadline, err))
			return -1;
	return 0;
}

int machine_connect(
	struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd, struct error *err)
{
	return machine->driver->connect(machine, port, deadline, ret_fd, err);
}

void machine_break(struct machine *machine, char *failure)
{
	free(machine->failure);
	machine->failure = failure;
	machine->state = MACHINE_BROKEN;
}

void machine_free(struct machine *machine)
{
	if (!machine)
		return;
	line_release(&machine->console_line);
	line_release(&machine->agent_line);
	console_release(&machine->console);
	if (machine->console_log >= 0)
		close(machine->console_log);
	free(machine->failure);
	machine->driver->free(machine);
}
