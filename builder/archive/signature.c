#include "archive/signature.h"

#include <errno.h>
#include <string.h>

#include "archive/control.h"
#include "base/cleanup.h"
#include "base/process.h"

enum { GPGV_TIMEOUT = 60 * 1000, OUTPUT_LIMIT = 1 << 20 };

static void collect(void *context, const char *data, size_t length)
{
	struct buffer *output = context;

	if (output->length + length < OUTPUT_LIMIT)
		buffer_append(output, data, length);
}

/* What gpgv's status lines say of the signatures (GnuPG's doc/DETAILS). */
struct judgement {
	bool good, bad;
	char *refused; /* the first that is worth nothing, in gpgv's words; owned */
	char *unknown; /* the first key that is not in the keyring; owned */
};

static void judge_line(struct span line, struct judgement *judgement)
{
	static const char *const worthless[] = {
		"BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "ERROR"};
	struct span prefix, keyword, key;

	if (!control_next_word(&line, &prefix) || !span_equal(prefix, "[GNUPG:]") ||
		!control_next_word(&line, &keyword) || !control_next_word(&line, &key))
		return;
	if (span_equal(keyword, "GOODSIG"))
		judgement->good = true;
	/* ERROR: more in the file than one signed text. */
	if (span_equal(keyword, "BADSIG") || span_equal(keyword, "ERROR"))
		judgement->bad = true;
	if (span_equal(keyword, "NO_PUBKEY") && !judgement->unknown)
		judgement->unknown = span_copy(key);
	for (size_t i = 0; i < array_count(worthless); i++)
		if (span_equal(keyword, worthless[i]) && !judgement->refused)
			judgement->refused = xasprintf("%.*s %.*s%.*s", (int)keyword.length,
				keyword.at, (int)key.length, key.at, (int)line.length, line.at);
}

static int conclude(const struct judgement *judgement, const char *keyring, struct error *err)
{
	if (judgement->good && !judgement->bad)
		return 0;
	if (judgement->refused)
		return error_set(err, STATUS_ARCHIVE, "wrong signature: %s", judgement->refused);
	if (judgement->unknown)
		return error_set(err, STATUS_ARCHIVE,
			"signed by key %s, which is not in %s; "
			"name the right keyring, or update the package that holds it",
			judgement->unknown, keyring);
	return error_set(err, STATUS_ARCHIVE, "it has no signature");
}

int signature_check(const char *keyring, const char *file, const char *signature,
	const char *content, struct error *err)
{
	const char *arguments[12] = {
		"gpgv", "--status-fd", "1", "--weak-digest", "SHA1", "--keyring", keyring};
	cleanup_buffer struct buffer output = {0};
	struct process process = {.arguments = arguments,
		.timeout = GPGV_TIMEOUT,
		.output = collect,
		.context = &output};
	struct judgement judgement = {0};
	struct span rest, line;
	size_t count = 7;

	if (access(keyring, R_OK))
		return error_set(err, STATUS_MISSING,
			"keyring %s: %s; install the package that holds it, or name another",
			keyring, strerror(errno));
	if (content) {
		arguments[count++] = "--output";
		arguments[count++] = content;
	}
	if (signature)
		arguments[count++] = signature;
	arguments[count] = file;
	/* A missing key alone makes gpgv fail: its status lines decide, not its exit status. */
	if (process_run(&process, err) && err->status != STATUS_FAILED)
		return -1;
	error_release(err);
	rest = (struct span){output.data, output.length};
	while (control_next_line(&rest, &line))
		judge_line(line, &judgement);
	int result = conclude(&judgement, keyring, err);
	free(judgement.refused);
	free(judgement.unknown);
	return result;
}
