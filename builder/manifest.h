/*
 * The manifest: NAME.manifest.json beside the artefacts, with everything that went in and what came
 * out; and SHA256SUMS, which covers all artefacts of a directory.
 */
#pragma once

#include "base/hash.h"
#include "plan.h"

struct lock;
struct manifest;

struct manifest *manifest_make(const struct plan *plan, const char *fingerprint, const char *key);
void manifest_free(struct manifest *manifest);
/* Records where everything lies, once that is known. */
void manifest_set_disk(
	struct manifest *manifest, const struct image_layout *layout, const char *command_line);
/* Records the image that artefacts are differences to: its name and hash. */
int manifest_set_base(struct manifest *manifest, const char *path, struct error *err);
/* Records a finished artefact: its size and hash. */
int manifest_add(
	struct manifest *manifest, const char *output, const char *name, struct error *err);
/* Writes the manifest and brings SHA256SUMS up to date, each by rename. */
int manifest_write(struct manifest *manifest, const char *output, struct error *err);

/*
 * Reads OUTPUT/NAME.manifest.json; a new reference. NULL when there is none, when it cannot be
 * read, or when one of its artefacts is no longer there in its recorded size, or was written to.
 */
json_t *manifest_read(const char *output, const char *name);

/* A hash over the recipe's files, lock (NULL: none), keyrings that the guest gets, overlays and
 * hooks: whether a build is up to date with them. */
int fingerprint(const struct recipe *recipe, const struct lock *lock, char ret_text[HASH_TEXT],
	struct error *err);
