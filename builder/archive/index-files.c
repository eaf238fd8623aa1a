#include "archive/index-files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "archive/decompress.h"
#include "archive/download.h"
#include "architecture.h"
#include "base/cleanup.h"
#include "base/size.h"

/* An index to be had, in the form in which it is fetched. */
struct wanted {
	const struct found_suite *suite;
	const char *architecture;    /* "amd64", "all" */
	const char *room;            /* "main/binary-amd64" */
	const char *file;            /* "main/binary-amd64/Packages.xz" */
	struct release_file fetched; /* its hash names the content in the store */
	struct release_file content; /* uncompressed; sha256 empty: the Release does not say */
	const char *path;            /* in the store; kept in the arena */
};

struct wanted_list {
	struct wanted *items;
	size_t count, capacity;
};

/* What is looked for, and where it is put. */
struct search {
	struct wanted_list *list;
	const struct store *store;
	struct arena *arena;
};

/* Adds a component's index in the best form the Release lists; false when it lists none. */
static bool add_wanted(const struct search *search, const struct found_suite *suite,
	const char *component, const char *architecture)
{
	static const char *const suffixes[] = {".xz", ".zst", ".gz", ""};
	struct arena *arena = search->arena;
	const char *room = arena_printf(arena, "%s/binary-%s", component, architecture);

	for (size_t i = 0; i < array_count(suffixes); i++) {
		struct wanted wanted = {.suite = suite, .architecture = architecture, .room = room};
		wanted.file = arena_printf(arena, "%s/Packages%s", room, suffixes[i]);
		if (!release_find(&suite->release, wanted.file, &wanted.fetched))
			continue;
		const char *plain = arena_printf(arena, "%s/Packages", room);
		release_find(&suite->release, plain, &wanted.content);
		cleanup_free char *path = store_index_path(search->store, wanted.fetched.sha256);
		wanted.path = arena_strdup(arena, path);
		vector_push(search->list, wanted);
		return true;
	}
	return false;
}

/* The suites that the recipe names must have what it names of them. */
static int judge_missing(const struct found_suite *suite, const struct word *component,
	const struct word *architecture, struct error *err)
{
	const struct release *release = &suite->release;

	if (suite->kind != SUITE_BASE && suite->kind != SUITE_EXTRA)
		return 0;
	if (*release->architectures &&
		!span_has_word(span_of(release->architectures), architecture->text)) {
		const struct architecture *known = architecture_find(architecture->text);
		return error_at(err, architecture->at,
			"suite `%s` has no architecture `%s`; it has: %s%s", suite->name,
			architecture->text, release->architectures,
			known && known->ports
				? "; Debian's ports have it: name their archive by `mirror` "
				  "and `keyring`"
				: "");
	}
	return error_at(err, component->at,
		"suite `%s` has no component `%s` for %s; its components: %s", suite->name,
		component->text, architecture->text, release->components);
}

static int add_suite(const struct search *search, const struct found_suite *suite,
	const struct recipe *recipe, struct error *err)
{
	vector_for_each (component, suite->place->components) {
		if (!add_wanted(search, suite, component->text, recipe->architecture.text) &&
			judge_missing(suite, component, &recipe->architecture, err))
			return -1;
		/* What is not of the suite itself need not have every architecture. */
		vector_for_each (foreign, &recipe->foreign)
			if (!add_wanted(search, suite, component->text, foreign->text) &&
				suite->kind == SUITE_BASE &&
				judge_missing(suite, component, foreign, err))
				return -1;
		if (suite->release.all_apart)
			add_wanted(search, suite, component->text, "all");
	}
	return 0;
}

static const char *address(const struct wanted *wanted, struct arena *arena)
{
	const struct found_suite *suite = wanted->suite;

	if (suite->release.by_hash)
		return arena_printf(arena, "%s/dists/%s/%s/by-hash/SHA256/%s", suite->mirror,
			suite->name, wanted->room, wanted->fetched.sha256);
	return arena_printf(arena, "%s/dists/%s/%s", suite->mirror, suite->name, wanted->file);
}

