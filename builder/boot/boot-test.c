#include "analysis.h"
#include "base/cleanup.h"
#include "check.h"
#include "clock.h"
#include "results.h"
#include "timing.h"

/* Whether a failure says something of the guest, and not that it could not be tested. */
static bool is_verdict(enum status status)
{
	return status >= STATUS_CHECK && status <= STATUS_EMULATOR;
}

/* Notes how a check went: the error says. Takes over the name, uses up the error. */
static void record(struct verdict *verdict, char *name, uint64_t start, struct error *err)
{
	struct check_result result = {.name = name, .milliseconds = clock_now() - start};

	if (err->status == STATUS_MISSING)
		result.outcome = CHECK_SKIPPED;
	else if (err->status != STATUS_OK)
		result.outcome = CHECK_FAILED;
	if (result.outcome == CHECK_FAILED && verdict->status < err->status)
		verdict->status = err->status;
	result.detail = steal_pointer(&err->message);
	error_release(err);
	vector_push(&verdict->results, result);
}

static int make_check(struct subject *subject, struct verdict *verdict,
	const struct check_driver *driver, const struct recipe_check *check, struct error *err)
{
	uint64_t start = clock_now();
	cleanup_free char *name = check ? check_name(check) : xstrdup(driver->name);

	if (subject->machine->state != MACHINE_RUNNING)
		error_set(err, STATUS_CHECK, "the guest no longer runs");
	else if (driver->make(subject, check, err) && !is_verdict(err->status) &&
		 err->status != STATUS_MISSING)
		return -1;
	record(verdict, steal_pointer(&name), start, err);
	struct check_result *result = &verdict->results.items[verdict->results.count - 1];
	if (result->outcome == CHECK_PASSED)
		result->detail = steal_pointer(&subject->remark);
	free(steal_pointer(&subject->remark));
	return 0;
}

/* What does not come of a guest that goes away is no error: the checks find that out. */
static int forgive(struct error *err)
{
	if (!is_verdict(err->status))
		return -1;
	error_release(err);
	return 0;
}

static int make_checks(struct subject *subject, struct verdict *verdict, struct error *err)
{
	vector_for_each (check, &subject->options->test->checks)
		if (make_check(subject, verdict, &check_drivers[check->kind], check, err))
			return -1;
	if (subject->options->analyze && analysis_make(subject, &verdict->analysis, err) &&
		forgive(err))
		return -1;
	for (size_t i = 0; i < always_check_count; i++)
		if (make_check(subject, verdict, &always_checks[i], NULL, err))
			return -1;
	if (verdict->status < subject_status(subject))
		verdict->status = subject_status(subject);
	return 0;
}

static int test_subject(struct subject *subject, struct verdict *verdict, struct error *err)
{
	if (subject_prepare(subject, err))
		return -1;
	uint64_t start = clock_now();
	verdict->memory = subject->facts.memory;
	verdict->accelerator = xstrdup(subject->facts.accelerator.text);
	bool ready =
		!subject_power_on(subject, verdict->log, err) && !subject_wait_ready(subject, err);
	if (!ready && !is_verdict(err->status))
		return -1;
	uint64_t total = clock_now() - start;
	record(verdict, xstrdup("ready"), start, err);
	if (!ready)
		return 0;
	verdict->memory_used = subject->hello.memory_used;
	verdict->timing = (struct boot_timing){
		.total = total,
		.processor = subject->machine->driver->processor_time(subject->machine),
	};
	if (timing_measure(subject, &verdict->timing, err) && forgive(err))
		return -1;
	return make_checks(subject, verdict, err);
}

/* A machine that is not the platform's usual one is named, too; owned by the caller. */
static char *machine_name(const struct boot_options *options)
{
	const char *platform = options->platform->name;
	struct boot_machine usual = {0};

	boot_machine_usual(options->platform, options->architecture, options->path, &usual);
	return text_equal(options->machine.name, usual.name)
		       ? xstrdup(platform)
		       : xasprintf("%s-%s", platform, options->machine.name);
}

char *boot_name(const struct boot_options *options)
{
	cleanup_free char *machine = machine_name(options);

	return xasprintf("%s %s %s", options->name, machine, boot_path_names[options->path]);
}

/* What the host cannot run is noted, where that is asked for. */
static int skip(struct verdict *verdict, const struct boot_options *options, uint64_t start,
	struct error *err)
{
	if (!options->may_skip || err->status != STATUS_MISSING)
		return -1;
	if (!verdict->accelerator)
		verdict->accelerator = xstrdup("none");
	record(verdict, xstrdup("ready"), start, err);
	verdict->status = STATUS_MISSING;
	return 0;
}

int boot_test(const struct boot_options *options, struct verdict *ret_verdict, struct error *err)
{
	cleanup_subject struct subject subject = {.options = options};
	cleanup_free char *machine = machine_name(options);
	struct verdict verdict = {
		.name = boot_name(options),
		.log = xasprintf("%s/%s-%s.log", options->log_directory, machine,
			boot_path_names[options->path]),
	};
	uint64_t start = clock_now();

	if (test_subject(&subject, &verdict, err) && skip(&verdict, options, start, err)) {
		error_wrap(err, "testing %s", verdict.name);
		verdict_release(&verdict);
		return -1;
	}
	verdict.milliseconds = clock_now() - start;
	*ret_verdict = verdict;
	return 0;
}
