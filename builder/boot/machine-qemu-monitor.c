/* What QEMU is asked about a running guest. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "clock.h"
#include "machine-qemu.h"

enum { LOOK_PAUSE = 500 /* milliseconds */ };

int qemu_monitor(struct machine_qemu *qemu, const char *line, char **ret_output, struct error *err)
{
	json_t *result;

	if (qmp_command(&qemu->qmp, "human-monitor-command",
		    json_pack("{s:s}", "command-line", line), &result, err))
		return -1;
	const char *output = json_string_value(result);
	*ret_output = xstrdup(output ? output : "");
	json_decref(result);
	return 0;
}

/* On x86-64, Linux lives in the upper half of the addresses and firmware in the lower; only what a
 * kernel has started runs in ring 3. */
enum boot_phase registers_phase(const char *registers)
{
	const char *ring = strstr(registers, "CPL="), *address = strstr(registers, "RIP=");

	if (ring && ring[4] == '3')
		return PHASE_USERSPACE;
	if (address && strtoull(address + 4, NULL, 16) >> 63)
		return PHASE_KERNEL;
	return PHASE_FIRMWARE;
}

void qemu_look(struct machine_qemu *qemu)
{
	cleanup_free char *registers = NULL;
	struct error ignored = {0};

	if (qemu->machine.console.phase == PHASE_USERSPACE || clock_until(qemu->next_look))
		return;
	qemu->next_look = clock_now() + LOOK_PAUSE;
	if (qemu_monitor(qemu, "info registers", &registers, &ignored)) {
		error_release(&ignored);
		return;
	}
	enum boot_phase phase = registers_phase(registers);
	if (phase > qemu->machine.console.phase)
		qemu->machine.console.phase = phase;
}

char *qemu_diagnose(struct machine *machine)
{
	struct machine_qemu *qemu = (struct machine_qemu *)machine;
	struct error err = {0};
	json_t *result = NULL;
	char *text = NULL;

	if (qmp_command(&qemu->qmp, "query-status", NULL, &result, &err)) {
		text = xasprintf("QEMU does not answer: %s", err.message);
		error_release(&err);
		return text;
	}
	const char *status = json_string_value(json_object_get(result, "status"));
	if (!text_equal(status, "running"))
		text = xasprintf("QEMU says of the guest: %s", status ? status : "nothing");
	json_decref(result);
	return text;
}
