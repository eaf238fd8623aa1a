#include "sandbox/foreign.h"

#include <dirent.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sandbox/elf-probe.h"

static int mount_binfmt(int *ret_directory, struct error *err)
{
	cleanup_fd int context = fsopen("binfmt_misc", FSOPEN_CLOEXEC);

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return error_errno(err, errno, "mounting binfmt_misc");
	int directory = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (directory < 0)
		return error_errno(err, errno, "mounting binfmt_misc");
	*ret_directory = directory;
	return 0;
}

/* By it entries of this process namespace are told from those of a container's. */
static unsigned long namespace_id(void)
{
	struct stat status = {0};

	stat("/proc/self/ns/pid", &status);
	return status.st_ino;
}

/*
 * Walks over the entries of builds, from here that is of their process namespace, for the
 * architecture; those whose build was killed before it could, it removes. Whether there are others.
 */
static bool is_lent(int binfmt, const struct architecture *architecture)
{
	cleanup_free char *prefix = xasprintf("jeos-%s-%lu-", architecture->name, namespace_id());
	int fd = openat(binfmt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_directory DIR *names = fd < 0 ? NULL : fdopendir(fd);
	struct error ignored = {0};
	struct dirent *entry;
	bool found = false;

	while (names && (entry = readdir(names))) {
		if (!text_starts(entry->d_name, prefix))
			continue;
		bool left = kill((pid_t)strtol(entry->d_name + strlen(prefix), NULL, 10), 0) &&
			    errno == ESRCH;
		if (left && file_tell(binfmt, entry->d_name, "-1", &ignored))
			error_release(&ignored);
		found = found || !left;
	}
	return found;
}

static uint16_t order16(const struct elf_kind *elf, uint16_t value)
{
	return elf->data == ELFDATA2MSB ? htobe16(value) : htole16(value);
}

static void add_bytes(struct buffer *line, const uint8_t *bytes, size_t count)
{
	buffer_text(line, ":");
	for (size_t i = 0; i < count; i++)
		buffer_printf(line, "\\x%02x", bytes[i]);
}

/*
 * The kernel opens the emulator now (F), so that it need not be in the guest's root; programs keep
 * the name they were called by (P), and set-user-ID works (C).
 */
static char *binfmt_line(
	const char *name, const struct architecture *architecture, const char *emulator)
{
	const struct elf_kind *elf = &architecture->elf;
	uint16_t types = order16(elf, ET_EXEC), machine = order16(elf, elf->machine);
	uint16_t type_mask = order16(elf, 0xffff & ~(ET_EXEC ^ ET_DYN));
	uint8_t magic[20] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, elf->class, elf->data, EV_CURRENT};
	uint8_t mask[20] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct buffer line = {0};

	memcpy(magic + offsetof(Elf32_Ehdr, e_type), &types, sizeof(types));
	memcpy(mask + offsetof(Elf32_Ehdr, e_type), &type_mask, sizeof(type_mask));
	memcpy(magic + offsetof(Elf32_Ehdr, e_machine), &machine, sizeof(machine));
	memset(mask + offsetof(Elf32_Ehdr, e_machine), 0xff, sizeof(machine));
	buffer_printf(&line, ":%s:M:", name);
	add_bytes(&line, magic, sizeof(magic));
	add_bytes(&line, mask, sizeof(mask));
	buffer_printf(&line, ":%s:FPC", emulator);
	return line.data;
}

static int add_entry(const struct architecture *architecture, const char *emulator,
	struct foreign *foreign, struct error *err)
{
	cleanup_free char *name =
		xasprintf("jeos-%s-%lu-%d", architecture->name, namespace_id(), getpid());
	cleanup_free char *line = binfmt_line(name, architecture, emulator);

	if (file_tell(foreign->binfmt, "register", line, err))
		return -1;
	foreign->entry = steal_pointer(&name);
	if (!elf_runs(&architecture->elf))
		return error_set(
			err, STATUS_MISSING, "%s is registered, but runs no program", emulator);
	return 0;
}

/* In a user namespace what is mounted is empty, and hides what the host has registered. */
static int enable(
	const struct architecture *architecture, struct foreign *foreign, struct error *err)
{
	cleanup_free char *emulator = program_find(architecture->user_emulator);
	cleanup(error_release) struct error unmounted = {0};
	bool mounted = !mount_binfmt(&foreign->binfmt, &unmounted);

	/* Entries of other builds end with them. */
	if (elf_runs(&architecture->elf) && !(mounted && is_lent(foreign->binfmt, architecture)))
		return 0;
	if (!emulator)
		return error_set(err, STATUS_MISSING,
			"program `%s` not found; as root run: apt-get install qemu-user-static",
			architecture->user_emulator);
	if (!mounted)
		return error_set(err, STATUS_MISSING,
			"%s; user namespaces have it since Linux 6.7; for older ones, as root on "
			"the host itself: apt-get install qemu-user-static binfmt-support",
			unmounted.message);
	return add_entry(architecture, emulator, foreign, err);
}

int foreign_enable(
	const struct architecture *architecture, struct foreign *ret_foreign, struct error *err)
{
	cleanup_foreign struct foreign foreign = {0};

	if (architecture != architecture_native() && enable(architecture, &foreign, err))
		return error_wrap(err, "running programs of %s", architecture->name);
	*ret_foreign = foreign;
	foreign = (struct foreign){0};
	return 0;
}

void foreign_release(struct foreign *foreign)
{
	struct error ignored = {0};

	if (foreign->entry && file_tell(foreign->binfmt, foreign->entry, "-1", &ignored))
		error_release(&ignored);
	if (foreign->binfmt > 0)
		close(foreign->binfmt);
	free(foreign->entry);
	*foreign = (struct foreign){0};
}

static int try_enabling(void *context, struct error *err)
{
	cleanup_foreign struct foreign foreign = {0};

	return foreign_enable(context, &foreign, err);
}

int foreign_mode(
	const struct architecture *architecture, enum sandbox_mode *mode, struct error *err)
{
	enum sandbox_mode usual = *mode;

	if (architecture == architecture_native())
		return 0;
	*mode = SANDBOX_USER;
	if (!sandbox_enter(*mode, try_enabling, (void *)architecture, err))
		return 0;
	if (usual == SANDBOX_USER || err->status == STATUS_INTERRUPTED)
		return -1;
	error_release(err);
	*mode = usual;
	return sandbox_enter(usual, try_enabling, (void *)architecture, err);
}
