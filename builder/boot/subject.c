#include "subject.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "clock.h"
#include "cloud.h"
#include "loader.h"

enum {
	LAST_WORDS = 1000, /* milliseconds for what a kernel says after it panicked */
	TAIL_LINES = 15,
};

/* What lies in the work directory. */
static const char disk_name[] = "overlay", volume_name[] = "cloud.img";
static const char kernel_name[] = "vmlinuz", initrd_name[] = "initrd.img";

/* The size that the overlay must have for the checks that the root grows; 0: any. */
static uint64_t wanted_size(const struct recipe_test *test)
{
	uint64_t size = 0;

	vector_for_each (check, &test->checks)
		if (check->kind == CHECK_ROOT_GROWS && check->number > size)
			size = check->number;
	return size;
}

static void add_words(struct subject *subject, const char *words)
{
	cleanup_free char *line = subject->kernel.command_line;

	subject->kernel.command_line = xasprintf("%s %s", line, words);
}

/* A root without a partition has no id by which the kernel finds it. */
static const char *whole_disk(const struct boot_options *options)
{
	static const struct {
		const char *disk, *words;
	} known[] = {{"virtio", "root=/dev/vda"}, {"xvda", "root=/dev/xvda"}};

	for (size_t i = 0; i < array_count(known); i++)
		if (text_starts(options->machine.hardware->disk, known[i].disk))
			return known[i].words;
	return "root=/dev/sda";
}

/* Takes the kernel out of the image for the emulator to load. */
static int unpack_kernel(struct subject *subject, struct error *err)
{
	const char *path = subject->options->work;
	cleanup_fd int work = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (work < 0)
		return error_errno(err, errno, "%s", path);
	if (kernel_files_read(subject->options->image, subject->options->path == BOOT_PVH,
		    &subject->kernel, err))
		return -1;
	if (!subject->overlay.root_number)
		add_words(subject, whole_disk(subject->options));
	if (subject->overlay.read_only && !subject->options->interactive) {
		cleanup_free char *words = loader_words(subject->facts.agent_device);
		add_words(subject, words);
	}
	const struct buffer *kernel = &subject->kernel.kernel, *initrd = &subject->kernel.initrd;
	if (file_write(work, kernel_name, kernel->data, kernel->length, 0700, err))
		return -1;
	return initrd->length
		       ? file_write(work, initrd_name, initrd->data, initrd->length, 0600, err)
		       : 0;
}

static int make_volume(const struct boot_options *options, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", options->work, volume_name);

	return cloud_has_volume(&options->test->cloud)
		       ? cloud_volume_make(&options->test->cloud, options->work, path, err)
		       : 0;
}

int subject_prepare(struct subject *subject, struct error *err)
{
	const struct boot_options *options = subject->options;
	cleanup_free char *disk = xasprintf("%s/%s", options->work, disk_name);

	if (machine_describe(options, &subject->facts, err))
		return -1;
	if (options->interactive)
		subject->facts.agent_device = NULL;
	if (boot_takes_archives(options->platform))
		return machine_driver_of(options->machine.hardware)->unpack(options, err);
	if (overlay_make(options, wanted_size(options->test), subject->facts.agent_device, disk,
		    &subject->overlay, err) ||
		make_volume(options, err))
		return -1;
	if (subject->overlay.read_only && !options->interactive)
		subject->script = loader_script(subject->facts.agent_device);
	bool wanted = boot_path_has_kernel(options->path);
	if (wanted && machine_driver_of(options->machine.hardware)->has_kernel &&
		kernel_files_exist(options->image, &wanted, err))
		return -1;
	return wanted ? unpack_kernel(subject, err) : 0;
}

