/*
 * An OCI image as one file: a tar archive of an image layout (image-spec, "Image Layout"), what
 * skopeo and podman call oci-archive. Its one layer is written in place; its name is its hash, so
 * its header is written when it is done.
 *
 *     blobs/sha256/ | oci-layout | blobs/sha256/LAYER | .../CONFIG | .../MANIFEST | index.json
 */
#include "bundle.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MEDIA(what) "application/vnd.oci.image." what

static const struct tar_change changes[] = {BUNDLE_NO_KERNEL, {0}};

/* Go's names. */
static const struct {
	const char *debian, *name, *variant;
} architectures[] = {
	{"i386", "386", NULL},
	{"arm64", "arm64", "v8"},
	{"armhf", "arm", "v7"},
	{"armel", "arm", "v5"},
	{"ppc64el", "ppc64le", NULL},
	{"mips64el", "mips64le", NULL},
	{"mipsel", "mipsle", NULL},
};

struct oci {
	const struct image_order *order;
	const struct appliance *appliance;
	int fd;      /* owned by the caller */
	uint64_t at; /* where the next member goes */
	struct output_sum layer, layer_tar;
	char created[32];
};

static void set_text(json_t *object, const char *key, const char *text)
{
	if (!text)
		return;
	cleanup_free char *clean = text_clean(text);
	json_object_set_new(object, key, json_string(clean));
}

static void set_platform(json_t *object, const struct appliance *appliance)
{
	set_text(object, "architecture", appliance->architecture);
	set_text(object, "os", "linux");
	for (size_t i = 0; i < array_count(architectures); i++) {
		if (strcmp(architectures[i].debian, appliance->architecture))
			continue;
		set_text(object, "architecture", architectures[i].name);
		set_text(object, "variant", architectures[i].variant);
	}
}

/* The annotations that the image-spec names. */
static json_t *annotations(const struct oci *oci)
{
	const struct appliance *appliance = oci->appliance;
	json_t *object = json_object();

	set_text(object, "org.opencontainers.image.created", oci->created);
	set_text(object, "org.opencontainers.image.title", appliance->product);
	set_text(object, "org.opencontainers.image.version", appliance->version);
	set_text(object, "org.opencontainers.image.description", appliance->summary);
	set_text(object, "org.opencontainers.image.vendor", appliance->vendor);
	set_text(object, "org.opencontainers.image.url", appliance->url);
	return object;
}

static json_t *list(const char *const *words)
{
	json_t *array = json_array();

	for (; words && *words; words++) {
		cleanup_free char *clean = text_clean(*words);
		json_array_append_new(array, json_string(clean));
	}
	return array;
}

/* Without a command: the init if there is one, else a shell. */
static json_t *command(const struct oci *oci)
{
	const char *const init[] = {"/sbin/init", NULL}, *const shell[] = {"/bin/sh", NULL};
	struct stat status;

	if (oci->appliance->command)
		return list(oci->appliance->command);
	return list(fstatat(oci->order->contents->tree, "usr/sbin/init", &status,
			    AT_SYMLINK_NOFOLLOW) &&
				    fstatat(oci->order->contents->tree, "sbin/init", &status,
					    AT_SYMLINK_NOFOLLOW)
			    ? shell
			    : init);
}

static json_t *config(const struct oci *oci)
{
	static const char path[] =
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	json_t *ports = json_object(), *environment = json_array();
	json_t *object = json_object();

	json_array_append_new(environment, json_string(path));
	json_t *given = list(oci->appliance->environment);
	json_array_extend(environment, given);
	json_decref(given);
	for (const char *const *port = oci->appliance->ports; port && *port; port++) {
		cleanup_free char *name =
			xasprintf("%s%s", *port, strchr(*port, '/') ? "" : "/tcp");
		json_object_set_new(ports, name, json_object());
	}
	set_text(object, "created", oci->created);
	set_platform(object, oci->appliance);
	json_object_set_new(object, "config",
		json_pack("{s:o, s:o, s:o}", "Cmd", command(oci), "Env", environment, "Labels",
			annotations(oci)));
	if (json_object_size(ports))
		json_object_set(json_object_get(object, "config"), "ExposedPorts", ports);
	json_decref(ports);
	cleanup_free char *layer = xasprintf("sha256:%s", oci->layer_tar.sha256);
	json_object_set_new(
		object, "rootfs", json_pack("{s:s, s:[s]}", "type", "layers", "diff_ids", layer));
	json_object_set_new(object, "history",
		json_pack("[{s:s, s:s}]", "created", oci->created, "created_by", "jeos"));
	return object;
}

static json_t *descriptor(const char *type, const struct output_sum *blob)
{
	cleanup_free char *digest = xasprintf("sha256:%s", blob->sha256);

	return json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", digest, "size",
		(json_int_t)blob->length);
}

/* Writes members by `write` where the last one ended. */
static int append(struct oci *oci,
	int (*write)(struct output *output, const struct oci *oci, struct error *err),
	struct error *err)
{
	const struct output_options options = {.fd = oci->fd, .at = oci->at};
	cleanup_output struct output *output = NULL;
	struct output_sum in, out;

