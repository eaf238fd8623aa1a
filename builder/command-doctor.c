#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/size.h"
#include "boot/boot.h"
#include "command.h"
#include "sandbox/foreign.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

enum state { STATE_OK, STATE_WARNING, STATE_MISSING };

static const char *const state_names[] = {"ok", "warning", "missing"};

struct finding {
	const char *name;
	enum state state;
	char *detail; /* owned */
	char *remedy; /* NULL: there is nothing to do; owned */
};

struct examination {
	const struct store *store;
	enum sandbox_mode mode; /* as far as `enterable` */
	bool enterable;
	vector(struct finding) findings;
	struct words packages; /* that are missing for a build */
};

/* What a program or file of the host is needed for. */
enum need { NEED_BUILD, NEED_UNPRIVILEGED, NEED_TEST };

/* With a '/': a file; else a program. */
static const struct {
	const char *name, *package;
	enum need need;
} tools[] = {
	{"debootstrap", "debootstrap", NEED_BUILD},
	{"gpgv", "gpgv", NEED_BUILD},
	{"/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring", NEED_BUILD},
	{"grub-mkimage", "grub-common", NEED_BUILD},
	{"/usr/lib/grub/i386-pc/boot.img", "grub-pc-bin", NEED_BUILD},
	{"depmod", "kmod", NEED_BUILD},
	{"mkfs.fat", "dosfstools", NEED_BUILD},
	{"mmd", "mtools", NEED_BUILD},
	{"mcopy", "mtools", NEED_BUILD},
	{"newuidmap", "uidmap", NEED_UNPRIVILEGED},
	{"newgidmap", "uidmap", NEED_UNPRIVILEGED},
	{"/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf", NEED_TEST},
	{"linux.uml", "user-mode-linux", NEED_TEST},
	{"lxc-start", "lxc", NEED_TEST},
	{"systemd-nspawn", "systemd-container", NEED_TEST},
	{"runc", "runc", NEED_TEST},
	{"umoci", "umoci", NEED_TEST},
	{"skopeo", "skopeo", NEED_TEST},
};

enum { SPACE_WANTED_GIB = 4, MEMORY_WANTED_MIB = 1024 };

static struct finding *add(struct examination *examination, const char *name, enum state state)
{
	struct finding *finding = vector_add(&examination->findings);

	finding->name = name;
	finding->state = state;
	return finding;
}

static void check_mode(struct examination *examination)
{
	struct error why = {0};
	bool good = !sandbox_detect(&examination->mode, &why);
	struct finding *finding = add(examination, "privileges", good ? STATE_OK : STATE_MISSING);

	examination->enterable = good;
	if (!good) {
		finding->detail = xstrdup(why.message);
	} else if (examination->mode == SANDBOX_CHROOT) {
		finding->state = STATE_WARNING;
		finding->detail = xstrdup("chroot: root that may not mount or unshare");
		finding->remedy = xstrdup("scripts of packages see no /proc and can use the "
					  "network; better run jeos as an ordinary user");
	} else {
		finding->detail = xstrdup(sandbox_mode_name(examination->mode));
	}
	error_release(&why);
}

static char *ranges_text(const char *what, const struct id_ranges *ranges)
{
	struct buffer text = {0};

	buffer_text(&text, what);
	vector_for_each (range, ranges)
		buffer_printf(&text, " %lu-%lu", range->start, range->start + range->count - 1);
	return text.data;
}

static void check_ids(struct examination *examination)
{
	cleanup_identity struct identity identity = {0};
	struct error why = {0};

	if (!geteuid())
		return;
	bool good = !identity_load(&identity, &why);
	struct finding *finding =
		add(examination, "subordinate ids", good ? STATE_OK : STATE_MISSING);
	if (good) {
		cleanup_free char *users = ranges_text("users", &identity.users);
		cleanup_free char *groups = ranges_text("groups", &identity.groups);
		finding->detail = xasprintf("%s, %s", users, groups);
	} else {
		finding->detail = xstrdup(why.message);
	}
	error_release(&why);
}

static int try_overlay(void *context, struct error *err)
{
	const struct examination *examination = context;

	if (sandbox_can_overlay(examination->mode, examination->store->path))
		return 0;
	return error_set(err, STATUS_MISSING, "cannot be mounted over %s; layers are copied",
		examination->store->path);
}

static void check_overlay(struct examination *examination)
{
	struct error why = {0};

	if (!examination->enterable)
		return;
	bool good = !sandbox_enter(examination->mode, try_overlay, examination, &why);
	struct finding *finding = add(examination, "overlayfs", good ? STATE_OK : STATE_WARNING);
	finding->detail = xstrdup(good ? "layers are shared" : why.message);
	error_release(&why);
}

/* Tried with one that no processor runs beside another. */
static void check_foreign(struct examination *examination)
{
	const char *name = text_equal(architecture_native()->name, "s390x") ? "ppc64el" : "s390x";
	struct error why = {0};
	enum sandbox_mode mode = examination->mode;

	if (!examination->enterable)
		return;
	bool good = !foreign_mode(architecture_find(name), &mode, &why);
	struct finding *finding =
		add(examination, "other architectures", good ? STATE_OK : STATE_WARNING);
	finding->detail =
		good ? xasprintf("their scripts run emulated (%s)", sandbox_mode_name(mode))
		     : xstrdup(why.message);
	error_release(&why);
}

