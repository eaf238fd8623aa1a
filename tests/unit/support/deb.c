#include "deb.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "test.h"

static const struct piece nothing[] = {{0}};

static void add_piece(struct archive *tar, const struct piece *piece)
{
	struct archive_entry *entry = archive_entry_new();
	const char *content = piece->content ? piece->content : "content\n";
	bool regular = !piece->type && !piece->hard_link;

	archive_entry_set_pathname(entry, piece->path);
	archive_entry_set_filetype(entry, piece->type ? piece->type : AE_IFREG);
	archive_entry_set_perm(entry, piece->mode ? piece->mode : 0755);
	archive_entry_set_uid(entry, getuid());
	archive_entry_set_gid(entry, getgid());
	archive_entry_set_size(entry, regular ? strlen(content) : 0);
	if (piece->link)
		archive_entry_set_symlink(entry, piece->link);
	if (piece->hard_link)
		archive_entry_set_hardlink(entry, piece->hard_link);
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	if (regular)
		archive_write_data(tar, content, strlen(content));
	archive_entry_free(entry);
}

static struct buffer make_tar(const struct piece *pieces, const char *control)
{
	enum { ROOM = 80 * MIB };
	struct archive *tar = archive_write_new();
	struct buffer result = {.data = xmalloc(ROOM + 1), .capacity = ROOM + 1};

	archive_write_set_format_gnutar(tar);
	archive_write_add_filter_gzip(tar);
	archive_write_open_memory(tar, result.data, ROOM, &result.length);
	if (control)
		add_piece(tar,
			&(struct piece){.path = "./control", .content = control, .mode = 0644});
	for (const struct piece *piece = pieces; piece->path; piece++)
		add_piece(tar, piece);
	assert_int_equal(archive_write_close(tar), ARCHIVE_OK);
	archive_write_free(tar);
	return result;
}

static void add_member(struct buffer *deb, const char *name, const void *data, size_t length)
{
	buffer_printf(
		deb, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", name, 0, 0, 0, S_IFREG | 0644, length);
	buffer_append(deb, data, length);
	if (length % 2)
		buffer_text(deb, "\n");
}

void fake_sha256(const char *name, char ret_sha256[65])
{
	for (size_t i = 0; i < 64; i++)
		ret_sha256[i] = name[i % strlen(name)];
	ret_sha256[64] = '\0';
}

void make_deb(const struct made *made)
{
	static const char *const usual[] = {"debian-binary", "control.tar.gz", "data.tar.gz", NULL};
	cleanup_free char *plain = xasprintf(
		"Package: %s\nVersion: 1\nArchitecture: all\nDescription: odd\n", made->name);
	cleanup_buffer struct buffer control = make_tar(
		made->members ? made->members : nothing, made->control ? made->control : plain);
	cleanup_buffer struct buffer data = make_tar(made->data ? made->data : nothing, NULL);
	cleanup_buffer struct buffer deb = {0};
	struct error err = {0};
	char sha256[65];

	buffer_text(&deb, "!<arch>\n");
	for (const char *const *name = made->order ? made->order : usual; *name; name++)
		if (text_starts(*name, "control"))
			add_member(&deb, *name, control.data, control.length);
		else if (text_starts(*name, "data"))
			add_member(&deb, *name, data.data, data.length);
		else
			add_member(&deb, *name, "2.0\n", 4);
	fake_sha256(made->name, sha256);
	cleanup_free char *path = xasprintf("store/packages/%s.deb", sha256);
	assert_ok(file_write(AT_FDCWD, path, deb.data, deb.length - made->cut, 0644, &err), &err);
}
