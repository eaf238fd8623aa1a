/* Programs of other architectures: what runs here, and only for as long as it was asked for. */
#include <elf.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sandbox/elf-probe.h"
#include "sandbox/foreign.h"
#include "support/test.h"

static const struct elf_kind nothing = {ELFCLASS64, ELFDATA2LSB, 0x7eef, 0};

static enum sandbox_mode usual_mode(void)
{
	enum sandbox_mode mode;
	struct error err = {0};

	assert_ok(sandbox_detect(&mode, &err), &err);
	return mode;
}

/* An architecture that this host does not run; NULL: it runs them all, or has no emulator. */
static const struct architecture *find_foreign(void)
{
	for (size_t i = 0; i < architecture_count; i++) {
		cleanup_free char *emulator = program_find(architectures[i].user_emulator);
		if (emulator && !elf_runs(&architectures[i].elf))
			return &architectures[i];
	}
	return NULL;
}

static void native_programs_run(void **state)
{
	(void)state;
	assert_true(elf_runs(&architecture_native()->elf));
	assert_false(elf_runs(&nothing));
}

static void nothing_changes_for_the_native_architecture(void **state)
{
	struct error err = {0};
	enum sandbox_mode mode = usual_mode(), usual = mode;

	(void)state;
	assert_ok(foreign_mode(architecture_native(), &mode, &err), &err);
	assert_int_equal(mode, usual);
}

static int enable_and_release(void *context, struct error *err)
{
	const struct architecture *architecture = context;
	struct foreign foreign = {0};

	if (foreign_enable(architecture, &foreign, err))
		return -1;
	bool during = elf_runs(&architecture->elf);
	foreign_release(&foreign);
	return during && !elf_runs(&architecture->elf)
		       ? 0
		       : error_set(err, STATUS_FAILED, "during: %d, and after", during);
}

/* Two at once, of which the first to end takes nothing from the other. */
static int enable_twice(void *context, struct error *err)
{
	const struct architecture *architecture = context;
	cleanup_foreign struct foreign foreign = {0};
	struct foreign other = {0};
	int status;

	pid_t pid = fork();
	if (!pid)
		_exit(foreign_enable(architecture, &foreign, err) ? 1
			: elf_runs(&architecture->elf)            ? 0
								  : 2);
	if (foreign_enable(architecture, &other, err))
		return -1;
	waitpid(pid, &status, 0);
	bool good = WIFEXITED(status) && !WEXITSTATUS(status) && elf_runs(&architecture->elf);
	foreign_release(&other);
	return good ? 0 : error_set(err, STATUS_FAILED, "they disturb each other");
}

static void foreign_programs_run_while_asked_for(void **state)
{
	const struct architecture *architecture = find_foreign();
	struct error err = {0};
	enum sandbox_mode mode = usual_mode();

	(void)state;
	if (!architecture)
		skip();
	assert_ok(foreign_mode(architecture, &mode, &err), &err);
	assert_ok(sandbox_enter(mode, enable_and_release, (void *)architecture, &err), &err);
	assert_ok(sandbox_enter(mode, enable_twice, (void *)architecture, &err), &err);
	assert_false(elf_runs(&architecture->elf));
}

static void a_missing_emulator_is_named(void **state)
{
	const struct architecture *architecture = find_foreign();
	struct error err = {0};
	enum sandbox_mode mode = usual_mode();
	cleanup_free char *path = xstrdup(getenv("PATH"));

	(void)state;
	if (!architecture)
		skip();
	setenv("PATH", "/nowhere", true);
	assert_fails(foreign_mode(architecture, &mode, &err), &err, STATUS_MISSING,
		"apt-get install qemu-user-static");
	setenv("PATH", path, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native_programs_run),
		cmocka_unit_test(nothing_changes_for_the_native_architecture),
		cmocka_unit_test(foreign_programs_run_while_asked_for),
		cmocka_unit_test(a_missing_emulator_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
