/* The steps on a root that need no package: configure, overlay, clean. */
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "rootfs/changes.h"
#include "rootfs/rootfs.h"

enum { DAY = 24 * 60 * 60, EPOCH_DAY = 19500 };

static void make_file(const char *path, const char *text)
{
	struct error err = {0};
	cleanup_free char *parent = xstrndup(path, strrchr(path, '/') - path);

	assert_ok(directory_make(AT_FDCWD, parent, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, path, text, 0644, &err), &err);
}

static void assert_file(const char *path, const char *text)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 65536, &content, &err), &err);
	assert_string_equal(content.data, text);
}

static void assert_link(const char *path, const char *target)
{
	char found[256] = "";

	assert_true(readlink(path, found, sizeof(found) - 1) > 0);
	assert_string_equal(found, target);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

/* A root with accounts, systemd and apt in it, and a recipe for it. */
static struct recipe *begin(const char *recipe_text)
{
	struct recipe *recipe = NULL;
	struct error err = {0};

	assert_ok(tree_remove(AT_FDCWD, "root", &err), &err);
	assert_ok(tree_remove(AT_FDCWD, "overlays", &err), &err);
	make_file("root/etc/shadow", "root:x:20000:0:99999:7:::\napp:!:20000::::::\n");
	make_file("root/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:77:88::/:/bin/sh\n");
	make_file("root/etc/group", "root:x:0:\nstaff:x:99:app\n");
	make_file("root/usr/lib/systemd/systemd", "");
	make_file("root/etc/apt/apt.conf.d/keep", "");
	assert_int_equal(chmod("root/etc/shadow", 0640), 0);
	assert_int_equal(symlink("usr/lib", "root/lib"), 0);
	make_file("overlays/plain/etc/motd", "hello\n");
	cleanup_free char *text =
		xasprintf("name: box\nsuite: bookworm\narchitecture: amd64\n%s", recipe_text);
	make_file("./box.yaml", text);
	assert_ok(recipe_load("box.yaml", &recipe, &err), &err);
	return recipe;
}

static struct rootfs rootfs_of(const struct recipe *recipe)
{
	return (struct rootfs){
		.recipe = recipe,
		.root = "root",
		.epoch = EPOCH_DAY * DAY,
		.sources_list = "deb http://mirror.example/debian bookworm main\n",
	};
}

static void configure(const struct recipe *recipe)
{
	struct rootfs rootfs = rootfs_of(recipe);
	struct uuid uuid;
	struct error err = {0};

	assert_true(uuid_parse("1234abcd-bbbb-8ccc-8ddd-eeeeeeeeeeee", &uuid));
	struct image_partition partitions[] = {
		{.use = USE_ESP, .filesystem = "vfat", .filesystem_uuid = uuid},
		{.use = USE_SWAP, .filesystem = "swap", .filesystem_uuid = uuid},
		{.use = USE_DATA,
			.filesystem = "ext4",
			.filesystem_uuid = uuid,
			.mount = "/srv/web"},
		{.use = USE_DATA, .filesystem = "ext4", .filesystem_uuid = uuid},
		{.use = USE_ROOT, .filesystem = recipe->disk.root.text, .filesystem_uuid = uuid},
		{.use = USE_CHANGES, .filesystem = "ext4", .filesystem_uuid = uuid},
	};
	const struct image_layout layout = {
		.partitions = partitions,
		/* The last is of read-only roots. */
		.partition_count = 5 + text_equal(recipe->disk.changes.text, "persistent"),
	};
	assert_ok(rootfs_configure(&rootfs, &layout, &err), &err);
}

#define FSTAB_ROOT "UUID=1234abcd-bbbb-8ccc-8ddd-eeeeeeeeeeee\t/\text4\tdefaults\t0\t1\n"
#define FSTAB_OTHERS                                                        \
	"UUID=1234-ABCD\t/boot/efi\tvfat\tnoauto,umask=0077\t0\t0\n"        \
	"UUID=1234abcd-bbbb-8ccc-8ddd-eeeeeeeeeeee\tnone\tswap\tsw\t0\t0\n" \
	"UUID=1234abcd-bbbb-8ccc-8ddd-eeeeeeeeeeee\t/srv/web\text4\tdefaults\t0\t2\n"

static void test_configure_locks_by_default(void **state)
{
	cleanup_recipe struct recipe *recipe = begin("");

	(void)state;
	configure(recipe);
	assert_file("root/etc/hostname", "box\n");
	assert_file("root/etc/shadow", "root:*:20000:0:99999:7:::\napp:!:20000::::::\n");
	assert_int_equal(mode_of("root/etc/shadow"), 0640);
	assert_file("root/etc/fstab", FSTAB_ROOT FSTAB_OTHERS);
	assert_true(file_exists(AT_FDCWD, "root/srv/web"));
	assert_false(file_exists(AT_FDCWD, "root/" CHANGES_INIT));
	assert_file(
		"root/etc/apt/sources.list", "deb http://mirror.example/debian bookworm main\n");
	assert_link("root/etc/systemd/system/getty@.service", "/dev/null");
	assert_link("root/etc/systemd/system/serial-getty@.service", "/dev/null");
	assert_false(file_exists(AT_FDCWD, "root/root/.ssh"));
}

/* A root that is read-only is not mounted again; what is changed of it is seen to first. */
static void test_configure_read_only(void **state)
{
	cleanup_recipe struct recipe *kept = begin("disk: {root: squashfs, changes: persistent}\n");
	cleanup_free char *head = xstrdup("#!/bin/sh\nuuid=1234abcd-bbbb-8ccc-8ddd-eeeeeeeeeeee\n");
	cleanup_buffer struct buffer script = {0};
	struct error err = {0};

	(void)state;
	configure(kept);
	assert_file("root/etc/fstab", FSTAB_OTHERS);
	assert_ok(file_read(AT_FDCWD, "root/" CHANGES_INIT, 65536, &script, &err), &err);
	assert_true(text_starts(script.data, head));
	assert_int_equal(mode_of("root/" CHANGES_INIT), 0755);

	cleanup_recipe struct recipe *strict = begin("disk: {root: squashfs, changes: none}\n");
	configure(strict);
	assert_false(file_exists(AT_FDCWD, "root/" CHANGES_INIT));
}

static void test_configure_gives_access(void **state)
{
	cleanup_recipe struct recipe *recipe = begin(
		"access:\n"
		"  password-hash: $y$j9T$salt$abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG\n"
		"  ssh-keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAA me]\n"
		"  console-login: true\n");
	cleanup_buffer struct buffer shadow = {0};
	struct error err = {0};

	(void)state;
	configure(recipe);
	assert_ok(file_read(AT_FDCWD, "root/etc/shadow", 4096, &shadow, &err), &err);
	assert_true(text_starts(shadow.data, "root:$y$j9T$salt$"));
	assert_int_equal(mode_of("root/root/.ssh"), 0700);
	assert_int_equal(mode_of("root/root/.ssh/authorized_keys"), 0600);
	assert_false(file_exists(AT_FDCWD, "root/etc/systemd/system/getty@.service"));
	assert_false(file_exists(AT_FDCWD, "root/etc/systemd/system/getty@.service.d"));
}

static void test_configure_opens_the_console_without_a_password(void **state)
{
	cleanup_recipe struct recipe *recipe = begin("access: {console-login: true}\n");

	(void)state;
	configure(recipe);
	assert_true(file_exists(
		AT_FDCWD, "root/etc/systemd/system/serial-getty@.service.d/autologin.conf"));
	assert_file("root/etc/shadow", "root:*:20000:0:99999:7:::\napp:!:20000::::::\n");
}

static void test_overlay_merges_and_replaces(void **state)
{
	cleanup_recipe struct recipe *recipe = begin("overlays: [plain]\n");
	struct rootfs rootfs = rootfs_of(recipe);
	struct error err = {0};

	(void)state;
	make_file("root/etc/issue", "kept\n");
	make_file("root/secret/old", "kept\n");
	assert_int_equal(chmod("root/secret", 0700), 0);
	assert_int_equal(symlink("issue", "root/etc/motd"), 0);
	make_file("overlays/plain/secret/new", "new\n");
	make_file("overlays/plain/usr/bin/tool", "#!/bin/sh\n");
	assert_int_equal(chmod("overlays/plain/usr/bin/tool", 0775), 0);
	assert_int_equal(symlink("tool", "overlays/plain/usr/bin/alias"), 0);
	assert_ok(rootfs_overlay(&rootfs, &err), &err);
	assert_file("root/etc/motd", "hello\n");
	assert_file("root/etc/issue", "kept\n");
	assert_file("root/secret/old", "kept\n");
	assert_file("root/secret/new", "new\n");
	assert_int_equal(mode_of("root/secret"), 0700);
	assert_int_equal(mode_of("root/usr/bin/tool"), 0755);
	assert_link("root/usr/bin/alias", "tool");
}

/* Links of the root, relative or absolute, are the guest's: they never lead to the host's files. */
static void test_overlay_stays_inside(void **state)
{
	cleanup_recipe struct recipe *recipe = begin("overlays: [plain]\n");
	struct rootfs rootfs = rootfs_of(recipe);
	struct error err = {0};
	char here[4096];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	cleanup_free char *outside = xasprintf("%s/outside", here);
	assert_ok(directory_make(AT_FDCWD, "outside", &err), &err);
	cleanup_free char *inside = xasprintf("root%s", outside);
	assert_ok(directory_make(AT_FDCWD, inside, &err), &err);
	assert_int_equal(symlink(outside, "root/absolute"), 0);
	assert_int_equal(symlink("../../outside", "root/etc/climbing"), 0);
	assert_ok(directory_make(AT_FDCWD, "root/outside", &err), &err);
	make_file("overlays/plain/absolute/one", "1");
	make_file("overlays/plain/etc/climbing/two", "2");
	make_file("overlays/plain/lib/three", "3");
	assert_ok(rootfs_overlay(&rootfs, &err), &err);
	assert_false(file_exists(AT_FDCWD, "outside/one"));
	assert_false(file_exists(AT_FDCWD, "outside/two"));
	cleanup_free char *one = xasprintf("%s/one", inside);
	assert_file(one, "1");
	assert_file("root/outside/two", "2");
	assert_file("root/usr/lib/three", "3");
}

static void test_overlay_obeys_owners(void **state)
{
	cleanup_recipe struct recipe *recipe = begin("overlays: [plain]\n");
	struct rootfs rootfs = rootfs_of(recipe);
	struct error err = {0};
	struct stat status;

	(void)state;
	if (geteuid()) {
		puts("skip: only root may change owners");
		skip();
	}
	make_file("overlays/plain/.owners", "# comment\n\netc/motd app:staff 4750\n");
	assert_ok(rootfs_overlay(&rootfs, &err), &err);
	assert_int_equal(stat("root/etc/motd", &status), 0);
	assert_int_equal(status.st_uid, 77);
	assert_int_equal(status.st_gid, 99);
	assert_int_equal(status.st_mode & 07777, 04750);
	assert_false(file_exists(AT_FDCWD, "root/.owners"));
}

static void test_overlay_reports_bad_owners(void **state)
{
	static const struct {
		const char *line, *message;
	} bad[] = {
		{"etc/motd nobody:staff",
			"overlays/plain/.owners:1:1: the guest has no user `nobody`"},
		{"etc/motd app:nobody", "no group `nobody`"},
		{"etc/motd app", "expected PATH OWNER:GROUP"},
		{"etc/motd 0:0 9x", "`9x` is no mode"},
		{"etc/nothing 0:0", "/etc/nothing: No such file"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(bad); i++) {
		cleanup_recipe struct recipe *recipe = begin("overlays: [plain]\n");
		struct rootfs rootfs = rootfs_of(recipe);
		struct error err = {0};
		make_file("overlays/plain/.owners", bad[i].line);
		assert_fails(rootfs_overlay(&rootfs, &err), &err, STATUS_RECIPE, bad[i].message);
	}
}

static void test_clean_leaves_no_traces(void **state)
{
	cleanup_recipe struct recipe *recipe = begin("strip: [man-pages]\n");
	struct rootfs rootfs = rootfs_of(recipe);
	struct error err = {0};

	(void)state;
	make_file("root/usr/share/man/man1/a.1", "");
	make_file("root/usr/share/man/de/man1/a.1", "");
	make_file("root/usr/share/info/a", "kept\n");
	make_file("root/var/log/apt/term.log", "today\n");
	make_file("root/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	make_file("root/etc/ssh/ssh_host_rsa_key", "secret\n");
	make_file("root/etc/ssh/sshd_config", "kept\n");
	make_file("root/tmp/deep/er/file", "");
	make_file("root/etc/passwd-", "");
	assert_int_equal(symlink("/etc", "root/tmp/link"), 0);
	assert_ok(rootfs_clean(&rootfs, &err), &err);
	assert_true(file_exists(AT_FDCWD, "root/usr/share/man/man1"));
	assert_false(file_exists(AT_FDCWD, "root/usr/share/man/man1/a.1"));
	assert_false(file_exists(AT_FDCWD, "root/usr/share/man/de"));
	assert_file("root/usr/share/info/a", "kept\n");
	assert_true(file_exists(AT_FDCWD, "root/var/log/apt"));
	assert_false(file_exists(AT_FDCWD, "root/var/log/apt/term.log"));
	assert_file("root/etc/machine-id", "");
	assert_false(file_exists(AT_FDCWD, "root/etc/ssh/ssh_host_rsa_key"));
	assert_file("root/etc/ssh/sshd_config", "kept\n");
	assert_false(file_exists(AT_FDCWD, "root/tmp/deep"));
	assert_false(file_exists(AT_FDCWD, "root/tmp/link"));
	assert_true(file_exists(AT_FDCWD, "root/tmp"));
	assert_false(file_exists(AT_FDCWD, "root/etc/passwd-"));
	assert_file("root/etc/shadow", "root:x:19500:0:99999:7:::\napp:!:19500::::::\n");
}

/* What a partition that is mounted would hide. */
static void test_clean_wants_mount_points_empty(void **state)
{
	cleanup_recipe struct recipe *recipe =
		begin("disk: {partitions: [{use: data, size: 1M, mount: /srv/web}]}\n");
	const struct rootfs rootfs = rootfs_of(recipe);
	struct error err = {0};

	(void)state;
	assert_ok(rootfs_clean(&rootfs, &err), &err);
	make_file("root/srv/web/index.html", "");
	assert_int_equal(rootfs_clean(&rootfs, &err), -1);
	assert_true(text_starts(err.message, "box.yaml:4:50: /srv/web is not empty: the partition "
					     "would hide its `index.html`; mount it"));
	error_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configure_locks_by_default),
		cmocka_unit_test(test_configure_read_only),
		cmocka_unit_test(test_configure_gives_access),
		cmocka_unit_test(test_configure_opens_the_console_without_a_password),
		cmocka_unit_test(test_overlay_merges_and_replaces),
		cmocka_unit_test(test_overlay_stays_inside),
		cmocka_unit_test(test_overlay_obeys_owners),
		cmocka_unit_test(test_overlay_reports_bad_owners),
		cmocka_unit_test(test_clean_leaves_no_traces),
		cmocka_unit_test(test_clean_wants_mount_points_empty),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
