#include "modules.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/size.h"
#include "rootfs/strip.h"

/* What every guest may need, whatever it runs on. */
static const struct {
	const char *name;
	bool for_root; /* also before the root is mounted */
} common[] = {
	{"crc32c_generic", true}, /* checksums of ext4; it asks for them by algorithm, not name */
	{"crc32c_intel", true},
	{"autofs4", false}, /* automount units */
	{"button", false},  /* the power button, which logind reads as an event device */
	{"evdev", false},
	{"efivarfs", false},
	{"vfat", false}, /* the EFI system partition, with the character sets it is mounted with */
	{"nls_cp437", false},
	{"nls_ascii", false},
	{"loop", false},
	{"overlay", false},
	{"nf_tables", false}, /* a packet filter: nft_* are asked for by name, at run time */
	{"nft_chain_nat", false},
	{"nft_ct", false},
	{"nft_limit", false},
	{"nft_log", false},
	{"nft_masq", false},
	{"nft_reject_inet", false},
	{"nf_log_syslog", false},
};

/* "kernel/arch/x86/crypto/crc32c-intel.ko.xz" is the module crc32c_intel. Owned by the caller. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *name = xstrndup(base, strcspn(base, "."));

	for (char *at = name; (at = strchr(at, '-'));)
		*at = '_';
	return name;
}

static void add(struct module_list *modules, const char *path, const char *needs, bool builtin)
{
	cleanup_free char *name = name_of(path);

	*vector_add(&modules->items) = (struct module){
		.name = arena_strdup(&modules->arena, name),
		.path = arena_strdup(&modules->arena, path),
		.needs = arena_strdup(&modules->arena, needs),
		.builtin = builtin,
	};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

/* Each line of modules.dep is "PATH: PATH PATH ...", of modules.builtin "PATH". */
static int read_index(int directory, const char *index, bool builtin, struct module_list *modules,
	struct error *err)
{
	cleanup_buffer struct buffer content = {0};

	if (file_read(directory, index, 16 * MIB, &content, err))
		return -1;
	for (char *rest = content.data, *line; (line = strsep(&rest, "\n"));) {
		char *colon = strchr(line, ':');
		if (colon)
			*colon = '\0';
		if (*line)
			add(modules, line, colon ? colon + 1 : "", builtin);
	}
	return 0;
}

int modules_read(int directory, struct module_list *ret_modules, struct error *err)
{
	cleanup_modules struct module_list modules = {0};

	if (read_index(directory, "modules.dep", false, &modules, err) ||
		read_index(directory, "modules.builtin", true, &modules, err))
		return -1;
	vector_sort(&modules.items, by_name);
	*ret_modules = modules;
	modules = (struct module_list){0};
	return 0;
}

void modules_release(struct module_list *modules)
{
	vector_release(&modules->items);
	arena_release(&modules->arena);
}

static struct module *find(struct module_list *modules, const char *name)
{
	struct module key = {.name = name};

	return modules->items.count ? bsearch(&key, modules->items.items, modules->items.count,
					      sizeof(key), by_name)
				    : NULL;
}

static struct module *find_path(struct module_list *modules, const char *path)
{
	cleanup_free char *name = name_of(path);

	return find(modules, name);
}

const struct module *modules_find_path(struct module_list *modules, const char *path)
{
	return find_path(modules, path);
}

/* The rule that keeps a module out of every image, or NULL. */
static const struct strip_rule *forbidden(const struct module *module)
{
	/* Rules speak of paths in a guest; the release does not matter to them. */
	cleanup_free char *path = xasprintf("/usr/lib/modules/any/%s", module->path);

	return strip_match(NULL, path);
}

/* Appends the modules that must be loaded before it, in order, and itself. */
static void chain(struct module_list *modules, struct module *module, struct module_order *order)
{
	cleanup_free char *needs = xstrdup(module->needs);

	for (char *space; (space = strrchr(needs, ' ')); *space = '\0') {
		struct module *needed = find_path(modules, space + 1);
		if (needed)
			vector_push(order, needed);
	}
	vector_push(order, module);
}

