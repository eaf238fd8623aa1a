/* Why Kconfig drops what was asked for: a small kernel's Kconfig files, and what is said of it. */
#include "support/test.h"

#include <fcntl.h>

#include "base/file.h"
#include "kernel/config.h"
#include "kernel/kconfig-expression.h"
#include "kernel/kconfig.h"

static const struct kernel_target target = {"6.1", "x86", "amd64", false};

static const char top[] = "mainmenu \"Linux/$(ARCH)\"\n"
			  "source \"arch/$(SRCARCH)/Kconfig\"\n"
			  "source \"drivers/Kconfig\" # the rest\n"
			  "source \"missing/Kconfig\"\n"
			  "source \"../outside\"\n";
static const char arch[] = "config EXPERT\n\tbool \"Expert\"\n"
			   "config HEADERS\n\tdef_bool $(success,test -e x) \n"
			   "choice\n\tprompt \"Speed\"\n"
			   "config SLOW\n\tbool \"Slow\"\n"
			   "config FAST\n\tbool \"Fast\"\n"
			   "endchoice\n";
static const char drivers[] = "menu \"Devices\"\n\tdepends on BUS && \\\n\t\tHEADERS\n"
			      "config DISK\n"
			      "\ttristate \"A disk\" if EXPERT\n"
			      "\tdepends on FUSE || VIRTIO # one of them\n"
			      "\tdepends on !SLOW\n"
			      "\tselect RING\n"
			      "\thelp\n"
			      "\t  Text that looks like Kconfig is none:\n"
			      "\n"
			      "\t  depends on NOTHING\n"
			      "\n"
			      "endmenu\n"
			      "config RING\n\ttristate\n"
			      "if VIRTIO\n"
			      "menuconfig NET\n\tbool 'A net'\n"
			      "endif\n"
			      "config COUNT\n\tint \"How many\"\n\trange 1 8\n"
			      "config BUS\n\tbool \"A bus\"\n"
			      "config VIRTIO\n\tbool \"Virtio\"\n"
			      "config FUSE\n\tbool \"Fuse\"\n";

static void parse(const char *text, struct kernel_config *config)
{
	struct buffer buffer = {.data = (char *)text, .length = strlen(text)};
	struct error err = {0};

	assert_ok(kernel_config_parse("asked.config", &buffer, config, &err), &err);
}

static int verify(const char *asked_text, const char *final_text, struct error *err)
{
	cleanup_config struct kernel_config asked = {0}, final = {0};
	cleanup_fd int source = open(".", O_RDONLY | O_DIRECTORY);
	struct error wrong = {0};

	assert_ok(directory_make(AT_FDCWD, "arch/x86", &wrong), &wrong);
	assert_ok(directory_make(AT_FDCWD, "drivers", &wrong), &wrong);
	assert_ok(file_write_text(AT_FDCWD, "Kconfig", top, 0644, &wrong), &wrong);
	assert_ok(file_write_text(AT_FDCWD, "arch/x86/Kconfig", arch, 0644, &wrong), &wrong);
	assert_ok(file_write_text(AT_FDCWD, "drivers/Kconfig", drivers, 0644, &wrong), &wrong);
	parse(asked_text, &asked);
	parse(final_text, &final);
	return kernel_config_verify(&asked, &final, &target, source, err);
}

static void test_what_stands_is_fine(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(verify("CONFIG_DISK=y\nCONFIG_NET=n\nCONFIG_COUNT=4\n",
			  "CONFIG_DISK=y\nCONFIG_COUNT=4\nCONFIG_OTHER=y\n", &err),
		&err);
}

