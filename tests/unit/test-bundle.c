/* Bundles, each judged by programs that read such files: tar, openssl, xmllint, qemu-img, skopeo,
 * umoci, jq. */
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/bundle.h"
#include "image/format.h"
#include "support/filesystem.h"
#include "support/scratch.h"

enum { SIZE = 64 * MIB };

static const struct appliance_hardware vmware = {"vmx-10", "pvscsi", "vmxnet3"};
static const struct appliance_property properties[] = {
	{"admin_mail", "string", "root@guest.example", "Mail", "Who gets <mail> & \"more\"\nlines"},
	{"debug", "boolean", NULL, NULL, NULL},
};

static const char *const serve[] = {"/bin/sh", "-c", "exec serve \"$PORT\"", NULL};
static const char *const environment[] = {"PORT=80", NULL};
static const char *const ports[] = {"80", "53/udp", NULL};

/* Texts with all that XML, JSON and VMX give a meaning to. */
static struct appliance make_appliance(void)
{
	return (struct appliance){
		.name = "it-1.0-amd64",
		.product = "it",
		.version = "1.0",
		.summary = "one & <two> \"three\" | four",
		.vendor = "V\xc3\xb6ndor <& Sons>",
		.vendor_url = "https://vendor.example/?a=b&c=d",
		.eula = "Line <one>\n\nLine & \"two\" \x01\xff\n",
		.properties = properties,
		.property_count = array_count(properties),
		.architecture = "amd64",
		.memory = 256 * MIB,
		.processors = 2,
		.hardware = &vmware,
		.command = serve,
		.environment = environment,
		.ports = ports,
		.command_line = "root=PARTUUID=0 ro console=ttyS0",
		.disk = {"it-1.0-amd64.img", "raw", true},
		.kernel_file = "it-1.0-amd64.vmlinux",
		.initrd_file = "it-1.0-amd64.initrd.img",
	};
}

/* Where tests begin; they go into directories of their own. */
static char *scratch;

static int setup(void **state)
{
	struct error err = {0};

	if (enter_scratch(state))
		return -1;
	scratch = getcwd(NULL, 0);
	assert_int_equal(mkdir("work", 0700), 0);
	assert_ok(directory_make(AT_FDCWD, "tree/etc", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "tree/boot/grub", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "tree/dev", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "tree/usr/lib/modules/6.1", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "tree/etc/fstab", "a disk\n", 0600, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "tree/boot/grub/a", "a", 0644, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "tree/usr/file", "a", 04755, &err), &err);
	assert_int_equal(link("tree/usr/file", "tree/usr/second"), 0);
	assert_int_equal(symlink("file", "tree/usr/link"), 0);
	return 0;
}

static int write_to(
	const char *name, const char *path, const struct appliance *appliance, struct error *err)
{
	static const struct buffer nothing, kernel = {.data = (char *)"a kernel", .length = 8};
	cleanup_fd int tree = open("tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct image_contents contents = {
		.tree = tree, .appliance = appliance, .kernel = &kernel, .initrd = &nothing};
	struct layout_request request = {.size = SIZE, .seed = "seed", .root = "ext4"};
	struct image_layout layout;
	struct arena arena = {0};
	size_t culprit;

	assert_true(uuid_parse("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", &request.root_type));
	assert_ok(layout_make(&request, &arena, &layout, &culprit, err), err);
	layout.epoch = test_epoch;
	int result = image_write(&layout, &contents, name, path, "work", err);
	arena_release(&arena);
	return result;
}

/* Makes the file in an empty directory, and goes there. */
static void make(const char *name, const char *file, const struct appliance *appliance)
{
	cleanup_free char *path = xasprintf("%s/%s", name, file);
	struct error err = {0};

	assert_int_equal(mkdir(name, 0755), 0);
	assert_ok(write_to(name, path, appliance, &err), &err);
	assert_int_equal(chdir(name), 0);
}

