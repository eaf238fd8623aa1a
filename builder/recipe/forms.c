/* The table of forms. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "boot/cloud.h"
#include "form.h"
#include "platform.h"
#include "problem.h"
#include "rootfs/rootfs.h"
#include "rootfs/strip.h"

static const char *architecture_at(size_t index)
{
	return index < architecture_count ? architectures[index].name : NULL;
}

static const char *platform_at(size_t index)
{
	return index < platform_count ? platforms[index].name : NULL;
}

static const char *strip_at(size_t index)
{
	return index < strip_rule_count ? strip_rules[index].name : NULL;
}

static const char *bootstrap_at(size_t index)
{
	return bootstraps[index].name;
}

static const char *base_at(size_t index)
{
	return base_systems[index].name;
}

static const char *kernel_at(size_t index)
{
	static const char *const kernels[] = {"cloud", "generic", "guest", "none", NULL};

	return kernels[index];
}

static const char *init_at(size_t index)
{
	static const char *const inits[] = {"systemd", "minimal", NULL};

	return inits[index];
}

/* Those of boot/check-survives.c. */
static const char *event_at(size_t index)
{
	static const char *const events[] = {"migration", "snapshot", "suspend", NULL};

	return events[index];
}

/* Gives the path of an overlay or hook, or adds the problem that there is none. */
static int helper_stat(struct recipe *recipe, const struct word *word, const char *kind,
	const char *what, struct stat *ret_stat)
{
	cleanup_free char *path = recipe_find(word->at.file, kind, word->text);

	if (path && !stat(path, ret_stat))
		return 0;
	return recipe_problem(recipe, word->at,
		"no %s %s: it must be in %s/ beside the recipe or one directory up, or "
		"in " JEOS_DATA "/%s",
		what, problem_quote(recipe, word->text), kind, kind);
}

static int verify_overlay(struct recipe *recipe, struct word *word)
{
	struct stat status;

	if (helper_stat(recipe, word, "overlays", "overlay", &status))
		return -1;
	if (S_ISDIR(status.st_mode))
		return 0;
	return recipe_problem(recipe, word->at, "the overlay %s is not a directory",
		problem_quote(recipe, word->text));
}

static int verify_hook(struct recipe *recipe, struct word *word)
{
	struct stat status;

	if (helper_stat(recipe, word, "hooks", "hook", &status))
		return -1;
	if (!S_ISREG(status.st_mode))
		return recipe_problem(recipe, word->at, "the hook %s is not a file",
			problem_quote(recipe, word->text));
	if (status.st_mode & 0111)
		return 0;
	return recipe_problem(recipe, word->at,
		"the hook %s is not executable; `chmod +x` makes it so",
		problem_quote(recipe, word->text));
}

int form_verify_file(struct recipe *recipe, struct word *word, const char *what)
{
	const char *slash = strrchr(word->at.file, '/');
	const char *path = word->text;
	struct stat status;

	if (*path != '/' && slash)
		path = arena_printf(&recipe->arena, "%.*s/%s", (int)(slash - word->at.file),
			word->at.file, path);
	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return recipe_problem(recipe, word->at, "no file %s for the %s",
			problem_quote(recipe, path), what);
	word->text = path;
	return 0;
}

static int verify_keyring(struct recipe *recipe, struct word *word)
{
	return form_verify_file(recipe, word, "keyring");
}

static int verify_kernel_config(struct recipe *recipe, struct word *word)
{
	return form_verify_file(recipe, word, "kernel's configuration");
}

static int verify_kernel_package(struct recipe *recipe, struct word *word)
{
	return form_verify_file(recipe, word, "kernel package");
}

/* A date without a time is its first second. */
static int verify_snapshot(struct recipe *recipe, struct word *word)
{
	const char *text = arena_printf(
		&recipe->arena, "%s%s", word->text, strchr(word->text, 'T') ? "" : "T000000Z");
	struct tm time = {0};
	char again[32] = "";

	if (strptime(text, "%Y%m%dT%H%M%SZ", &time)) {
		timegm(&time); /* moves what is no day of its month */
		strftime(again, sizeof(again), "%Y%m%dT%H%M%SZ", &time);
	}
	if (strcmp(text, again))
		return recipe_problem(
			recipe, word->at, "%s is no date", problem_quote(recipe, word->text));
	word->text = text;
	return 0;
}

static int verify_expression(struct recipe *recipe, struct word *word)
{
	regex_t expression;
	char why[128];
	int code = regcomp(&expression, word->text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);

	if (!code) {
		regfree(&expression);
		return 0;
	}
	regerror(code, &expression, why, sizeof(why));
	return recipe_problem(recipe, word->at, "%s is not an extended regular expression: %s",
		problem_quote(recipe, word->text), why);
}

#define HOST_LABEL   "[a-z0-9]+(-+[a-z0-9]+)*"
#define PACKAGE_NAME "[a-z0-9][a-z0-9+.-]+"
#define SUITE_NAME   "[a-z][a-z0-9.-]*"
#define PACKAGE_WORD \
	PACKAGE_NAME "(:[a-z][a-z0-9-]*)?(=[0-9A-Za-z][0-9A-Za-z.+:~-]*|/" SUITE_NAME ")?"
#define FILE_NAME "^[A-Za-z0-9][A-Za-z0-9._-]*$"

