/* What is read out of QEMU's answers for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boot/machine-qemu.h"
#include "boot/user-port.h"

static void connection_counts_when_the_guest_agreed(void **state)
{
	static const char list[] = "Hub -1 (net):\r\n"
				   "  Protocol[State]    FD  Source Address  Port   Dest. Address  "
				   "Port RecvQ SendQ\r\n"
				   "  TCP[ESTABLISHED]   18       127.0.0.1 40001       10.0.2.15  "
				   "  80     0     0\r\n"
				   "  TCP[SYN_SENT]      19       127.0.0.1 40002       10.0.2.15  "
				   "  81     0     0\r\n"
				   "  TCP[CLOSE_WAIT]    20       127.0.0.1 40003       10.0.2.15  "
				   "  82     0     0\r\n"
				   "  TCP[HOST_FORWARD]  17       127.0.0.1 40004       10.0.2.15  "
				   "  83     0     0\r\n"
				   "  UDP[236 sec]       29       10.0.2.15 40005        10.0.2.3  "
				   "  53     0     0\r\n";

	(void)state;
	assert_true(usernet_established(list, 40001));
	assert_false(usernet_established(list, 40002));
	assert_true(usernet_established(list, 40003));
	assert_false(usernet_established(list, 40004));
	assert_false(usernet_established(list, 40005));
	assert_false(usernet_established("", 80));
}

static void registers_tell_how_far_it_is(void **state)
{
	static const struct {
		const char *registers;
		enum boot_phase phase;
	} cases[] = {
		{"EAX=0\nEIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1\n", PHASE_FIRMWARE},
		{"RAX=1\nRIP=000000000e5d1a2b RFL=00000202 [-------] CPL=0\n", PHASE_FIRMWARE},
		{"RAX=1\nRIP=ffffffff81e0b1ab RFL=00000202 [-------] CPL=0\n", PHASE_KERNEL},
		{"RAX=1\nRIP=00007f1234567890 RFL=00000202 [-------] CPL=3\n", PHASE_USERSPACE},
		{"PC=ffff800008081234 X00=0\n", PHASE_FIRMWARE},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		assert_int_equal(registers_phase(cases[i].registers), cases[i].phase);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connection_counts_when_the_guest_agreed),
		cmocka_unit_test(registers_tell_how_far_it_is),
	};

	return cmocka_run_group_tests_name("qemu", tests, NULL, NULL);
}
