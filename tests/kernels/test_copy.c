#include "kernels/copy.h"
#include "tests/test.h"

#include <string.h>

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

// Every value of the target after the copy, those outside it included, against a plain loop.
static void check_copy(const cr_copy *nest, int64_t from_size, int64_t to_size)
{
    float *from = cr_alloc((size_t)from_size * sizeof *from);
    float *to = cr_alloc((size_t)to_size * sizeof *to), *want = cr_alloc((size_t)to_size * sizeof *want);
    for (int64_t i = 0; i < from_size; i++)
        from[i] = (float)i;
    for (int64_t i = 0; i < to_size; i++)
        to[i] = want[i] = -1;
    int64_t n = 1;
    for (int i = 0; i < nest->rank; i++)
        n *= nest->dim[i];
    for (int64_t at = 0; at < n; at++) {
        int64_t rest = at, f = 0, t = 0;
        for (int i = nest->rank - 1; i >= 0; i--) {
            f += rest % nest->dim[i] * nest->from_step[i];
            t += rest % nest->dim[i] * nest->to_step[i];
            rest /= nest->dim[i];
        }
        if (f >= from_size || t >= to_size) // ck_assert writes to a file, which is slow in a loop
            ck_abort_msg("the nest of the test itself is wrong");
        want[t] = from[f];
    }
    cr_copy c = *nest;
    c.from = from;
    c.to = to;
    static cr_pool *pool; // one for all copies of a test: starting threads takes longer than a copy
    if (!pool)
        ck_assert_int_eq(cr_pool_create(&pool, 2, NULL), CREMA_OK);
    cr_copy_run(&c, pool);
    for (int64_t i = 0; i < to_size; i++)
        if (to[i] != want[i])
            ck_abort_msg("value %lld is %g, not %g", (long long)i, (double)to[i], (double)want[i]);
    cr_free(from);
    cr_free(to);
    cr_free(want);
}

// The target's axis i is the source's axis order[i]; margins make both parts of larger tensors.
static void check_permute(int rank, const int64_t *dim, const int *order, int64_t margin)
{
    int64_t step[CR_MAX_RANK], from_size = 1, to_size = 1;
    cr_copy c = {.rank = rank};
    for (int i = rank - 1; i >= 0; i--) {
        step[i] = from_size;
        from_size *= dim[i] + margin;
    }
    for (int i = rank - 1; i >= 0; i--) {
        c.dim[i] = dim[order[i]];
        c.from_step[i] = step[order[i]];
        c.to_step[i] = to_size;
        to_size *= c.dim[i] + margin;
    }
    check_copy(&c, from_size, to_size);
}

START_TEST(rows_of_any_length)
{
    static const int64_t n[] = {1, 2, 15, 16, 17, 1000, 16383, 16384, 16385, 50000};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        check_permute(1, (int64_t[]){n[i]}, (int[]){0}, 0);
        check_permute(2, (int64_t[]){3, n[i]}, (int[]){0, 1}, 1);
        check_permute(3, (int64_t[]){2, 3, n[i]}, (int[]){1, 0, 2}, 0);
    }
}
END_TEST

START_TEST(many_short_rows)
{
    check_permute(3, (int64_t[]){70, 900, 3}, (int[]){1, 0, 2}, 0);
    check_permute(4, (int64_t[]){30, 20, 10, 2}, (int[]){2, 0, 1, 3}, 1);
}
END_TEST

START_TEST(transposes_of_any_size)
{
    static const int64_t n[] = {1, 2, 3, 4, 5, 63, 64, 65, 130};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        for (size_t j = 0; j < sizeof n / sizeof *n; j++) {
            check_permute(2, (int64_t[]){n[i], n[j]}, (int[]){1, 0}, 0);
            check_permute(3, (int64_t[]){3, n[i], n[j]}, (int[]){0, 2, 1}, 1);
        }
}
END_TEST

START_TEST(many_small_transposes)
{
    check_permute(3, (int64_t[]){5000, 3, 2}, (int[]){0, 2, 1}, 0);
    check_permute(4, (int64_t[]){3, 40, 5, 40}, (int[]){3, 2, 1, 0}, 0);
}
END_TEST

START_TEST(all_orders_of_4_axes)
{
    for (int code = 0; code < 256; code++) {
        int order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        unsigned seen = 0;
        for (int i = 0; i < 4; i++)
            seen |= 1u << order[i];
        if (seen != 15)
            continue;
        check_permute(4, (int64_t[]){2, 5, 3, 7}, order, 0);
        check_permute(4, (int64_t[]){2, 5, 3, 7}, order, 2);
        check_permute(4, (int64_t[]){1, 5, 1, 7}, order, 1);
    }
}
END_TEST

START_TEST(random_nests)
{
    uint32_t state = 7;
    for (int round = 0; round < 300; round++) {
        int rank = (int)(next(&state) % 7), order[CR_MAX_RANK];
        int64_t dim[CR_MAX_RANK];
        for (int i = 0; i < rank; i++) {
            dim[i] = 1 + next(&state) % 5;
            int j = (int)(next(&state) % (unsigned)(i + 1));
            order[i] = order[j];
            order[j] = i;
        }
        check_permute(rank, dim, order, round % 3);
    }
}
END_TEST

// Eight axes, none with step 1 in the source.
START_TEST(single_values)
{
    cr_copy c = {.rank = 8};
    int64_t n = 1;
    for (int i = 7; i >= 0; i--) {
        c.dim[i] = 2;
        c.to_step[i] = n;
        c.from_step[i] = 3 * n + i;
        n *= 2;
    }
    check_copy(&c, 2000, n);
    check_copy(&(cr_copy){.rank = 1, .dim = {5}, .from_step = {2}, .to_step = {3}}, 10, 15);
}
END_TEST

START_TEST(an_empty_axis_copies_nothing)
{
    check_copy(&(cr_copy){.rank = 2, .dim = {3, 0}, .from_step = {1, 1}, .to_step = {1, 1}}, 4, 4);
    check_copy(&(cr_copy){.rank = 2, .dim = {0, 3}, .from_step = {1, 1}, .to_step = {1, 1}}, 4, 4);
}
END_TEST

START_TEST(steps_follow_the_image_stride)
{
    int64_t step[CR_MAX_RANK];
    cr_tensor t = {.shape = {3, {2, 3, 4}}, .image_stride = 50};
    cr_copy_steps(&t, step);
    ck_assert_int_eq(step[0], 50);
    ck_assert_int_eq(step[1], 4);
    ck_assert_int_eq(step[2], 1);
    t.shape.dim[0] = 1; // the stride of one image means nothing
    cr_copy_steps(&t, step);
    ck_assert_int_eq(step[0], 12);
}
END_TEST

TEST_MAIN("kernels/copy", rows_of_any_length, many_short_rows, transposes_of_any_size, many_small_transposes,
          all_orders_of_4_axes, random_nests, single_values, an_empty_axis_copies_nothing,
          steps_follow_the_image_stride)
