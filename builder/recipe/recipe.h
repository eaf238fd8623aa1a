/*
 * A recipe: what the user wrote, checked and complete. Everything lives in the recipe's arena.
 * Values keep their positions, so that what only later proves wrong (an unknown package) is still
 * reported at file:line:column.
 *
 * builder/recipe, one idea a file: node (YAML with positions), schema (the table of every key),
 * form (what single texts must look like), read (nodes into the recipe, by the table), load (the
 * recipes it comes `from`), verify (what contradicts), describe and print (the table's other uses).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* A word of a recipe and where it stands; text is NULL where the recipe says nothing. */
struct word {
	const char *text;
	struct position at;
};

struct word_list {
	struct word *items;
	size_t count, capacity;
};

/* A package archive beside the suite's own. */
struct recipe_repository {
	struct word mirror, suite, keyring;
	struct word_list components;
};

enum { FIRMWARE_BIOS = 1, FIRMWARE_UEFI = 2 };

/* A partition that the recipe asks for; texts are NULL where it says nothing. */
struct recipe_partition {
	struct word use;  /* "data", "swap", ...: partition_use_name() */
	struct word size; /* "512M", "25%", "content+64M", "rest" */
	struct word label, filesystem, mount;
};

/* A disk as large as what is in it. */
#define SIZE_CONTENT UINT64_MAX

struct recipe_disk {
	uint64_t size; /* bytes the guest sees, or SIZE_CONTENT */
	struct position size_at;
	unsigned firmware; /* FIRMWARE_* */
	struct word table; /* "gpt", "mbr", "none" */
	struct word root;  /* filesystem of the root: "ext4" */
	/* Of a read-only root: what a guest changes is "none", "volatile", "persistent"; NULL text:
	 * the root is not read-only. */
	struct word changes;
	bool verity; /* every block of the root that is read is checked */
	vector(struct recipe_partition) partitions;
	struct word base;         /* file of an image to record the differences to; NULL: none */
	struct word_list formats; /* empty: those of the platforms */
	/* Of formats that have the choice: "none", "zlib", "zstd"; bytes of a cluster. */
	struct word compression;
	unsigned compression_level; /* 0: the usual one */
	struct position compression_level_at;
	uint64_t cluster_size;
	struct position cluster_size_at;
};

/* Whether what is changed of the root lies in an overlay. */
bool recipe_has_changes(const struct recipe_disk *disk);

/* The guest's kernel. A package, where there is one, is it; else `config` says. */
struct recipe_kernel {
	/* Of the distribution: "cloud", "generic"; built here: "guest", or from this file of a
	 * complete configuration; "none". */
	struct word config;
	struct word_list add; /* fragments of kernel-configs/, in order; only when built here */
	struct word package;  /* file of a .deb */
	struct word_list command_line; /* more words of it, whatever the kernel */
};

enum kernel_origin { KERNEL_NONE, KERNEL_DISTRIBUTION, KERNEL_BUILT, KERNEL_PACKAGE };

/* Who may become root in the guest. Nothing set: the account is locked, no console login. */
struct recipe_access {
	struct word password_hash; /* crypt(5) form */
	struct word_list ssh_keys; /* lines of authorized_keys */
	bool console_login; /* a getty on the consoles; without a hash: root without password */
};

/* What those who deploy the appliance may set, or are told. */
struct recipe_property {
	struct word key, type, value, label, description;
};

struct recipe_appliance {
	struct word vendor, vendor_url, url, annotation;
	struct word eula;    /* file */
	uint64_t memory;     /* bytes; 0: as in tests */
	unsigned processors; /* 0: as in tests */
	vector(struct recipe_property) properties;
};

struct recipe_container {
	struct word command; /* of the guest's shell */
	struct word_list environment, ports;
};

enum check_kind {
	CHECK_RUN,         /* a command's exit status and output */
	CHECK_CONSOLE,     /* a text on the serial console */
	CHECK_PORT,        /* a TCP port answers */
	CHECK_ABSENT,      /* packages, modules, files that must not be there */
	CHECK_PRESENT,     /* ... that must be there */
	CHECK_MEMORY_USED, /* at most so many bytes in use after boot */
	CHECK_ROOT_GROWS,  /* with the disk enlarged to so many bytes, the root fills it */
	CHECK_SURVIVES,    /* goes on after what its host does to it */
	CHECK_BALLOON,     /* makes do with so many bytes of its memory, then takes back the rest */
};

