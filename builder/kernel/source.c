#include "source.h"

#include <string.h>
#include <sys/stat.h>

#include "archive/deb.h"
#include "base/cleanup.h"
#include "base/inside.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/size.h"
#include "rootfs/unpack-file.h"

/* What a .deb of some 140 MB may expand to is bounded by its format; what its tar may, here. */
enum { FILES_MOST = 500000 };

/* Trees that no guest's kernel is built from: other programs, and drivers for what no guest has. */
static const char *const left_out[] = {
	"Documentation/",
	"arch/",
	"drivers/bluetooth/",
	"drivers/gpu/drm/amd/",
	"drivers/gpu/drm/i915/",
	"drivers/gpu/drm/nouveau/",
	"drivers/gpu/drm/radeon/",
	"drivers/net/wireless/",
	"drivers/staging/",
	"net/bluetooth/",
	"samples/",
	"sound/",
	"tools/",
};

/* What the build runs of tools/. */
static const char *const kept[] = {
	"tools/arch/",
	"tools/bpf/resolve_btfids/",
	"tools/build/",
	"tools/include/",
	"tools/lib/",
	"tools/objtool/",
	"tools/scripts/",
};

/* Architectures that compile parts of another. */
static const struct {
	const char *kernel_arch, *borrows;
} borrowers[] = {{"arm64", "arm"}, {"um", "x86"}};

struct extraction {
	const char *kernel_arch;
	struct extractor extractor;
	size_t files;
	bool found;
};

static bool starts_with_any(const char *path, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_starts(path, prefixes[i]))
			return true;
	return false;
}

static bool is_in(const char *path, const char *kernel_arch)
{
	cleanup_free char *directory = xasprintf("arch/%s/", kernel_arch);

	return text_starts(path, directory);
}

static bool is_architecture(const char *path, const char *kernel_arch)
{
	for (size_t i = 0; i < array_count(borrowers); i++)
		if (!strcmp(kernel_arch, borrowers[i].kernel_arch) &&
			is_in(path, borrowers[i].borrows))
			return true;
	return is_in(path, kernel_arch);
}

/* Kconfig and make read their files everywhere, whatever is built. */
static bool is_rule(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return text_starts(name, "Kconfig") || text_starts(name, "Makefile") ||
	       text_starts(name, "Kbuild");
}

static bool is_wanted(const char *path, const char *kernel_arch)
{
	return !starts_with_any(path, left_out, array_count(left_out)) || is_rule(path) ||
	       is_architecture(path, kernel_arch) || starts_with_any(path, kept, array_count(kept));
}

static int extract(struct extraction *extraction, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	mode_t type = archive_entry_filetype(entry);
	bool exists;

	if (type == AE_IFDIR || !is_wanted(path, extraction->kernel_arch))
		return 0;
	if (++extraction->files > FILES_MOST)
		return error_set(err, STATUS_ARCHIVE, "more than %d files", FILES_MOST);
	if (extraction->files % 256 == 0)
		progress_step("unpacking the source", extraction->files, 0);
	if (type == AE_IFLNK)
		return inside_symlink(
			extraction->extractor.root, path, archive_entry_symlink(entry), err);
	return extract_entry(&extraction->extractor, tar, entry, path, &exists, err);
}

static int extract_all(struct extraction *extraction, struct archive *tar, struct error *err)
{
	struct archive_entry *entry;
	int result;

	while ((result = archive_read_next_header(tar, &entry)) == ARCHIVE_OK ||
		result == ARCHIVE_WARN) {
		cleanup_free char *path = NULL;
		const char *raw = archive_entry_pathname(entry);
		if (interrupt_check(err))
			return -1;
		if (!raw || !deb_clean_path(raw, &path))
			return error_set(err, STATUS_ARCHIVE, "unsafe path `%s`", raw ? raw : "");
		const char *slash = strchr(path, '/');
		if (slash && extract(extraction, tar, entry, slash + 1, err))
			return -1;
	}
	if (result == ARCHIVE_EOF)
		return 0;
	const char *why = archive_error_string(tar);
	return error_set(err, STATUS_ARCHIVE, "damaged: %s", why ? why : "unreadable");
}

static int visit(void *context, struct archive *outer, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct extraction *extraction = context;

	if (!text_starts(path, "usr/src/linux-source-") || !strstr(path, ".tar.") ||
		archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	struct archive *tar = archive_read_new();
	archive_read_support_format_tar(tar);
	archive_read_support_filter_all(tar);
	extraction->found = true;
	int result = deb_open_inside(tar, outer) ? error_set(err, STATUS_ARCHIVE, "unreadable")
						 : extract_all(extraction, tar, err);
	archive_read_free(tar);
	return result ? error_wrap(err, "%s", path) : 0;
}

int kernel_source_extract(
	const char *deb, const char *kernel_arch, int directory, struct error *err)
{
	struct extraction extraction = {
		.kernel_arch = kernel_arch,
		.extractor = {.root = directory, .directory = -1},
	};
	const struct deb_reader reader = {.limit = GIB, .visit = visit, .context = &extraction};
	int result = deb_read(deb, DEB_DATA, &reader, err);

	extractor_release(&extraction.extractor);
	if (!result && !extraction.found)
		return error_set(
			err, STATUS_ARCHIVE, "%s: the package holds no source of a kernel", deb);
	return result;
}