const struct form form_text = {.what = "a text"};
const struct form form_name = {
	.what = "a name",
	.hint = "lower-case letters and digits, with - and . between them",
	.pattern = "^" HOST_LABEL "(\\." HOST_LABEL ")*$",
	.longest = 63,
};
const struct form form_version = {
	.what = "a version",
	.hint = "letters and digits, and after the first also . + ~ -",
	.pattern = "^[0-9A-Za-z][0-9A-Za-z.+~-]*$",
	.longest = 63,
	.numeric = true,
};
const struct form form_recipe = {.what = "a recipe"};
const struct form form_suite = {
	.what = "a suite",
	.hint = "lower-case letters, digits, . and -, such as bookworm",
	.pattern = "^" SUITE_NAME "$",
};
const struct form form_architecture = {.what = "architecture", .choice = architecture_at};
const struct form form_mirror = {
	.what = "a mirror",
	.hint = "a URL such as http://mirror.example/debian, or file:///srv/debian",
	.pattern = "^(https?://[^ /]+|file:///)[^ ]*$",
};
const struct form form_snapshot = {
	.what = "a date",
	.hint = "YYYYMMDD or YYYYMMDDTHHMMSSZ, such as 20250101T000000Z",
	.pattern = "^[0-9]{8}(T[0-9]{6}Z)?$",
	.verify = verify_snapshot,
	.longest = 16,
	.numeric = true,
};
const struct form form_keyring = {.what = "a file of keys", .verify = verify_keyring};
const struct form form_component = {
	.what = "a component",
	.hint = "lower-case letters, digits, - and /, such as main or non-free-firmware",
	.pattern = "^[a-z][a-z0-9/-]*$",
};
const struct form form_package = {
	.what = "a package",
	.hint = "NAME, NAME=VERSION, NAME/SUITE or NAME:ARCHITECTURE, in lower case, or A | B",
	.pattern = "^" PACKAGE_WORD "( *\\| *" PACKAGE_WORD ")*$",
};
const struct form form_package_name = {
	.what = "a package name",
	.hint = "at least two of lower-case letters, digits, + - .",
	.pattern = "^" PACKAGE_NAME "$",
};
const struct form form_strip = {.what = "strip rule", .choice = strip_at};
const struct form form_bootstrap = {.what = "bootstrap", .choice = bootstrap_at};
const struct form form_base = {.what = "base system", .choice = base_at};
const struct form form_debconf = {
	.what = "an answer for debconf",
	.hint = "OWNER QUESTION TYPE VALUE; the type is boolean, error, multiselect, note, "
		"password, seen, select, string, text or title",
	.pattern = "^[^ #][^ ]* +[^ ]+ +(boolean|error|multiselect|note|password|seen|select|"
		   "string|text|title)( .*)?$",
	.secret = true,
};
const struct form form_kernel = {
	.what = "kernel",
	.choice = kernel_at,
	.or_path = true,
	.verify = verify_kernel_config,
};
const struct form form_fragment = {
	.what = "a fragment",
	.hint = "the name of a file in kernel-configs/",
	.pattern = FILE_NAME,
};
const struct form form_kernel_package = {
	.what = "a package file",
	.hint = "the path of a .deb, without blanks",
	.pattern = "^[^ ]+\\.deb$",
	.verify = verify_kernel_package,
};
/* Nothing that a boot loader's configuration gives a meaning to. */
const struct form form_kernel_word = {
	.what = "a word for the kernel's command line",
	.hint = "a text such as loglevel=7, without blanks, quotes, or any of $;&|<>{}#",
	.pattern = "^[A-Za-z0-9_.,:=/@%+*?!~^()-]+$",
};
const struct form form_overlay = {
	.what = "an overlay",
	.hint = "the name of a directory in overlays/",
	.pattern = FILE_NAME,
	.verify = verify_overlay,
};
const struct form form_hook = {
	.what = "a hook",
	.hint = "the name of an executable in hooks/",
	.pattern = FILE_NAME,
	.verify = verify_hook,
};
const struct form form_event = {.what = "event", .choice = event_at};
const struct form form_init = {.what = "init", .choice = init_at};
/* The methods of crypt(5) that are strong enough: yescrypt, scrypt, bcrypt, SHA-2. */
const struct form form_password_hash = {
	.what = "a password hash",
	.hint = "crypt(5)'s yescrypt, scrypt, bcrypt or SHA-2, as `mkpasswd` prints",
	.pattern = "^\\$(y|gy|7|2[aby]|6|5)\\$[./0-9A-Za-z$=,]{20,}$",
	.secret = true,
};
const struct form form_ssh_key = {
	.what = "an SSH public key",
	.hint = "a line of a .pub file, such as `ssh-ed25519 AAAA... name`",
	.pattern = "^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)|"
		   "sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\\.com)"
		   " +AAAA[A-Za-z0-9+/]+={0,3}( .*)?$",
	.longest = 16384,
};
const struct form form_platform = {.what = "platform", .choice = platform_at};
const struct form form_cloud_source = {.what = "source", .choice = cloud_source_at};
const struct form form_script = {.what = "a command", .lines = true, .longest = 65536};
const struct form form_expression = {
	.what = "a regular expression",
	.verify = verify_expression,
};
const struct form form_module = {
	.what = "a kernel module",
	.hint = "letters, digits, _ and -",
	.pattern = "^[A-Za-z0-9_-]+$",
};
const struct form form_path = {
	.what = "a path",
	.hint = "absolute, such as /usr/share/doc/*; * ? [ are wildcards",
	.pattern = "^/",
};
