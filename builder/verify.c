#include "verify.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "image/compare.h"

static int compare_artefacts(const struct plan *plan, const char *first, const char *second,
	struct differences *differences, struct error *err)
{
	for (size_t i = 0; i < plan->artefact_count; i++) {
		const char *name = plan->artefacts[i].name;
		cleanup_free char *a = xasprintf("%s/%s", first, name);
		cleanup_free char *b = xasprintf("%s/%s", second, name);
		if (image_compare(a, b, differences, err))
			return error_wrap(err, "comparing two builds of %s", name);
	}
	return 0;
}

int verify_build(const struct plan *plan, const struct build_options *options, struct error *err)
{
	cleanup_work struct work_directory work = {0};
	cleanup_differences struct differences differences = {0};

	if (stages_run(plan, options, err) ||
		store_work_directory(options->store, "verify", &work, err))
		return -1;
	/* Not the work directory itself: it is locked. */
	cleanup_free char *output = xasprintf("%s/artefacts", work.path);
	struct build_options again = *options;
	again.output = output;
	log_note("building %s again, to compare", plan->name);
	if (stages_run(plan, &again, err) ||
		compare_artefacts(plan, options->output, output, &differences, err))
		return -1;
	if (differences.count)
		return error_set(err, STATUS_FAILED, "%s: two builds from nothing differ%s:\n%s",
			plan->name,
			differences.count > DIFFERENCES_SHOWN ? ", first of all in" : "",
			differences.text.data);
	log_note("%s: two builds from nothing are the same", plan->name);
	return 0;
}
