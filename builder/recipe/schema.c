#include "schema.h"

#include <stddef.h>

#include "base/size.h"

enum { DAY = 24 * 3600 * 1000 };

#define SIZE_OF(type, member) sizeof(((type *)0)->member)
#define FIELD(member) \
	.offset = offsetof(struct recipe, member), .width = SIZE_OF(struct recipe, member)
#define CHECK(member)                                    \
	.offset = offsetof(struct recipe_check, member), \
	.width = SIZE_OF(struct recipe_check, member)

#define REPOSITORY(member)                                    \
	.offset = offsetof(struct recipe_repository, member), \
	.width = SIZE_OF(struct recipe_repository, member)

static const struct key repository_keys[] = {
	{"mirror", VALUE_TEXT, "Its URL.", .form = &form_mirror, .required = true,
		REPOSITORY(mirror)},
	{"suite", VALUE_TEXT, "Its suite.", .form = &form_suite, .required = true,
		REPOSITORY(suite)},
	{"components", VALUE_LIST, "Components of it.", .fallback = "main", .form = &form_component,
		REPOSITORY(components)},
	{"keyring", VALUE_TEXT, "File of the keys that its signature is checked with.",
		.form = &form_keyring, .required = true, REPOSITORY(keyring)},
	{0},
};

#define PROPERTY(member)                                    \
	.offset = offsetof(struct recipe_property, member), \
	.width = SIZE_OF(struct recipe_property, member)

static const struct key property_keys[] = {
	{"key", VALUE_TEXT, "Its name.", .form = &form_property, .required = true, PROPERTY(key)},
	{"type", VALUE_TEXT, "What values it takes.", .fallback = "string",
		.form = &form_property_type, PROPERTY(type)},
	{"value", VALUE_TEXT, "Its value unless it is set.", .form = &form_property_value,
		PROPERTY(value)},
	{"label", VALUE_TEXT, "What it is called for people.", .form = &form_text, PROPERTY(label)},
	{"description", VALUE_TEXT, "What it is for.", .form = &form_lines, PROPERTY(description)},
	{0},
};

static const struct key appliance_keys[] = {
	{"vendor", VALUE_TEXT, "Who makes it.", .form = &form_text, FIELD(appliance.vendor)},
	{"vendor-url", VALUE_TEXT, "The vendor's web page.", .form = &form_url,
		FIELD(appliance.vendor_url)},
	{"url", VALUE_TEXT, "Its own web page.", .form = &form_url, FIELD(appliance.url)},
	{"annotation", VALUE_TEXT, "What those who deploy it should know. Default: the summary.",
		.form = &form_lines, FIELD(appliance.annotation)},
	{"eula", VALUE_TEXT, "File of the licence that they must accept.", .form = &form_eula,
		FIELD(appliance.eula)},
	{"memory", VALUE_SIZE, "Memory it asks for. Default: that of its tests.", .least = 16 * MIB,
		.most = 1024 * GIB, .multiple = MIB, FIELD(appliance.memory)},
	{"processors", VALUE_NUMBER, "Processors it asks for. Default: those of its tests.",
		.least = 1, .most = 64, FIELD(appliance.processors)},
	{"properties", VALUE_ITEMS, "What may be set when it is deployed.", .keys = property_keys,
		.item = sizeof(struct recipe_property), FIELD(appliance.properties)},
	{0},
};

static const struct key container_keys[] = {
	{"command", VALUE_TEXT,
		"What it runs, a command of the guest's shell. Default: the service or the init.",
		.form = &form_script, FIELD(container.command)},
	{"environment", VALUE_LIST, "Variables of it, each NAME=VALUE.", .form = &form_variable,
		FIELD(container.environment)},
	{"ports", VALUE_LIST, "Ports that it serves: NUMBER, NUMBER/tcp or NUMBER/udp.",
		.form = &form_port, FIELD(container.ports)},
	{0},
};

