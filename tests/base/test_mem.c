#include "base/mem.h"
#include "tests/test.h"

#include <string.h>

START_TEST(arena_memory_is_zeroed_and_aligned)
{
    cr_arena arena = {0};
    for (size_t n = 0; n < 20000; n = n * 3 + 1) {
        unsigned char *p = cr_arena_alloc(&arena, n);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xAA, n);
    }
    cr_arena_free(&arena);
    ck_assert_uint_eq(arena.total_bytes, 0);
}
END_TEST

START_TEST(a_large_object_does_not_waste_the_current_block)
{
    cr_arena arena = {0};
    char *a = cr_arena_alloc(&arena, 16);
    cr_arena_alloc(&arena, 100000);
    char *b = cr_arena_alloc(&arena, 16);
    ck_assert_ptr_eq(b, a + 16);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    cr_arena arena = {0};
    size_t n;
    ck_assert(!cr_size_mul(SIZE_MAX / 2, 3, &n));
    ck_assert(!cr_size_add(SIZE_MAX, 1, &n));
    ck_assert_ptr_null(cr_arena_array(&arena, SIZE_MAX / 4, 8));
    ck_assert_ptr_null(cr_arena_alloc(&arena, SIZE_MAX - 3));
    ck_assert_ptr_null(cr_alloc_aligned(SIZE_MAX - 3, 64));
    cr_arena_free(&arena);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(the_nth_allocation_can_fail)
{
    cr_test_fail_alloc(1);
    void *first = cr_alloc(8);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(cr_alloc(8));
    cr_test_fail_alloc(-1);
    cr_free(first);
}
END_TEST
#endif

START_TEST(what_no_machine_has_is_refused)
{
    ck_assert(cr_fits_machine(1));
    ck_assert(!cr_fits_machine(SIZE_MAX / 2));
    ck_assert_ptr_null(cr_alloc_aligned(SIZE_MAX / 2, 64));
}
END_TEST

START_TEST(printf_gives_the_whole_text)
{
    cr_arena arena = {0};
    ck_assert_str_eq(cr_arena_printf(&arena, "%s-%d", "layer", 12), "layer-12");
    cr_arena_free(&arena);
}
END_TEST

TEST_MAIN("base/mem", arena_memory_is_zeroed_and_aligned, a_large_object_does_not_waste_the_current_block,
          sizes_that_overflow_are_refused, what_no_machine_has_is_refused,
          printf_gives_the_whole_text TEST_ALLOC(the_nth_allocation_can_fail))
