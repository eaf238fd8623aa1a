/* Only the last stage of a build: a tree becomes a bootable image of 2 GiB, as stages.c asks for
 * it. Usage: image-write TREE OUTPUT [FORMAT [COMPRESSION [whole]]], without them a plain qcow2;
 * whole: the filesystem is the whole disk. */
#include <fcntl.h>
#include <stdio.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/image.h"

struct wish {
	const char *tree, *path, *format, *compression;
	bool whole;
};

static int write_image(const struct wish *wish, struct error *err)
{
	const struct architecture *architecture = architecture_native();
	struct arena arena = {0};
	struct image_layout layout;
	const struct layout_request request = {
		.size = 2 * GIB,
		.scheme = wish->whole ? SCHEME_NONE : SCHEME_GPT,
		.firmware = wish->whole ? 0 : IMAGE_BIOS | IMAGE_UEFI,
		.seed = "bench",
		.root = "ext4",
	};
	size_t culprit;
	cleanup_work struct work_directory work = {0};
	cleanup_fd int tree = open(wish->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (tree < 0)
		return error_set(err, STATUS_USAGE, "%s: no directory", wish->tree);
	if (work_directory_make(".", "image-write", &work, err) ||
		layout_make(&request, &arena, &layout, &culprit, err))
		return -1;
	layout.epoch = 1700000000;
	layout.grub_bios = architecture->grub_bios;
	layout.uefi_file = architecture->uefi_file;
	layout.compression = compression_find(wish->compression);
	int result = image_write(&layout, &(struct image_contents){.tree = tree}, wish->format,
		wish->path, work.path, err);
	arena_release(&arena);
	return result;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (argc < 3 || argc > 6) {
		fprintf(stderr, "usage: image-write TREE OUTPUT [FORMAT [COMPRESSION [whole]]]\n");
		return 2;
	}
	const struct wish wish = {argv[1], argv[2], argc > 3 ? argv[3] : "qcow2",
		argc > 4 ? argv[4] : "none", argc > 5};
	unlink(wish.path);
	if (!write_image(&wish, &err))
		return 0;
	fprintf(stderr, "image-write: %s\n", err.message);
	error_release(&err);
	return 1;
}