static const struct key access_keys[] = {
	{"password-hash", VALUE_TEXT, "Root's password, as a hash of crypt(5). Default: locked.",
		.form = &form_password_hash, FIELD(access.password_hash)},
	{"ssh-keys", VALUE_LIST, "Public keys that may log in as root over SSH.",
		.form = &form_ssh_key, FIELD(access.ssh_keys)},
	{"console-login", VALUE_BOOLEAN,
		"Whether the consoles ask for a login; without a password hash root needs none.",
		.fallback = "false", FIELD(access.console_login)},
	{0},
};

#define PARTITION(member)                                    \
	.offset = offsetof(struct recipe_partition, member), \
	.width = SIZE_OF(struct recipe_partition, member)

static const struct key partition_keys[] = {
	{"use", VALUE_TEXT, "What it is for.", .form = &form_use, .required = true, PARTITION(use)},
	{"size", VALUE_TEXT,
		"A size, a share such as 25%, content or content+SIZE, or rest. Default: the "
		"use's.",
		.form = &form_extent, PARTITION(size)},
	{"label", VALUE_TEXT, "Its name. Default: what it is for, or mounted on.",
		.form = &form_label, PARTITION(label)},
	{"filesystem", VALUE_TEXT, "Of a data partition. Default: ext4.",
		.form = &form_data_filesystem, PARTITION(filesystem)},
	{"mount", VALUE_TEXT, "Where the guest mounts a data partition.", .form = &form_mount,
		PARTITION(mount)},
	{0},
};

static const struct key disk_keys[] = {
	{"size", VALUE_SIZE,
		"What the guest sees, or content: what the partitions take. The file is as small "
		"as its data.",
		.fallback = "2G", .word = "content", .least = 64 * MIB, .most = 16384 * GIB,
		.multiple = MIB, .position = offsetof(struct recipe, disk.size_at),
		FIELD(disk.size)},
	{"firmware", VALUE_FLAGS, "What it boots with. Default: all that the architecture has.",
		.form = &form_firmware, FIELD(disk.firmware)},
	{"table", VALUE_TEXT, "Its partition table: gpt, mbr, or none.", .fallback = "gpt",
		.form = &form_table, FIELD(disk.table)},
	{"root", VALUE_TEXT, "Filesystem of the root.", .fallback = "ext4",
		.form = &form_filesystem, FIELD(disk.root)},
	{"changes", VALUE_TEXT,
		"What becomes of what the guest changes of a read-only root: volatile, persistent, "
		"none. Default: volatile.",
		.form = &form_changes, FIELD(disk.changes)},
	{"verity", VALUE_BOOLEAN, "Whether each block of a read-only root is checked when read.",
		.fallback = "false", FIELD(disk.verity)},
	{"partitions", VALUE_ITEMS, "Partitions beside, or other than, the usual ones.",
		.keys = partition_keys, .item = sizeof(struct recipe_partition),
		FIELD(disk.partitions)},
	{"base", VALUE_TEXT,
		"File of an image: qcow2 images of this one record only how they differ from it.",
		.form = &form_base_image, FIELD(disk.base)},
	{"formats", VALUE_LIST, "What is made of it, a file each. Default: those of the platforms.",
		.form = &form_format, FIELD(disk.formats)},
	{"compression", VALUE_TEXT, "Of the data in qcow2 images: none, zlib or zstd.",
		.fallback = "none", .form = &form_compression, FIELD(disk.compression)},
	{"compression-level", VALUE_NUMBER,
		"How hard to try: 1 to 12 for zlib, to 19 for zstd; 0: the usual level.",
		.fallback = "0", .most = 19,
		.position = offsetof(struct recipe, disk.compression_level_at),
		FIELD(disk.compression_level)},
	{"cluster-size", VALUE_SIZE,
		"Of qcow2 images: a power of two; by default 64K, or 256K with zstd and no base.",
		.least = 512, .most = 2 * MIB, .multiple = 512,
		.position = offsetof(struct recipe, disk.cluster_size_at),
		FIELD(disk.cluster_size)},
	{0},
};

