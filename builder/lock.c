/* Locks and the recipes and plans that they are of. */
#include "lock.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

static void print_word(struct buffer *line, const void *field)
{
	const struct word *word = field;

	if (word->text)
		buffer_printf(line, " %s", word->text);
}

static void print_words(struct buffer *line, const void *field)
{
	vector_for_each (word, (const struct word_list *)field)
		print_word(line, word);
}

static void print_boolean(struct buffer *line, const void *field)
{
	buffer_text(line, *(const bool *)field ? " true" : " false");
}

static void print_repositories(struct buffer *line, const void *field)
{
	const vector(struct recipe_repository) *repositories = field;

	vector_for_each (repository, repositories) {
		print_word(line, &repository->mirror);
		print_word(line, &repository->suite);
		print_words(line, &repository->components);
	}
}

static void print_kernel(struct buffer *line, const void *field)
{
	const struct recipe_kernel *kernel = field;

	print_word(line, &kernel->config);
	print_words(line, &kernel->add);
	print_word(line, &kernel->package);
}

static void print_firmware(struct buffer *line, const void *field)
{
	const unsigned *firmware = field;

	buffer_printf(line, "%s%s", *firmware & FIRMWARE_BIOS ? " bios" : "",
		*firmware & FIRMWARE_UEFI ? " uefi" : "");
}

/* What of a recipe decides which packages there are. */
struct request {
	const char *key;
	size_t offset;
	void (*print)(struct buffer *line, const void *field); /* " VALUE..." */
};

static const struct request requests[] = {
	{"suite", offsetof(struct recipe, suite), print_word},
	{"architecture", offsetof(struct recipe, architecture), print_word},
	{"mirror", offsetof(struct recipe, mirror), print_word},
	{"snapshot", offsetof(struct recipe, snapshot), print_word},
	{"frozen", offsetof(struct recipe, frozen), print_boolean},
	{"components", offsetof(struct recipe, components), print_words},
	{"repositories", offsetof(struct recipe, repositories), print_repositories},
	{"base", offsetof(struct recipe, base), print_word},
	{"packages", offsetof(struct recipe, packages), print_words},
	{"without", offsetof(struct recipe, without), print_words},
	{"recommends", offsetof(struct recipe, recommends), print_boolean},
	{"kernel", offsetof(struct recipe, kernel), print_kernel},
	{"firmware", offsetof(struct recipe, disk.firmware), print_firmware},
};

/* "packages nginx-light udev" */
static char *request_line(const struct request *request, const struct recipe *recipe)
{
	struct buffer line = {0};

	buffer_text(&line, request->key);
	request->print(&line, (const char *)recipe + request->offset);
	return line.data;
}

static bool keeps(
	const struct lock *lock, const struct recipe *recipe, const struct request *request)
{
	cleanup_free char *line = request_line(request, recipe);

	return words_contain(&lock->requests, line);
}

bool lock_keeps(const struct lock *lock, const struct recipe *recipe, const char *key)
{
	for (size_t i = 0; i < array_count(requests); i++)
		if (!strcmp(requests[i].key, key))
			return keeps(lock, recipe, &requests[i]);
	return false;
}

/* The first key that does not say what it said when it was locked; NULL: the lock fits. */
static const char *find_misfit(const struct lock *lock, const struct recipe *recipe)
{
	for (size_t i = 0; i < array_count(requests); i++)
		if (!keeps(lock, recipe, &requests[i]))
			return requests[i].key;
	return NULL;
}

char *lock_path(const struct recipe *recipe)
{
	const char *slash = strrchr(recipe->path, '/');

	return xasprintf("%.*s%s.lock", slash ? (int)(slash + 1 - recipe->path) : 0, recipe->path,
		recipe->name.text);
}

int lock_open(const struct recipe *recipe, struct lock **ret_lock, struct error *err)
{
	cleanup_free char *path = lock_path(recipe);
	cleanup_lock struct lock *lock = NULL;

	if (!file_exists(AT_FDCWD, path)) {
		*ret_lock = NULL;
		return 0;
	}
	if (lock_read(path, &lock, err))
		return -1;
	const char *misfit = find_misfit(lock, recipe);
	if (misfit)
		return error_set(err, STATUS_RECIPE,
			"%s: the lock does not fit the recipe any more: `%s` has changed; "
			"run `jeos lock %s`",
			path, misfit, recipe->path);
	*ret_lock = steal_pointer(&lock);
	return 0;
}

