#include "test.h"

#include <unistd.h>

#include "scratch.h"

int enter_scratch(void **state)
{
	if (scratch_setup(state))
		return -1;
	return chdir(((struct work_directory *)*state)->path);
}

int leave_scratch(void **state)
{
	return chdir("/") ? -1 : scratch_teardown(state);
}