static const struct key kernel_keys[] = {
	{"config", VALUE_TEXT,
		"cloud or generic: the distribution's; guest: built for the platforms; a path: "
		"built from that configuration; none. Default: cloud where it has the drivers.",
		.form = &form_kernel, FIELD(kernel.config)},
	{"add", VALUE_LIST, "More fragments of kernel-configs/ for a kernel that is built.",
		.form = &form_fragment, FIELD(kernel.add)},
	{"package", VALUE_TEXT, "File of a kernel package to install in place of them.",
		.form = &form_kernel_package, FIELD(kernel.package)},
	{"command-line", VALUE_LIST, "More words for the kernel's command line.",
		.form = &form_kernel_word, FIELD(kernel.command_line)},
	{0},
};

#define WITHIN                                                                                   \
	"within", VALUE_DURATION, "How long the check may take.", .fallback = "60s", .least = 1, \
								  .most = DAY, CHECK(within)

static const struct key run_keys[] = {
	{"command", VALUE_TEXT, "A command of the guest's shell.", .form = &form_script,
		.required = true, CHECK(text)},
	{"status", VALUE_NUMBER, "The exit status it must have.", .fallback = "0", .most = 255,
		CHECK(exit_status)},
	{"output", VALUE_TEXT, "An extended regular expression that its output must match.",
		.form = &form_expression, CHECK(output)},
	{WITHIN},
	{0},
};

static const struct key console_keys[] = {
	{"text", VALUE_TEXT, "What the serial console must show.", .form = &form_text,
		.required = true, CHECK(text)},
	{WITHIN},
	{0},
};

static const struct key port_keys[] = {
	{"number", VALUE_NUMBER, "A TCP port of the guest.", .required = true, .least = 1,
		.most = 65535, CHECK(number)},
	{"answer", VALUE_TEXT, "What the first bytes it sends must be.", .form = &form_text,
		CHECK(answer)},
	{WITHIN},
	{0},
};

static const struct key survives_keys[] = {
	{"event", VALUE_TEXT, "migration, snapshot or suspend.", .form = &form_event,
		.required = true, CHECK(text)},
	{"port", VALUE_NUMBER, "A TCP port of the guest that must go on answering.", .least = 1,
		.most = 65535, CHECK(number)},
	{WITHIN},
	{0},
};

static const struct key growth_keys[] = {
	{"size", VALUE_SIZE, "What the disk is enlarged to.", .required = true, .least = 64 * MIB,
		.most = 16384 * GIB, .multiple = MIB, CHECK(number)},
	{WITHIN},
	{0},
};

static const struct key balloon_keys[] = {
	{"size", VALUE_SIZE, "What it must make do with.", .required = true, .least = MIB,
		.multiple = MIB, CHECK(number)},
	{WITHIN},
	{0},
};

static const struct key content_keys[] = {
	{"packages", VALUE_LIST, "Names of packages.", .form = &form_package_name, CHECK(packages)},
	{"modules", VALUE_LIST, "Names of kernel modules.", .form = &form_module, CHECK(modules)},
	{"files", VALUE_LIST, "Absolute paths; may have wildcards.", .form = &form_path,
		CHECK(files)},
	{0},
};

