#include "archive/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

enum {
	TRIES = 3,
	BACK_OFF = 300,    /* milliseconds before the second try; thrice that before the third */
	OTHERS_BUSY = 200, /* milliseconds between looks at a file another build is fetching */
	CONNECT_SECONDS = 15,
	STALL_SECONDS = 30,
	REDIRECTS = 5,
	HASH_BLOCK = 256 * 1024,
};

void transfer_init(struct transfer *transfer, struct download *download)
{
	*transfer = (struct transfer){
		.download = download, .fd = -1, .part = xasprintf("%s.part", download->path)};
}

static void close_part(struct transfer *transfer)
{
	if (transfer->fd >= 0)
		close(transfer->fd);
	transfer->fd = -1;
}

/* Gives up the part, which is still under that name. */
static void leave_part(struct transfer *transfer)
{
	if (transfer->fd >= 0 && (!transfer->download->sha256 || !transfer->received))
		unlink(transfer->part); /* nothing to resume */
	close_part(transfer);
}

void transfer_release(struct transfer *transfer)
{
	leave_part(transfer);
	curl_easy_cleanup(transfer->easy);
	error_release(&transfer->error);
	free(transfer->part);
}

/* A file of another size is what a power failure left of it. */
static bool is_there(const struct transfer *transfer)
{
	struct stat status;

	return transfer->download->sha256 && !stat(transfer->download->path, &status) &&
	       (uint64_t)status.st_size == transfer->download->size;
}

/*
 * Opens the part and locks it, so that builds side by side fetch it once. What was waited for may
 * have been renamed into place or removed meanwhile: then the part opened is not the one at the
 * path. fd stays -1 if another build has it.
 */
static int open_part(struct transfer *transfer, struct error *err)
{
	struct stat opened, named;

	for (;;) {
		transfer->fd =
			open(transfer->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (transfer->fd < 0)
			return error_errno(err, errno, "%s", transfer->part);
		if (flock(transfer->fd, LOCK_EX | LOCK_NB)) {
			close_part(transfer);
			return 0;
		}
		if (!fstat(transfer->fd, &opened) && !stat(transfer->part, &named) &&
			opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
			return 0;
		close_part(transfer);
	}
}

static int start_over(struct transfer *transfer, struct error *err)
{
	hash_init(&transfer->hash);
	transfer->received = transfer->resumed_at = 0;
	if (ftruncate(transfer->fd, 0) || lseek(transfer->fd, 0, SEEK_SET))
		return error_errno(err, errno, "%s", transfer->part);
	return 0;
}

/* Hashes what the part already has, and leaves the file offset at its end. */
static int take_up(struct transfer *transfer, struct error *err)
{
	cleanup_free char *block = xmalloc(HASH_BLOCK);
	struct stat status;
	ssize_t length;

	if (!transfer->download->sha256 || fstat(transfer->fd, &status) ||
		(uint64_t)status.st_size >= transfer->download->size)
		return start_over(transfer, err);
	hash_init(&transfer->hash);
	transfer->received = 0;
	if (lseek(transfer->fd, 0, SEEK_SET))
		return error_errno(err, errno, "%s", transfer->part);
	while ((length = read(transfer->fd, block, HASH_BLOCK)) > 0) {
		hash_update(&transfer->hash, block, length);
		transfer->received += length;
	}
	if (length < 0)
		return error_errno(err, errno, "%s", transfer->part);
	transfer->resumed_at = transfer->received;
	return 0;
}

/* Curl's write callback: whatever it returns but the length ends the transfer. */
static size_t receive(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	const struct download *download = transfer->download;
	size_t length = size * count;

	if (length > download->size - transfer->received) {
		error_set(&transfer->error, STATUS_ARCHIVE, "longer than the %llu bytes expected",
			(unsigned long long)download->size);
		return 0;
	}
	if (file_write_all(transfer->fd, data, length, &transfer->error))
		return 0;
	hash_update(&transfer->hash, data, length);
	transfer->received += length;
	return length;
}

static void set_up(struct transfer *transfer)
{
	if (!transfer->easy)
		transfer->easy = curl_easy_init();
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_URL, transfer->download->url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "jeos");
	curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)transfer->resumed_at);
}

