#include "container.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"

enum { UNPACK_LIMIT = 600 * 1000, CONFIG_LIMIT = 1024 * 1024 };

static int run(const char *const *arguments, struct error *err)
{
	const struct process process = {.arguments = arguments, .timeout = UNPACK_LIMIT};

	return process_run(&process, err);
}

static int unpack_tar(const struct container *container, struct error *err)
{
	cleanup_free char *root = xasprintf("%s/rootfs", container->directory);
	const char *const arguments[] = {"tar", "--extract", "--preserve-permissions",
		"--same-owner", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--file",
		container->boot->image, "--directory", root, NULL};

	return directory_make(AT_FDCWD, root, err) ? -1 : run(arguments, err);
}

/* lxc-create takes the root and, from beside it, what LXC is told of it. */
static int unpack_lxc(const struct container *container, struct error *err)
{
	static const char ending[] = "rootfs.tar.xz";
	const char *image = container->boot->image;

	if (!text_ends(image, ending))
		return error_set(err, STATUS_FAILED, "%s: no %s", image, ending);
	cleanup_free char *meta =
		xasprintf("%.*smeta.tar.xz", (int)(strlen(image) - strlen(ending)), image);
	const char *const arguments[] = {"lxc-create", "-P", container->work, "-n", container->name,
		"-f", "/dev/null", "-t", "local", "--", "-m", meta, "-f", image, NULL};
	return run(arguments, err);
}

static int unpack_oci(const struct container *container, struct error *err)
{
	cleanup_free char *from = xasprintf("oci-archive:%s", container->boot->image);
	cleanup_free char *layout = xasprintf("%s/layout:guest", container->work);
	cleanup_free char *to = xasprintf("oci:%s", layout);
	const char *const copy[] = {"skopeo", "copy", "--quiet", from, to, NULL};
	const char *const unpack[] = {
		"umoci", "unpack", "--image", layout, container->directory, NULL};

	return run(copy, err) ? -1 : run(unpack, err);
}

/* Adds to the container's configuration what a run of it needs. */
static int configure_lxc(const struct container *container, const char *more, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/config", container->directory);
	cleanup_buffer struct buffer config = {0};

	if (file_exists(AT_FDCWD, path) && file_read(AT_FDCWD, path, CONFIG_LIMIT, &config, err))
		return -1;
	buffer_printf(&config,
		"\n%s"
		"lxc.net.0.type = empty\n"
		"lxc.net.0.flags = up\n"
		"lxc.tty.max = 0\n"
		"lxc.apparmor.profile = unconfined\n",
		more);
	if (container->agent_line)
		buffer_printf(&config, "lxc.mount.entry = %s %s none bind,create=file 0 0\n",
			container->agent_line, CONTAINER_AGENT + 1);
	return file_write_text(AT_FDCWD, path, config.data, 0600, err);
}

static void compose_lxc_start(
	const struct container *container, struct arena *arena, struct words *words)
{
	const char *const start[] = {"lxc-start", "-F", "-P", arena_strdup(arena, container->work),
		"-n", arena_strdup(arena, container->name), "-c",
		arena_strdup(arena, container->console)};

	for (size_t i = 0; i < array_count(start); i++)
		vector_push(words, start[i]);
}

static int compose_lxc(const struct container *container, struct arena *arena, struct words *words,
	struct error *err)
{
	if (configure_lxc(container, "lxc.mount.auto = proc:mixed sys:ro cgroup:mixed\n", err))
		return -1;
	compose_lxc_start(container, arena, words);
	return 0;
}

/* As OpenVZ and Linux-VServer have it: the guest mounts nothing, makes no devices but has those of
 * its template, and leaves the network as it finds it. */
static int compose_restricted(const struct container *container, struct arena *arena,
	struct words *words, struct error *err)
{
	cleanup_free char *more = xasprintf(
		"lxc.rootfs.path = dir:%s/rootfs\n"
		"lxc.uts.name = guest\n"
		"lxc.autodev = 0\n"
		"lxc.mount.auto = proc:mixed sys:ro\n"
		"lxc.cap.drop = sys_admin net_admin mknod sys_module sys_time sys_rawio\n",
		container->directory);

	if (configure_lxc(container, more, err))
		return -1;
	compose_lxc_start(container, arena, words);
	return 0;
}

