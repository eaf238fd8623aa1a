/* Which modules a guest keeps, and in what order they are loaded. */
#include "support/test.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "kernel/modules.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* A small kernel: the disk needs a bus, which needs a ring. */
static const char dependencies[] =
	"kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko\n"
	"kernel/drivers/virtio/virtio_ring.ko:\n"
	"kernel/drivers/block/virtio-blk.ko.xz: kernel/drivers/virtio/virtio.ko "
	"kernel/drivers/virtio/virtio_ring.ko\n"
	"kernel/drivers/net/virtio_net.ko: kernel/drivers/virtio/virtio.ko "
	"kernel/drivers/virtio/virtio_ring.ko\n"
	"kernel/net/wireless/cfg80211.ko:\n"
	"kernel/drivers/net/ethernet/odd.ko: kernel/net/wireless/cfg80211.ko\n"
	"kernel/fs/unused.ko:\n";
static const char builtin[] = "kernel/fs/ext4/ext4.ko\n";

static void load(struct module_list *modules)
{
	struct error err = {0};
	cleanup_fd int here = open(".", O_RDONLY | O_DIRECTORY);

	assert_ok(file_write_text(AT_FDCWD, "modules.dep", dependencies, 0644, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "modules.builtin", builtin, 0644, &err), &err);
	assert_ok(modules_read(here, modules, &err), &err);
}

static int choose(struct module_list *modules, const char *const *root_modules,
	const char *const *more, struct module_order *order, struct error *err)
{
	const struct platform machine = {
		.name = "machine", .root_modules = root_modules, .modules = more};
	const struct platform *const machines[] = {&machine, NULL};

	return modules_select(modules, machines, (const char *const[]){NULL}, order, err);
}

static bool kept(struct module_list *modules, const char *path)
{
	const struct module *module = modules_find_path(modules, path);

	assert_non_null(module);
	return module->kept;
}

static void test_keeps_what_is_needed(void **state)
{
	cleanup_modules struct module_list modules = {0};
	cleanup_order struct module_order order = {0};
	struct error err = {0};

	(void)state;
	load(&modules);
	assert_ok(choose(&modules, NAMES("virtio_blk"), NAMES("virtio_net"), &order, &err), &err);
	assert_true(kept(&modules, "virtio_net"));
	assert_true(kept(&modules, "virtio_blk"));
	assert_true(kept(&modules, "kernel/drivers/virtio/virtio_ring.ko"));
	assert_false(kept(&modules, "unused"));
	assert_false(kept(&modules, "cfg80211"));
}

static void test_orders_by_dependency(void **state)
{
	static const char *const wanted[] = {"virtio_ring", "virtio", "virtio_blk"};
	cleanup_modules struct module_list modules = {0};
	cleanup_order struct module_order order = {0};
	struct error err = {0};

	(void)state;
	load(&modules);
	assert_ok(
		choose(&modules, NAMES("virtio_blk", "virtio"), NAMES("virtio_net"), &order, &err),
		&err);
	assert_int_equal(order.count, array_count(wanted));
	for (size_t i = 0; i < order.count; i++)
		assert_string_equal(order.items[i]->name, wanted[i]);
}

static void test_what_is_built_in_needs_no_loading(void **state)
{
	cleanup_modules struct module_list modules = {0};
	cleanup_order struct module_order order = {0};
	struct error err = {0};

	(void)state;
	load(&modules);
	assert_ok(choose(&modules, NAMES("ext4"), NAMES(), &order, &err), &err);
	assert_int_equal(order.count, 0);
	assert_false(kept(&modules, "ext4"));
}

static void test_a_missing_module_matters_to_the_root_only(void **state)
{
	cleanup_modules struct module_list modules = {0};
	cleanup_order struct module_order order = {0};
	struct error err = {0};

	(void)state;
	load(&modules);
	assert_ok(choose(&modules, NAMES(), NAMES("e1000"), &order, &err), &err);
	assert_fails(choose(&modules, NAMES("ahci"), NAMES(), &order, &err), &err, STATUS_RECIPE,
		"platform machine: this kernel has no module ahci");
}

static void test_nothing_forbidden_comes_by_dependency(void **state)
{
	cleanup_modules struct module_list modules = {0};
	cleanup_order struct module_order order = {0};
	struct error err = {0};

	(void)state;
	load(&modules);
	assert_fails(choose(&modules, NAMES(), NAMES("odd"), &order, &err), &err, STATUS_FAILED,
		"odd: needs cfg80211, which the strip rule `wireless`");
}

static void test_all_means_all_that_is_allowed(void **state)
{
	cleanup_modules struct module_list modules = {0};

	(void)state;
	load(&modules);
	modules_keep_all(&modules);
	assert_true(kept(&modules, "unused"));
	assert_true(kept(&modules, "virtio_net"));
	assert_false(kept(&modules, "cfg80211"));
	assert_false(kept(&modules, "odd"));
	assert_false(kept(&modules, "ext4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_what_is_needed),
		cmocka_unit_test(test_orders_by_dependency),
		cmocka_unit_test(test_what_is_built_in_needs_no_loading),
		cmocka_unit_test(test_a_missing_module_matters_to_the_root_only),
		cmocka_unit_test(test_nothing_forbidden_comes_by_dependency),
		cmocka_unit_test(test_all_means_all_that_is_allowed),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
