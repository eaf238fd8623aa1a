/* The strip rules themselves: what each name stands for. */
#include "strip.h"

#define PATTERNS(...)                           \
	(const char *const[])                   \
	{                                       \
		__VA_ARGS__ __VA_OPT__(, ) NULL \
	}

const struct strip_rule strip_rules[] = {
	{
		.name = "documentation",
		.summary = "documentation and lint overrides; copyright files stay",
		.packaged = true,
		.patterns = PATTERNS("/usr/share/doc/*", "!/usr/share/doc/*/copyright",
			"/usr/share/doc-base/*", "/usr/share/gtk-doc/*", "/usr/share/help/*",
			"/usr/share/lintian/*", "/usr/share/bug/*"),
	},
	{
		.name = "man-pages",
		.summary = "manual pages",
		.packaged = true,
		/* The sections themselves (man1) stay: update-alternatives puts links there. */
		.patterns = PATTERNS("/usr/share/man/*/*", "/usr/share/man/??",
			"/usr/share/man/??[_.@]*", "/var/cache/man/*"),
	},
	{
		.name = "info",
		.summary = "GNU info pages",
		.packaged = true,
		.patterns = PATTERNS("/usr/share/info/*"),
	},
	{
		.name = "locales",
		.summary = "translated messages; the C.UTF-8 locale stays",
		.packaged = true,
		.patterns = PATTERNS("/usr/share/locale/*", "!/usr/share/locale/locale.alias"),
	},
	{
		.name = "hardware-database",
		.summary = "udev's database of hardware names",
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/udev/hwdb.d/*", "/usr/lib/udev/hwdb.bin"),
	},
	{
		.name = "python-caches",
		.summary = "compiled Python files",
		.packaged = true,
		.patterns = PATTERNS("*/__pycache__", "*/__pycache__/*", "*.pyc"),
	},
	{
		.name = "apt-lists",
		.summary = "package indices; `apt update` fetches them again",
		.keep_directories = true,
		.patterns = PATTERNS("/var/lib/apt/lists/*"),
	},
	{
		.name = "apt-caches",
		.summary = "downloaded packages and apt's own caches",
		.keep_directories = true,
		.patterns = PATTERNS("/var/cache/apt/*"),
	},
	{
		.name = STRIP_KERNEL_MODULES,
		.summary = "kernel modules that no chosen platform needs",
		.patterns = PATTERNS(),
	},
	{
		.name = "logs",
		.summary = "log files",
		.always = true,
		.keep_directories = true,
		.patterns = PATTERNS("/var/log/*"),
	},
	{
		.name = "machine-id",
		.summary = "the machine's identity; made at first boot",
		.always = true,
		.patterns = PATTERNS("/etc/machine-id", "/var/lib/dbus/machine-id"),
	},
	{
		.name = "host-keys",
		.summary = "SSH host keys; made at first boot",
		.always = true,
		.patterns = PATTERNS("/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub"),
	},
	{
		.name = "leftovers",
		.summary = "temporary files, backups and random seeds of the build",
		.always = true,
		.patterns = PATTERNS("/tmp/*", "/var/tmp/*", "/run/*", "/root/.cache*",
			"/root/.*_history", "/etc/passwd-", "/etc/group-", "/etc/shadow-",
			"/etc/gshadow-", "/etc/subuid-", "/etc/subgid-", "/etc/.pwd.lock",
			"/etc/*.dpkg-old", "/var/lib/dpkg/*-old", "/var/cache/debconf/*-old",
			"/var/cache/ldconfig/aux-cache", "/var/lib/systemd/random-seed",
			"/var/lib/systemd/credential.secret", "/var/lib/dhcp/*.leases"),
	},
	{
		.name = "wireless",
		.summary = "wireless networking: firmware, regulatory data, rfkill",
		.always = true,
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/crda/*", "/usr/lib/firmware/regulatory.db*",
			"/usr/lib/firmware/iwlwifi*", "/usr/lib/firmware/ath*",
			"/usr/lib/firmware/rtlwifi/*", "/usr/lib/firmware/rtw8*",
			"/usr/lib/firmware/mediatek/*", "/usr/lib/firmware/brcm/*",
			"/usr/lib/systemd/systemd-rfkill",
			"/usr/lib/systemd/system/systemd-rfkill.*"),
	},
	{
		.name = "sound",
		.summary = "sound: device rules, ALSA data, firmware",
		.always = true,
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/udev/rules.d/60-persistent-alsa.rules",
			"/usr/lib/udev/rules.d/78-sound-card.rules",
			"/usr/lib/udev/rules.d/90-alsa-restore.rules", "/usr/share/alsa/*",
			"/usr/share/sounds/*", "/usr/lib/systemd/*/sound.target",
			"/usr/lib/firmware/intel/sof*", "/usr/lib/udev/hwdb.d/70-av-*",
			"/usr/lib/udev/hwdb.d/70-sound-card.hwdb"),
	},
	{
		.name = "bluetooth",
		.summary = "Bluetooth: targets, firmware",
		.always = true,
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/systemd/*/bluetooth.target",
			"/usr/lib/udev/hwdb.d/20-bluetooth*", "/usr/lib/firmware/rtl_bt/*",
			"/usr/lib/firmware/qca/*", "/usr/lib/firmware/intel/ibt*"),
	},
	{
		.name = "pcmcia",
		.summary = "PCMCIA cards",
		.always = true,
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/udev/rules.d/*pcmcia*", "/usr/lib/udev/pcmcia*",
			"/usr/lib/firmware/cis/*"),
	},
	{
		.name = "usb-peripherals",
		.summary = "rules for cameras, joysticks, security keys and the like",
		.always = true,
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/udev/fido_id", "/usr/lib/udev/v4l_id",
			"/usr/lib/udev/rules.d/60-autosuspend.rules",
			"/usr/lib/udev/rules.d/60-fido-id.rules",
			"/usr/lib/udev/rules.d/60-persistent-v4l.rules",
			"/usr/lib/udev/rules.d/60-sensor.rules",
			"/usr/lib/udev/rules.d/70-camera.rules",
			"/usr/lib/udev/rules.d/70-joystick.rules",
			"/usr/lib/udev/rules.d/70-touchpad.rules",
			"/usr/lib/udev/rules.d/*usb_modeswitch*", "/usr/lib/udev/hwdb.d/20-usb-*",
			"/usr/lib/udev/hwdb.d/60-autosuspend*"),
	},
	{
		.name = "graphics",
		.summary = "graphics cards: device rules, firmware, desktop pictures",
		.always = true,
		.packaged = true,
		.patterns = PATTERNS("/usr/lib/udev/rules.d/60-drm.rules",
			"/usr/lib/firmware/amdgpu/*", "/usr/lib/firmware/i915/*",
			"/usr/lib/firmware/nvidia/*", "/usr/lib/firmware/radeon/*",
			"/usr/share/icons/*", "/usr/share/pixmaps/*"),
	},
};

const size_t strip_rule_count = array_count(strip_rules);
