/* From wishes to partitions: what each use has of its own, and what must be there unasked. */
#include "layout.h"

#include <string.h>

#include "base/size.h"
#include "filesystem.h"
#include "partition-mbr.h"

enum { CHANGES_LEAST = 64 * MIB };

struct use_row {
	const char *name, *label, *filesystem;
	const struct uuid *type; /* NULL: the architecture's */
	uint8_t mbr_type;
	uint64_t size; /* bytes; 0: see usual_size() */
	bool single;
};

/* The Discoverable Partitions Specification (UAPI group). */
static const struct uuid type_data = {{0x0f, 0xc6, 0x3d, 0xaf, 0x84, 0x83, 0x47, 0x72, 0x8e, 0x79,
	0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4}};
static const struct uuid type_swap = {{0x06, 0x57, 0xfd, 0x6d, 0xa4, 0xab, 0x43, 0xc4, 0x84, 0xe5,
	0x09, 0x33, 0xc8, 0x4b, 0x4f, 0x4f}};

static const struct use_row uses[PARTITION_USES] = {
	[USE_BIOS_BOOT] = {"bios-boot", "BIOS boot", NULL, &partition_type_bios_boot, MBR_LINUX,
		MIB, true},
	[USE_ESP] = {"esp", "ESP", "vfat", &partition_type_esp, MBR_ESP, 64 * MIB, true},
	[USE_ROOT] = {"root", "root", NULL, NULL, MBR_LINUX, 0, true},
	[USE_VERITY] = {"verity", "root-verity", NULL, NULL, MBR_LINUX, 0, true},
	[USE_CHANGES] = {"changes", "changes", "ext4", &type_data, MBR_LINUX, 0, true},
	[USE_SWAP] = {"swap", "swap", "swap", &type_swap, MBR_SWAP, 0, false},
	[USE_DATA] = {"data", "data", "ext4", &type_data, MBR_LINUX, 0, false},
};

/* Data partitions of their own type, by where they are mounted. */
static const struct {
	const char *mount, *type;
} data_types[] = {
	{"/home", "933ac7e1-2eb4-4f13-b844-0e14e2aef915"},
	{"/srv", "3b8f8425-20e0-4f3b-907f-1a25a76f98e8"},
	{"/var", "4d21b016-b534-45c2-a9fb-5c16e091fd2d"},
	{"/var/tmp", "7ec6f557-3bc5-4aca-b293-16ef5df639d1"},
};

uint8_t layout_mbr_type(const struct image_partition *partition)
{
	return uses[partition->use].mbr_type;
}

const char *partition_use_name(size_t use)
{
	return use < PARTITION_USES ? uses[use].name : NULL;
}

/* A layout being made. */
struct making {
	const struct layout_request *request;
	struct arena *arena;
	struct image_layout layout;
	size_t culprit;
};

static bool is_read_only(const struct layout_request *request)
{
	return filesystem_find(request->root)->read_only;
}

static bool wishes_for(const struct layout_request *request, enum partition_use use)
{
	for (size_t i = 0; i < request->wish_count; i++)
		if (request->wishes[i].use == use)
			return true;
	return false;
}

/* Whether the image has such a partition, asked for or not. */
static bool is_needed(const struct layout_request *request, enum partition_use use)
{
	bool bios = request->firmware & IMAGE_BIOS, uefi = request->firmware & IMAGE_UEFI;

	if (request->scheme == SCHEME_NONE)
		return use == USE_ROOT;
	switch (use) {
	case USE_BIOS_BOOT:
		return bios && request->scheme == SCHEME_GPT;
	case USE_ESP:
		return uefi || (bios && is_read_only(request));
	case USE_ROOT:
		return true;
	case USE_VERITY:
		return request->verity;
	case USE_CHANGES:
		return request->changes;
	default:
		return false;
	}
}

static struct extent usual_size(const struct layout_request *request, enum partition_use use)
{
	if (uses[use].size)
		return (struct extent){EXTENT_EXACT, uses[use].size};
	if (use == USE_VERITY || (use == USE_ROOT && is_read_only(request)))
		return (struct extent){EXTENT_CONTENT, 0};
	return (struct extent){EXTENT_REST, 0};
}

static struct uuid type_of(
	const struct layout_request *request, enum partition_use use, const char *mount)
{
	struct uuid type;

	if (!uses[use].type)
		return use == USE_ROOT ? request->root_type : request->verity_type;
	for (size_t i = 0; mount && i < array_count(data_types); i++)
		if (!strcmp(data_types[i].mount, mount) && uuid_parse(data_types[i].type, &type))
			return type;
	return *uses[use].type;
}

/* "var-lib-app" for what is mounted on /var/lib/app. */
static const char *label_of_mount(const char *mount, struct arena *arena)
{
	char *label = arena_printf(arena, "%.*s", PARTITION_LABEL_MAX, mount + 1);

	for (char *slash; (slash = strchr(label, '/'));)
		*slash = '-';
	return label;
}

static void add(struct making *making, const struct partition_wish *wish)
{
	const struct layout_request *request = making->request;
	const struct use_row *row = &uses[wish->use];
	const char *label = wish->label   ? wish->label
			    : wish->mount ? label_of_mount(wish->mount, making->arena)
					  : row->label;
	const char *filesystem = wish->filesystem        ? wish->filesystem
				 : wish->use == USE_ROOT ? request->root
							 : row->filesystem;
	struct image_layout *layout = &making->layout;

	layout->partitions[layout->partition_count++] = (struct image_partition){
		.use = wish->use,
		.label = label,
		.type = type_of(request, wish->use, wish->mount),
		.id = uuid_derive(request->seed, label),
		.filesystem = filesystem,
		.filesystem_uuid = uuid_derive(
			request->seed, arena_printf(making->arena, "%s filesystem", label)),
		.mount = wish->mount,
		.content = wish->use == USE_CHANGES ? CHANGES_LEAST : 0,
		.size = wish->size.kind == EXTENT_UNSET ? usual_size(request, wish->use)
							: wish->size,
	};
}