static int compose_nspawn(const struct container *container, struct arena *arena,
	struct words *words, struct error *err)
{
	const char *const command[] = {"systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
		"--private-network", arena_printf(arena, "--machine=%s", container->name),
		arena_printf(arena, "--directory=%s/rootfs", container->directory),
		container->agent_line ? "--console=pipe" : "--console=interactive"};

	(void)err;
	for (size_t i = 0; i < array_count(command); i++)
		vector_push(words, command[i]);
	if (container->agent_line)
		vector_push(words, arena_printf(arena, "--bind=%s:%s", container->agent_line,
					   CONTAINER_AGENT));
	vector_push(words, "--boot");
	return 0;
}

/* The image's program is the container's, and the agent runs beside it. */
static json_t *with_agent(json_t *program)
{
	json_t *arguments = json_pack("[s, s, s, s]", "/bin/sh", "-c",
		AGENT_PATH " serve " CONTAINER_AGENT " & exec \"$@\"", "sh");

	json_array_extend(arguments, program);
	return arguments;
}

static void add_agent(json_t *config, const char *line)
{
	json_t *process = json_object_get(config, "process");

	json_object_set_new(process, "args", with_agent(json_object_get(process, "args")));
	json_array_append_new(json_object_get(config, "mounts"),
		json_pack("{s:s, s:s, s:s, s:[s]}", "destination", CONTAINER_AGENT, "type", "bind",
			"source", line, "options", "bind"));
}

/* Changes the runtime's configuration, as umoci makes it of the image's. */
static int compose_runc(const struct container *container, struct arena *arena, struct words *words,
	struct error *err)
{
	cleanup_free char *path = xasprintf("%s/config.json", container->directory);
	json_t *config = json_load_file(path, 0, NULL);
	const char *const command[] = {"runc", "run", "--bundle",
		arena_strdup(arena, container->directory), arena_strdup(arena, container->name)};

	json_object_set_new(json_object_get(config, "process"), "terminal",
		json_boolean(!container->agent_line));
	if (container->agent_line)
		add_agent(config, container->agent_line);
	int result = json_dump_file(config, path, JSON_INDENT(2));
	json_decref(config);
	if (result)
		return error_set(err, STATUS_FAILED, "%s: cannot be changed", path);
	for (size_t i = 0; i < array_count(command); i++)
		vector_push(words, command[i]);
	return 0;
}

static const struct container_engine engines[] = {
	{
		.name = "lxc",
		.programs = (const char *const[]){"lxc-create", "lxc-start", "xz", NULL},
		.package = "lxc",
		.unpack = unpack_lxc,
		.compose = compose_lxc,
	},
	{
		.name = "restricted",
		.programs = (const char *const[]){"lxc-start", "tar", NULL},
		.package = "lxc",
		.unpack = unpack_tar,
		.compose = compose_restricted,
	},
	{
		.name = "nspawn",
		.programs = (const char *const[]){"systemd-nspawn", "tar", "zstd", NULL},
		.package = "systemd-container",
		.unpack = unpack_tar,
		.compose = compose_nspawn,
	},
	{
		.name = "runc",
		.programs = (const char *const[]){"runc", "umoci", "skopeo", NULL},
		.package = "runc umoci skopeo",
		.unpack = unpack_oci,
		.compose = compose_runc,
		.no_init = true,
	},
};

static int check(const struct container_engine *engine, struct error *err)
{
	for (const char *const *program = engine->programs; *program; program++) {
		cleanup_free char *found = program_find(*program);
		if (!found)
			return error_set(err, STATUS_MISSING, "%s is not installed: install %s",
				*program, engine->package);
	}
	if (geteuid())
		return error_set(err, STATUS_MISSING, "only root can start containers");
	return 0;
}

int container_engine_find(const struct boot_options *options,
	const struct container_engine **ret_engine, struct error *err)
{
	if (options->architecture != architecture_native())
		return error_set(err, STATUS_MISSING,
			"containers run guests of the host's architecture only, not %s",
			options->architecture->name);
	for (size_t i = 0; i < array_count(engines); i++)
		if (text_equal(engines[i].name, options->machine.machine)) {
			*ret_engine = &engines[i];
			return check(&engines[i], err);
		}
	abort();
}
