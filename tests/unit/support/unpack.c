#include "unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "rootfs/package-database.h"
#include "rootfs/unpack.h"

static const struct recipe *recipe;
char unpack_outside[4096];

int unpack_setup(void **state)
{
	struct error err = {0};
	struct recipe *loaded;

	if (enter_scratch(state))
		return -1;
	assert_ok(file_write_text(AT_FDCWD, "box.yaml",
			  "name: box\nsuite: bookworm\narchitecture: amd64\n", 0644, &err),
		&err);
	assert_ok(recipe_load("box.yaml", &loaded, &err), &err);
	recipe = loaded;
	return 0;
}

int unpack_begin(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(tree_remove(AT_FDCWD, "root", &err), &err);
	assert_ok(tree_remove(AT_FDCWD, "store", &err), &err);
	assert_ok(tree_remove(AT_FDCWD, "outside", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "root", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "store/packages", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "outside", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "outside/file", "mine\n", 0640, &err), &err);
	cleanup_free char *here = getcwd(NULL, 0);
	snprintf(unpack_outside, sizeof(unpack_outside), "%s/outside", here);
	return 0;
}

static void assert_outside_untouched(void)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};
	struct stat status;

	assert_ok(file_read(AT_FDCWD, "outside/file", 100, &content, &err), &err);
	assert_string_equal(content.data, "mine\n");
	assert_int_equal(stat("outside/file", &status), 0);
	assert_int_equal(status.st_nlink, 1);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(stat("outside", &status), 0);
	assert_int_equal(status.st_nlink, 2);
	assert_false(file_exists(AT_FDCWD, "outside/new"));
}

/* Unpacks them and writes the database. */
int unpack_all(const struct made *made, size_t count, struct error *err)
{
	struct store store = {.path = (char[]){"store"}};
	cleanup_unpack struct unpack unpack = {0};
	struct package packages[4] = {0};
	char sha256[4][65];
	struct package_list list = {packages, count, count};
	cleanup_fd int root = open("root", O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < count; i++) {
		make_deb(&made[i]);
		fake_sha256(made[i].name, sha256[i]);
		packages[i] = (struct package){
			.name = made[i].name,
			.version = "1",
			.architecture = "all",
			.sha256 = sha256[i],
			.installed_size = made[i].installed_size,
			.control = "",
		};
	}
	int result = unpack_packages(&list, &store, recipe, root, &unpack, err);
	if (!result)
		result = package_database_write(&unpack, root, err);
	assert_outside_untouched();
	return result;
}
