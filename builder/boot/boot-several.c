/* Several boots at once: as many as were asked for and as the host's memory holds. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/processors.h"
#include "base/size.h"
#include "machine.h"
#include "results.h"

enum {
	OVERHEAD = 96 * MIB, /* what an emulator needs beside its guest's memory */
	SHOW_MILLISECONDS = 200,
};

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE };

struct job {
	const struct boot_options *options; /* borrowed */
	struct verdict *verdict;            /* the caller's */
	enum job_state state;
	char *name;         /* owned */
	struct error error; /* why there is no verdict */
};

/* What the threads share; `lock` is held around every use of what follows it, and of the log. */
struct pool {
	struct job *jobs;
	size_t count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t running, done;
	uint64_t memory; /* bytes left for guests */
	bool stopping;   /* no more jobs are begun */
};

static uint64_t memory_of(const struct job *job)
{
	return job->options->test->memory + OVERHEAD +
	       machine_driver_of(job->options->machine.hardware)->host_memory;
}

/* A guest that is larger than the host is tried alone: the emulator knows best. */
static bool fits(const struct pool *pool, const struct job *job)
{
	return !pool->running || memory_of(job) <= pool->memory;
}

static size_t count_waiting(const struct pool *pool)
{
	return pool->stopping ? 0 : pool->count - pool->running - pool->done;
}

/* The next job, begun; NULL when there is none left. Waits for memory. */
static struct job *begin_job(struct pool *pool)
{
	while (count_waiting(pool)) {
		for (size_t i = 0; i < pool->count; i++) {
			struct job *job = &pool->jobs[i];
			if (job->state != JOB_WAITING || !fits(pool, job))
				continue;
			job->state = JOB_RUNNING;
			pool->running++;
			pool->memory -= memory_of(job);
			return job;
		}
		pthread_cond_wait(&pool->changed, &pool->lock);
	}
	return NULL;
}

static void end_job(struct pool *pool, struct job *job)
{
	job->state = JOB_DONE;
	pool->running--;
	pool->done++;
	pool->memory += memory_of(job);
	if (job->error.status != STATUS_OK)
		pool->stopping = true;
	else
		verdict_show(job->verdict);
	pthread_cond_broadcast(&pool->changed);
}

static void run_job(struct job *job)
{
	struct boot_options options = *job->options;
	cleanup_work struct work_directory work = {0};

	if (work_directory_make(options.log_directory, "boot", &work, &job->error))
		return;
	options.work = work.path;
	boot_test(&options, job->verdict, &job->error);
}

static void *work(void *context)
{
	struct pool *pool = context;
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	while ((job = begin_job(pool))) {
		pthread_mutex_unlock(&pool->lock);
		run_job(job);
		pthread_mutex_lock(&pool->lock);
		end_job(pool, job);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Which boots are under way. */
static void show(const struct pool *pool)
{
	cleanup_buffer struct buffer names = {0};

	buffer_text(&names, "");
	for (size_t i = 0; i < pool->count; i++)
		if (pool->jobs[i].state == JOB_RUNNING)
			buffer_printf(&names, "%s%s", names.length ? ", " : "", pool->jobs[i].name);
	progress_step(names.data, pool->done, pool->count);
}

static void wait_all(struct pool *pool)
{
	struct timespec next;

	pthread_mutex_lock(&pool->lock);
	while (pool->running || count_waiting(pool)) {
		if (interrupt_pending())
			pool->stopping = true;
		show(pool);
		clock_gettime(CLOCK_REALTIME, &next);
		next.tv_nsec += SHOW_MILLISECONDS * 1000000L;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&pool->changed, &pool->lock, &next);
	}
	pthread_mutex_unlock(&pool->lock);
}

/* The threads end by themselves once there is nothing left to begin. */
static int run_pool(struct pool *pool, size_t workers, struct error *err)
{
	cleanup_free pthread_t *threads = xcalloc(workers, sizeof(*threads));
	size_t started = 0;
	int failure = 0;

	while (started < workers && !failure) {
		failure = pthread_create(&threads[started], NULL, work, pool);
		started += !failure;
	}
	if (started)
		wait_all(pool);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return started ? 0 : error_errno(err, failure, "starting a thread");
}

static int first_error(struct pool *pool, struct error *err)
{
	int result = interrupt_check(err);

	for (size_t i = 0; i < pool->count; i++) {
		struct error *error = &pool->jobs[i].error;
		if (!result && error->status != STATUS_OK) {
			*err = *error;
			result = -1;
		} else {
			error_release(error);
		}
		free(pool->jobs[i].name);
	}
	return result;
}

int boot_test_several(const struct boot_options *options, size_t count, unsigned most,
	struct verdict *ret_verdicts, struct error *err)
{
	cleanup_free struct job *jobs = xcalloc(count, sizeof(*jobs));
	struct pool pool = {
		.jobs = jobs,
		.count = count,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.memory = memory_available(),
	};
	size_t workers = most ? most : processors_usable();

	for (size_t i = 0; i < count; i++)
		jobs[i] = (struct job){.options = &options[i],
			.verdict = &ret_verdicts[i],
			.name = boot_name(&options[i])};
	progress_begin("boot");
	int result = run_pool(&pool, workers < count ? workers : count, err);
	result = first_error(&pool, result ? &(struct error){0} : err) || result ? -1 : 0;
	if (result) {
		progress_abandon();
		return -1;
	}
	cleanup_free char *made = xasprintf("%zu boot%s", count, count == 1 ? "" : "s");
	progress_end(made);
	return 0;
}
