/* The table of platforms: what a row names is there. */
#include "support/test.h"

#include "base/cleanup.h"
#include "boot/machine.h"
#include "boot/qemu-command.h"
#include "image/format.h"
#include "kernel/config.h"

static const struct architecture *amd64(void)
{
	return architecture_find("amd64");
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < platform_count; i++)
		assert_ptr_equal(platform_find(platforms[i].name), &platforms[i]);
}

static void formats_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < platform_count; i++)
		for (const char *const *name = platforms[i].formats; *name; name++) {
			struct format format;
			if (!format_find(*name, &format))
				fail_msg("%s: format %s", platforms[i].name, *name);
		}
}

static void assert_fragments(
	const struct platform *platform, const struct architecture *architecture)
{
	const struct kernel_target target = {
		"6.1", architecture->kernel_arch, architecture->name, false};
	const struct platform *const wanted[] = {platform, NULL};
	const struct position at = {"recipes/minimal.yaml", 1, 1};
	cleanup_config struct kernel_config config = {0};
	struct word_list names = {0};
	struct error err = {0};

	for (const char *const *name = kernel_config_guest; *name; name++)
		vector_push(&names, ((struct word){*name, at}));
	for (const char *const *name = platform->fragments; *name; name++)
		vector_push(&names, ((struct word){*name, at}));
	assert_ok(kernel_config_merge(&names, &target, &config, &err), &err);
	assert_ok(kernel_config_check_platforms(&config, "it", wanted, architecture, false, &err),
		&err);
	vector_release(&names);
}

/* Of the platforms that QEMU stands in for, the fragments of a row go with each other on every
 * architecture, and what the platform cannot do without is in them. */
static void fragments_have_the_symbols(void **state)
{
	(void)state;
	for (size_t i = 0; i < platform_count; i++)
		for (size_t j = 0; j < architecture_count; j++) {
			const char *arch = platforms[i].kernel_arch;
			if (!platforms[i].no_kernel &&
				(!arch || !strcmp(arch, architectures[j].kernel_arch)))
				assert_fragments(&platforms[i], &architectures[j]);
		}
}

/* ... each way to boot has a machine. */
static void every_path_has_a_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < platform_count; i++)
		for (unsigned path = 0; path < BOOT_PATHS; path++) {
			struct boot_options boot = {
				.architecture = amd64(), .platform = &platforms[i]};
			const struct qemu_machine *machine;
			struct error err = {0};
			if (!(platforms[i].paths & 1u << path))
				continue;
			assert_true(
				boot_machine_usual(&platforms[i], amd64(), path, &boot.machine));
			if (boot.machine.hardware->backend)
				continue;
			assert_ok(qemu_machine_find(&boot, &machine, &err), &err);
		}
}

static void paths_choose_machines(void **state)
{
	static const struct {
		const char *platform;
		enum boot_path path;
		const char *machine, *qemu;
	} cases[] = {
		{"kvm", BOOT_BIOS, "q35", "q35"},
		{"kvm", BOOT_PVH, "q35", "q35"},
		{"microvm", BOOT_PVH, "microvm", "microvm"},
		{"hyperv", BOOT_BIOS, "generation-1", "pc"},
		{"hyperv", BOOT_UEFI, "generation-2", "pc"},
		{"aws", BOOT_UEFI, "nitro", "q35"},
		{"xen", BOOT_BIOS, "hvm", "pc"},
		{"xen", BOOT_DIRECT, "pv", "pv"},
		{"xen", BOOT_PVH, "pvh", "pvh"},
	};
	struct boot_machine machine;

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		assert_true(boot_machine_usual(
			platform_find(cases[i].platform), amd64(), cases[i].path, &machine));
		assert_string_equal(machine.name, cases[i].machine);
		assert_string_equal(machine.machine, cases[i].qemu);
	}
	assert_false(boot_machine_usual(platform_find("legacy-pc"), amd64(), BOOT_UEFI, &machine));
	assert_false(boot_machine_usual(platform_find("microvm"), amd64(), BOOT_BIOS, &machine));
}

/* What is known by name is there: the driver of each machine. */
static void machines_have_drivers(void **state)
{
	(void)state;
	for (size_t i = 0; i < platform_count; i++)
		for (const struct test_machine *machine = platforms[i].machines; machine->disk;
			machine++)
			assert_string_equal(machine_driver_of(machine)->name,
				machine->backend ? machine->backend : "qemu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(formats_are_known),
		cmocka_unit_test(fragments_have_the_symbols),
		cmocka_unit_test(every_path_has_a_machine),
		cmocka_unit_test(paths_choose_machines),
		cmocka_unit_test(machines_have_drivers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
