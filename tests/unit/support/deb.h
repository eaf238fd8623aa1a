/* Packages as tests want them, however wrong. */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>
#include <sys/types.h>

/* A member of a tar. */
struct piece {
	const char *path;
	mode_t type; /* 0: a regular file */
	const char *link, *hard_link, *content;
	mode_t mode; /* 0: 0755 */
};

/* A .deb; NULL parts are made up. */
struct made {
	const char *name, *control;
	const struct piece *data, *members; /* each ends with a NULL path */
	const char *const *order;           /* names of the ar's members; NULL-terminated */
	size_t cut;                         /* how many bytes its end lacks */
	uint64_t installed_size;
};

/* A list of pieces, each with its designated fields. */
#define PIECES(...)            \
	(const struct piece[]) \
	{                      \
		__VA_ARGS__,   \
		{              \
			0      \
		}              \
	}

/* Writes it as store/packages/SHA256.deb, under a hash that only its name decides. */
void make_deb(const struct made *made);
void fake_sha256(const char *name, char ret_sha256[65]);
