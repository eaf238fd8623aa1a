#include "test-host.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "build.h"
#include "inputs.h"
#include "manifest.h"

/* Where the recipe of a host is; owned by the caller. */
static int find_recipe(
	const char *name, const struct recipe *recipe, char **ret_path, struct error *err)
{
	cleanup_free char *file = xasprintf("%s.yaml", name);

	for (size_t i = 0; recipe && i < recipe->sources.count; i++) {
		*ret_path = recipe_find(recipe->sources.items[i].text, "recipes", file);
		if (*ret_path)
			return 0;
	}
	*ret_path = recipe_find("", "recipes", file);
	return *ret_path ? 0
			 : error_set(err, STATUS_MISSING,
				   "recipes/%s: not found, neither from here nor in " JEOS_DATA,
				   file);
}

/* Builds it below a work directory, and moves the image to its place in the store. */
static int build(const struct inputs *inputs, const char *work, const char *path, struct error *err)
{
	cleanup_free char *output = xasprintf("%s/out", work);
	json_t *manifest;
	const struct build_order order = {
		.recipe = inputs->recipe,
		.lock = inputs->lock,
		.store = &inputs->store,
		.output = output,
	};

	if (build_recipe(&order, &manifest, err))
		return -1;
	const json_t *image = json_array_get(json_object_get(manifest, "artefacts"), 0);
	cleanup_free char *made =
		xasprintf("%s/%s", output, json_string_value(json_object_get(image, "name")));
	json_decref(manifest);
	return rename(made, path) ? error_errno(err, errno, "%s", path) : 0;
}

static int ensure_in(const struct inputs *inputs, struct test_hosts *hosts, const char **ret_image,
	struct error *err)
{
	const struct store *store = &inputs->store;
	cleanup_work struct work_directory work = {0};
	char key[HASH_TEXT];

	if (fingerprint(inputs->recipe, inputs->lock, key, err) ||
		(!hosts->lock && store_hold(store, STORE_HOSTS, &hosts->lock, err)))
		return -1;
	const char *path = arena_printf(
		&hosts->arena, "%s/%s/%s.qcow2", store->path, store_room_name(STORE_HOSTS), key);
	cleanup_free char *name = xasprintf("host-%s", key);
	if (!file_exists(AT_FDCWD, path) &&
		(store_work_alone(store, name, &work, err) ||
			(!file_exists(AT_FDCWD, path) && build(inputs, work.path, path, err))))
		return -1;
	store_touch(path);
	*ret_image = path;
	return 0;
}

static int ensure(const struct arguments *arguments, const char *path, struct test_hosts *hosts,
	const char **ret_image, struct error *err)
{
	cleanup_inputs struct inputs inputs = {0};

	return inputs_open(arguments, path, &inputs, err) ||
			       ensure_in(&inputs, hosts, ret_image, err)
		       ? -1
		       : 0;
}

/* The image that an earlier boot has got. */
static const char *known_host(const struct matrix *matrix, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(matrix->items[i].machine.hardware->host, name))
			return matrix->items[i].host;
	return NULL;
}

static int give_host(const struct arguments *arguments, const struct recipe *recipe,
	struct boot_options *boot, struct test_hosts *hosts, struct error *err)
{
	cleanup_free char *path = NULL;

	if (!find_recipe(boot->machine.hardware->host, recipe, &path, err) &&
		!ensure(arguments, path, hosts, &boot->host, err))
		return 0;
	error_wrap(err, "the host of %s", boot->platform->name);
	if (!boot->may_skip || err->status == STATUS_INTERRUPTED)
		return -1;
	log_warning("%s", err->message);
	error_release(err);
	return 0;
}

int test_hosts_ensure(const struct arguments *arguments, const struct recipe *recipe,
	struct matrix *matrix, struct test_hosts *hosts, struct error *err)
{
	for (size_t i = 0; i < matrix->count; i++) {
		struct boot_options *boot = &matrix->items[i];
		if (!boot->machine.hardware->host)
			continue;
		boot->host = known_host(matrix, i, boot->machine.hardware->host);
		if (!boot->host && give_host(arguments, recipe, boot, hosts, err))
			return -1;
	}
	return 0;
}

void test_hosts_release(struct test_hosts *hosts)
{
	if (hosts->lock)
		close(hosts->lock);
	arena_release(&hosts->arena);
}
