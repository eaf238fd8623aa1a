#include "archive/catalog.h"

#include <stdint.h>
#include <string.h>

#include <solv/evr.h>
#include <solv/poolarch.h>

#include "archive/relations.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/size.h"

/* One index being read. */
struct reader {
	struct catalog *catalog;
	const struct index_file *file;
	Repo *repo;
	const char *architecture; /* of its packages */
};

static enum priority priority_of(struct span value)
{
	static const char *const names[] = {"required", "important", "standard", "optional"};

	for (size_t i = 0; i < array_count(names); i++)
		if (span_equal(value, names[i]))
			return i;
	return PRIORITY_EXTRA;
}

enum field {
	FIELD_NAME,
	FIELD_VERSION,
	FIELD_ARCHITECTURE,
	FIELD_MULTI_ARCH,
	FIELD_PRIORITY,
	FIELD_ESSENTIAL,
	FIELD_DEPENDS,
	FIELD_PRE_DEPENDS,
	FIELD_CONFLICTS,
	FIELD_BREAKS,
	FIELD_PROVIDES,
	FIELD_RECOMMENDS,
	FIELD_OTHER,
	FIELD_COUNT,
};

/* A suite has a million fields: hence the lengths, known to the compiler. */
static enum field field_of(struct span name)
{
#define KEYWORD(text)                  \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct span names[] = {
		[FIELD_NAME] = KEYWORD("Package"),
		[FIELD_VERSION] = KEYWORD("Version"),
		[FIELD_ARCHITECTURE] = KEYWORD("Architecture"),
		[FIELD_MULTI_ARCH] = KEYWORD("Multi-Arch"),
		[FIELD_PRIORITY] = KEYWORD("Priority"),
		[FIELD_ESSENTIAL] = KEYWORD("Essential"),
		[FIELD_DEPENDS] = KEYWORD("Depends"),
		[FIELD_PRE_DEPENDS] = KEYWORD("Pre-Depends"),
		[FIELD_CONFLICTS] = KEYWORD("Conflicts"),
		[FIELD_BREAKS] = KEYWORD("Breaks"),
		[FIELD_PROVIDES] = KEYWORD("Provides"),
		[FIELD_RECOMMENDS] = KEYWORD("Recommends"),
	};
#undef KEYWORD

	for (size_t i = 0; i < array_count(names); i++)
		if (name.length == names[i].length && !memcmp(name.at, names[i].at, name.length))
			return i;
	return FIELD_OTHER;
}

static enum multi_arch multi_arch_of(struct span value)
{
	static const char *const names[] = {[MULTI_ARCH_SAME] = "same",
		[MULTI_ARCH_FOREIGN] = "foreign",
		[MULTI_ARCH_ALLOWED] = "allowed"};

	for (size_t i = MULTI_ARCH_SAME; i < array_count(names); i++)
		if (span_equal(value, names[i]))
			return i;
	return MULTI_ARCH_NO;
}

/* Whether the index's file is read for packages of that architecture. */
static bool is_for(const struct reader *reader, struct span architecture)
{
	if (strcmp(reader->architecture, reader->catalog->architecture))
		return span_equal(architecture, reader->architecture);
	return span_equal(architecture, reader->architecture) || span_equal(architecture, "all");
}

/* The value of each field that counts; where it stands twice, the first. */
static void read_fields(struct span stanza, struct span fields[FIELD_COUNT])
{
	struct control_field field;

	while (control_next_field(&stanza, &field)) {
		struct span *value = &fields[field_of(field.name)];
		if (!value->at)
			*value = field.value;
	}
}

static void fill_solvable(
	const struct reader *reader, const struct span fields[FIELD_COUNT], Solvable *solvable)
{
	const struct relation_owner owner = {
		.catalog = reader->catalog,
		.repo = reader->repo,
		.architecture = reader->architecture,
		.multi_arch = multi_arch_of(fields[FIELD_MULTI_ARCH]),
		.name = fields[FIELD_NAME],
		.version = fields[FIELD_VERSION],
		.provides = fields[FIELD_PROVIDES],
	};
	struct span architecture = fields[FIELD_ARCHITECTURE];

	solvable->arch =
		pool_strn2id(reader->catalog->pool, architecture.at, architecture.length, 1);
	relations_identify(&owner, solvable);
	relations_require(&owner, fields[FIELD_PRE_DEPENDS], &solvable->requires);
	relations_require(&owner, fields[FIELD_DEPENDS], &solvable->requires);
	relations_require(&owner, fields[FIELD_RECOMMENDS], &solvable->recommends);
	relations_conflict(&owner, fields[FIELD_CONFLICTS], &solvable->conflicts);
	relations_conflict(&owner, fields[FIELD_BREAKS], &solvable->conflicts);
	relations_provide(&owner, fields[FIELD_PROVIDES], &solvable->provides);
}

static void put_entry(struct catalog *catalog, Id id, struct catalog_entry entry)
{
	while (catalog->entries.count < (size_t)id)
		vector_add(&catalog->entries);
	vector_push(&catalog->entries, entry);
}