int transfer_begin(struct transfer *transfer, uint64_t now, struct error *err)
{
	if (transfer->fd < 0) {
		if (is_there(transfer)) {
			transfer->state = TRANSFER_DONE;
			return 0;
		}
		if (open_part(transfer, err))
			return -1;
		if (transfer->fd < 0) {
			transfer->not_before = now + OTHERS_BUSY;
			return 0;
		}
		if (is_there(transfer)) {
			leave_part(transfer);
			transfer->state = TRANSFER_DONE;
			return 0;
		}
	}
	if (take_up(transfer, err))
		return -1;
	set_up(transfer);
	transfer->state = TRANSFER_RUNNING;
	return 0;
}

static bool is_absent(CURLcode code, long status)
{
	return code == CURLE_FILE_COULDNT_READ_FILE ||
	       (code == CURLE_HTTP_RETURNED_ERROR && (status == 404 || status == 410));
}

static bool is_transient(CURLcode code, long status)
{
	static const CURLcode codes[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
		CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE,
		CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SSL_CONNECT_ERROR,
		CURLE_HTTP2, CURLE_HTTP2_STREAM};

	if (code == CURLE_HTTP_RETURNED_ERROR)
		return status >= 500 || status == 408 || status == 429;
	for (size_t i = 0; i < array_count(codes); i++)
		if (code == codes[i])
			return true;
	return false;
}

/* All bytes have come: they are right, or the transfer has failed. */
static int finish(struct transfer *transfer, struct error *err)
{
	const struct download *download = transfer->download;
	char got[HASH_TEXT];

	hash_finish(&transfer->hash, got);
	if (download->sha256 && transfer->received < download->size)
		return error_set(err, STATUS_ARCHIVE, "truncated: %llu of %llu bytes came",
			(unsigned long long)transfer->received, (unsigned long long)download->size);
	if (download->sha256 && !text_equal(got, download->sha256))
		return error_set(err, STATUS_ARCHIVE,
			"wrong hash: expected SHA-256 %s, got %s; "
			"the mirror is being updated, broken or tampered with",
			download->sha256, got);
	if (rename(transfer->part, download->path))
		return error_errno(err, errno, "renaming to %s", download->path);
	close_part(transfer);
	transfer->state = TRANSFER_DONE;
	return 0;
}

static void try_again(struct transfer *transfer, uint64_t at)
{
	transfer->state = TRANSFER_WAITING;
	transfer->not_before = at;
}

/* Why curl failed, in its words or HTTP's. */
static int explain(struct transfer *transfer, CURLcode code, long status, struct error *err)
{
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return error_set(err, STATUS_ARCHIVE, "HTTP status %ld", status);
	if (code == CURLE_PARTIAL_FILE)
		return error_set(err, STATUS_ARCHIVE, "truncated after %llu bytes, %d times",
			(unsigned long long)transfer->received, TRIES);
	return error_set(err, STATUS_ARCHIVE, "%s",
		*transfer->reason ? transfer->reason : curl_easy_strerror(code));
}

static int judge(struct transfer *transfer, CURLcode code, uint64_t now, struct error *err)
{
	static const unsigned pauses[TRIES] = {0, BACK_OFF, 3 * BACK_OFF};
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->error.message)
		return error_set(err, transfer->error.status, "%s", transfer->error.message);
	if (code == CURLE_OK && !finish(transfer, err))
		return 0;
	if (transfer->download->optional && is_absent(code, status)) {
		transfer->download->absent = true;
		transfer->state = TRANSFER_DONE;
		leave_part(transfer);
		return 0;
	}
	/* What an earlier run left may have been wrong, or the server cannot resume. */
	if (transfer->resumed_at &&
		(code == CURLE_OK || code == CURLE_RANGE_ERROR || status == 416)) {
		error_release(err);
		try_again(transfer, now);
		return start_over(transfer, err);
	}
	if (is_transient(code, status) && ++transfer->failures < TRIES) {
		try_again(transfer, now + pauses[transfer->failures]);
		return 0;
	}
	if (code != CURLE_OK)
		return explain(transfer, code, status, err);
	transfer->received = 0; /* worth nothing: leave_part() removes it */
	return -1;
}

int transfer_end(struct transfer *transfer, CURLcode code, uint64_t now, struct error *err)
{
	if (judge(transfer, code, now, err))
		return error_wrap(err, "fetching %s", transfer->download->url);
	return 0;
}
