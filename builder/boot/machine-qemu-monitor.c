/* What QEMU, and this host, are asked about a running guest. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "clock.h"
#include "machine-qemu.h"

enum { LOOK_PAUSE = 500 /* milliseconds */ };

int qemu_monitor(struct machine *machine, const char *line, char **ret_output, struct error *err)
{
	struct machine_qemu *qemu = (struct machine_qemu *)machine;
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
	if (qemu_monitor(&qemu->machine, "info registers", &registers, &ignored)) {
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

uint64_t stat_processor_time(const char *stat)
{
	/* The second field is a name in parentheses, which may hold anything. */
	const char *rest = strrchr(stat, ')');
	uint64_t user, system;

	if (!rest ||
		sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
			&user, &system) != 2)
		return 0;
	return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

uint64_t qemu_processor_time(struct machine *machine)
{
	enum { STAT_LIMIT = 4096 };
	const struct machine_qemu *qemu = (struct machine_qemu *)machine;
	cleanup_free char *path = xasprintf("/proc/%d/stat", qemu->pid);
	cleanup_buffer struct buffer stat = {0};
	struct error ignored = {0};

	if (file_read(AT_FDCWD, path, STAT_LIMIT, &stat, &ignored)) {
		error_release(&ignored);
		return 0;
	}
	return stat_processor_time(stat.data);
}
