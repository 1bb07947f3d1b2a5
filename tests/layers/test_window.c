#include "layers/window.h"
#include "tests/support/conv_layer.h"
#include "tests/test.h"

#include <string.h>

// A spec as the reader would make it.
static cr_window_spec spec_of(int n_axes, int64_t kernel, int64_t stride, int64_t dilation, int rule,
                              int mode)
{
    cr_window_spec s = {.n_axes = n_axes, .rule = rule, .mode = mode};
    for (int a = 0; a < CR_MAX_AXES; a++) {
        s.kernel[a] = kernel;
        s.stride[a] = stride;
        s.dilation[a] = dilation;
    }
    return s;
}

static cr_window_spec padded(cr_window_spec s, int64_t before, int64_t after)
{
    for (int a = 0; a < CR_MAX_AXES; a++) {
        s.pad_before[a] = before;
        s.pad_after[a] = after;
    }
    return s;
}

// A layer for messages.
static const cr_layer *any_layer(conv_layer *l)
{
    static Crema__ConvolutionParameter p;
    crema__convolution_parameter__init(&p);
    return conv_layer_init(l, &p, NULL);
}

static int64_t out_of(const cr_window_spec *s, int axis, int64_t in)
{
    conv_layer l;
    cr_err err = {0};
    int64_t out;
    cr_status status = cr_window_out(any_layer(&l), s, axis, in, &out, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    return out;
}

static void refuse_out(const cr_window_spec *s, int64_t in, const char *text)
{
    conv_layer l;
    cr_err err = {0};
    int64_t out;
    ck_assert_int_eq(cr_window_out(any_layer(&l), s, 0, in, &out, &err), CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

START_TEST(output_sizes_of_the_worked_examples)
{
    static const struct {
        int in[2], kernel[2], pad, stride[2], dilation[2], out[2];
    } rows[] = {
        {{128, 128}, {3, 3}, 0, {1, 1}, {1, 1}, {126, 126}},
        {{128, 128}, {3, 3}, 1, {1, 1}, {1, 1}, {128, 128}},
        {{128, 128}, {3, 3}, 0, {2, 2}, {1, 1}, {63, 63}},
        {{128, 128}, {3, 3}, 0, {1, 1}, {2, 2}, {124, 124}},
        {{128, 128}, {3, 3}, 1, {2, 2}, {1, 1}, {64, 64}},
        {{7, 7}, {3, 3}, 1, {2, 2}, {2, 2}, {3, 3}},
        {{9, 9}, {3, 3}, 0, {1, 1}, {1, 1}, {7, 7}},
        {{7, 7}, {3, 3}, 0, {1, 1}, {1, 1}, {5, 5}},
        {{7, 9}, {5, 2}, 0, {1, 1}, {1, 1}, {3, 8}},
        {{9, 9}, {3, 3}, 0, {1, 3}, {1, 1}, {7, 3}},
        {{7, 7}, {3, 3}, 1, {1, 1}, {1, 1}, {7, 7}},
        {{7, 7}, {3, 3}, 1, {1, 1}, {4, 2}, {1, 5}},
        {{7, 7}, {3, 3}, 2, {2, 2}, {1, 1}, {5, 5}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_window_spec s = padded(spec_of(2, 1, 1, 1, 0, 0), rows[i].pad, rows[i].pad);
        for (int a = 0; a < 2; a++) {
            s.kernel[a] = rows[i].kernel[a];
            s.stride[a] = rows[i].stride[a];
            s.dilation[a] = rows[i].dilation[a];
            ck_assert_int_eq(out_of(&s, a, rows[i].in[a]), rows[i].out[a]);
        }
    }
}
END_TEST

START_TEST(the_division_is_toward_zero_as_in_caffe)
{
    cr_window_spec s = spec_of(2, 3, 2, 1, CREMA__PAD_RULE__EXPLICIT, 0);
    ck_assert_int_eq(out_of(&s, 0, 2), 1); // (2 - 3) / 2 is 0
    refuse_out(&s, 1, "the output's height is (1 + 0 + 0 - (1 * (3 - 1) + 1)) / 2 + 1 = 0");
    s = spec_of(1, 9, 1, 1, CREMA__PAD_RULE__EXPLICIT, 0);
    refuse_out(&s, 5, "the output's axis 0 is (5 + 0 + 0 - (1 * (9 - 1) + 1)) / 1 + 1 = -3");
    s = spec_of(2, 3, 2, 1, CREMA__PAD_RULE__VALID, 0);
    refuse_out(&s, 2, "must be at least 1");
}
END_TEST

START_TEST(rules_give_amounts)
{
    static const struct {
        int rule, n, kernel, stride, dilation, before, after, out;
    } rows[] = {
        {CREMA__PAD_RULE__VALID, 10, 3, 2, 1, 0, 0, 4},
        {CREMA__PAD_RULE__SAME, 9, 3, 1, 1, 1, 1, 9},
        {CREMA__PAD_RULE__SAME, 8, 3, 2, 1, 0, 1, 4},
        {CREMA__PAD_RULE__SAME, 9, 4, 2, 1, 1, 2, 5},
        {CREMA__PAD_RULE__SAME, 7, 2, 1, 1, 0, 1, 7},
        {CREMA__PAD_RULE__SAME, 13, 3, 1, 3, 3, 3, 13},
        {CREMA__PAD_RULE__SAME, 10, 1, 3, 1, 0, 0, 4},
        {CREMA__PAD_RULE__SAME, 11, 1, 3, 1, 0, 0, 4},
        {CREMA__PAD_RULE__SAME_LOWER, 8, 3, 2, 1, 1, 0, 4},
        {CREMA__PAD_RULE__SAME_LOWER, 9, 4, 2, 1, 2, 1, 5},
        {CREMA__PAD_RULE__SAME_LOWER, 10, 1, 3, 1, 0, 0, 4},
        {CREMA__PAD_RULE__FULL, 5, 3, 1, 1, 2, 2, 7},
        {CREMA__PAD_RULE__FULL, 5, 3, 2, 2, 4, 4, 5},
        {CREMA__PAD_RULE__CORNERS, 7, 2, 1, 1, 0, 1, 7},
        {CREMA__PAD_RULE__CORNERS, 7, 4, 1, 1, 1, 2, 7},
        {CREMA__PAD_RULE__CORNERS, 7, 2, 2, 1, 0, 1, 4},
        {CREMA__PAD_RULE__CORNERS, 7, 3, 2, 2, 2, 2, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_window_spec s = spec_of(2, rows[i].kernel, rows[i].stride, rows[i].dilation, rows[i].rule, 0);
        int64_t before, after;
        cr_window_pads(&s, 1, rows[i].n, &before, &after);
        ck_assert_int_eq(before, rows[i].before);
        ck_assert_int_eq(after, rows[i].after);
        ck_assert_int_eq(out_of(&s, 1, rows[i].n), rows[i].out);
    }
}
END_TEST

START_TEST(an_empty_axis_has_no_same_output)
{
    cr_window_spec s = spec_of(2, 3, 2, 1, CREMA__PAD_RULE__SAME, 0);
    refuse_out(&s, 0, "must be at least 1");
    s = spec_of(2, 1, 5, 1, CREMA__PAD_RULE__SAME_LOWER, 0);
    refuse_out(&s, 0, "must be at least 1");
    s = padded(spec_of(2, 3, 1, 1, 0, CREMA__PAD_MODE__CIRCULAR), 3, 3);
    refuse_out(&s, 0, "leaves nothing for pad_mode CIRCULAR");
    s.mode = CREMA__PAD_MODE__ZERO;
    ck_assert_int_eq(out_of(&s, 0, 0), 4);
}
END_TEST

START_TEST(sizes_that_would_make_huge_tables_are_refused)
{
    cr_window_spec s = padded(spec_of(2, 3, 1, 1, 0, 0), INT32_MAX, INT32_MAX);
    refuse_out(&s, 5, "are too many");
    s = spec_of(2, INT32_MAX, 1, INT32_MAX, CREMA__PAD_RULE__FULL, 0);
    refuse_out(&s, INT32_MAX, "are too many");
    s = spec_of(2, INT32_MAX, INT32_MAX, INT32_MAX, CREMA__PAD_RULE__SAME, 0);
    refuse_out(&s, 5, "are too many");
    s = spec_of(2, 1, 1, 1, 0, 0);
    refuse_out(&s, (int64_t)INT32_MAX + 1, "is too large");
    cr_arena arena = {0};
    cr_window window;
    int64_t size[1] = {(int64_t)1 << 30};
    ck_assert_int_eq(cr_window_build(&arena, &s, 1, size, size, 1, &window, NULL), CREMA_ERR_UNSUPPORTED);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(transposed_sizes)
{
    conv_layer l;
    cr_err err = {0};
    int64_t out;
    cr_window_spec s = padded(spec_of(2, 4, 2, 1, 0, 0), 1, 1);
    ck_assert_int_eq(cr_window_out_transposed(any_layer(&l), &s, 0, 5, &out, &err), CREMA_OK);
    ck_assert_int_eq(out, 10);
    s = padded(spec_of(2, 3, 1, 2, 0, 0), 0, 1);
    ck_assert_int_eq(cr_window_out_transposed(any_layer(&l), &s, 0, 5, &out, &err), CREMA_OK);
    ck_assert_int_eq(out, 8);
    s = padded(spec_of(2, 3, 1, 1, 0, 0), 2, 2);
    ck_assert_int_eq(cr_window_out_transposed(any_layer(&l), &s, 1, 2, &out, &err), CREMA_ERR_INPUT);
    ck_assert(strstr(err.message, "the output's width is 1 * (2 - 1) + 1 * (3 - 1) + 1 - 2 - 2 = 0"));
    s = spec_of(2, INT32_MAX, INT32_MAX, INT32_MAX, 0, 0);
    ck_assert_int_eq(cr_window_out_transposed(any_layer(&l), &s, 1, 1 << 24, &out, &err), CREMA_ERR_INPUT);
    ck_assert_int_eq(cr_window_out_transposed(any_layer(&l), &s, 1, INT64_MAX, &out, &err), CREMA_ERR_INPUT);
}
END_TEST

// One axis of a window over `in` positions; tables live in the arena.
static cr_axis build(cr_arena *arena, const cr_window_spec *s, int64_t in)
{
    cr_window window;
    int64_t out = out_of(s, 0, in);
    ck_assert_int_eq(cr_window_build(arena, s, 1, &in, &out, 1, &window, NULL), CREMA_OK);
    ck_assert_int_eq(window.n_axes, 1);
    return window.axis[0];
}

// What a kernel of 1 over a padded row reads, as letters; '0' outside.
static void read_as(int mode, int64_t n, int64_t before, int64_t after, const char *expected)
{
    cr_arena arena = {0};
    cr_window_spec s = padded(spec_of(1, 1, 1, 1, CREMA__PAD_RULE__EXPLICIT, mode), before, after);
    cr_axis axis = build(&arena, &s, n);
    char got[64] = "";
    ck_assert_int_lt(axis.out, sizeof got);
    for (int64_t o = 0; o < axis.out; o++)
        got[o] = axis.index[0][o] == CR_TAP_OUTSIDE ? '0' : (char)('a' + axis.index[0][o]);
    ck_assert_str_eq(got, expected);
    ck_assert_int_eq(axis.inner_begin, before);
    ck_assert_int_eq(axis.inner_end, before + n);
    cr_arena_free(&arena);
}

START_TEST(modes_read_their_row)
{
    read_as(CREMA__PAD_MODE__ZERO, 4, 2, 2, "00abcd00");
    read_as(CREMA__PAD_MODE__CONSTANT, 4, 2, 2, "00abcd00");
    read_as(CREMA__PAD_MODE__PARTIAL, 4, 2, 2, "00abcd00");
    read_as(CREMA__PAD_MODE__REFLECT, 4, 2, 2, "cbabcdcb");
    read_as(CREMA__PAD_MODE__SYMMETRIC, 4, 2, 2, "baabcddc");
    read_as(CREMA__PAD_MODE__REPLICATE, 4, 2, 2, "aaabcddd");
    read_as(CREMA__PAD_MODE__CIRCULAR, 4, 2, 2, "cdabcdab");
}
END_TEST

START_TEST(mirrors_are_periodic_where_the_pad_is_wider_than_the_row)
{
    read_as(CREMA__PAD_MODE__REFLECT, 3, 6, 7, "cbabcbabcbabcbab");
    read_as(CREMA__PAD_MODE__SYMMETRIC, 3, 7, 7, "aabccbaabccbaabcc");
    read_as(CREMA__PAD_MODE__CIRCULAR, 3, 7, 5, "cabcabcabcabcab");
    read_as(CREMA__PAD_MODE__REPLICATE, 2, 5, 3, "aaaaaabbbb");
    read_as(CREMA__PAD_MODE__REFLECT, 1, 3, 2, "aaaaaa");
    read_as(CREMA__PAD_MODE__SYMMETRIC, 1, 3, 2, "aaaaaa");
    read_as(CREMA__PAD_MODE__CIRCULAR, 1, 3, 2, "aaaaaa");
    read_as(CREMA__PAD_MODE__REFLECT, 2, 3, 3, "babababa");
}
END_TEST

// Every table entry against the definition; runs are exactly the outputs that read inside.
static void check_tables(const cr_axis *axis, int v, bool outside_is_outside)
{
    for (int64_t k = 0; k < axis->kernel; k++) {
        int64_t begin = axis->run_begin[v][k], end = axis->run_end[v][k];
        ck_assert(0 <= begin && begin <= end && end <= axis->out);
        for (int64_t o = 0; o < axis->out; o++) {
            int64_t at = o * axis->stride + k * axis->dilation - axis->pad_before[v];
            bool inside = at >= 0 && at < axis->in;
            int32_t index = axis->index[v][k * axis->out + o];
            ck_assert_int_eq(inside, o >= begin && o < end);
            if (inside)
                ck_assert_int_eq(index, at);
            else if (outside_is_outside)
                ck_assert_int_eq(index, CR_TAP_OUTSIDE);
            else
                ck_assert(index >= 0 && index < axis->in);
        }
    }
    for (int64_t o = axis->inner_begin; o < axis->inner_end; o++)
        for (int64_t k = 0; k < axis->kernel; k++)
            ck_assert(o >= axis->run_begin[v][k] && o < axis->run_end[v][k]);
}

START_TEST(tables_agree_with_the_definition)
{
    unsigned seed = 7;
    for (int i = 0; i < 2000; i++) {
        cr_arena arena = {0};
        int n = 1 + rand_r(&seed) % 12, mode = rand_r(&seed) % 7;
        cr_window_spec s =
            spec_of(1, 1 + rand_r(&seed) % 5, 1 + rand_r(&seed) % 4, 1 + rand_r(&seed) % 3, 0, mode);
        s = padded(s, rand_r(&seed) % 9, rand_r(&seed) % 9);
        bool zeros = mode <= CREMA__PAD_MODE__CONSTANT || mode == CREMA__PAD_MODE__PARTIAL;
        if (n + s.pad_before[0] + s.pad_after[0] > (s.kernel[0] - 1) * s.dilation[0]) {
            cr_axis axis = build(&arena, &s, n);
            check_tables(&axis, 0, zeros);
        }
        cr_arena_free(&arena);
    }
}
END_TEST

START_TEST(partial_factors)
{
    cr_arena arena = {0};
    cr_window_spec s = padded(spec_of(1, 3, 1, 1, 0, CREMA__PAD_MODE__PARTIAL), 4, 1);
    cr_axis axis = build(&arena, &s, 3);
    static const float expected[6] = {0, 0, 3, 1.5f, 1, 1.5f};
    ck_assert_int_eq(axis.out, 6);
    for (int o = 0; o < 6; o++)
        ck_assert_float_eq(axis.factor[o], expected[o]);
    s.mode = CREMA__PAD_MODE__ZERO;
    ck_assert_ptr_null(build(&arena, &s, 3).factor);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(a_partial_convolution_without_padding_is_a_plain_one)
{
    cr_arena arena = {0};
    cr_window window;
    for (int64_t pad = 0; pad < 2; pad++) {
        cr_window_spec s = padded(spec_of(2, 3, 2, 1, 0, CREMA__PAD_MODE__PARTIAL), 0, pad);
        int64_t in[2] = {8, 8}, out[2] = {3 + pad, 3 + pad};
        ck_assert_int_eq(cr_window_build(&arena, &s, 2, in, out, 1, &window, NULL), CREMA_OK);
        ck_assert_int_eq(window.partial, pad > 0);
    }
    cr_arena_free(&arena);
}
END_TEST

// The variant bits per channel, as digits.
static void split_as(int64_t channels, const char *expected)
{
    cr_arena arena = {0};
    cr_window window;
    cr_window_spec s = spec_of(2, 4, 1, 1, CREMA__PAD_RULE__CORNERS, 0);
    int64_t size[2] = {5, 6};
    ck_assert_int_eq(cr_window_build(&arena, &s, 2, size, size, channels, &window, NULL), CREMA_OK);
    for (int64_t c = 0; c < channels; c++)
        ck_assert_int_eq(window.variant[c], expected[c] - '0');
    for (int a = 0; a < 2; a++) {
        const cr_axis *axis = &window.axis[a];
        ck_assert_int_eq(axis->pad_before[0], 1);
        ck_assert_int_eq(axis->pad_after[0], 2);
        ck_assert_int_eq(axis->pad_before[1], 2);
        ck_assert_int_eq(axis->pad_after[1], 1);
        ck_assert_int_eq(axis->inner_begin, 2);
        ck_assert_int_eq(axis->inner_end, axis->out - 2);
        check_tables(axis, 0, true);
        check_tables(axis, 1, true);
    }
    cr_arena_free(&arena);
}

START_TEST(corners_splits_the_channels)
{
    // bit 0: height pads more at the top; bit 1: width pads more at the left
    split_as(4, "0321");
    split_as(8, "00332211");
    split_as(10, "0003332211");
    split_as(7, "0033221");
    split_as(2, "03");
}
END_TEST

START_TEST(a_window_without_axes)
{
    cr_arena arena = {0};
    cr_window window;
    cr_window_spec s = spec_of(0, 3, 1, 1, 0, CREMA__PAD_MODE__CONSTANT);
    s.pad_value = 2;
    ck_assert_int_eq(cr_window_build(&arena, &s, 0, NULL, NULL, 3, &window, NULL), CREMA_OK);
    ck_assert_int_eq(window.n_axes, 0);
    ck_assert_float_eq(window.outside, 2);
    ck_assert_ptr_null(window.variant);
    cr_arena_free(&arena);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(no_memory_for_tables_is_reported)
{
    cr_window_spec s = spec_of(2, 4, 1, 1, CREMA__PAD_RULE__CORNERS, 0);
    cr_arena arena = {0};
    cr_window window;
    int64_t size[2] = {900, 600};
    cr_test_fail_alloc(0);
    ck_assert_int_eq(cr_window_build(&arena, &s, 2, size, size, 8, &window, NULL), CREMA_ERR_MEMORY);
    cr_test_fail_alloc(-1);
    cr_arena_free(&arena);
}
END_TEST
#endif

TEST_MAIN("layers/window", output_sizes_of_the_worked_examples, the_division_is_toward_zero_as_in_caffe,
          rules_give_amounts, an_empty_axis_has_no_same_output, sizes_that_would_make_huge_tables_are_refused,
          transposed_sizes, modes_read_their_row, mirrors_are_periodic_where_the_pad_is_wider_than_the_row,
          tables_agree_with_the_definition, partial_factors,
          a_partial_convolution_without_padding_is_a_plain_one, corners_splits_the_channels,
          a_window_without_axes TEST_ALLOC(no_memory_for_tables_is_reported))