static void read_stanza(const struct reader *reader, struct span stanza)
{
	struct span fields[FIELD_COUNT] = {0};

	read_fields(stanza, fields);
	if (!fields[FIELD_NAME].length || !fields[FIELD_VERSION].length ||
		!is_for(reader, fields[FIELD_ARCHITECTURE]))
		return;
	Id id = repo_add_solvable(reader->repo);
	fill_solvable(reader, fields, pool_id2solvable(reader->catalog->pool, id));
	put_entry(reader->catalog, id,
		(struct catalog_entry){
			.stanza = stanza,
			.file = reader->file,
			.priority = priority_of(fields[FIELD_PRIORITY]),
			.essential = span_equal(fields[FIELD_ESSENTIAL], "yes"),
		});
}

static int read_index(const struct reader *reader, struct error *err)
{
	struct span rest = reader->file->text, stanza;
	size_t count = 0;

	while (control_next_stanza(&rest, &stanza)) {
		if (++count % 4096 == 0 && interrupt_check(err))
			return -1;
		read_stanza(reader, stanza);
	}
	return 0;
}

/* Between equal versions the first suite's wins. */
static void find_candidates(struct catalog *catalog)
{
	Pool *pool = catalog->pool;

	catalog->name_end = pool->ss.nstrings;
	catalog->candidates = xcalloc(catalog->name_end, sizeof(*catalog->candidates));
	for (Id id = 0; id < (Id)catalog->entries.count; id++) {
		const Solvable *solvable = pool_id2solvable(pool, id);
		if (!catalog->entries.items[id].file)
			continue;
		Id *best = &catalog->candidates[solvable->name];
		if (!*best || pool_evrcmp(pool, solvable->evr, pool_id2solvable(pool, *best)->evr,
				      EVRCMP_COMPARE) > 0)
			*best = id;
	}
}

static bool is_foreign(const struct catalog *catalog, const struct index_file *file)
{
	return strcmp(file->architecture, catalog->architecture) &&
	       strcmp(file->architecture, "all");
}

int catalog_load(const struct index_files *files, const char *architecture,
	struct catalog *ret_catalog, struct error *err)
{
	cleanup_catalog struct catalog catalog = {
		.pool = pool_create(), .architecture = architecture};

	if (pool_setdisttype(catalog.pool, DISTTYPE_DEB) < 0)
		return error_set(
			err, STATUS_MISSING, "this libsolv was built without Debian support");
	vector_for_each (file, files)
		if (is_foreign(&catalog, file) &&
			!words_contain(&catalog.foreign, file->architecture))
			vector_push(&catalog.foreign, file->architecture);
	vector_for_each (file, files) {
		const struct reader reader = {
			.catalog = &catalog,
			.file = file,
			.repo = repo_create(catalog.pool, file->suite->name),
			.architecture =
				is_foreign(&catalog, file) ? file->architecture : architecture,
		};
		if (read_index(&reader, err))
			return -1;
	}
	find_candidates(&catalog);
	*ret_catalog = catalog;
	catalog = (struct catalog){0};
	return 0;
}

void catalog_release(struct catalog *catalog)
{
	free(catalog->candidates);
	free(catalog->newest);
	vector_release(&catalog->entries);
	vector_release(&catalog->foreign);
	if (catalog->pool)
		pool_free(catalog->pool);
	*catalog = (struct catalog){0};
}

Id catalog_candidate(const struct catalog *catalog, const char *name)
{
	Id id = pool_str2id(catalog->pool, name, 0);

	return id && id < catalog->name_end ? catalog->candidates[id] : 0;
}

/* Paths and hashes become file names and URLs. */
static bool is_fetchable(const struct package *package)
{
	return package->sha256 && hash_valid(package->sha256) && package->path && package->size &&
	       *package->path != '/' && !strstr(package->path, "..") &&
	       !strpbrk(package->path, " \\?#%");
}

int catalog_package(const struct catalog *catalog, Id solvable, struct arena *arena,
	struct package *ret_package, struct error *err)
{
	const struct catalog_entry *entry = &catalog->entries.items[solvable];
	const Solvable *from = pool_id2solvable(catalog->pool, solvable);
	struct span stanza = entry->stanza, value;
	struct package package = {
		.name = control_get(stanza, "Package", arena),
		.version = arena_strdup(arena, catalog_version(catalog, solvable)),
		.architecture = arena_strdup(arena, pool_id2str(catalog->pool, from->arch)),
		.path = control_get(stanza, "Filename", arena),
		.mirror = arena_strdup(arena, entry->file->suite->mirror),
		.suite = arena_strdup(arena, entry->file->suite->name),
		.sha256 = control_get(stanza, "SHA256", arena),
		.essential = entry->essential,
		.priority = control_get(stanza, "Priority", arena),
	};

	if (control_find(stanza, "Size", &value))
		span_number(value, &package.size);
	if (control_find(stanza, "Installed-Size", &value) &&
		span_number(value, &package.installed_size))
		package.installed_size *= KIB;
	if (!is_fetchable(&package))
		return error_set(err, STATUS_ARCHIVE,
			"%s %s in suite %s: the index gives no usable Filename, Size and SHA256",
			package.name, package.version, package.suite);
	stanza.length -= stanza.length && stanza.at[stanza.length - 1] == '\n';
	package.control = span_keep(stanza, arena);
	*ret_package = package;
	return 0;
}
