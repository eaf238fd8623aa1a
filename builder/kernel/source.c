#include "source.h"

#include <string.h>
#include <sys/stat.h>

#include "archive/deb.h"
#include "base/cleanup.h"
#include "base/inside.h"
#include "base/log.h"
#include "base/size.h"
#include "rootfs/unpack-file.h"

/* What the package of some 140 MB may expand to, and the tar in it. */
#define PACKAGE_MOST GIB
#define SOURCE_MOST  (8 * GIB)

/* Trees that no guest's kernel is built from: other programs, and drivers for what no guest may
 * have (kernel_forbidden). */
static const char *const left_out[] = {
	"Documentation/",
	"arch/",
	"drivers/bluetooth/",
	"drivers/gpu/drm/",
	"drivers/media/",
	"drivers/net/wireless/",
	"drivers/nfc/",
	"drivers/pcmcia/",
	"drivers/staging/",
	"net/bluetooth/",
	"net/mac80211/",
	"net/nfc/",
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

/* The tar has all in one directory. */
static int extract(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct extraction *extraction = context;
	const char *slash = strchr(path, '/'), *name = slash ? slash + 1 : "";
	mode_t type = archive_entry_filetype(entry);
	bool exists;

	if (type == AE_IFDIR || !*name || !is_wanted(name, extraction->kernel_arch))
		return 0;
	if (++extraction->files % 256 == 0)
		progress_step("unpacking the source", extraction->files, 0);
	if (type == AE_IFLNK)
		return inside_symlink(
			extraction->extractor.root, name, archive_entry_symlink(entry), err);
	return extract_entry(&extraction->extractor, tar, entry, name, &exists, err);
}

static int visit(void *context, struct archive *outer, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct extraction *extraction = context;
	const struct deb_reader reader = {
		.limit = SOURCE_MOST, .visit = extract, .context = extraction};

	if (!text_starts(path, "usr/src/linux-source-") || !strstr(path, ".tar.") ||
		archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	extraction->found = true;
	return deb_read_inside(outer, path, &reader, err);
}

int kernel_source_extract(
	const char *deb, const char *kernel_arch, int directory, struct error *err)
{
	struct extraction extraction = {
		.kernel_arch = kernel_arch,
		.extractor = {.root = directory, .directory = -1},
	};
	const struct deb_reader reader = {
		.limit = PACKAGE_MOST, .visit = visit, .context = &extraction};
	int result = deb_read(deb, DEB_DATA, &reader, err);

	extractor_release(&extraction.extractor);
	if (!result && !extraction.found)
		return error_set(
			err, STATUS_ARCHIVE, "%s: the package holds no source of a kernel", deb);
	return result;
}
