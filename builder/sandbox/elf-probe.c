#include "sandbox/elf-probe.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"

/*
 * A program that ends by a fault at its first instruction, which is nowhere:
 *
 *     ELF header | one program header, which maps these 4 KiB
 */
enum { PROBE_SIZE = 4096, PROBE_ADDRESS = 0x100000 };

/* A number of the file, of `size` bytes; none for 0. */
struct field {
	unsigned size;
	uint64_t value;
};

static void write_fields(
	const struct elf_kind *elf, const struct field *fields, size_t count, uint8_t *to)
{
	for (size_t i = 0; i < count; to += fields[i++].size)
		for (unsigned byte = 0; byte < fields[i].size; byte++)
			to[elf->data == ELFDATA2LSB ? byte : fields[i].size - 1 - byte] =
				(uint8_t)(fields[i].value >> 8 * byte);
}

static int write_probe(const struct elf_kind *elf)
{
	bool wide = elf->class == ELFCLASS64;
	unsigned word = wide ? 8 : 4;
	unsigned header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	uint8_t program[PROBE_SIZE] = {
		ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, elf->class, elf->data, EV_CURRENT};
	const struct field fields[] = {
		{2, ET_EXEC},
		{2, elf->machine},
		{4, EV_CURRENT},
		{word, 0}, /* the entry */
		{word, header},
		{word, 0},
		{4, elf->flags},
		{2, header},
		{2, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)},
		{2, 1},
		{6, 0}, /* sections */
		{4, PT_LOAD},
		{wide ? 4 : 0, PF_R | PF_X},
		{word, 0},
		{word, PROBE_ADDRESS},
		{word, PROBE_ADDRESS},
		{word, PROBE_SIZE},
		{word, PROBE_SIZE},
		{wide ? 0 : 4, PF_R | PF_X},
		{word, PROBE_SIZE},
	};
	cleanup_fd int fd = memfd_create("probe", 0);

	write_fields(elf, fields, array_count(fields), program + EI_NIDENT);
	if (fd < 0 || write(fd, program, sizeof(program)) != sizeof(program))
		return -1;
	return steal_fd(&fd);
}

/* Executes it in a root where there is nothing else, as none of the host's files are in a guest's.
 * What it says is of no interest; that it could not be executed comes through the pipe. */
static void execute_probe(int program, int failure)
{
	char name[] = "probe", *const arguments[] = {name, NULL};
	const struct rlimit none = {0, 0};
	int null = open("/dev/null", O_RDWR);
	char failed = 1;

	setrlimit(RLIMIT_CORE, &none);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (!chroot("/proc/self/fdinfo"))
		fexecve(program, arguments, arguments + 1);
	if (write(failure, &failed, 1) != 1)
		_exit(1);
	_exit(0);
}

bool elf_runs(const struct elf_kind *elf)
{
	cleanup_fd int program = write_probe(elf);
	int failure[2];
	char failed;

	if (program < 0 || pipe2(failure, O_CLOEXEC))
		return false;
	cleanup_fd int read_end = failure[0];
	cleanup_fd int write_end = failure[1];
	pid_t pid = fork();
	if (pid < 0)
		return false;
	if (!pid)
		execute_probe(program, write_end);
	close(steal_fd(&write_end));
	bool good = !read(read_end, &failed, 1); /* closed by the execution */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return good;
}
