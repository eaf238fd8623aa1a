/* OCI images (image-spec 1.0): index.json names a manifest, that its layers; each layer is a tar
 * archive that adds to those before it, replaces, or by names with ".wh." takes away. */
#include "archive.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "host-file.h"

enum { JSON_LIMIT = 4 * MIB, LAYERS_MAX = 128, DEPTH_MAX = 4 };
#define WHITEOUT ".wh."
#define OPAQUE   ".wh..wh..opq"

struct state {
	struct image_tree **layers; /* owned */
	size_t count;
};

/* A file by its place in the layout. */
static int open_place(const struct oci_source *source, const char *path, struct archive_source *ret,
	struct error *err)
{
	if (source->archive) {
		cleanup_free char *whole = xasprintf("/%s", path);
		const struct image_file *file = image_tree_resolve(source->archive, whole);
		if (!file || !S_ISREG(file->mode))
			return error_set(err, STATUS_FAILED, "OCI: it has no %s", path);
		*ret = archive_contents(source->archive, file);
		ret->fd = fcntl(ret->fd, F_DUPFD_CLOEXEC, 0);
		return 0;
	}
	cleanup_free char *linked = xasprintf("/proc/self/fd/%d/%s", source->directory, path);
	if (host_file_open(linked, false, &ret->fd, &ret->length, err))
		return error_wrap(err, "OCI: %s", path);
	ret->offset = 0;
	return 0;
}

static int read_json(
	const struct oci_source *source, const char *path, json_t **ret_json, struct error *err)
{
	struct archive_source place;
	json_error_t why;

	if (open_place(source, path, &place, err))
		return -1;
	cleanup_fd int fd = place.fd;
	if (place.length > JSON_LIMIT)
		return error_set(
			err, STATUS_FAILED, "OCI: %s: larger than %d bytes", path, JSON_LIMIT);
	cleanup_free char *text = xmalloc(place.length + 1);
	if (file_read_at(fd, place.offset, text, place.length, err))
		return -1;
	*ret_json = json_loadb(text, place.length, JSON_REJECT_DUPLICATES, &why);
	return *ret_json ? 0
			 : error_set(err, STATUS_FAILED, "OCI: damaged: %s: %s, at byte %d", path,
				   why.text, why.position);
}

/* "sha256:..." of a descriptor as a path; nothing else is followed. */
static int blob_path(const json_t *descriptor, char **ret_path, struct error *err)
{
	const char *digest = json_string_value(json_object_get(descriptor, "digest"));

	if (!digest || strncmp(digest, "sha256:", 7) || strlen(digest) != 71 ||
		strspn(digest + 7, "0123456789abcdef") != 64)
		return error_set(err, STATUS_FAILED, "OCI: damaged: no digest by sha256: %.80s",
			digest ? digest : "none");
	*ret_path = xasprintf("blobs/sha256/%s", digest + 7);
	return 0;
}

static int read_blob(const struct oci_source *source, const json_t *descriptor, json_t **ret_json,
	struct error *err)
{
	cleanup_free char *path = NULL;

	return blob_path(descriptor, &path, err) ? -1 : read_json(source, path, ret_json, err);
}

/* The first manifest of an index, or of the index that it names. */
static int find_manifest(const struct oci_source *source, json_t **ret_manifest, struct error *err)
{
	json_t *json = NULL;

	if (read_json(source, "index.json", &json, err))
		return -1;
	for (unsigned depth = 0; !json_object_get(json, "layers"); depth++) {
		const json_t *first = json_array_get(json_object_get(json, "manifests"), 0);
		json_t *next = NULL;
		int result = first && depth < DEPTH_MAX
				     ? read_blob(source, first, &next, err)
				     : error_set(err, STATUS_FAILED,
					       "OCI: damaged: index.json leads to no manifest");
		json_decref(json);
		if (result)
			return -1;
		json = next;
	}
	*ret_manifest = json;
	return 0;
}

static int open_layer(const struct oci_source *source, const json_t *descriptor,
	struct image_tree **ret_layer, struct error *err)
{
	struct archive_source place;
	cleanup_free char *path = NULL;

	if (blob_path(descriptor, &path, err) || open_place(source, path, &place, err))
		return -1;
	int result = archive_open(&place, ret_layer, err);
	close(place.fd);
	return result ? error_wrap(err, "OCI: layer %.19s", path + strlen("blobs/sha256/")) : 0;
}

static bool has(
	const struct image_tree *layer, const char *directory, const char *prefix, const char *name)
{
	cleanup_free char *path =
		xasprintf("%s/%s%s", strcmp(directory, "/") ? directory : "", prefix, name);

	return image_tree_find(layer, path);
}

