#include "files.h"

#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/cleanup.h"
#include "inspect.h"

/* "-rwsr-xr-x" */
static void format_mode(mode_t mode, char ret_text[11])
{
	static const char letters[] = "rwxrwxrwx";
	static const struct {
		mode_t type;
		char letter;
	} types[] = {{S_IFDIR, 'd'}, {S_IFLNK, 'l'}, {S_IFCHR, 'c'}, {S_IFBLK, 'b'}, {S_IFIFO, 'p'},
		{S_IFSOCK, 's'}};
	static const struct {
		mode_t bit, execute;
		unsigned at;
		char letter;
	} specials[] = {
		{S_ISUID, S_IXUSR, 3, 's'}, {S_ISGID, S_IXGRP, 6, 's'}, {S_ISVTX, S_IXOTH, 9, 't'}};

	memset(ret_text, '-', 10);
	ret_text[10] = '\0';
	for (size_t i = 0; i < array_count(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			ret_text[0] = types[i].letter;
	for (unsigned i = 0; i < 9; i++)
		if (mode & (0400u >> i))
			ret_text[1 + i] = letters[i];
	for (size_t i = 0; i < array_count(specials); i++)
		if (mode & specials[i].bit)
			ret_text[specials[i].at] = mode & specials[i].execute
							   ? specials[i].letter
							   : specials[i].letter - 'a' + 'A';
}

static json_t *xattrs_json(const struct image_file *file)
{
	json_t *json = json_object();

	for (size_t i = 0; i < file->xattr_count; i++) {
		const struct image_xattr *xattr = &file->xattrs[i];
		const uint8_t *bytes = xattr->value;
		cleanup_buffer struct buffer digits = {0};
		buffer_text(&digits, "");
		for (size_t k = 0; k < xattr->length; k++)
			buffer_printf(&digits, "%02x", bytes[k]);
		json_object_set_new(json, xattr->name, json_string(digits.data));
	}
	return json;
}

json_t *inspect_file_json(const struct image_file *file)
{
	char mode[11];

	format_mode(file->mode, mode);
	json_t *json = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "path",
		inspect_text(file->path), "mode", mode, "uid", (json_int_t)file->uid, "gid",
		(json_int_t)file->gid, "size", (json_int_t)file->size, "stored",
		(json_int_t)file->stored, "time", (json_int_t)file->seconds);
	if (file->target)
		json_object_set_new(json, "target", inspect_text(file->target));
	if (file->xattr_count)
		json_object_set_new(json, "xattrs", xattrs_json(file));
	if (S_ISCHR(file->mode) || S_ISBLK(file->mode))
		json_object_set_new(json, "device",
			json_pack("[i,i]", (int)major(file->device), (int)minor(file->device)));
	return json;
}

/* Bytes that a terminal would act on are shown as numbers. */
static void print_name(const char *name, struct buffer *text)
{
	for (; *name; name++)
		buffer_printf(text, (unsigned char)*name < ' ' || *name == 0x7f ? "\\x%02x" : "%c",
			(unsigned char)*name);
}

void inspect_file_print(const struct image_file *file, struct buffer *text)
{
	bool device = S_ISCHR(file->mode) || S_ISBLK(file->mode);
	cleanup_free char *size =
		device ? xasprintf("%u, %u", major(file->device), minor(file->device))
		       : xasprintf("%llu", (unsigned long long)file->size);
	time_t seconds = file->seconds;
	char mode[11], date[32] = "?";
	struct tm tm;

	format_mode(file->mode, mode);
	if (gmtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	buffer_printf(text, "%s%s %3llu %5u %5u %10s %s ", mode, file->xattr_count ? "+" : " ",
		(unsigned long long)file->links, file->uid, file->gid, size, date);
	print_name(file->path, text);
	if (file->target) {
		buffer_text(text, " -> ");
		print_name(file->target, text);
	}
	buffer_text(text, "\n");
}
