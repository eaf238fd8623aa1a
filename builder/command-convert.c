#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/size.h"
#include "command.h"
#include "image/convert.h"
#include "image/format.h"
#include "image/image-source.h"

static void show_progress(uint64_t done, uint64_t total)
{
	progress_step("", done, total);
}

/* The image's name with the suffix of the new format. */
static char *output_name(const char *image, const struct format *to)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image;
	size_t length = strlen(name);
	struct format from;

	if (format_of_file(name, &from))
		length -= strlen(from.suffix) + 1;
	return xasprintf("%.*s%.*s.%s", (int)(name - image), image, (int)length, name, to->suffix);
}

static int find_format(const char *name, struct format *ret_format, struct error *err)
{
	if (!format_find(name, ret_format))
		return error_set(err, STATUS_USAGE,
			"%s: unknown format; `jeos list formats` lists them", name);
	if (!ret_format->disk)
		return error_set(err, STATUS_USAGE,
			"%s: not the format of a disk, so that only a build can write it", name);
	return 0;
}

static int read_options(
	const struct arguments *arguments, struct conversion *conversion, struct error *err)
{
	const char *compression = argument_value(arguments, "compression");
	const char *cluster = argument_value(arguments, "cluster-size");
	uint64_t size = 0;

	conversion->replace = argument_value(arguments, "force");
	if (compression && strcmp(compression, "none")) {
		conversion->compression = compression_find(compression);
		if (!conversion->compression)
			return error_set(err, STATUS_USAGE,
				"--compression: unknown compression `%s`; known: none, zlib, zstd",
				compression);
	}
	if (cluster && (!size_parse(cluster, &size) || !size || size > 2 * MIB))
		return error_set(
			err, STATUS_USAGE, "--cluster-size: no size from 512 to 2M: `%s`", cluster);
	conversion->cluster_size = size;
	if (argument_value(arguments, "base") &&
		!(conversion->driver->abilities & DISK_HAS_BACKING))
		return error_set(err, STATUS_USAGE,
			"--base: the format %s records no differences; take qcow2",
			conversion->driver->name);
	return 0;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat left, right;

	return !stat(a, &left) && !stat(b, &right) && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

static char *describe(const struct conversion *conversion)
{
	struct stat status = {0};
	char size[32], file[32];

	stat(conversion->path, &status);
	return xasprintf("%s, a disk of %s in %s", conversion->path,
		size_format(conversion->from->size, size, sizeof(size)),
		size_format((uint64_t)status.st_blocks * 512, file, sizeof(file)));
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *image = arguments->operands.items[0];
	const char *base = argument_value(arguments, "base");
	cleanup_image_source struct image_source source = {0};
	cleanup_disk struct disk *below = NULL;
	struct format format;

	if (find_format(arguments->operands.items[1], &format, err))
		return -1;
	const char *output = argument_value(arguments, "output");
	cleanup_free char *path = output ? xstrdup(output) : output_name(image, &format);
	struct conversion conversion = {
		.driver = format.disk, .path = path, .progress = show_progress};
	if (read_options(arguments, &conversion, err))
		return -1;
	if (is_same_file(image, path))
		return error_set(
			err, STATUS_USAGE, "%s: this is the image itself; say --output FILE", path);
	if (image_source_open(image, &source, err))
		return -1;
	if (!source.disk)
		return error_set(
			err, STATUS_FAILED, "%s: an archive of files, without a disk", image);
	conversion.from = source.disk;
	if (base && disk_open(base, false, &below, err))
		return error_wrap(err, "--base");
	conversion.base = below;
	progress_begin("convert");
	if (image_convert(&conversion, err)) {
		progress_abandon();
		return -1;
	}
	cleanup_free char *result = describe(&conversion);
	progress_end(result);
	return 0;
}

static const struct command_option options[] = {
	{"output", 'o', "FILE", "write FILE, not IMAGE with another suffix"},
	{"compression", 'c', "NAME", "none, zlib or zstd, where the format has the choice"},
	{"cluster-size", 0, "SIZE", "of formats that have the choice"},
	{"base", 'b', "FILE", "record only what differs from this image (qcow2)"},
	{"force", 'f', NULL, "replace the file, if it is there"},
	{0},
};

const struct command command_convert = {
	.name = "convert",
	.summary = "write an image's disk in another format",
	.operands = "IMAGE FORMAT",
	.operands_min = 2,
	.operands_max = 2,
	.options = options,
	.help = "Copies the disk that a guest would see, with that of the files below it. What "
		"reads\n"
		"as zeros takes no space where the format can leave it out. The same disk gives "
		"the\n"
		"same bytes.",
	.run = run,
};
