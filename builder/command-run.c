#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/format.h"
#include "store/store.h"
#include "test-host.h"

enum { FORWARDS = 32 };

/* Digits up to `end`, as a port. */
static bool parse_port(const char *text, char end, uint16_t *ret_port, const char **ret_rest)
{
	char *rest;
	unsigned long port = strtoul(text, &rest, 10);

	if (*text < '0' || *text > '9' || !port || port > UINT16_MAX || *rest != end)
		return false;
	*ret_port = (uint16_t)port;
	*ret_rest = rest + 1;
	return true;
}

/* "8080:80,2222:22" */
static int parse_forwards(
	const char *value, struct port_forward *forwards, size_t *ret_count, struct error *err)
{
	cleanup_free char *list = xstrdup(value);
	size_t count = 0;

	for (char *rest = list, *item; (item = strsep(&rest, ","));) {
		struct port_forward forward;
		const char *guest, *end;
		if (count == FORWARDS || !parse_port(item, ':', &forward.host, &guest) ||
			!parse_port(guest, '\0', &forward.guest, &end))
			return error_set(err, STATUS_USAGE,
				"--port: `%s` is no pair of ports such as 8080:80", item);
		forwards[count++] = forward;
	}
	*ret_count = count;
	return 0;
}

/* The first that was asked for, or that the image offers. */
static int choose_path(
	const struct boot_arguments *boot, struct boot_options *options, struct error *err)
{
	unsigned paths = boot->paths;

	if (!paths && boot_paths_find(options->image, options->platform, &paths, err))
		return -1;
	for (unsigned i = 0; i < BOOT_PATHS; i++)
		if (paths & 1u << i)
			return boot_arguments_path(boot, i, options, err);
	return error_set(err, STATUS_USAGE, "--boot: no boot path");
}

/* That of the archives that only containers are made from is theirs, of all others the first. */
static const struct platform *usual_platform(const char *image)
{
	struct format format;

	if (!format_of_file(image, &format))
		return &platforms[0];
	for (size_t i = 0; i < platform_count; i++)
		if (boot_takes_archives(&platforms[i]) &&
			text_equal(platforms[i].formats[0], format.name))
			return &platforms[i];
	return &platforms[0];
}

/* A guest that no emulator takes over: its files are in the store meanwhile. */
static int run_beside(
	const struct arguments *arguments, struct boot_options *options, struct error *err)
{
	cleanup_store struct store store = {0};
	cleanup_work struct work_directory work = {0};
	cleanup(test_hosts_release) struct test_hosts hosts = {0};
	struct matrix alone = {.items = options, .count = 1};

	if (store_open(arguments->store, &store, err) ||
		store_work_directory(&store, "boot", &work, err) ||
		test_hosts_ensure(arguments, NULL, &alone, &hosts, err))
		return -1;
	options->work = work.path;
	return boot_run(options, err);
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *image = arguments->operands.items[0];
	const char *port = argument_value(arguments, "port");
	struct port_forward forwards[FORWARDS];
	cleanup_boot_arguments struct boot_arguments boot = {0};
	struct recipe_test hardware = {.memory = 512 * MIB, .processors = 1};
	struct boot_options options = {
		.image = image,
		.architecture = image_architecture(image),
		.platform = usual_platform(image),
		.test = &hardware,
		.interactive = true,
		.forwards = forwards,
	};

	if (boot_arguments_parse(arguments, &boot, err) ||
		(port && parse_forwards(port, forwards, &options.forward_count, err)))
		return -1;
	if (access(image, R_OK))
		return error_errno(err, errno, "%s", image);
	if (boot.platforms.count > 1 || boot.every_platform)
		return error_set(err, STATUS_USAGE, "--platform: the image is run on one platform");
	if (boot.platforms.count)
		options.platform = platform_find(boot.platforms.items[0]);
	if (boot_arguments_machine(&boot, &options, err) || choose_path(&boot, &options, err))
		return -1;
	options.accelerator = boot.accelerator;
	if (boot.memory)
		hardware.memory = boot.memory;
	return boot_becomes_emulator(&options.machine) ? boot_run(&options, err)
						       : run_beside(arguments, &options, err);
}

static const struct command_option options[] = {
	BOOT_OPTIONS,
	{"port", 'p', "HOST:GUEST,...", "lead these ports of this host into the guest"},
	{0},
};

const struct command command_run = {
	.name = "run",
	.summary = "boot an image with its console on this terminal; changes are thrown away",
	.operands = "IMAGE",
	.operands_min = 1,
	.operands_max = 1,
	.options = options,
	.help = "Ctrl-A X ends the guest; in QEMU Ctrl-A C switches to its monitor and back. The\n"
		"guest reaches the network through this host; a container has none.",
	.run = run,
};