int subject_power_on(struct subject *subject, const char *log, struct error *err)
{
	struct boot_kernel kernel = {
		.image = kernel_name,
		.initrd = subject->kernel.initrd.length ? initrd_name : NULL,
		.command_line = subject->kernel.command_line,
	};
	struct machine_options options = {
		.boot = subject->options,
		.accelerator = &subject->facts.accelerator,
		.disk = disk_name,
		.root_number = subject->overlay.root_number,
		.volume = cloud_has_volume(&subject->options->test->cloud) ? volume_name : NULL,
		.kernel = subject->kernel.kernel.length ? &kernel : NULL,
		.log = log,
	};

	if (machine_start(&options, &subject->machine, err))
		return -1;
	subject->agent.machine = subject->machine;
	subject->agent.script = subject->script;
	return 0;
}

enum status subject_status(const struct subject *subject)
{
	switch (subject->machine->state) {
	case MACHINE_PANICKED:
	case MACHINE_RESET:
		return STATUS_PANIC;
	case MACHINE_BROKEN:
		return STATUS_EMULATOR;
	case MACHINE_RUNNING:
	case MACHINE_OFF:
		break;
	}
	return STATUS_OK;
}

static int explain_hang(struct subject *subject, const char *tail, struct error *err)
{
	struct machine *machine = subject->machine;
	cleanup_free char *why = machine->driver->diagnose(machine);

	if (why)
		return error_set(err, STATUS_EMULATOR, "%s", why);
	return error_set(err, STATUS_TIMEOUT, "not up after %.0f s: it stands in its %s; %s%s",
		subject->options->test->ready_within / 1000.0,
		boot_phase_name(machine->console.phase),
		*tail ? "the last lines of its console:" : "its console is empty", tail);
}

static int explain_not_ready(struct subject *subject, struct error *err)
{
	struct machine *machine = subject->machine;
	const char *phase = boot_phase_name(machine->console.phase);
	cleanup_free char *tail = console_panic_tail(&machine->console, TAIL_LINES);
	enum status status = subject_status(subject);

	switch (machine->state) {
	case MACHINE_RUNNING:
		return explain_hang(subject, tail, err);
	case MACHINE_PANICKED:
		return error_set(err, status, "%s; before that its console said:%s",
			machine->console.panic ? machine->console.panic : "kernel panic", tail);
	case MACHINE_RESET:
		return error_set(err, status, "the guest reset itself in its %s%s", phase, tail);
	case MACHINE_BROKEN:
		return error_set(err, status, "%s", machine->failure);
	case MACHINE_OFF:
		break;
	}
	return error_set(err, STATUS_CHECK, "the guest turned itself off in its %s%s", phase, tail);
}

int subject_wait_ready(struct subject *subject, struct error *err)
{
	struct machine *machine = subject->machine;
	uint64_t deadline = clock_now() + subject->options->test->ready_within;

	for (bool ready;;) {
		if (agent_look(&subject->agent, &ready, &subject->hello, err))
			return -1;
		if (ready)
			return 0;
		if (machine->state != MACHINE_RUNNING || !clock_until(deadline)) {
			if (machine->state == MACHINE_PANICKED &&
				machine_pause(machine, LAST_WORDS, err))
				return -1;
			return explain_not_ready(subject, err);
		}
		if (machine_wait(machine, deadline, err))
			return -1;
	}
}

int subject_run(struct subject *subject, const char *command, struct agent_reply *ret_reply,
	struct error *err)
{
	enum { LIMIT = 60 * 1000 };
	cleanup_reply struct agent_reply reply = {0};

	if (agent_run(&subject->agent, command, LIMIT, &reply, err))
		return -1;
	if (reply.status) {
		cleanup_free char *tail = agent_reply_tail(&reply);
		return error_set(err, STATUS_CHECK, "in the guest, `%s` failed with status %d%s",
			command, reply.status, tail);
	}
	*ret_reply = reply;
	reply = (struct agent_reply){0};
	return 0;
}

void subject_release(struct subject *subject)
{
	machine_free(subject->machine);
	kernel_files_release(&subject->kernel);
	free(subject->remark);
	free(subject->script);
	*subject = (struct subject){0};
}