/* Asked for a line, with so much else on; what is said of it. */
static void test_names_what_keeps_it_off(void **state)
{
	static const struct {
		const char *asked, *final, *message;
	} cases[] = {
		{"CONFIG_DISK=y", "CONFIG_VIRTIO=y\nCONFIG_EXPERT=y\nCONFIG_HEADERS=y\n",
			"asked.config:1:1: CONFIG_DISK=y was dropped: \"A disk\" depends on BUS "
			"(n)"},
		{"CONFIG_DISK=y", "CONFIG_BUS=y\nCONFIG_EXPERT=y\nCONFIG_HEADERS=y\n",
			"depends on FUSE || VIRTIO (FUSE=n, VIRTIO=n)"},
		{"CONFIG_DISK=y", "CONFIG_BUS=y\nCONFIG_FUSE=y\nCONFIG_SLOW=y\nCONFIG_HEADERS=y\n",
			"depends on !SLOW (SLOW=y) and EXPERT (n)"},
		{"CONFIG_NET=y", "CONFIG_BUS=y\n",
			"CONFIG_NET=y was dropped: \"A net\" depends on VIRTIO (n)"},
		{"CONFIG_RING=y", "",
			"CONFIG_RING=y was dropped: it only comes with what selects it, such as "
			"DISK"},
		{"CONFIG_RING=n", "CONFIG_RING=y\nCONFIG_DISK=y\n",
			"CONFIG_RING=n is on all the same: it is selected by DISK"},
		{"CONFIG_HEADERS=y", "", "it cannot be asked for, Kconfig decides it"},
		{"CONFIG_SLOW=y", "CONFIG_FAST=y\n",
			"\"Slow\" is one of a choice, and FAST was taken"},
		{"CONFIG_COUNT=9", "CONFIG_COUNT=8\n",
			"CONFIG_COUNT=9 became 8: \"How many\" does not take that value"},
		{"CONFIG_VIRTOI=y", "",
			"no symbol of Linux 6.1 is called that; did you mean CONFIG_VIRTIO"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct error err = {0};
		assert_fails(verify(cases[i].asked, cases[i].final, &err), &err, STATUS_RECIPE,
			cases[i].message);
	}
}

static void test_every_line_is_told(void **state)
{
	struct error err = {0};

	(void)state;
	assert_fails(verify("CONFIG_RING=y\nCONFIG_NET=y\n", "", &err), &err, STATUS_RECIPE,
		"depends on VIRTIO (n)\nasked.config:1:1: CONFIG_RING=y was dropped");
}

static void test_nothing_forbidden_is_selected(void **state)
{
	struct error err = {0};

	(void)state;
	assert_fails(verify("", "CONFIG_WLAN=y\n", &err), &err, STATUS_RECIPE, "CONFIG_WLAN=n");
}

static void test_expressions(void **state)
{
	static const struct {
		const char *expression;
		enum tristate value;
	} cases[] = {
		{"Y", TRISTATE_YES},
		{"M", TRISTATE_MODULE},
		{"N", TRISTATE_NO},
		{"UNKNOWN", TRISTATE_NO},
		{"!M", TRISTATE_MODULE},
		{"Y && M", TRISTATE_MODULE},
		{"N || M && Y", TRISTATE_MODULE},
		{"(N || Y) && !(N && M)", TRISTATE_YES},
		{"M = m && Y != n", TRISTATE_YES},
		{"NUMBER >= 120000", TRISTATE_YES},
		{"NUMBER<120000", TRISTATE_NO},
		{"TEXT = \"a b\"", TRISTATE_YES},
		{"TEXT=\"\"", TRISTATE_NO},
		{"$(cc-option,-f(x)) && Y", TRISTATE_YES},
		{"y", TRISTATE_YES},
		{"", TRISTATE_NO},
		{"Y &&", TRISTATE_NO},
		{"(Y", TRISTATE_NO},
		{"$(open", TRISTATE_NO},
		{"\"open", TRISTATE_NO},
	};
	cleanup_config struct kernel_config config = {0};

	(void)state;
	parse("CONFIG_Y=y\nCONFIG_M=m\nCONFIG_NUMBER=120200\nCONFIG_TEXT=\"a b\"\n", &config);
	for (size_t i = 0; i < array_count(cases); i++)
		if (kconfig_evaluate(cases[i].expression, &config) != cases[i].value)
			fail_msg("%s", cases[i].expression);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_stands_is_fine),
		cmocka_unit_test(test_names_what_keeps_it_off),
		cmocka_unit_test(test_every_line_is_told),
		cmocka_unit_test(test_nothing_forbidden_is_selected),
		cmocka_unit_test(test_expressions),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