static void check_kvm(struct examination *examination)
{
	struct kvm_probe probe;

	kvm_probe(&probe);
	struct finding *finding = add(examination, "kvm", probe.usable ? STATE_OK : STATE_WARNING);
	finding->detail = xasprintf(
		"%s%s", probe.reason, probe.usable ? "" : "; guests are emulated, more slowly");
}

static void check_tool(
	struct examination *examination, const char *name, const char *package, enum need need)
{
	cleanup_free char *path = strchr(name, '/') ? xstrdup(name) : program_find(name);
	bool found = path && file_exists(AT_FDCWD, path);

	if (need == NEED_UNPRIVILEGED && !geteuid())
		return;
	struct finding *finding = add(examination, strchr(name, '/') ? package : name,
		found                 ? STATE_OK
		: (need == NEED_TEST) ? STATE_WARNING
				      : STATE_MISSING);
	if (found) {
		finding->detail = steal_pointer(&path);
		return;
	}
	finding->detail = xasprintf(
		"%s not found%s", name, need == NEED_TEST ? "; `jeos test` needs it" : "");
	finding->remedy = xasprintf("as root: apt-get install %s", package);
	if (need != NEED_TEST && !words_contain(&examination->packages, package))
		vector_push(&examination->packages, package);
}

static void check_tools(struct examination *examination)
{
	const struct architecture *native = architecture_native();

	for (size_t i = 0; i < array_count(tools); i++)
		check_tool(examination, tools[i].name, tools[i].package, tools[i].need);
	if (native)
		check_tool(examination, native->emulator, native->emulator_package, NEED_TEST);
}

static void check_room(struct examination *examination)
{
	struct statfs status = {0};
	struct sysinfo memory = {0};
	char text[32];

	statfs(examination->store->path, &status);
	uint64_t space = (uint64_t)status.f_bavail * status.f_bsize;
	bool enough = space >= SPACE_WANTED_GIB * GIB;
	struct finding *finding = add(examination, "space", enough ? STATE_OK : STATE_WARNING);
	finding->detail = xasprintf(
		"%s free in %s", size_format(space, text, sizeof(text)), examination->store->path);
	if (!enough)
		finding->remedy = xasprintf("a build may need %d GiB; --store DIR chooses "
					    "another place",
			SPACE_WANTED_GIB);

	sysinfo(&memory);
	uint64_t total = (uint64_t)memory.totalram * memory.mem_unit;
	enough = total >= (uint64_t)MEMORY_WANTED_MIB * MIB;
	finding = add(examination, "memory", enough ? STATE_OK : STATE_WARNING);
	finding->detail = xstrdup(size_format(total, text, sizeof(text)));
	if (!enough)
		finding->remedy = xasprintf("%d MiB are comfortable", MEMORY_WANTED_MIB);
}

static void print_text(const struct examination *examination)
{
	vector_for_each (finding, &examination->findings) {
		printf("%-8s %-24s %s\n", state_names[finding->state], finding->name,
			finding->detail);
		if (finding->remedy)
			printf("%-8s %-24s -> %s\n", "", "", finding->remedy);
	}
}

static void print_json(const struct examination *examination, bool good)
{
	json_t *checks = json_array();

	vector_for_each (finding, &examination->findings)
		json_array_append_new(
			checks, json_pack("{s:s, s:s, s:s, s:s?}", "name", finding->name, "state",
					state_names[finding->state], "detail", finding->detail,
					"remedy", finding->remedy));
	json_t *object = json_pack("{s:b, s:o}", "ok", good, "checks", checks);
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	puts(line);
}

static int conclude(const struct examination *examination, struct error *err)
{
	cleanup_buffer struct buffer packages = {0};

	for (size_t i = 0; i < examination->packages.count; i++)
		buffer_printf(&packages, " %s", examination->packages.items[i]);
	if (packages.length)
		return error_set(err, STATUS_MISSING,
			"this host cannot build yet; as root: apt-get install%s", packages.data);
	vector_for_each (finding, &examination->findings)
		if (finding->state == STATE_MISSING)
			return error_set(err, STATUS_MISSING, "this host cannot build yet: %s",
				finding->detail);
	return 0;
}

static void release(struct examination *examination)
{
	vector_for_each (finding, &examination->findings) {
		free(finding->detail);
		free(finding->remedy);
	}
	vector_release(&examination->findings);
	vector_release(&examination->packages);
}

static int run(const struct arguments *arguments, struct error *err)
{
	cleanup(release) struct examination examination = {0};
	cleanup_store struct store store = {0};

	if (store_open(arguments->store, &store, err))
		return -1;
	examination.store = &store;
	check_mode(&examination);
	check_ids(&examination);
	check_overlay(&examination);
	check_foreign(&examination);
	check_kvm(&examination);
	check_tools(&examination);
	check_room(&examination);
	int result = conclude(&examination, err);
	if (arguments->json)
		print_json(&examination, !result);
	else
		print_text(&examination);
	return result;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "say what this host can do, and what to install or allow",
	.help = "Exits with 6 when something is missing that a build needs; warnings are about "
		"speed and tests.",
	.run = run,
};
