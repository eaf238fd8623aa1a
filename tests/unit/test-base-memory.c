/* Allocation, arenas and vectors. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

static void arena_gives_zeroed_aligned_memory(void **state)
{
	static const size_t sizes[] = {0, 1, 7, 16, 4096, 65536, 65537, 1 << 20, 3};
	struct arena arena = {0};
	unsigned char *blocks[array_count(sizes)];

	(void)state;
	for (size_t i = 0; i < array_count(sizes); i++) {
		blocks[i] = arena_alloc(&arena, sizes[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(blocks[i][j], 0);
		memset(blocks[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < array_count(sizes); i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(blocks[i][j], i + 1);
	arena_release(&arena);
	assert_null(arena.blocks);
}

static void arena_texts(void **state)
{
	struct arena arena = {0};
	char source[] = "changes later";
	char *copy = arena_strdup(&arena, source);

	(void)state;
	source[0] = 'X';
	assert_string_equal(copy, "changes later");
	assert_string_equal(arena_strdup(&arena, ""), "");
	assert_string_equal(arena_printf(&arena, "%s-%04x", "id", 0xbeef), "id-beef");
	arena_release(&arena);
}

static void vector_grows_and_keeps_its_items(void **state)
{
	vector(struct {
		unsigned value;
		const char *text;
	}) many = {0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		typeof(many.items) item = vector_add(&many);
		assert_int_equal(item->value, 0);
		assert_null(item->text);
		item->value = i;
		item->text = "x";
	}
	assert_int_equal(many.count, 1000);
	unsigned expected = 0;
	vector_for_each (item, &many)
		assert_int_equal(item->value, expected++);
	assert_int_equal(expected, 1000);
	vector_release(&many);
	assert_null(many.items);
	assert_int_equal(many.count + many.capacity, 0);
}

static void vector_room_is_zeroed_after_a_removal(void **state)
{
	vector(int) numbers = {0};

	(void)state;
	vector_push(&numbers, 7);
	vector_push(&numbers, 8);
	numbers.count--;
	assert_int_equal(*vector_add(&numbers), 0);
	vector_release(&numbers);
}

static void empty_vector_is_walked_zero_times(void **state)
{
	vector(int) none = {0};
	unsigned visits = 0;

	(void)state;
	vector_for_each (item, &none)
		visits += 1 + (unsigned)*item;
	assert_int_equal(visits, 0);
}

static void take_impossible_block(void)
{
	xrealloc(NULL, SIZE_MAX / 2, 4);
}

static void take_impossible_arena_block(void)
{
	struct arena arena = {0};

	arena_alloc(&arena, SIZE_MAX - 8);
}

static void impossible_sizes_abort(void **state)
{
	void (*const attempts[])(void) = {take_impossible_block, take_impossible_arena_block};

	(void)state;
	for (size_t i = 0; i < array_count(attempts); i++) {
		pid_t pid = fork();
		int status;
		if (!pid) {
			signal(SIGABRT, SIG_DFL);
			attempts[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(arena_texts),
		cmocka_unit_test(vector_grows_and_keeps_its_items),
		cmocka_unit_test(vector_room_is_zeroed_after_a_removal),
		cmocka_unit_test(empty_vector_is_walked_zero_times),
		cmocka_unit_test(impossible_sizes_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
