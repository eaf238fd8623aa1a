/*
 * The one error object. Every function that can fail returns 0, or -1 with the error set, and
 * takes `struct error *err` as its last parameter. Only main.c prints an error.
 *
 * A message reads `what failed: why`, and then what to do where that is known. Each caller on the
 * way up may put its own "what" in front with error_wrap(). The status decides the exit status.
 */
#pragma once

enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_RECIPE = 3,  /* recipe or lock is invalid */
	STATUS_ARCHIVE = 4, /* package archive or network */
	STATUS_SCRIPT = 5,  /* a maintainer script or hook in the guest root failed */
	STATUS_MISSING = 6, /* a needed program or privilege is missing */
	STATUS_CHECK = 10,  /* jeos test: a check failed */
	STATUS_TIMEOUT = 11,
	STATUS_PANIC = 12,
	STATUS_EMULATOR = 13,
	STATUS_INTERRUPTED = 130,
};

struct error {
	enum status status;
	char *message; /* owned */
};

/* A place in a recipe. `file` outlives whatever refers to it; line and column count from 1. */
struct position {
	const char *file;
	unsigned line, column;
};

#define printf_like(text, first) __attribute__((format(__printf__, text, first)))

/* These set or change the error and return -1. err must be released (or zero) before error_set. */
int error_set(struct error *err, enum status status, const char *format, ...) printf_like(3, 4);
/* "format: strerror(number)", with STATUS_FAILED. */
int error_errno(struct error *err, int number, const char *format, ...) printf_like(3, 4);
/* "file:line:column: format", with STATUS_RECIPE. */
int error_at(struct error *err, struct position at, const char *format, ...) printf_like(3, 4);
/* "format: message so far"; the status stays. */
int error_wrap(struct error *err, const char *format, ...) printf_like(2, 3);

#ifdef __clang_analyzer__ /* It does not look into other files for what they return. */
#define error_set(...)   (error_set(__VA_ARGS__), -1)
#define error_errno(...) (error_errno(__VA_ARGS__), -1)
#define error_at(...)    (error_at(__VA_ARGS__), -1)
#define error_wrap(...)  (error_wrap(__VA_ARGS__), -1)
#endif

void error_release(struct error *err);
