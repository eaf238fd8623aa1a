#include "compress-pool.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "base/processors.h"
#include "base/size.h"

/* Of the ring: enough that no thread waits for the sink, and little memory. */
enum { MEMORY = 16 * MIB, JOBS_A_THREAD = 8, THREADS_MAX = 64 };

struct job {
	uint64_t number;
	uint8_t *data, *result; /* owned */
	size_t length;
	bool done;
};

struct worker {
	pthread_t thread;
	struct compress_pool *pool;
	struct compressor *compressor; /* owned */
};

/* Jobs are counted as they come, and job n is in place n % job_count:
 *     oldest <= next <= end <= oldest + job_count
 * Those before `next` are being compressed or done, those from `next` on wait for a thread. */
struct compress_pool {
	struct compress_pool_options options;
	pthread_mutex_t lock;
	pthread_cond_t added, finished;
	uint64_t oldest, next, end;
	bool stop;
	struct job *jobs; /* owned */
	size_t job_count;
	struct worker *workers; /* owned */
	size_t worker_count;
};

static struct job *job_at(struct compress_pool *pool, uint64_t number)
{
	return &pool->jobs[number % pool->job_count];
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct compress_pool *pool = worker->pool;
	const struct compress_pool_options *options = &pool->options;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->next == pool->end && !pool->stop)
			pthread_cond_wait(&pool->added, &pool->lock);
		if (pool->stop)
			break;
		struct job *job = job_at(pool, pool->next++);
		pthread_mutex_unlock(&pool->lock);
		job->length = compressor_run(
			worker->compressor, job->data, options->size, job->result, options->room);
		pthread_mutex_lock(&pool->lock);
		job->done = true;
		pthread_cond_signal(&pool->finished);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Signals stay with the thread that waits for them. One thread will do. */
static int start_workers(struct compress_pool *pool, size_t count, struct error *err)
{
	sigset_t all, before;
	int failure = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->worker_count < count && !failure) {
		struct worker *worker = &pool->workers[pool->worker_count];
		*worker = (struct worker){.pool = pool,
			.compressor = compressor_new(pool->options.compression, pool->options.level,
				pool->options.size)};
		failure = pthread_create(&worker->thread, NULL, work, worker);
		if (failure)
			compressor_free(worker->compressor);
		else
			pool->worker_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool->worker_count ? 0 : error_errno(err, failure, "starting a thread");
}

static size_t clamp(uint64_t value, size_t least, size_t most)
{
	return value < least ? least : value > most ? most : value;
}

int compress_pool_new(const struct compress_pool_options *options, struct compress_pool **ret_pool,
	struct error *err)
{
	struct compress_pool *pool = xcalloc(1, sizeof(*pool));
	size_t threads = clamp(processors_usable(), 1, THREADS_MAX);
	uint64_t fit = MEMORY / (options->size + options->room);

	pool->options = *options;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->added, NULL);
	pthread_cond_init(&pool->finished, NULL);
	pool->job_count = clamp(fit, threads + 1, threads * JOBS_A_THREAD);
	pool->jobs = xcalloc(pool->job_count, sizeof(*pool->jobs));
	for (size_t i = 0; i < pool->job_count; i++) {
		pool->jobs[i].data = xmalloc(options->size);
		pool->jobs[i].result = xmalloc(options->room);
	}
	pool->workers = xcalloc(threads, sizeof(*pool->workers));
	if (start_workers(pool, threads, err)) {
		compress_pool_free(pool);
		return -1;
	}
	*ret_pool = pool;
	return 0;
}

/* Waits for the oldest job, which there is, and hands it on. */
static int retire(struct compress_pool *pool, struct error *err)
{
	struct job *job = job_at(pool, pool->oldest);

	pthread_mutex_lock(&pool->lock);
	while (!job->done)
		pthread_cond_wait(&pool->finished, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	const struct compressed block = {job->number, job->data, job->result, job->length};
	if (interrupt_check(err) || pool->options.sink(pool->options.context, &block, err))
		return -1;
	job->done = false;
	pool->oldest++;
	return 0;
}

int compress_pool_add(
	struct compress_pool *pool, uint64_t number, const uint8_t *data, struct error *err)
{
	if (pool->end - pool->oldest == pool->job_count && retire(pool, err))
		return -1;
	struct job *job = job_at(pool, pool->end);
	job->number = number;
	memcpy(job->data, data, pool->options.size);
	pthread_mutex_lock(&pool->lock);
	pool->end++;
	pthread_cond_signal(&pool->added);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

bool compress_pool_holds(const struct compress_pool *pool, uint64_t number)
{
	for (uint64_t i = pool->oldest; i < pool->end; i++)
		if (pool->jobs[i % pool->job_count].number == number)
			return true;
	return false;
}

int compress_pool_drain(struct compress_pool *pool, struct error *err)
{
	while (pool->oldest < pool->end)
		if (retire(pool, err))
			return -1;
	return 0;
}

void compress_pool_free(struct compress_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->added);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->worker_count; i++) {
		pthread_join(pool->workers[i].thread, NULL);
		compressor_free(pool->workers[i].compressor);
	}
	for (size_t i = 0; i < pool->job_count; i++) {
		free(pool->jobs[i].data);
		free(pool->jobs[i].result);
	}
	pthread_cond_destroy(&pool->finished);
	pthread_cond_destroy(&pool->added);
	pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	free(pool->jobs);
	free(pool);
}
