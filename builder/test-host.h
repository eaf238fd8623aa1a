/*
 * The appliances in which machines run the guests under test, such as Xen's dom0: built like any
 * other, when they are first needed, and kept in the store by the hash of their recipe's files.
 */
#pragma once

#include "command.h"
#include "matrix.h"

/* The files in use: nobody cleans them away until its release. Zero-initialized is empty. */
struct test_hosts {
	struct arena arena;
	int lock; /* 0: none */
};

/*
 * Gives every boot of the matrix the image of the host that its machine needs. The recipes of hosts
 * are looked for as if `recipe`, if it is not NULL, named them, else from the working directory. A
 * boot that may be skipped is left without a host that cannot be built, which is said.
 */
int test_hosts_ensure(const struct arguments *arguments, const struct recipe *recipe,
	struct matrix *matrix, struct test_hosts *hosts, struct error *err);
void test_hosts_release(struct test_hosts *hosts);