static bool contains(const struct module_order *order, const struct module *module)
{
	for (size_t i = 0; i < order->count; i++)
		if (order->items[i] == module)
			return true;
	return false;
}

/* Keeps one module with its dependencies, and appends what is new to `order` if there is one. */
static int keep(struct module_list *modules, struct module *module, struct module_order *order,
	struct error *err)
{
	cleanup_order struct module_order chained = {0};

	chain(modules, module, &chained);
	for (size_t i = 0; i < chained.count; i++) {
		struct module *one = chained.items[i];
		const struct strip_rule *rule = forbidden(one);
		if (rule)
			return error_set(err, STATUS_FAILED,
				"%s: needs %s, which the strip rule `%s` keeps out of every image",
				module->name, one->name, rule->name);
		if (one->builtin)
			continue;
		one->kept = true;
		if (order && !contains(order, one))
			vector_push(order, one);
	}
	return 0;
}

static int keep_common(struct module_list *modules, struct module_order *root, struct error *err)
{
	for (size_t i = 0; i < array_count(common); i++) {
		struct module *module = find(modules, common[i].name);
		if (module && keep(modules, module, common[i].for_root ? root : NULL, err))
			return -1;
	}
	return 0;
}

/* What the kernel lacks of it, its configuration has said. */
static int keep_needed(struct module_list *modules, const char *const *needed,
	struct module_order *root, struct error *err)
{
	for (; *needed; needed++) {
		struct module *module = find(modules, *needed);
		if (module && keep(modules, module, root, err))
			return -1;
	}
	return 0;
}

static int keep_platform(struct module_list *modules, const struct platform *platform,
	struct module_order *root, struct error *err)
{
	for (const char *const *name = platform->root_modules; *name; name++) {
		struct module *module = find(modules, *name);
		if (!module)
			return error_set(err, STATUS_RECIPE,
				"platform %s: this kernel has no module %s, without which its disk "
				"cannot be read; try `kernel: generic`",
				platform->name, *name);
		if (keep(modules, module, root, err))
			return -1;
	}
	for (const char *const *name = platform->modules; *name; name++) {
		struct module *module = find(modules, *name);
		if (!module)
			log_note(
				"platform %s: this kernel has no module %s", platform->name, *name);
		else if (keep(modules, module, NULL, err))
			return -1;
	}
	return 0;
}

int modules_select(struct module_list *modules, const struct platform *const *wanted,
	const char *const *needed, struct module_order *ret_root, struct error *err)
{
	cleanup_order struct module_order root = {0};

	if (keep_common(modules, &root, err) || keep_needed(modules, needed, &root, err))
		return -1;
	for (size_t i = 0; wanted[i]; i++)
		if (keep_platform(modules, wanted[i], &root, err))
			return -1;
	*ret_root = root;
	root = (struct module_order){0};
	return 0;
}

/* Whatever depends on something forbidden could not be loaded: it stays behind too. */
static bool allowed(struct module_list *modules, struct module *module)
{
	cleanup_order struct module_order chained = {0};

	chain(modules, module, &chained);
	for (size_t i = 0; i < chained.count; i++)
		if (forbidden(chained.items[i]))
			return false;
	return true;
}

void modules_keep_all(struct module_list *modules)
{
	vector_for_each (module, &modules->items)
		module->kept = !module->builtin && allowed(modules, module);
}

void module_order_release(struct module_order *order)
{
	vector_release(order);
}

static void hash_names(const char *const *names, struct hash *hash)
{
	for (; *names; names++)
		hash_text(hash, *names);
	hash_text(hash, NULL);
}

void modules_hash(const struct platform *const *wanted, struct hash *hash)
{
	for (size_t i = 0; i < array_count(common); i++) {
		hash_text(hash, common[i].name);
		hash_number(hash, common[i].for_root);
	}
	for (; *wanted; wanted++) {
		hash_names((*wanted)->root_modules, hash);
		hash_names((*wanted)->modules, hash);
	}
}