/* A judgement in the shell's words. */
static char *judge(const char *command)
{
	return run_program("sh", "-ec", command, NULL);
}

static void assert_says(const char *command, const char *expected)
{
	cleanup_free char *said = judge(command);

	if (strcmp(said, expected))
		fail_msg("%s: it is not '%s' but '%s'", command, expected, said);
}

static void test_ova(void **state)
{
	const struct appliance appliance = make_appliance();

	(void)state;
	need_program("xmllint");
	need_program("qemu-img");
	make("ova", "it.ova", &appliance);
	assert_says(
		"tar -tf it.ova", "it-1.0-amd64.ovf\nit-1.0-amd64-disk1.vmdk\nit-1.0-amd64.mf\n");
	free(judge("tar -xf it.ova; sed 's/SHA256(\\(.*\\))= \\(.*\\)/\\2  \\1/' *.mf |"
		   " sha256sum --quiet --strict -c -"));
	cleanup_free char *rules = xasprintf("xmllint --noout --relaxng "
					     "%s/tests/fixtures/ovf.rng it-1.0-amd64.ovf 2>&1",
		getenv("JEOS_TOP"));
	free(judge(rules));
	assert_says(
		"xmllint --xpath 'string(//*[local-name()=\"File\"]/@*[local-name()=\"size\"])' "
		"*.ovf >said; stat -c %s *.vmdk | cmp - said",
		"");
	assert_says("xmllint --xpath 'string(//*[local-name()=\"License\"])' *.ovf",
		"Line <one>\n\nLine & \"two\" ??\n\n");
}

/* The disk inside is the disk; its end is where the next member begins. */
static void test_ova_holds_the_disk(void **state)
{
	const struct appliance appliance = make_appliance();
	struct error err = {0};

	(void)state;
	need_program("qemu-img");
	make("ova", "it.ova", &appliance);
	assert_int_equal(chdir(".."), 0);
	assert_ok(write_to("raw", "ova/disk.img", &appliance, &err), &err);
	free(judge("cd ova; tar -xf it.ova; qemu-img compare -f raw disk.img *.vmdk"));
	assert_ok(write_to("vmdk-stream", "ova/disk.vmdk", &appliance, &err), &err);
	free(judge("cd ova; cmp disk.vmdk it-1.0-amd64-disk1.vmdk"));
}

static void test_ova_is_signed(void **state)
{
	struct appliance appliance = make_appliance();

	(void)state;
	need_program("openssl");
	free(judge("openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 9"
		   " -subj /CN=Vendor 2>&1; cat key.pem cert.pem >both.pem; chmod 600 both.pem"));
	appliance.certificate = "both.pem";
	make("ova", "it.ova", &appliance);
	assert_says("tar -tf it.ova | tail -n 1", "it-1.0-amd64.cert\n");
	assert_says(
		"tar -xf it.ova; sed -n '1s/^SHA256(it-1.0-amd64.mf)= //p' *.cert | tr a-f A-F |"
		" tr -d '\\n' | basenc --base16 -d >signature;"
		" openssl x509 -in it-1.0-amd64.cert -pubkey -noout >public.pem;"
		" openssl dgst -sha256 -verify public.pem -signature signature *.mf",
		"Verified OK\n");
	assert_says("grep -c PRIVATE *.cert || true", "0\n");
}

static void test_ova_with_a_bad_certificate(void **state)
{
	struct appliance appliance = make_appliance();
	struct error err = {0};

	(void)state;
	need_program("openssl");
	appliance.certificate = "none.pem";
	assert_int_equal(mkdir("ova", 0755), 0);
	assert_fails(write_to("ova", "ova/it.ova", &appliance, &err), &err, STATUS_FAILED,
		"signing with none.pem: openssl");
	assert_says("ls -A ova", "");
}

