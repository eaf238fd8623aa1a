#include "unpack.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "archive/deb.h"
#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/processors.h"
#include "base/size.h"
#include "package-control.h"
#include "strip.h"
#include "unpack-file.h"

enum { CONTROL_LIMIT = 64 * MIB, THREADS_MAX = 16 };

/* ---- the control part ---- */

static int take_member(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct unpacked *package = context;
	la_int64_t length = archive_entry_size(entry);

	if (archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	/* dpkg makes the list itself. */
	if (strchr(path, '/') || length < 0 || !strcmp(path, "list"))
		return error_set(err, STATUS_ARCHIVE, "odd control member `%s`", path);
	if (unpacked_member(package, path) || (package->control && !strcmp(path, "control")))
		return error_set(err, STATUS_ARCHIVE, "two control members `%s`", path);
	char *data = arena_alloc(&package->arena, length + 1);
	if (archive_read_data(tar, data, length) != length)
		return error_set(err, STATUS_ARCHIVE, "damaged control member `%s`", path);
	if (!strcmp(path, "control")) {
		package->control = data;
		return strlen(data) == (size_t)length
			       ? 0
			       : error_set(err, STATUS_ARCHIVE, "its control file holds a NUL");
	}
	vector_push(&package->members, ((struct unpacked_member){
					       .name = arena_strdup(&package->arena, path),
					       .data = data,
					       .length = length,
					       .mode = archive_entry_perm(entry),
				       }));
	return 0;
}

/* Lines of "/PATH" or "remove-on-upgrade /PATH" (deb-conffiles(5)). */
static int read_conffiles(struct unpacked *package, struct error *err)
{
	static const char flag[] = "remove-on-upgrade ";
	const struct unpacked_member *member = unpacked_member(package, "conffiles");
	char *rest = member ? arena_strdup(&package->arena, member->data) : NULL;

	for (char *line; (line = strsep(&rest, "\n"));) {
		bool ghost = text_starts(line, flag);
		const char *path = line + (ghost ? strlen(flag) : 0);
		for (size_t length = strlen(line); length && strchr(" \t\r", line[length - 1]);)
			line[--length] = '\0';
		if (!*line)
			continue;
		if (*path != '/')
			return error_set(err, STATUS_ARCHIVE, "odd conffile `%s`", line);
		vector_push(&package->states, arena_printf(&package->arena, "%s newconffile%s",
						      path, ghost ? " remove-on-upgrade" : ""));
		if (!ghost) /* the others are not in the data */
			vector_push(&package->conffiles, path + 1);
	}
	return 0;
}

static int read_control(const struct unpack *unpack, struct unpacked *package, struct error *err)
{
	const struct deb_reader reader = {
		.limit = CONTROL_LIMIT, .visit = take_member, .context = package};

	if (deb_read(package->file, DEB_CONTROL, &reader, err))
		return -1;
	if (!package->control)
		return error_set(err, STATUS_ARCHIVE, "no control file");
	if (control_check(package, err) || read_conffiles(package, err))
		return -1;
	const struct unpacked_member *preinst = unpacked_member(package, "preinst");
	/* The first packages of a root have nothing to divert. */
	package->left_to_dpkg =
		!unpack_is_first(unpack) && preinst && strstr(preinst->data, "dpkg-divert");
	return 0;
}

bool unpack_is_first(const struct unpack *unpack)
{
	return !unpack->installed.paths.count;
}

const struct unpacked_member *unpacked_member(const struct unpacked *package, const char *name)
{
	vector_for_each (member, &package->members)
		if (!strcmp(member->name, name))
			return member;
	return NULL;
}

/* ---- the data part ---- */

/* One package on its way into the tree. */
struct unpacking {
	struct unpacked *package;
	const struct unpack *unpack;
	struct extractor extractor;
	const char *only; /* NULL, or the one path that is wanted */
};

const char *unpack_destination(
	const struct unpack *unpack, const struct unpacked *package, const char *path)
{
	return installed_divert(&unpack->installed, path, package->package->name);
}

char *unpack_place(const struct unpack *unpack, const struct unpacked *package, const char *path)
{
	const char *destination = unpack_destination(unpack, package, path);

	return xasprintf(
		"%s%s", destination, words_contain(&package->conffiles, path) ? ".dpkg-new" : "");
}

static bool is_stripped(const struct recipe *recipe, const char *path)
{
	cleanup_free char *absolute = xasprintf("/%s", path);
	const struct strip_rule *rule = strip_match(recipe, absolute);

	return rule && rule->packaged;
}

static int note_link(struct arena *arena, struct archive_entry *from, struct unpacked_path *to,
	struct error *err)
{
	const char *target = archive_entry_hardlink(from);
	cleanup_free char *path = NULL;

	to->hard = target;
	if (!target && S_ISLNK(to->mode))
		to->link = arena_strdup(arena, archive_entry_symlink(from));
	if (!target)
		return 0;
	if (!deb_clean_path(target, &path))
		return error_set(
			err, STATUS_ARCHIVE, "%s: unsafe hard link to `%s`", to->path, target);
	to->link = arena_strdup(arena, path);
	return 0;
}

/* The root itself (the path "") is not the packages'. */
static int note_path(const struct unpacking *unpacking, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct unpacked *package = unpacking->package;
	struct unpacked_path *note = vector_add(&package->paths);

	*note = (struct unpacked_path){
		.path = arena_strdup(&package->arena, path),
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.left_out = !*path || is_stripped(unpacking->unpack->recipe, path),
	};
	return note_link(&package->arena, entry, note, err);
}

static int take_path(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct unpacking *unpacking = context;
	struct unpacked *package = unpacking->package;
	bool exists;

	if (unpacking->only && strcmp(unpacking->only, path))
		return 0;
	if (!unpacking->only && note_path(unpacking, entry, path, err))
		return -1;
	struct unpacked_path *note = &package->paths.items[package->paths.count - 1];
	if (!unpacking->only && (note->left_out || note->link))
		return 0;
	cleanup_free char *place = unpack_place(unpacking->unpack, package, path);
	if (extract_entry(&unpacking->extractor, tar, entry, place, &exists, err))
		return -1;
	if (!unpacking->only)
		note->found = exists;
	return 0;
}

static int unpack_data(
	const struct unpack *unpack, struct unpacked *package, const char *only, struct error *err)
{
	struct unpacking unpacking = {
		.package = package,
		.unpack = unpack,
		.extractor = {.root = unpack->root, .directory = -1},
		.only = only,
	};
	const struct deb_reader reader = {
		.limit = deb_limit(package->package->size, package->package->installed_size),
		.visit = take_path,
		.context = &unpacking,
	};
	int result = deb_read(package->file, DEB_DATA, &reader, err);

	extractor_release(&unpacking.extractor);
	return result;
}

int unpack_again(
	const struct unpack *unpack, struct unpacked *package, const char *path, struct error *err)
{
	return unpack_data(unpack, package, path, err);
}

/* ---- all packages at once ---- */

/* What the threads share. */
struct crew {
	struct unpack *unpack;
	struct unpacked **order; /* largest first: the last to finish is then a small one */
	atomic_size_t next, done;
	atomic_bool failed;
};

/* Takes one package; false when there is none left. */
static bool work_once(struct crew *crew)
{
	size_t index = atomic_fetch_add(&crew->next, 1);

	if (index >= crew->unpack->count || atomic_load(&crew->failed))
		return false;
	struct unpacked *package = crew->order[index];
	if (read_control(crew->unpack, package, &package->error) ||
		(!package->left_to_dpkg &&
			unpack_data(crew->unpack, package, NULL, &package->error))) {
		error_wrap(&package->error, "%s %s", package->package->name,
			package->package->version);
		atomic_store(&crew->failed, true);
	}
	atomic_fetch_add(&crew->done, 1);
	return true;
}

static void *work(void *context)
{
	while (work_once(context))
		;
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = (*(struct unpacked *const *)a)->package->size;
	uint64_t right = (*(struct unpacked *const *)b)->package->size;

	return (left < right) - (left > right);
}

static void put_in_order(struct crew *crew)
{
	struct unpack *unpack = crew->unpack;

	crew->order = xcalloc(unpack->count, sizeof(*crew->order));
	for (size_t i = 0; i < unpack->count; i++)
		crew->order[i] = &unpack->packages[i];
	qsort(crew->order, unpack->count, sizeof(*crew->order), by_size);
}

static int first_error(struct unpack *unpack, struct error *err)
{
	for (size_t i = 0; i < unpack->count; i++) {
		struct error *found = &unpack->packages[i].error;
		if (!found->message)
			continue;
		*err = *found;
		*found = (struct error){0};
		return -1;
	}
	return interrupt_check(err);
}

static int run_crew(struct crew *crew, struct error *err)
{
	pthread_t threads[THREADS_MAX];
	size_t count = 0, processors = processors_usable();

	while (count + 1 < processors && count < THREADS_MAX &&
		!pthread_create(&threads[count], NULL, work, crew))
		count++;
	while (work_once(crew))
		progress_step("unpacking", atomic_load(&crew->done), crew->unpack->count);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return first_error(crew->unpack, err);
}

int unpack_packages(const struct package_list *packages, const struct store *store,
	const struct recipe *recipe, int root, struct unpack *ret_unpack, struct error *err)
{
	cleanup_unpack struct unpack unpack = {
		.packages = xcalloc(packages->count, sizeof(*unpack.packages)),
		.count = packages->count,
		.recipe = recipe,
		.root = root,
	};
	struct crew crew = {.unpack = &unpack};

	for (size_t i = 0; i < packages->count; i++) {
		unpack.packages[i].package = &packages->items[i];
		unpack.packages[i].file = store_package_path(store, packages->items[i].sha256);
	}
	if (installed_read(root, &unpack.installed, err))
		return -1;
	put_in_order(&crew);
	int result = run_crew(&crew, err);
	free(crew.order);
	if (result || unpack_settle(&unpack, err) || unpack_links(&unpack, err))
		return -1;
	*ret_unpack = unpack;
	unpack = (struct unpack){0};
	return 0;
}

void unpack_release(struct unpack *unpack)
{
	for (size_t i = 0; i < unpack->count; i++) {
		struct unpacked *package = &unpack->packages[i];
		vector_release(&package->paths);
		vector_release(&package->members);
		vector_release(&package->conffiles);
		vector_release(&package->states);
		arena_release(&package->arena);
		error_release(&package->error);
		free(package->file);
	}
	free(unpack->packages);
	installed_release(&unpack->installed);
}
