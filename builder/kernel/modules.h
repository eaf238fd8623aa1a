/*
 * The modules of one kernel: what they depend on (modules.dep, modules.builtin: kmod's depmod(8)),
 * and which of them a guest keeps.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/memory.h"
#include "platform.h"

struct module {
	const char *name;  /* with '_' for '-': "crc32c_intel" */
	const char *path;  /* below lib/modules/RELEASE: "kernel/drivers/block/virtio_blk.ko" */
	const char *needs; /* paths of its dependencies, space-separated, last to be loaded first */
	bool builtin;      /* part of the kernel itself */
	bool kept;
};

struct module_list {
	struct arena arena;
	vector(struct module) items; /* by name */
};

/* What to load, in an order that satisfies dependencies; borrowed from the list. */
struct module_order {
	struct module **items;
	size_t count, capacity;
};
void module_order_release(struct module_order *order);
#define cleanup_order cleanup(module_order_release)

/* Reads the indices in `directory`, an open lib/modules/RELEASE. */
int modules_read(int directory, struct module_list *ret_modules, struct error *err);
void modules_release(struct module_list *modules);
#define cleanup_modules cleanup(modules_release)

/* The module of that path, NULL when there is none. */
const struct module *modules_find_path(struct module_list *modules, const char *path);

/*
 * Marks what the platforms, every guest and the disk (`needed`, NULL-terminated: before its root)
 * need, with dependencies, as kept. ret_root is what
 * reaches the root filesystem, in load order. It is an error when the kernel lacks what some
 * platform's root needs, or when something needed depends on what no image may hold.
 */
int modules_select(struct module_list *modules, const struct platform *const *wanted,
	const char *const *needed, struct module_order *ret_root, struct error *err);
/* Marks all that an image may hold. */
void modules_keep_all(struct module_list *modules);
/* What modules_select() goes by. */
void modules_hash(const struct platform *const *wanted, struct hash *hash);
