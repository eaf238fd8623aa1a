#include "build.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "manifest.h"
#include "sandbox/foreign.h"
#include "stages.h"
#include "verify.h"

/* What the part of a build inside the sandbox is given. */
struct job {
	const struct build_order *order;
	const struct architecture *architecture;
	enum sandbox_mode mode;
	char fingerprint[HASH_TEXT];
};

/*
 * The hash of all that decides the artefacts: the plan, the recipe's files, this program, what
 * signs them. The plan is taken as it prints, so that whatever it comes to say is part of the key.
 */
static int make_key(
	const struct plan *plan, const struct job *job, char ret_key[HASH_TEXT], struct error *err)
{
	const char *certificate = job->order->certificate;
	char program[HASH_TEXT], signer[HASH_TEXT];
	struct hash hash;

	if (hash_program(program, err) ||
		(certificate && hash_file(AT_FDCWD, certificate, signer, err)))
		return -1;
	json_t *document = plan_json(plan);
	cleanup_free char *text = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(document);
	hash_init(&hash);
	hash_text(&hash, program);
	hash_text(&hash, job->fingerprint);
	hash_text(&hash, text);
	hash_text(&hash, plan->sources_list);
	if (certificate)
		hash_text(&hash, signer);
	hash_finish(&hash, ret_key);
	return 0;
}

static bool up_to_date(const struct build_order *order, const char *name, const char *key)
{
	json_t *manifest = manifest_read(order->output, name);
	bool same = text_equal(json_string_value(json_object_get(manifest, "key")), key);

	json_decref(manifest);
	return same;
}

static int make_plan(const struct build_order *order, struct plan **ret_plan, struct error *err)
{
	progress_begin("plan");
	if (plan_make(order->recipe, order->lock, order->store, ret_plan, err)) {
		progress_abandon();
		return -1;
	}
	cleanup_free char *result = xasprintf("%zu packages", (*ret_plan)->packages.count);
	progress_end(result);
	return 0;
}

/* What the architectures of the recipe's packages have enabled. */
struct foreigners {
	struct foreign *items;
	size_t count, capacity;
};

static void foreigners_release(struct foreigners *foreigners)
{
	vector_for_each (foreign, foreigners)
		foreign_release(foreign);
	vector_release(foreigners);
}

/* Packages of other architectures than the recipe's may go without running any program of theirs:
 * where none can run, only the scripts that try to will fail. */
static int choose_mode(struct job *job, struct error *err)
{
	if (sandbox_detect(&job->mode, err) || foreign_mode(job->architecture, &job->mode, err))
		return -1;
	vector_for_each (name, &job->order->recipe->foreign) {
		const struct architecture *architecture = architecture_find(name->text);
		cleanup(error_release) struct error why = {0};
		if (architecture && foreign_mode(architecture, &job->mode, &why))
			log_warning("%s", why.message);
	}
	return interrupt_check(err);
}

static int enable_programs(const struct job *job, struct foreigners *foreigners, struct error *err)
{
	if (foreign_enable(job->architecture, vector_add(foreigners), err))
		return -1;
	vector_for_each (name, &job->order->recipe->foreign) {
		const struct architecture *architecture = architecture_find(name->text);
		cleanup(error_release) struct error warned = {0};
		if (architecture)
			foreign_enable(architecture, vector_add(foreigners), &warned);
	}
	return 0;
}

/* Inside the sandbox's namespaces, as its root. */
static int plan_and_build(void *context, struct error *err)
{
	const struct job *job = context;
	const struct build_order *order = job->order;
	cleanup_plan struct plan *plan = NULL;
	cleanup(foreigners_release) struct foreigners foreigners = {0};
	char key[HASH_TEXT];

	if (enable_programs(job, &foreigners, err))
		return -1;
	store_sweep(order->store);
	if (make_plan(order, &plan, err) || make_key(plan, job, key, err))
		return -1;
	const struct build_options options = {
		.output = order->output,
		.fingerprint = job->fingerprint,
		.key = key,
		.certificate = order->certificate,
		.store = order->store,
		.mode = job->mode,
		.from_nothing = order->verify,
	};
	if (order->verify)
		return verify_build(plan, &options, err);
	if (!order->force && up_to_date(order, plan->name, key)) {
		log_note("%s is up to date", plan->name);
		return 0;
	}
	return stages_run(plan, &options, err);
}

int build_recipe(const struct build_order *order, json_t **ret_manifest, struct error *err)
{
	struct job job = {
		.order = order,
		.architecture = architecture_find(order->recipe->architecture.text),
	};
	cleanup_free char *name = plan_name(order->recipe);

	if (fingerprint(order->recipe, order->lock, job.fingerprint, err) || choose_mode(&job, err))
		return -1;
	log_note("building %s (%s)", name, sandbox_mode_name(job.mode));
	if (sandbox_enter(job.mode, plan_and_build, &job, err))
		return -1;
	json_t *manifest = manifest_read(order->output, name);
	if (!manifest)
		return error_set(err, STATUS_FAILED, "%s/%s: the finished build's manifest is gone",
			order->output, name);
	*ret_manifest = manifest;
	return 0;
}

static int plan_and_compile(void *context, struct error *err)
{
	const struct job *job = context;
	const struct build_order *order = job->order;
	cleanup_plan struct plan *plan = NULL;

	store_sweep(order->store);
	if (make_plan(order, &plan, err) || kernel_require_built(&plan->kernel, err))
		return -1;
	const struct build_options options = {
		.output = order->output,
		.store = order->store,
		.mode = job->mode,
		.only_kernel = true,
		.kernel_config = order->kernel_config,
	};
	return stages_run(plan, &options, err);
}

int build_kernel(const struct build_order *order, struct error *err)
{
	struct job job = {.order = order};

	if (sandbox_detect(&job.mode, err))
		return -1;
	return sandbox_enter(job.mode, plan_and_compile, &job, err);
}

int build_ensure(const struct build_order *order, json_t **ret_manifest, struct error *err)
{
	cleanup_free char *name = plan_name(order->recipe);
	json_t *manifest = manifest_read(order->output, name);
	char now[HASH_TEXT];

	if (fingerprint(order->recipe, order->lock, now, err)) {
		json_decref(manifest);
		return -1;
	}
	const char *then = json_string_value(json_object_get(manifest, "fingerprint"));
	if (text_equal(then, now)) {
		*ret_manifest = manifest;
		return 0;
	}
	json_decref(manifest);
	return build_recipe(order, ret_manifest, err);
}
