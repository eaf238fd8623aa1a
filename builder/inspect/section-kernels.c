/* The kernels: in /boot, and in the programs that UEFI starts. */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/uki.h"
#include "inspect.h"

enum { KERNEL_LIMIT = 128 * MIB };

struct kind {
	const char *name;
	size_t at; /* where its signature is */
	const char *signature;
};

static const struct kind kinds[] = {
	{"bzImage", 0x202, "HdrS"},
	{"arm64 Image", 0x38, "ARM\x64"},
	{"RISC-V Image", 0x38, "RSC\x05"},
	{"ELF", 0, "\177ELF"},
	{"gzip", 0, "\x1f\x8b"},
	{"zImage", 0x24, "\x18\x28\x6f\x01"},
};

static const struct kind *kind_of(const char *data, size_t length)
{
	for (size_t i = 0; i < array_count(kinds); i++) {
		size_t size = strlen(kinds[i].signature);
		if (kinds[i].at + size <= length &&
			!memcmp(data + kinds[i].at, kinds[i].signature, size))
			return &kinds[i];
	}
	return NULL;
}

/* The word behind "Linux version ", or where a bzImage's header points; owned by the caller. */
static char *version_of(const char *data, size_t length)
{
	static const char banner[] = "Linux version ";
	enum { POINTER = 0x20e, POINTS_FROM = 0x200 };
	const char *found = memmem(data, length, banner, strlen(banner));
	uint16_t at;

	if (found) {
		found += strlen(banner);
	} else if (kind_of(data, length) == &kinds[0] && length > POINTER + sizeof(at)) {
		memcpy(&at, data + POINTER, sizeof(at));
		size_t place = POINTS_FROM + (size_t)le16toh(at);
		found = at && place < length ? data + place : NULL;
	}
	size_t room = found ? length - (found - data) : 0, size = 0;
	while (size < room && size < 64 && found[size] > ' ' && found[size] < 0x7f)
		size++;
	return size ? xstrndup(found, size) : NULL;
}

/* The file with the configuration of that version, NULL: none. */
static const char *find_config(const struct image_view *view, const char *version)
{
	static const char *const places[][2] = {
		{"/boot/config-", ""}, {"/lib/modules/", "/config"}};

	for (size_t i = 0; view->root && version && i < array_count(places); i++) {
		cleanup_free char *path = xasprintf("%s%s%s", places[i][0], version, places[i][1]);
		const struct image_file *file = image_tree_resolve(view->root->tree, path);
		if (file)
			return file->path;
	}
	return NULL;
}

struct kernels {
	struct image_view *view;
	size_t part; /* where files are looked for, by its index */
	json_t *list;
};

static void add_kernel(const struct kernels *kernels, const char *path, const char *data,
	size_t length, const char *inside)
{
	cleanup_free char *version = version_of(data, length);
	const struct kind *kind = kind_of(data, length);
	const char *config = find_config(kernels->view, version);
	json_t *json = json_pack("{s:o, s:I, s:s, s:I}", "path", inspect_text(path), "partition",
		(json_int_t)(kernels->part + 1), "image", kind ? kind->name : "unknown", "size",
		(json_int_t)length);

	if (inside)
		json_object_set_new(json, "inside", json_string(inside));
	if (version)
		json_object_set_new(json, "version", inspect_text(version));
	if (config)
		json_object_set_new(json, "config", inspect_text(config));
	json_array_append_new(kernels->list, json);
}

static int look(const struct kernels *kernels, const struct image_file *file, struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	uint64_t offset, length;

	if (image_file_contents(
		    kernels->view->parts[kernels->part].tree, file, KERNEL_LIMIT, &content, err))
		return -1;
	if (uki_find(&content, ".linux", &offset, &length))
		add_kernel(
			kernels, file->path, content.data + offset, length, "unified kernel image");
	else if (kind_of(content.data, content.length))
		add_kernel(kernels, file->path, content.data, content.length, NULL);
	return 0;
}

static bool is_candidate(const struct image_file *file)
{
	static const char *const names[] = {
		"vmlinuz", "vmlinux", "bzImage", "zImage", "Image", "linux"};
	const char *name = strrchr(file->path, '/') + 1;
	size_t length = strlen(name);

	if (!S_ISREG(file->mode) || file->size > KERNEL_LIMIT)
		return false;
	if (length > 4 && !strcasecmp(name + length - 4, ".efi") &&
		!strncasecmp(file->path, "/EFI/", 5))
		return true;
	if (strncmp(file->path, "/boot/", 6) && strrchr(file->path, '/') != file->path)
		return false;
	for (size_t i = 0; i < array_count(names); i++)
		if (text_starts(name, names[i]))
			return true;
	return false;
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	struct kernels kernels = {.view = view, .list = json_array()};

	for (; kernels.part < view->part_count; kernels.part++) {
		const struct image_tree *tree = view->parts[kernels.part].tree;
		for (size_t i = 0; tree && i < tree->files.count; i++) {
			const struct image_file *file = &tree->files.items[i];
			if (!is_candidate(file) || !look(&kernels, file, err))
				continue;
			json_decref(kernels.list);
			return -1;
		}
	}
	*ret_json = kernels.list;
	return 0;
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	const json_t *kernel;
	struct inspect_size size;
	size_t index;

	(void)whole;
	if (!json_array_size(json))
		buffer_text(text, "kernels: none\n");
	json_array_foreach(json, index, kernel)
	{
		const char *inside = inspect_get_text(kernel, "inside");
		const char *config = inspect_get_text(kernel, "config");
		buffer_printf(text, "kernel: %s, %s of %s in %s%s%s%s; configuration: %s\n",
			inspect_get_text(kernel, "version"), inspect_get_text(kernel, "image"),
			inspect_size(inspect_get_number(kernel, "size"), &size),
			inspect_get_text(kernel, "path"), *inside ? " (" : "", inside,
			*inside ? ")" : "", *config ? config : "not there");
	}
}

const struct inspect_section inspect_kernels = {"kernels", gather, print};
