#include "packages-compare.h"

#include <string.h>

#include "base/cleanup.h"
#include "packages.h"

static int by_name(const struct inspect_package *a, const struct inspect_package *b)
{
	int order = strcmp(a->name, b->name);

	return order ? order : strcmp(a->architecture, b->architecture);
}

static char *subject_of(const struct inspect_package *package)
{
	return xasprintf("%s:%s", package->name, package->architecture);
}

static void compare(const struct inspect_packages *first, const struct inspect_packages *second,
	struct differences *differences)
{
	size_t i = 0, k = 0;

	while (i < first->items.count || k < second->items.count) {
		const struct inspect_package *a = &first->items.items[i];
		const struct inspect_package *b = &second->items.items[k];
		int order = i == first->items.count    ? 1
			    : k == second->items.count ? -1
						       : by_name(a, b);
		cleanup_free char *subject = subject_of(order <= 0 ? a : b);
		if (order)
			difference_only(differences, "package", subject, order < 0);
		else
			difference_text(differences, &(struct difference){"package", subject,
							     "version", a->version, b->version});
		i += order <= 0;
		k += order >= 0;
	}
}

int inspect_packages_compare(const struct comparison *comparison, struct error *err)
{
	cleanup_packages struct inspect_packages first = {0}, second = {0};
	const struct image_view *a = comparison->views[0], *b = comparison->views[1];

	if ((a->root && inspect_packages_read(a->root->tree, &first, err)) ||
		(b->root && inspect_packages_read(b->root->tree, &second, err)))
		return -1;
	compare(&first, &second, comparison->differences);
	return 0;
}