const struct key check_keys[] = {
	[CHECK_RUN] = {"run", VALUE_MAPPING, "A command in the guest: its status and output.",
		.keys = run_keys, .scalar = true},
	[CHECK_CONSOLE] = {"console", VALUE_MAPPING, "A text on the serial console.",
		.keys = console_keys, .scalar = true},
	[CHECK_PORT] = {"port", VALUE_MAPPING, "A TCP port that answers.", .keys = port_keys,
		.scalar = true},
	[CHECK_ABSENT] = {"absent", VALUE_MAPPING, "What must not be in the guest.",
		.keys = content_keys},
	[CHECK_PRESENT] = {"present", VALUE_MAPPING, "What must be in the guest.",
		.keys = content_keys},
	[CHECK_MEMORY_USED] = {"memory-used", VALUE_SIZE, "The most memory in use after boot.",
		.least = MIB, CHECK(number)},
	[CHECK_ROOT_GROWS] = {"root-grows", VALUE_MAPPING,
		"With the disk enlarged to this size, the root fills it after boot.",
		.keys = growth_keys, .scalar = true},
	[CHECK_SURVIVES] = {"survives", VALUE_MAPPING,
		"What its host does to it, after which it goes on.", .keys = survives_keys,
		.scalar = true},
	[CHECK_BALLOON] = {"balloon", VALUE_MAPPING,
		"It makes do with less of its memory, then takes back the rest.",
		.keys = balloon_keys, .scalar = true},
	{0},
};

static const struct key cloud_keys[] = {
	{"source", VALUE_TEXT,
		"What tells it: a volume, nocloud or OpenStack's config-drive; or a metadata "
		"service, as that of ec2, openstack or gce.",
		.form = &form_cloud_source, .required = true, FIELD(test.cloud.source)},
	{"hostname", VALUE_TEXT, "The host name it is given.", .form = &form_name,
		FIELD(test.cloud.hostname)},
	{"ssh-keys", VALUE_LIST, "Public keys that it is given for root.", .form = &form_ssh_key,
		FIELD(test.cloud.ssh_keys)},
	{"user-data", VALUE_TEXT, "A script, or what else its configuration understands.",
		.form = &form_script, FIELD(test.cloud.user_data)},
	{0},
};

static const struct key test_keys[] = {
	{"memory", VALUE_SIZE, "Memory of the guest.", .fallback = "256M", .least = 16 * MIB,
		.most = 1024 * GIB, .multiple = MIB, FIELD(test.memory)},
	{"processors", VALUE_NUMBER, "Processors of the guest.", .fallback = "1", .least = 1,
		.most = 64, FIELD(test.processors)},
	{"ready-within", VALUE_DURATION, "How long the guest may take to boot.", .fallback = "120s",
		.least = 1, .most = DAY, FIELD(test.ready_within)},
	{"cloud", VALUE_MAPPING, "What the guest is told at its first boot, as by a cloud.",
		.keys = cloud_keys},
	{"checks", VALUE_CHECKS, "What must be true of the running guest.", .keys = check_keys,
		FIELD(test.checks)},
	{0},
};