static void add_unasked(struct making *making, enum partition_use use)
{
	if (is_needed(making->request, use) && !wishes_for(making->request, use))
		add(making, &(struct partition_wish){.use = use});
}

/* What nobody asked for is in its usual place: what firmware reads first, hashes behind the root,
 * and last what grows with the disk. */
static void add_all(struct making *making)
{
	const struct layout_request *request = making->request;
	bool read_only = is_read_only(request);

	add_unasked(making, USE_BIOS_BOOT);
	add_unasked(making, USE_ESP);
	if (read_only)
		add_unasked(making, USE_ROOT);
	if (!wishes_for(request, USE_ROOT))
		add_unasked(making, USE_VERITY);
	for (size_t i = 0; i < request->wish_count; i++) {
		add(making, &request->wishes[i]);
		if (request->wishes[i].use == USE_ROOT)
			add_unasked(making, USE_VERITY);
	}
	if (!read_only)
		add_unasked(making, USE_ROOT);
	add_unasked(making, USE_CHANGES);
}

static int check_wish(const struct making *making, size_t index, struct error *err)
{
	const struct layout_request *request = making->request;
	const struct partition_wish *wish = &request->wishes[index];
	const char *name = uses[wish->use].name;

	if (request->scheme == SCHEME_NONE)
		return error_set(err, STATUS_FAILED, "a disk without a table has no partitions");
	if (wish->use == USE_BIOS_BOOT && request->scheme == SCHEME_MBR)
		return error_set(err, STATUS_FAILED,
			"on an MBR GRUB lies before the first partition; `bios-boot` is for GPT");
	if (uses[wish->use].single && !is_needed(request, wish->use) && wish->use != USE_ESP)
		return error_set(err, STATUS_FAILED, "nothing here needs a partition `%s`", name);
	if ((wish->use == USE_SWAP || wish->use == USE_DATA) && wish->size.kind == EXTENT_UNSET)
		return error_set(err, STATUS_FAILED, "a partition `%s` needs a size", name);
	if (wish->size.kind == EXTENT_CONTENT && wish->use != USE_ROOT && wish->use != USE_VERITY)
		return error_set(
			err, STATUS_FAILED, "a partition `%s` is empty: give a size", name);
	if (wish->size.kind == EXTENT_PERCENT && !request->size)
		return error_set(
			err, STATUS_FAILED, "a share of a disk that is as large as its content");
	for (size_t i = 0; i < index && uses[wish->use].single; i++)
		if (request->wishes[i].use == wish->use)
			return error_set(err, STATUS_FAILED, "two partitions `%s`", name);
	for (size_t i = 0; i < index && wish->mount; i++)
		if (request->wishes[i].mount && !strcmp(request->wishes[i].mount, wish->mount))
			return error_set(
				err, STATUS_FAILED, "two partitions mounted on %s", wish->mount);
	return 0;
}

/* The place in `wishes` of a partition, the last if several fit; wish_count when nobody asked for
 * it. */
static size_t wish_of(const struct making *making, const struct image_partition *partition)
{
	const struct layout_request *request = making->request;

	for (size_t i = request->wish_count; i--;) {
		const struct partition_wish *wish = &request->wishes[i];
		if (wish->use == partition->use && wish->mount == partition->mount &&
			(!wish->label || wish->label == partition->label))
			return i;
	}
	return request->wish_count;
}

static int check_labels(struct making *making, struct error *err)
{
	const struct image_layout *layout = &making->layout;

	for (size_t i = 0; i < layout->partition_count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(layout->partitions[i].label, layout->partitions[j].label)) {
				making->culprit = wish_of(making, &layout->partitions[i]);
				return error_set(err, STATUS_FAILED,
					"two partitions with the label `%s`; "
					"`label` makes them differ",
					layout->partitions[i].label);
			}
	return 0;
}

static int check_wishes(struct making *making, struct error *err)
{
	for (size_t i = 0; i < making->request->wish_count; i++) {
		making->culprit = i;
		if (check_wish(making, i, err))
			return -1;
	}
	making->culprit = making->request->wish_count;
	return 0;
}

static int make(struct making *making, struct error *err)
{
	const struct layout_request *request = making->request;
	size_t most = request->wish_count + PARTITION_USES;

	making->layout = (struct image_layout){
		.scheme = request->scheme,
		.size = request->size,
		.fits = !request->size,
		.id = uuid_derive(request->seed, "disk"),
		.partitions = arena_alloc(making->arena, most * sizeof(struct image_partition)),
		.boot_bios = request->scheme != SCHEME_NONE && request->firmware & IMAGE_BIOS,
		.boot_uefi = request->scheme != SCHEME_NONE && request->firmware & IMAGE_UEFI,
	};
	if (check_wishes(making, err))
		return -1;
	add_all(making);
	return check_labels(making, err) || layout_place(&making->layout, err) ? -1 : 0;
}

int layout_make(const struct layout_request *request, struct arena *arena,
	struct image_layout *ret_layout, size_t *ret_culprit, struct error *err)
{
	struct making making = {.request = request, .arena = arena, .culprit = request->wish_count};

	if (make(&making, err)) {
		*ret_culprit = making.culprit;
		return -1;
	}
	*ret_layout = making.layout;
	return 0;
}