static void test_gce(void **state)
{
	const struct appliance appliance = make_appliance();
	struct error err = {0};

	(void)state;
	make("gce", "it.tar.gz", &appliance);
	assert_int_equal(chdir(".."), 0);
	assert_ok(write_to("raw", "gce/is.img", &appliance, &err), &err);
	free(judge("cd gce; tar -xzf it.tar.gz; cmp disk.raw is.img; gzip -dc it.tar.gz >it.tar"));
	assert_says("tar -tf gce/it.tar", "disk.raw\n");
	assert_says("cd gce; head -c 265 it.tar | tail -c 8 | tr -d '\\0'", "ustar  ");
	assert_true(system("test $(stat -c %b gce/disk.raw) -lt 60000") == 0);
}

static void test_oci(void **state)
{
	const struct appliance appliance = make_appliance();

	(void)state;
	need_program("skopeo");
	need_program("jq");
	make("oci", "it.oci.tar", &appliance);
	assert_says(
		"skopeo inspect --config oci-archive:it.oci.tar |"
		" jq -cs '.[0] | .architecture, .config.Cmd, .config.ExposedPorts, .config.Env[1]'",
		"\"amd64\"\n[\"/bin/sh\",\"-c\",\"exec serve \\\"$PORT\\\"\"]\n"
		"{\"53/udp\":{},\"80/tcp\":{}}\n\"PORT=80\"\n");
	assert_says("skopeo inspect oci-archive:it.oci.tar | jq -r '.Labels[\"org.opencontainers."
		    "image.vendor\"]'",
		"V\xc3\xb6ndor <& Sons>\n");
}

static void test_oci_unpacked(void **state)
{
	const struct appliance appliance = make_appliance();

	(void)state;
	need_program("umoci");
	make("oci", "it.oci.tar", &appliance);
	free(judge("mkdir layout; tar -C layout -xf it.oci.tar"));
	free(judge("umoci unpack $([ $(id -u) = 0 ] || echo --rootless) --image layout:1.0 out"));
	assert_says("cd out/rootfs; find . -printf '%P %M %n %l\\n' | sort",
		" drwxr-xr-x 6 \n"
		"boot drwxr-xr-x 2 \n"
		"dev drwxr-xr-x 2 \n"
		"etc drwxr-xr-x 2 \n"
		"etc/fstab -rw-r--r-- 1 \n"
		"usr drwxr-xr-x 3 \n"
		"usr/file -rwsr-xr-x 2 \n"
		"usr/lib drwxr-xr-x 2 \n"
		"usr/link lrwxrwxrwx 1 file\n"
		"usr/second -rwsr-xr-x 2 \n");
}

/* What has no device manager brings its nodes along. */
static void test_openvz(void **state)
{
	const struct appliance appliance = make_appliance();

	(void)state;
	make("openvz", "it.tar.gz", &appliance);
	assert_says(
		"tar --numeric-owner -tvzf it.tar.gz | awk '/dev\\/[ncu]/ { print $1, $3, $6 }'",
		"crw-rw-rw- 1,3 dev/null\ncrw-rw-rw- 1,9 dev/urandom\ncrw------- 5,1 "
		"dev/console\n");
	assert_says("tar -xzOf it.tar.gz etc/fstab", "# What is mounted is the host's choice.\n");
	assert_says("tar -tzf it.tar.gz | grep -e boot/. -e modules || true", "");
}

static void test_wsl(void **state)
{
	const struct appliance appliance = make_appliance();

	(void)state;
	make("wsl", "it.wsl", &appliance);
	assert_says("tar -xzOf it.wsl etc/wsl.conf etc/wsl-distribution.conf",
		"[boot]\nsystemd = false\n[oobe]\ndefaultUid = 0\ndefaultName = it\n");
}

static void test_lxc_meta(void **state)
{
	const struct appliance appliance = make_appliance();

	(void)state;
	make("lxc-meta", "meta.tar.xz", &appliance);
	assert_says("tar -xJOf meta.tar.xz config | tail -n 2",
		"lxc.include = LXC_TEMPLATE_CONFIG/common.conf\nlxc.arch = amd64\n");
}