struct recipe_check {
	enum check_kind kind;
	struct position at;
	const char *text;   /* run: shell command; console: text to wait for; survives: event */
	int exit_status;    /* run: the expected one */
	const char *output; /* run: extended regular expression its output must match, or NULL */
	uint64_t within;    /* milliseconds this check may take */
	uint64_t number;    /* port; or bytes of memory-used, root-grows, balloon */
	const char *answer; /* port: what its first bytes must begin with, or NULL */
	struct word_list packages, modules, files; /* absent, present; files may be globs */
};

/* What the guest is told by the cloud of its test. */
struct recipe_cloud {
	struct word source; /* "nocloud"; NULL: there is no cloud */
	struct word hostname, user_data;
	struct word_list ssh_keys;
};

struct recipe_test {
	uint64_t memory; /* bytes */
	unsigned processors;
	uint64_t ready_within; /* milliseconds */
	struct recipe_cloud cloud;
	vector(struct recipe_check) checks;
};

/* Something wrong in a recipe. Without a file: in the recipe as a whole. */
struct recipe_problem {
	struct position at;
	const char *message;
};

struct recipe {
	struct arena arena; /* owns every string and array here */
	const char *path;   /* the file it was loaded from */
	/* Every file that it came from: its own first, then its parents. */
	struct word_list sources;
	struct word name, version, summary;
	struct word suite, architecture;
	struct word mirror;          /* NULL: the host's, see archive/mirror.c */
	struct word snapshot;        /* the mirror as of "20250101T000000Z"; NULL: as it is */
	struct word keyring;         /* file of trusted keys; NULL: the suite's */
	struct word bootstrap;       /* how the root is made: "fast", "debootstrap" */
	struct word_list components; /* "main" */
	vector(struct recipe_repository) repositories;
	struct word base; /* what every root has: "minbase"; see struct base_system */
	struct word_list packages, without;
	struct word_list foreign; /* architectures that `packages` names beside the recipe's own */
	bool frozen;              /* the release without its updates */
	bool recommends;          /* the packages bring what they recommend */
	struct word_list debconf; /* lines for debconf-set-selections(1) */
	/* Names of strip rules, see rootfs/strip.h. What `keep` takes off is gone once loaded. */
	struct word_list strip, keep;
	bool sealed; /* no package management, nothing that the appliance does not run */
	struct recipe_kernel kernel;
	struct word init;    /* "systemd", "minimal" */
	struct word service; /* of init "minimal": a shell command that does not end */
	struct word_list overlays, hooks;
	uint64_t hook_timeout; /* milliseconds for each hook */
	bool hook_network;     /* hooks may use the network */
	struct word hostname;
	struct recipe_access access;
	struct recipe_disk disk;
	struct word_list platforms;
	struct recipe_appliance appliance;
	struct recipe_container container;
	struct recipe_test test;
	vector(struct recipe_problem) problems; /* none in what recipe_load() gives */
};

/*
 * Loads a recipe and what it is `from`, checks every key and value that can be checked without an
 * archive, and fills in the defaults. The error has STATUS_RECIPE and all problems, one a line; a
 * file that cannot be read is STATUS_RECIPE too. Names of architectures, platforms, overlays,
 * hooks, formats and strip rules are known to be good afterwards.
 */
int recipe_load(const char *path, struct recipe **ret_recipe, struct error *err);
/* The same, but never fails: what is wrong stands in the recipe's problems. */
struct recipe *recipe_examine(const char *path);
/* Them all, each a line "FILE:LINE:COLUMN: MESSAGE"; owned by the caller. */
char *recipe_problems_text(const struct recipe *recipe);
/* Where the kernel comes from. */
enum kernel_origin recipe_kernel_origin(const struct recipe_kernel *kernel);
void recipe_free(struct recipe *recipe); /* NULL is fine */
void recipe_cleanup(struct recipe **recipe);
#define cleanup_recipe cleanup(recipe_cleanup)

/*
 * Where what a recipe names lies: `kind` is "overlays", "hooks" or "recipes"; `recipe_path` is the
 * file of the word that names it, word.at.file, which may be an inherited recipe. Looks in KIND/
 * beside that file, in KIND/ one directory up, then in jeos's own data; recipes are also found
 * directly beside it. Owned by the caller; NULL when there is none.
 */
char *recipe_find(const char *recipe_path, const char *kind, const char *name);
/* The names there are in all these places, sorted; the list is the caller's (vector_release), its
 * strings are the arena's. */
void recipe_find_all(
	const char *recipe_path, const char *kind, struct arena *arena, struct words *ret_names);

/* The recipe as one file, with all that it inherits and every default; owned by the caller. */
char *recipe_text(const struct recipe *recipe);
/* The schema of recipes as a JSON Schema document; recipes/recipe.schema.json is this text. Owned
 * by the caller. */
char *recipe_schema_json(void);