/* A file of another size is what a power failure left of it. */
static bool is_kept(const struct wanted *wanted)
{
	struct stat status;

	return !stat(wanted->path, &status) &&
	       (!*wanted->content.sha256 || (uint64_t)status.st_size == wanted->content.size);
}

/* Uncompresses a fetched index into the store. */
static int keep(
	const struct wanted *wanted, const char *fetched, struct arena *arena, struct error *err)
{
	const char *content = arena_printf(arena, "%s.content", fetched);
	bool known = *wanted->content.sha256;
	char got[HASH_TEXT];

	if (decompress_file(fetched, content, known ? wanted->content.size : 4 * GIB, got, err))
		return -1;
	if (known && !text_equal(got, wanted->content.sha256))
		return error_set(err, STATUS_ARCHIVE,
			"uncompressed, wrong hash: expected SHA-256 %s, got %s",
			wanted->content.sha256, got);
	if (rename(content, wanted->path))
		return error_errno(err, errno, "%s", wanted->path);
	return 0;
}

/* Fetches those that the store does not have. */
static int fetch_wanted(const struct wanted_list *list, const struct store *store,
	struct arena *arena, struct error *err)
{
	cleanup_work struct work_directory work = {0};
	struct download *downloads = arena_alloc(arena, list->count * sizeof(*downloads));
	const struct wanted **missing = arena_alloc(arena, list->count * sizeof(*missing));
	size_t count = 0;

	vector_for_each (wanted, list) {
		if (is_kept(wanted)) {
			store_touch(wanted->path);
			continue;
		}
		if (!work.path && store_work_directory(store, "indices", &work, err))
			return -1;
		missing[count] = wanted;
		downloads[count] = (struct download){.url = address(wanted, arena),
			.path = arena_printf(arena, "%s/%zu", work.path, count),
			.name = arena_printf(arena, "%s %s", wanted->suite->name, wanted->file),
			.sha256 = wanted->fetched.sha256,
			.size = wanted->fetched.size};
		count++;
	}
	if (count && store->offline)
		return error_set(
			err, STATUS_ARCHIVE, "%s: offline, and not in the store", downloads[0].url);
	if (downloads_run(downloads, count, err))
		return -1;
	for (size_t i = 0; i < count; i++)
		if (keep(missing[i], downloads[i].path, arena, err))
			return error_wrap(err, "%s", downloads[i].url);
	return 0;
}

static int map(const char *path, struct span *ret_text, struct error *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return error_errno(err, errno, "%s", path);
	*ret_text = (struct span){"", status.st_size};
	if (!status.st_size)
		return 0;
	ret_text->at = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (ret_text->at == MAP_FAILED)
		return error_errno(err, errno, "%s: mapping", path);
	return 0;
}

int index_files_fetch(const struct found_suites *suites, const struct recipe *recipe,
	const struct store *store, struct arena *arena, struct index_files *ret_files,
	struct error *err)
{
	cleanup_index_files struct index_files files = {0};
	struct wanted_list list = {0};
	const struct search search = {&list, store, arena};
	int result = 0;

	for (size_t i = 0; !result && i < suites->count; i++)
		result = add_suite(&search, &suites->items[i], recipe, err);
	if (!result)
		result = fetch_wanted(&list, store, arena, err);
	for (size_t i = 0; !result && i < list.count; i++) {
		struct index_file file = {
			.suite = list.items[i].suite,
			.architecture = list.items[i].architecture,
			.sha256 = arena_strdup(arena, list.items[i].fetched.sha256),
		};
		result = map(list.items[i].path, &file.text, err);
		if (!result)
			vector_push(&files, file);
	}
	vector_release(&list);
	if (result)
		return -1;
	*ret_files = files;
	files = (struct index_files){0};
	return 0;
}

void index_files_release(struct index_files *files)
{
	vector_for_each (file, files)
		if (file->text.length)
			munmap((void *)file->text.at, file->text.length);
	vector_release(files);
}