	if (output_new(&options, &output, err) || write(output, oci, err) ||
		output_finish(output, &in, &out, err))
		return -1;
	oci->at += out.length;
	return 0;
}

static int write_begin(struct output *output, const struct oci *oci, struct error *err)
{
	int64_t epoch = oci->order->layout->epoch;
	struct tar_member directory = {.path = "blobs", .mode = S_IFDIR | 0755, .time = epoch};

	if (tar_header(output, &directory, err))
		return -1;
	directory.path = "blobs/sha256";
	return tar_header(output, &directory, err) ||
	       tar_text(output, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", epoch, err);
}

static int write_layer_header(struct output *output, const struct oci *oci, struct error *err)
{
	cleanup_free char *path = xasprintf("blobs/sha256/%s", oci->layer.sha256);
	const struct tar_member member = {
		.path = path,
		.mode = S_IFREG | 0644,
		.size = oci->layer.length,
		.time = oci->order->layout->epoch,
	};

	return tar_header(output, &member, err);
}

/* Writes the layer behind the place of its header, then that. */
static int write_layer(struct oci *oci, struct error *err)
{
	const struct output_options options = {
		.fd = oci->fd,
		.at = oci->at + TAR_BLOCK,
		.compression = COMPRESSION_GZIP,
		.sums = true,
	};
	const struct tar_tree tree = {
		.tree = oci->order->contents->tree,
		.epoch = oci->order->layout->epoch,
		.changes = changes,
	};
	cleanup_output struct output *output = NULL;

	if (output_new(&options, &output, err) || tar_tree(output, &tree, err) ||
		output_finish(output, &oci->layer_tar, &oci->layer, err) ||
		append(oci, write_layer_header, err))
		return -1;
	oci->at += oci->layer.length;
	return 0;
}

/* A document as a blob; takes the reference. */
static int write_blob(struct output *output, const struct oci *oci, json_t *document,
	struct output_sum *ret_blob, struct error *err)
{
	cleanup_free char *text = json_dumps(document, JSON_COMPACT);
	struct hash hash;

	json_decref(document);
	ret_blob->length = strlen(text);
	hash_init(&hash);
	hash_update(&hash, text, ret_blob->length);
	hash_finish(&hash, ret_blob->sha256);
	cleanup_free char *path = xasprintf("blobs/sha256/%s", ret_blob->sha256);
	return tar_text(output, path, text, oci->order->layout->epoch, err);
}

static json_t *index_of(const struct oci *oci, const struct output_sum *manifest)
{
	json_t *entry = descriptor(MEDIA("manifest.v1+json"), manifest);
	json_t *platform = json_object(), *names = annotations(oci);

	set_platform(platform, oci->appliance);
	set_text(names, "org.opencontainers.image.ref.name", oci->appliance->version);
	json_object_set_new(entry, "platform", platform);
	json_object_set_new(entry, "annotations", names);
	return json_pack("{s:i, s:s, s:[o]}", "schemaVersion", 2, "mediaType",
		MEDIA("index.v1+json"), "manifests", entry);
}

static int write_documents(struct output *output, const struct oci *oci, struct error *err)
{
	struct output_sum configuration, manifest;

	if (tar_pad(output, oci->layer.length, err) ||
		write_blob(output, oci, config(oci), &configuration, err))
		return -1;
	json_t *document = json_pack("{s:i, s:s, s:o, s:[o], s:o}", "schemaVersion", 2, "mediaType",
		MEDIA("manifest.v1+json"), "config",
		descriptor(MEDIA("config.v1+json"), &configuration), "layers",
		descriptor(MEDIA("layer.v1.tar+gzip"), &oci->layer), "annotations",
		annotations(oci));
	if (write_blob(output, oci, document, &manifest, err))
		return -1;
	document = index_of(oci, &manifest);
	cleanup_free char *text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	if (tar_text(output, "index.json", text, oci->order->layout->epoch, err))
		return -1;
	return tar_end(output, err);
}

static int write_oci(const struct bundle *bundle, const struct image_order *order, const char *path,
	struct error *err)
{
	struct oci oci = {.order = order, .appliance = order->contents->appliance};
	time_t epoch = order->layout->epoch;
	cleanup_fd int fd = -1;
	struct tm time;

	(void)bundle;
	gmtime_r(&epoch, &time);
	strftime(oci.created, sizeof(oci.created), "%Y-%m-%dT%H:%M:%SZ", &time);
	if (bundle_create(path, &fd, err))
		return -1;
	oci.fd = fd;
	if (append(&oci, write_begin, err) || write_layer(&oci, err) ||
		append(&oci, write_documents, err))
		return error_wrap(err, "%s", path);
	return 0;
}

const struct bundle bundle_oci = {
	.name = "oci",
	.suffix = "oci.tar",
	.summary = "an OCI image, the root without a kernel: oci-archive: of podman and skopeo",
	.write = write_oci,
};