static void test_configurations(void **state)
{
	struct appliance appliance = make_appliance();

	(void)state;
	need_program("jq");
	need_program("virt-xml-validate");
	make("firecracker", "it.json", &appliance);
	assert_says("jq -c '[.\"boot-source\".kernel_image_path, .drives[0].path_on_host, "
		    ".\"machine-config\".mem_size_mib, .\"boot-source\".boot_args]' it.json",
		"[\"it-1.0-amd64.vmlinux\",\"it-1.0-amd64.img\",256,"
		"\"root=PARTUUID=0 ro console=ttyS0\"]\n");
	assert_int_equal(chdir(".."), 0);
	appliance.disk = (struct appliance_disk){"it.ext4", "ext4", false};
	make("xl", "it.cfg", &appliance);
	assert_says("grep cmdline it.cfg", "cmdline = \"root=/dev/xvda ro console=ttyS0\"\n");
	assert_int_equal(chdir(".."), 0);
	make("cloud-hypervisor", "it.sh", &appliance);
	free(judge("sh -n it.sh; grep -q 'root=/dev/vda ro' it.sh"));
	assert_int_equal(chdir(".."), 0);
	make("libvirt", "it.xml", &appliance);
	free(judge("sed \"s|file=\\\"|&$PWD/|\" it.xml >there.xml; virt-xml-validate there.xml "
		   "domain"));
	assert_says(
		"xmllint --xpath 'string(/domain/title)' it.xml", "one & <two> \"three\" | four\n");
	assert_int_equal(chdir(".."), 0);
	make("vmx", "it.vmx", &appliance);
	assert_says("grep -e annotation -e virtualDev it.vmx | head -n 3",
		"annotation = \"one & <two> |22three|22 |7C four\"\nscsi0.virtualDev = \"pvscsi\"\n"
		"ethernet0.virtualDev = \"vmxnet3\"\n");
}

/* A kernel that needs no initramfs gets one with nothing in it. */
static void test_initrd(void **state)
{
	const struct appliance appliance = make_appliance();
	struct error err = {0};

	(void)state;
	make("initrd", "initrd.img", &appliance);
	assert_int_equal(chdir(".."), 0);
	assert_says(
		"cd initrd; bsdtar -tf initrd.img 2>/dev/null || cpio -t <initrd.img 2>/dev/null ||"
		" busybox cpio -t <initrd.img 2>/dev/null",
		"");
	assert_fails(write_to("vmlinux", "vmlinux", &appliance, &err), &err, STATUS_FAILED,
		"no kernel: neither bzImage nor ELF");
	assert_int_equal(access("vmlinux", F_OK), -1);
}

static void test_twice_the_same(void **state)
{
	static const char *const names[] = {"ova", "oci", "gce", "wsl", "openvz", "lxc-meta"};
	const struct appliance appliance = make_appliance();
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		assert_ok(write_to(names[i], "first", &appliance, &err), &err);
		assert_ok(write_to(names[i], "second", &appliance, &err), &err);
		free(run_program("cmp", "first", "second", NULL));
	}
}

static int teardown(void **state)
{
	free(scratch);
	return leave_scratch(state);
}

static int clean(void **state)
{
	(void)state;
	assert_int_equal(chdir(scratch), 0);
	free(judge("rm -rf ova gce oci openvz wsl lxc-meta"));
	return 0;
}

#define test(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_ova),
		test(test_ova_holds_the_disk),
		test(test_ova_is_signed),
		test(test_ova_with_a_bad_certificate),
		test(test_gce),
		test(test_oci),
		test(test_oci_unpacked),
		test(test_openvz),
		test(test_wsl),
		test(test_lxc_meta),
		test(test_configurations),
		test(test_initrd),
		test(test_twice_the_same),
	};

	return cmocka_run_group_tests_name("bundle", tests, setup, teardown);
}
