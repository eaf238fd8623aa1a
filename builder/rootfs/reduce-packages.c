/* Which packages of a sealed root stay. */
#include <string.h>

#include "archive/dependency.h"
#include "recipe/package-word.h"
#include "reduce.h"

/* Essential, or needed by what is, and still of no use to a guest whose packages never change. One
 * that the recipe names stays all the same. */
static const char *const managers[] = {
	"adduser",             /* in perl; accounts are made when packages are configured */
	"apt",                 /**/
	"debconf",             /* in perl */
	"debianutils",         /* lists of shells, kernels being installed */
	"diffutils",           /* for dpkg's questions about configuration files */
	"dpkg",                /**/
	"gzip",                /* beside tar */
	"init-system-helpers", /* in perl, for maintainer scripts */
	"libpam-runtime",      /* writes /etc/pam.d, which stays */
	"ncurses-bin",         /* for terminals */
	"perl-base",           /* for maintainer scripts */
	"sysvinit-utils",      /* another init's */
	"tar",                 /* for dpkg */
	"usr-is-merged",       /* empty */
};

static bool is_manager(const char *name)
{
	for (size_t i = 0; i < array_count(managers); i++)
		if (!strcmp(managers[i], name))
			return true;
	return false;
}

static bool has(struct span stanza, const char *field, const char *word)
{
	struct span value;

	return control_find(stanza, field, &value) && span_has_word(value, word);
}

static bool is_wanted(const struct word_list *wanted, const char *name)
{
	vector_for_each (word, wanted)
		if (package_word_names(word->text, name))
			return true;
	return false;
}

static bool is_kernel(const char *name)
{
	return text_starts(name, "linux-image-");
}

/* Whether the package is, or provides, what a dependency names. */
static bool answers(const struct reduce_package *package, struct span name)
{
	struct span provides, group;
	struct dependency provided;

	if (span_equal(name, package->name))
		return true;
	if (!control_find(package->stanza, "Provides", &provides))
		return false;
	while (dependency_next_group(&provides, &group))
		while (dependency_next_alternative(&group, &provided))
			if (provided.name.length == name.length &&
				!memcmp(provided.name.at, name.at, name.length))
				return true;
	return false;
}

/* Marks what answers a dependency, every alternative of it; whether any was new. */
static bool keep(struct reduce_packages *packages, struct span name)
{
	bool new = false;

	vector_for_each (package, &packages->list) {
		if (package->stays || is_manager(package->name) || !answers(package, name))
			continue;
		package->stays = new = true;
	}
	return new;
}

static bool keep_field(struct reduce_packages *packages, struct span stanza, const char *field)
{
	struct span value, group;
	struct dependency dependency;
	bool new = false;

	if (!control_find(stanza, field, &value))
		return false;
	while (dependency_next_group(&value, &group))
		while (dependency_next_alternative(&group, &dependency))
			new |= keep(packages, dependency.name);
	return new;
}

/* What stays keeps what it depends on; whether there was any that was new. */
static bool keep_dependencies(struct reduce_packages *packages)
{
	bool new = false;

	for (size_t i = 0; i < packages->list.count; i++) {
		const struct reduce_package *package = &packages->list.items[i];
		if (!package->stays)
			continue;
		new |= keep_field(packages, package->stanza, "Pre-Depends");
		new |= keep_field(packages, package->stanza, "Depends");
	}
	return new;
}

void reduce_packages_choose(
	const char *status, const struct word_list *wanted, struct reduce_packages *ret_packages)
{
	struct span rest = span_of(status), stanza, name;

	*ret_packages = (struct reduce_packages){0};
	while (control_next_stanza(&rest, &stanza)) {
		if (!control_find(stanza, "Package", &name) || !has(stanza, "Status", "installed"))
			continue;
		struct reduce_package package = {
			.name = span_keep(name, &ret_packages->arena), .stanza = stanza};
		package.wanted = is_wanted(wanted, package.name);
		package.stays = package.wanted || is_kernel(package.name) ||
				(has(stanza, "Essential", "yes") && !is_manager(package.name));
		vector_push(&ret_packages->list, package);
	}
	/* Each round but the last marks a package, of which there is an end. */
	while (keep_dependencies(ret_packages))
		;
}

void reduce_packages_release(struct reduce_packages *packages)
{
	vector_release(&packages->list);
	arena_release(&packages->arena);
}

const struct reduce_package *reduce_packages_find(
	const struct reduce_packages *packages, const char *name)
{
	size_t length = strcspn(name, ":");

	vector_for_each (package, &packages->list)
		if (strlen(package->name) == length && !strncmp(package->name, name, length))
			return package;
	return NULL;
}
