#include "verify.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/log.h"
#include "image/compare.h"

enum { DIFFERENCES_SHOWN = 50 };

/* What differs between two files that are not the same. */
static int compare_images(
	const char *first, const char *second, struct differences *differences, struct error *err)
{
	cleanup_image_view struct image_view a = {0}, b = {0};
	const struct comparison comparison = {
		.views = {&a, &b}, .exact = true, .differences = differences};
	size_t before = differences->count;

	if (image_view_open(first, &a, err) || image_view_open(second, &b, err) ||
		image_compare(&comparison, err))
		return -1;
	if (differences->count == before)
		difference_add(differences, "image", first,
			"contents are what the guest sees; where the file keeps them differs", NULL,
			NULL);
	return 0;
}

static int compare_artefact(
	const char *first, const char *second, struct differences *differences, struct error *err)
{
	char first_hash[HASH_TEXT], second_hash[HASH_TEXT];

	if (hash_file(AT_FDCWD, first, first_hash, err) ||
		hash_file(AT_FDCWD, second, second_hash, err))
		return -1;
	return strcmp(first_hash, second_hash) ? compare_images(first, second, differences, err)
					       : 0;
}

static int compare_artefacts(const struct plan *plan, const char *first, const char *second,
	struct differences *differences, struct error *err)
{
	for (size_t i = 0; i < plan->artefact_count; i++) {
		const char *name = plan->artefacts[i].name;
		cleanup_free char *a = xasprintf("%s/%s", first, name);
		cleanup_free char *b = xasprintf("%s/%s", second, name);
		if (compare_artefact(a, b, differences, err))
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
	if (differences.count) {
		cleanup_buffer struct buffer text = {0};
		differences_print(&differences, DIFFERENCES_SHOWN, &text);
		return error_set(err, STATUS_FAILED, "%s: two builds from nothing differ%s:\n%s",
			plan->name,
			differences.count > DIFFERENCES_SHOWN ? ", first of all in" : "",
			text.data);
	}
	log_note("%s: two builds from nothing are the same", plan->name);
	return 0;
}
