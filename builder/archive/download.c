#include "archive/download.h"

#include <time.h>

#include "archive/transfer.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"

enum { PARALLEL = 8, POLL_MILLISECONDS = 100 };

/* All the transfers of one run. */
struct run {
	CURLM *multi;
	struct transfer *transfers;
	size_t count, running, done;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ull + time.tv_nsec / 1000000;
}

static int begin_waiting(struct run *run, struct error *err)
{
	uint64_t time = now();

	for (size_t i = 0; i < run->count && run->running < PARALLEL; i++) {
		struct transfer *transfer = &run->transfers[i];
		if (transfer->state != TRANSFER_WAITING || transfer->not_before > time)
			continue;
		if (transfer_begin(transfer, time, err))
			return error_wrap(err, "fetching %s", transfer->download->url);
		if (transfer->state == TRANSFER_DONE)
			run->done++;
		if (transfer->state != TRANSFER_RUNNING)
			continue;
		curl_multi_add_handle(run->multi, transfer->easy);
		run->running++;
	}
	return 0;
}

static int end_finished(struct run *run, struct error *err)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(run->multi, &left))) {
		struct transfer *transfer;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		curl_multi_remove_handle(run->multi, transfer->easy);
		run->running--;
		if (transfer_end(transfer, code, now(), err))
			return -1;
		if (transfer->state == TRANSFER_DONE)
			run->done++;
	}
	return 0;
}

static void show_progress(const struct run *run)
{
	uint64_t received = 0, total = 0;
	const char *name = "";

	for (size_t i = 0; i < run->count; i++) {
		const struct transfer *transfer = &run->transfers[i];
		if (!transfer->download->sha256)
			continue;
		total += transfer->download->size;
		received += transfer->state == TRANSFER_DONE ? transfer->download->size
							     : transfer->received;
		if (transfer->state == TRANSFER_RUNNING)
			name = transfer->download->name;
	}
	progress_step(name, received, total);
}

static int run_all(struct run *run, struct error *err)
{
	while (run->done < run->count) {
		int ignored;
		if (interrupt_check(err) || begin_waiting(run, err))
			return -1;
		size_t running = run->running;
		CURLMcode code = curl_multi_perform(run->multi, &ignored);
		if (end_finished(run, err))
			return -1;
		show_progress(run);
		/* When one has ended there may be room for the next at once. */
		if (!code && running == run->running && run->done < run->count)
			code = curl_multi_poll(run->multi, NULL, 0, POLL_MILLISECONDS, NULL);
		if (code)
			return error_set(
				err, STATUS_FAILED, "fetching: %s", curl_multi_strerror(code));
	}
	return 0;
}

int downloads_run(struct download *downloads, size_t count, struct error *err)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct run run = {.multi = curl_multi_init(),
		.transfers = xcalloc(count, sizeof(*run.transfers)),
		.count = count};

	for (size_t i = 0; i < count; i++)
		transfer_init(&run.transfers[i], &downloads[i]);
	int result = run_all(&run, err);
	for (size_t i = 0; i < count; i++) {
		if (run.transfers[i].state == TRANSFER_RUNNING)
			curl_multi_remove_handle(run.multi, run.transfers[i].easy);
		transfer_release(&run.transfers[i]);
	}
	free(run.transfers);
	curl_multi_cleanup(run.multi);
	curl_global_cleanup();
	return result;
}