/* Whether a layer takes away, or replaces, what those below it have under a path. */
static bool is_hidden(const struct image_tree *layer, const char *path)
{
	cleanup_free char *part = xstrdup(path);
	const struct image_file *same = image_tree_find(layer, path);
	char *slash;

	/* Parents that a layer only implies say nothing. */
	if (same && (same->inode || !S_ISDIR(same->mode)))
		return true;
	while (part[1] && (slash = strrchr(part, '/'))) {
		cleanup_free char *name = xstrdup(slash + 1);
		slash[slash == part] = '\0';
		const struct image_file *above = image_tree_find(layer, part);
		if (has(layer, part, WHITEOUT, name) || has(layer, part, "", OPAQUE) ||
			(above && !S_ISDIR(above->mode)))
			return true;
	}
	return false;
}

static bool is_whiteout(const struct image_file *file)
{
	return text_starts(strrchr(file->path, '/') + 1, WHITEOUT);
}

/* Puts a layer over what is there. Files keep the layer that they are from. */
static void add_layer(struct image_tree *tree, const struct image_tree *layer, uint64_t number)
{
	struct image_files *files = &tree->files;
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++)
		if (!is_hidden(layer, files->items[i].path))
			files->items[count++] = files->items[i];
	files->count = count;
	struct image_tree below = *tree;
	vector_for_each (file, &layer->files) {
		if (is_whiteout(file) || (!file->inode && image_tree_find(&below, file->path)))
			continue;
		struct image_file *added = image_tree_add(tree);
		below.files.items = files->items;
		*added = *file;
		/* Inodes and places of different layers are not the same. */
		added->place = (uint64_t)(file - layer->files.items) << 8 | number;
		added->inode = file->inode << 8 | number;
	}
}

static int add_layers(struct image_tree *tree, const struct oci_source *source,
	const json_t *layers, struct error *err)
{
	struct state *state = tree->state;
	size_t count = json_array_size(layers);

	if (count > LAYERS_MAX)
		return error_set(err, STATUS_FAILED, "OCI: more than %d layers", LAYERS_MAX);
	state->layers = xcalloc(count + 1, sizeof(struct image_tree *));
	for (; state->count < count; state->count++) {
		struct image_tree **layer = &state->layers[state->count];
		if (open_layer(source, json_array_get(layers, state->count), layer, err))
			return -1;
		add_layer(tree, *layer, state->count);
		/* So that the next one finds what is there. */
		if (image_tree_settle(tree, err))
			return -1;
		tree->size += (*layer)->size;
	}
	return 0;
}

int oci_open(const struct oci_source *source, struct image_tree **ret_tree, struct error *err)
{
	cleanup_image_tree struct image_tree *tree = image_tree_new(&tree_reader_oci);
	json_t *manifest = NULL;

	tree->state = xcalloc(1, sizeof(struct state));
	if (find_manifest(source, &manifest, err))
		return -1;
	const json_t *layers = json_object_get(manifest, "layers");
	int result = add_layers(tree, source, layers, err);
	image_tree_fact(tree, "layers", "%zu", json_array_size(layers));
	json_decref(manifest);
	if (result)
		return -1;
	*ret_tree = steal_pointer(&tree);
	return 0;
}

/* The layer that a file is from, and the file there. */
static const struct image_file *find_origin(
	const struct image_tree *tree, const struct image_file *file, struct image_tree **ret_layer)
{
	const struct state *state = tree->state;

	*ret_layer = state->layers[file->place & 0xff];
	return &(*ret_layer)->files.items[file->place >> 8];
}

static int read_file(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err)
{
	struct image_tree *layer;
	const struct image_file *origin = find_origin(tree, file, &layer);

	return layer->reader->read(layer, origin, offset, data, length, err);
}

static int find_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err)
{
	struct image_tree *layer;
	const struct image_file *origin = find_origin(tree, file, &layer);

	return layer->reader->hole(layer, origin, offset, ret_length, err);
}

static bool recognize(const struct slice *slice)
{
	(void)slice;
	return false;
}

static void release(struct image_tree *tree)
{
	struct state *state = tree->state;

	for (size_t i = 0; state && i < state->count; i++)
		image_tree_free(state->layers[i]);
	if (state)
		free(state->layers);
	free(state);
}

const struct tree_reader tree_reader_oci = {
	.name = "oci",
	.has_owners = true,
	.recognize = recognize,
	.read = read_file,
	.hole = find_hole,
	.release = release,
};
