#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sign.h"

enum { MANIFEST_LIMIT = 64 * 1024 * 1024 };

struct manifest {
	char *name;
	json_t *document, *artefacts; /* artefacts is borrowed from the document */
};

struct manifest *manifest_make(const struct plan *plan, const char *fingerprint, const char *key)
{
	struct manifest *manifest = xcalloc(1, sizeof(*manifest));

	manifest->name = xstrdup(plan->name);
	manifest->document = plan_json(plan);
	manifest->artefacts = json_array();
	json_object_set_new(manifest->document, "artefacts", manifest->artefacts);
	json_object_set_new(manifest->document, "fingerprint", json_string(fingerprint));
	json_object_set_new(manifest->document, "key", json_string(key));
	return manifest;
}

void manifest_set_disk(
	struct manifest *manifest, const struct image_layout *layout, const char *command_line)
{
	json_object_set_new(manifest->document, "disk", plan_layout_json(layout));
	if (command_line)
		json_object_set_new(manifest->document, "command_line", json_string(command_line));
}

int manifest_set_base(struct manifest *manifest, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char sha256[HASH_TEXT];

	if (hash_file(AT_FDCWD, path, sha256, err))
		return -1;
	json_object_set_new(manifest->document, "base",
		json_pack("{s:s, s:s}", "name", slash ? slash + 1 : path, "sha256", sha256));
	return 0;
}

void manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return;
	json_decref(manifest->document);
	free(manifest->name);
	free(manifest);
}

int manifest_add(struct manifest *manifest, const char *output, const char *name, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", output, name);
	char sha256[HASH_TEXT];
	struct stat status;

	if (stat(path, &status))
		return error_errno(err, errno, "%s", path);
	if (hash_file(AT_FDCWD, path, sha256, err))
		return -1;
	json_array_append_new(
		manifest->artefacts, json_pack("{s:s, s:I, s:s}", "name", name, "size",
					     (json_int_t)status.st_size, "sha256", sha256));
	return 0;
}

/* Whether a line of SHA256SUMS is about one of the artefacts. */
static bool is_ours(const struct manifest *manifest, const char *line, size_t length)
{
	size_t index;
	json_t *artefact;

	json_array_foreach(manifest->artefacts, index, artefact)
	{
		const char *name = json_string_value(json_object_get(artefact, "name"));
		size_t size = strlen(name);
		if (length == HASH_TEXT - 1 + 2 + size && !memcmp(line + length - size, name, size))
			return true;
	}
	return false;
}

static void add_sums(const struct manifest *manifest, struct buffer *sums)
{
	size_t index;
	json_t *artefact;

	json_array_foreach(manifest->artefacts, index, artefact) buffer_printf(sums, "%s  %s\n",
		json_string_value(json_object_get(artefact, "sha256")),
		json_string_value(json_object_get(artefact, "name")));
}

/* Other builds may write to the same directory: the lock on it is held from reading to renaming. */
static int update_sums(const struct manifest *manifest, const char *output, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/SHA256SUMS", output);
	cleanup_buffer struct buffer old = {0}, sums = {0};
	cleanup_fd int lock = open(output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock < 0 || flock(lock, LOCK_EX))
		return error_errno(err, errno, "%s: locking", output);
	if (file_exists(AT_FDCWD, path) && file_read(AT_FDCWD, path, MANIFEST_LIMIT, &old, err))
		return -1;
	for (const char *line = old.data; line && *line;) {
		size_t length = strcspn(line, "\n");
		if (!is_ours(manifest, line, length)) {
			buffer_append(&sums, line, length);
			buffer_text(&sums, "\n");
		}
		line += length + (line[length] == '\n');
	}
	add_sums(manifest, &sums);
	/* No signature is better than one that does not fit. */
	cleanup_free char *signature = xasprintf("%s/" SUMS_SIGNATURE, output);
	if (!text_equal(old.data, sums.data) && unlink(signature) && errno != ENOENT)
		return error_errno(err, errno, "%s: removing", signature);
	return file_replace(path, sums.data, sums.length, err);
}

int manifest_write(struct manifest *manifest, const char *output, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s.manifest.json", output, manifest->name);

	cleanup_free char *text = json_dumps(manifest->document, JSON_INDENT(2) | JSON_SORT_KEYS);
	cleanup_free char *lines = xasprintf("%s\n", text);
	if (update_sums(manifest, output, err))
		return -1;
	return file_replace(path, lines, strlen(lines), err);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Whether every artefact that the manifest names is still there, as it was when that was written.
 */
static bool is_complete(const json_t *document, const char *output, const struct stat *manifest)
{
	const json_t *artefacts = json_object_get(document, "artefacts");
	size_t index;
	json_t *artefact;

	if (!json_array_size(artefacts))
		return false;
	json_array_foreach(artefacts, index, artefact)
	{
		const char *name = json_string_value(json_object_get(artefact, "name"));
		cleanup_free char *path = xasprintf("%s/%s", output, name ? name : "");
		struct stat status;
		if (!name || stat(path, &status) ||
			status.st_size != json_integer_value(json_object_get(artefact, "size")) ||
			is_later(&status.st_mtim, &manifest->st_mtim))
			return false;
	}
	return true;
}

json_t *manifest_read(const char *output, const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s.manifest.json", output, name);
	json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	struct stat status;

	if (document && !stat(path, &status) && is_complete(document, output, &status))
		return document;
	json_decref(document);
	return NULL;
}
