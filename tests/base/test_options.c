#include "base/options.h"
#include "tests/test.h"

typedef struct options {
    size_t struct_size;
    long a, b;
} options;

START_TEST(shorter_and_longer_structs_are_copied)
{
    options ours;
    options older = {.struct_size = offsetof(options, b), .a = 1, .b = 2};
    ck_assert(cr_copy_options(&ours, sizeof ours, &older));
    ck_assert_int_eq(ours.a, 1);
    ck_assert_int_eq(ours.b, 0);
    struct {
        options known;
        long c;
    } newer = {{sizeof newer, 3, 4}, 5};
    ck_assert(cr_copy_options(&ours, sizeof ours, &newer));
    ck_assert_int_eq(ours.a, 3);
    ck_assert_int_eq(ours.b, 4);
}
END_TEST

START_TEST(no_struct_is_all_zero)
{
    options ours = {0, 1, 2};
    ck_assert(cr_copy_options(&ours, sizeof ours, NULL));
    ck_assert_uint_eq(ours.struct_size, sizeof ours);
    ck_assert_int_eq(ours.a, 0);
    ck_assert_int_eq(ours.b, 0);
}
END_TEST

START_TEST(a_size_that_is_not_set_is_refused)
{
    options ours;
    ck_assert(!cr_copy_options(&ours, sizeof ours, &(options){0, 1, 2}));
    ck_assert(!cr_copy_options(&ours, sizeof ours, &(options){(size_t)-1, 1, 2}));
}
END_TEST

TEST_MAIN("base/options", shorter_and_longer_structs_are_copied, no_struct_is_all_zero,
          a_size_that_is_not_set_is_refused)
