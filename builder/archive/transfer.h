/* One download on its way: its file, hash and curl handle. Used by download.c only. */
#pragma once

#include <curl/curl.h>

#include "archive/download.h"

enum transfer_state {
	TRANSFER_WAITING, /* to be begun at `not_before`: first try, after a failure, or because
			     another build is fetching the same file */
	TRANSFER_RUNNING,
	TRANSFER_DONE,
};

struct transfer {
	struct download *download; /* borrowed */
	enum transfer_state state;
	uint64_t not_before; /* milliseconds of the monotonic clock */
	unsigned failures;   /* so far */
	char *part;          /* PATH.part; owned */
	int fd;              /* of the part, locked; -1: not open */
	struct hash hash;
	uint64_t received;   /* bytes in the part and the hash */
	uint64_t resumed_at; /* how many of them an earlier run had fetched */
	CURL *easy;          /* owned */
	char reason[CURL_ERROR_SIZE];
	struct error error; /* of the write callback */
};

void transfer_init(struct transfer *transfer, struct download *download);
void transfer_release(struct transfer *transfer);

/*
 * Opens the part and makes `easy` ready to run. Without need of it (the file is there already) the
 * state becomes TRANSFER_DONE; while another build fetches the file it stays TRANSFER_WAITING.
 */
int transfer_begin(struct transfer *transfer, uint64_t now, struct error *err);

/* Judges how the running transfer ended: done, to be tried again, or failed for good. */
int transfer_end(struct transfer *transfer, CURLcode code, uint64_t now, struct error *err);