struct package_list lock_packages(const struct lock *lock)
{
	struct package_list all = {0};

	package_list_append(&all, &lock->base);
	package_list_append(&all, &lock->add);
	if (lock->kernel.name) {
		vector_push(&all, lock->kernel);
		vector_push(&all, lock->busybox);
	}
	package_list_append(&all, &lock->parts);
	if (lock->uefi.name)
		vector_push(&all, lock->uefi);
	package_list_merge(&all, &lock->tools);
	package_list_sort(&all);
	return all;
}

void lock_free(struct lock *lock)
{
	if (!lock)
		return;
	vector_release(&lock->requests);
	vector_release(&lock->base);
	vector_release(&lock->add);
	vector_release(&lock->parts);
	vector_release(&lock->tools);
	arena_release(&lock->arena);
	free(lock);
}

void lock_cleanup(struct lock **lock)
{
	lock_free(*lock);
}

/* Section and Priority of the package's stanza, for which the lock has two columns. */
static void print_classes(struct buffer *text, const struct package *package)
{
	static const char *const fields[] = {"Section", "Priority"};
	struct span value;

	for (size_t i = 0; i < array_count(fields); i++) {
		if (!control_find(span_of(package->control), fields[i], &value) || !value.length)
			value = span_of("-");
		buffer_printf(text, " %.*s", (int)value.length, value.at);
	}
}

/* The mirror, if it is one of the recipe's `repositories`; else only the suite says where it is. */
static const char *own_mirror(const struct plan *plan, const struct package *package)
{
	vector_for_each (repository, &plan->recipe->repositories)
		if (package->mirror && text_starts(repository->mirror.text, package->mirror) &&
			text_equal(repository->suite.text, package->suite))
			return package->mirror;
	return NULL;
}

static void print_package(struct buffer *text, const struct plan *plan, const char *role,
	const struct package *package)
{
	const char *mirror = own_mirror(plan, package);

	buffer_printf(text, "%s %s %s %s %s %llu %s", role, package->name, package->version,
		package->architecture, package->sha256, (unsigned long long)package->size,
		package->suite);
	print_classes(text, package);
	buffer_printf(text, " %s%s%s\n", package->path, mirror ? " " : "", mirror ? mirror : "");
}

static void print_sources(struct buffer *text, const char *sources_list)
{
	struct span rest = span_of(sources_list), line;

	while (control_next_line(&rest, &line))
		buffer_printf(text, "source %.*s\n", (int)line.length, line.at);
}

char *lock_text(const struct plan *plan)
{
	struct buffer text = {0};
	time_t epoch = plan->epoch;
	struct tm parts;
	char date[32];

	strftime(date, sizeof(date), LOCK_DATE, gmtime_r(&epoch, &parts));
	buffer_printf(&text,
		"# What `jeos build` installs for %s; written by `jeos lock`.\njeos-lock 1\n",
		plan->recipe->name.text);
	for (size_t i = 0; i < array_count(requests); i++) {
		cleanup_free char *line = request_line(&requests[i], plan->recipe);
		buffer_printf(&text, "recipe %s\n", line);
	}
	buffer_printf(&text, "date %s\n", date);
	print_sources(&text, plan->sources_list);
	vector_for_each (package, &plan->layers[LAYER_BASE].packages)
		print_package(&text, plan, "base", package);
	vector_for_each (package, &plan->layers[LAYER_PACKAGES].packages)
		print_package(&text, plan, "add", package);
	if (plan->kernel.image.name) {
		print_package(&text, plan, "kernel", &plan->kernel.image);
		print_package(&text, plan, "busybox", &plan->kernel.busybox);
	}
	vector_for_each (part, &plan->kernel.parts)
		print_package(&text, plan, "part", part);
	if (plan->kernel.uefi.name)
		print_package(&text, plan, "uefi", &plan->kernel.uefi);
	vector_for_each (tool, &plan->kernel.tools)
		print_package(&text, plan, "tool", tool);
	return text.data;
}
