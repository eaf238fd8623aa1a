#include "archive/catalog.h"

#include <stdint.h>
#include <string.h>

#include <solv/evr.h>
#include <solv/poolarch.h>

#include "archive/dependency.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/size.h"

/* One index being read. */
struct reader {
	struct catalog *catalog;
	const struct index_file *file;
	Repo *repo;
};

static Id intern(Pool *pool, struct span text)
{
	return pool_strn2id(pool, text.at, text.length, 1);
}

/* libsolv's Id of one relation; its flags for <, = and > are its own. */
static Id relation(const struct reader *reader, const struct dependency *dependency)
{
	Pool *pool = reader->repo->pool;
	struct span name = dependency->name, architecture = dependency->architecture;
	int flags = 0;

	/* With a single architecture these say nothing; another one's package stays unknown. */
	if (architecture.length && !span_equal(architecture, "any") &&
		!span_equal(architecture, reader->catalog->architecture))
		name.length = architecture.at + architecture.length - name.at;
	Id id = intern(pool, name);
	if (!dependency->relation)
		return id;
	flags |= dependency->relation & DEPENDENCY_LESS ? REL_LT : 0;
	flags |= dependency->relation & DEPENDENCY_EQUAL ? REL_EQ : 0;
	flags |= dependency->relation & DEPENDENCY_GREATER ? REL_GT : 0;
	return pool_rel2id(pool, id, intern(pool, dependency->version), flags, 1);
}

/* a | b | c is (a or (b or c)): the order is what apt prefers by. */
static Id group_id(const struct reader *reader, struct span group)
{
	struct dependency dependency;
	Id id = 0;
	Queue alternatives;

	queue_init(&alternatives);
	while (dependency_next_alternative(&group, &dependency))
		queue_push(&alternatives, relation(reader, &dependency));
	for (int i = alternatives.count; i-- > 0;) {
		Id first = alternatives.elements[i];
		id = id ? pool_rel2id(reader->repo->pool, first, id, REL_OR, 1) : first;
	}
	queue_free(&alternatives);
	return id;
}

static void add_relations(const struct reader *reader, struct span value, Offset *relations)
{
	struct span group;

	while (dependency_next_group(&value, &group)) {
		Id id = group_id(reader, group);
		if (id)
			*relations = repo_addid_dep(reader->repo, *relations, id, 0);
	}
}

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
	FIELD_PRIORITY,
	FIELD_ESSENTIAL,
	FIELD_DEPENDS,
	FIELD_PRE_DEPENDS,
	FIELD_CONFLICTS,
	FIELD_BREAKS,
	FIELD_PROVIDES,
	FIELD_RECOMMENDS,
	FIELD_SUGGESTS,
	FIELD_OTHER,
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
		[FIELD_PRIORITY] = KEYWORD("Priority"),
		[FIELD_ESSENTIAL] = KEYWORD("Essential"),
		[FIELD_DEPENDS] = KEYWORD("Depends"),
		[FIELD_PRE_DEPENDS] = KEYWORD("Pre-Depends"),
		[FIELD_CONFLICTS] = KEYWORD("Conflicts"),
		[FIELD_BREAKS] = KEYWORD("Breaks"),
		[FIELD_PROVIDES] = KEYWORD("Provides"),
		[FIELD_RECOMMENDS] = KEYWORD("Recommends"),
		[FIELD_SUGGESTS] = KEYWORD("Suggests"),
	};
#undef KEYWORD

	for (size_t i = 0; i < array_count(names); i++)
		if (name.length == names[i].length && !memcmp(name.at, names[i].at, name.length))
			return i;
	return FIELD_OTHER;
}

static void read_field(const struct reader *reader, Solvable *solvable, struct catalog_entry *entry,
	const struct control_field *field)
{
	Pool *pool = reader->repo->pool;

	switch (field_of(field->name)) {
	case FIELD_NAME:
		solvable->name = intern(pool, field->value);
		break;
	case FIELD_VERSION:
		solvable->evr = intern(pool, field->value);
		break;
	case FIELD_ARCHITECTURE:
		solvable->arch = intern(pool, field->value);
		break;
	case FIELD_PRIORITY:
		entry->priority = priority_of(field->value);
		break;
	case FIELD_ESSENTIAL:
		entry->essential = span_equal(field->value, "yes");
		break;
	case FIELD_DEPENDS:
	case FIELD_PRE_DEPENDS:
		add_relations(reader, field->value, &solvable->requires);
		break;
	case FIELD_CONFLICTS:
	case FIELD_BREAKS:
		add_relations(reader, field->value, &solvable->conflicts);
		break;
	case FIELD_PROVIDES:
		add_relations(reader, field->value, &solvable->provides);
		break;
	case FIELD_RECOMMENDS:
		add_relations(reader, field->value, &solvable->recommends);
		break;
	case FIELD_SUGGESTS:
		add_relations(reader, field->value, &solvable->suggests);
		break;
	case FIELD_OTHER:
		break;
	}
}

static bool is_for(const struct reader *reader, const Solvable *solvable)
{
	const char *architecture = pool_id2str(reader->repo->pool, solvable->arch);

	return !strcmp(architecture, reader->catalog->architecture) || !strcmp(architecture, "all");
}

static void put_entry(struct catalog *catalog, Id id, struct catalog_entry entry)
{
	while (catalog->entries.count < (size_t)id)
		vector_add(&catalog->entries);
	vector_push(&catalog->entries, entry);
}

static void read_stanza(const struct reader *reader, struct span stanza)
{
	Pool *pool = reader->repo->pool;
	Id id = repo_add_solvable(reader->repo);
	Solvable *solvable = pool_id2solvable(pool, id);
	struct catalog_entry entry = {stanza, reader->file, PRIORITY_EXTRA, false};
	struct control_field field;
	struct span rest = stanza;

	while (control_next_field(&rest, &field))
		read_field(reader, solvable, &entry, &field);
	if (!solvable->name || !solvable->evr || !is_for(reader, solvable)) {
		repo_free_solvable(reader->repo, id, 1); /* the next one takes its place */
		return;
	}
	Id itself = pool_rel2id(pool, solvable->name, solvable->evr, REL_EQ, 1);
	solvable->provides = repo_addid_dep(reader->repo, solvable->provides, itself, 0);
	put_entry(reader->catalog, id, entry);
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

int catalog_load(const struct index_files *files, const char *architecture,
	struct catalog *ret_catalog, struct error *err)
{
	cleanup_catalog struct catalog catalog = {
		.pool = pool_create(), .architecture = architecture};

	if (pool_setdisttype(catalog.pool, DISTTYPE_DEB) < 0)
		return error_set(
			err, STATUS_MISSING, "this libsolv was built without Debian support");
	vector_for_each (file, files) {
		struct reader reader = {
			&catalog, file, repo_create(catalog.pool, file->suite->name)};
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
		.name = arena_strdup(arena, catalog_name(catalog, solvable)),
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