const struct key recipe_keys[] = {
	{"name", VALUE_TEXT, "Name of the appliance, its files and its host.", .required = true,
		.form = &form_name, FIELD(name)},
	{"version", VALUE_TEXT, "Version of the appliance, part of its files' names.",
		.fallback = "0", .form = &form_version, FIELD(version)},
	{"summary", VALUE_TEXT, "What the appliance is, in one line.", .form = &form_text,
		FIELD(summary)},
	{"from", VALUE_TEXT,
		"The recipe to inherit: NAME for NAME.yaml beside this one or in recipes/, or a "
		"path.",
		.form = &form_recipe},
	{"suite", VALUE_TEXT, "The distribution's release, such as bookworm.", .required = true,
		.form = &form_suite, FIELD(suite)},
	{"architecture", VALUE_TEXT, "Debian's name of it. Default: this machine's.",
		.form = &form_architecture, FIELD(architecture)},
	{"mirror", VALUE_TEXT, "URL of the package archive. Default: what this machine uses.",
		.form = &form_mirror, FIELD(mirror)},
	{"snapshot", VALUE_TEXT,
		"The mirror as it was then, if it keeps history: YYYYMMDD or YYYYMMDDTHHMMSSZ.",
		.form = &form_snapshot, FIELD(snapshot)},
	{"keyring", VALUE_TEXT,
		"File of the keys that the archive's signature is checked with. Default: the "
		"suite's.",
		.form = &form_keyring, FIELD(keyring)},
	{"frozen", VALUE_BOOLEAN,
		"The release as it is, without its updates, those for security included.",
		.fallback = "false", FIELD(frozen)},
	{"components", VALUE_LIST, "Components of the archive.", .fallback = "main",
		.form = &form_component, FIELD(components)},
	{"repositories", VALUE_ITEMS, "More package archives, each with keys of its own.",
		.keys = repository_keys, .item = sizeof(struct recipe_repository),
		FIELD(repositories)},
	{"bootstrap", VALUE_TEXT, "How the root is made; the trees are equal.", .fallback = "fast",
		.form = &form_bootstrap, FIELD(bootstrap)},
	{"base", VALUE_TEXT, "The base system, which every package may count on.",
		.fallback = "minbase", .form = &form_base, FIELD(base)},
	{"packages", VALUE_LIST,
		"Packages to install beside the base system: NAME, NAME=VERSION, NAME/SUITE, "
		"NAME:ARCHITECTURE; of alternatives, A | B, the first that the archive has.",
		.form = &form_package, FIELD(packages)},
	{"without", VALUE_LIST,
		"Packages that must not be installed; the build fails when something needs one.",
		.form = &form_package_name, FIELD(without)},
	{"recommends", VALUE_BOOLEAN, "Whether the packages bring what they recommend.",
		.fallback = "false", FIELD(recommends)},
	{"debconf", VALUE_LIST, "Answers to what packages ask: OWNER QUESTION TYPE VALUE.",
		.form = &form_debconf, FIELD(debconf)},
	{"strip", VALUE_LIST, "Rules that say which files the image goes without.",
		.form = &form_strip, FIELD(strip)},
	{"keep", VALUE_LIST, "Inherited strip rules that do not apply here.", .form = &form_strip,
		FIELD(keep)},
	{"sealed", VALUE_BOOLEAN,
		"Whether the image goes without package management and what it does not run.",
		.fallback = "false", FIELD(sealed)},
	{"kernel", VALUE_MAPPING, "The kernel of the guest.", .keys = kernel_keys, .scalar = true},
	{"init", VALUE_TEXT, "What the guest starts with: systemd, or busybox and one service.",
		.fallback = "systemd", .form = &form_init, FIELD(init)},
	{"service", VALUE_TEXT, "The service of `init: minimal`: a command of the guest's shell.",
		.form = &form_script, FIELD(service)},
	{"overlays", VALUE_LIST, "Directories of overlays/ to copy over the root, in order.",
		.form = &form_overlay, FIELD(overlays)},
	{"hooks", VALUE_LIST, "Executables of hooks/ to run in the root, in order.",
		.form = &form_hook, FIELD(hooks)},
	{"hook-timeout", VALUE_DURATION, "How long each hook may run.", .fallback = "10m",
		.least = 1, .most = DAY, FIELD(hook_timeout)},
	{"hook-network", VALUE_BOOLEAN, "Whether hooks may use the network.", .fallback = "false",
		FIELD(hook_network)},
	{"hostname", VALUE_TEXT, "Host name of the guest. Default: the recipe's name.",
		.form = &form_name, FIELD(hostname)},
	{"access", VALUE_MAPPING, "Who may log in as root. Default: nobody.", .keys = access_keys},
	{"disk", VALUE_MAPPING, "The disk of the appliance.", .keys = disk_keys},
	{"platforms", VALUE_LIST,
		"What it must run on: decides drivers, formats and how it is tested.",
		.fallback = "kvm", .form = &form_platform, FIELD(platforms)},
	{"appliance", VALUE_MAPPING, "What those who deploy it are told of it.",
		.keys = appliance_keys},
	{"container", VALUE_MAPPING, "How it runs as a container.", .keys = container_keys},
	{"test", VALUE_MAPPING, "How the appliance is booted and checked by `jeos test`.",
		.keys = test_keys},
	{0},
};
