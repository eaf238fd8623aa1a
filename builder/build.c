#include "build.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "manifest.h"
#include "stages.h"

/* What the part of a build inside the sandbox is given. */
struct job {
	const struct recipe *recipe;
	const struct lock *lock;
	const struct store *store;
	const char *output;
	enum sandbox_mode mode;
	char fingerprint[HASH_TEXT];
};

/* Inside the sandbox's namespaces, as its root. */
static int plan_and_build(void *context, struct error *err)
{
	const struct job *job = context;
	cleanup_plan struct plan *plan = NULL;

	progress_begin("plan");
	if (plan_make(job->recipe, job->lock, job->store, &plan, err)) {
		progress_abandon();
		return -1;
	}
	cleanup_free char *result = xasprintf("%zu packages", plan->packages.count);
	progress_end(result);
	const struct build_options options = {
		.output = job->output,
		.fingerprint = job->fingerprint,
		.store = job->store,
		.mode = job->mode,
	};
	return stages_run(plan, &options, err);
}

int build_recipe(const struct recipe *recipe, const struct lock *lock, const struct store *store,
	const char *output, json_t **ret_manifest, struct error *err)
{
	struct job job = {.recipe = recipe, .lock = lock, .store = store, .output = output};
	cleanup_free char *name = plan_name(recipe);

	if (fingerprint(recipe, lock, job.fingerprint, err) || sandbox_detect(&job.mode, err))
		return -1;
	log_note("building %s (%s)", name, sandbox_mode_name(job.mode));
	if (sandbox_enter(job.mode, plan_and_build, &job, err))
		return -1;
	json_t *manifest = manifest_read(output, name);
	if (!manifest)
		return error_set(err, STATUS_FAILED, "%s/%s: the finished build's manifest is gone",
			output, name);
	*ret_manifest = manifest;
	return 0;
}

int build_ensure(const struct recipe *recipe, const struct lock *lock, const struct store *store,
	const char *output, json_t **ret_manifest, struct error *err)
{
	cleanup_free char *name = plan_name(recipe);
	json_t *manifest = manifest_read(output, name);
	char now[HASH_TEXT];

	if (fingerprint(recipe, lock, now, err)) {
		json_decref(manifest);
		return -1;
	}
	const char *then = json_string_value(json_object_get(manifest, "fingerprint"));
	if (text_equal(then, now)) {
		*ret_manifest = manifest;
		return 0;
	}
	json_decref(manifest);
	return build_recipe(recipe, lock, store, output, ret_manifest, err);
}
