#include "base/cpu.h"
#include "base/int.h"
#include "crema.pb-c.h"
#include "kernels/interleave.h"
#include "kernels/kernels.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum { LANES = CR_INTERLEAVE_LANES, CHANNELS = LANES + 5, COLUMNS = 4 * LANES };

static bool make(geometry_case *g, int rule, int mode, int64_t height, int64_t width)
{
    cr_window_spec s = {.kernel = {3, 4}, .stride = {1, 1}, .dilation = {1, 1}, .rule = rule, .mode = mode};
    s.pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.75f : 0;
    if (rule == CREMA__PAD_RULE__EXPLICIT) {
        s.pad_before[0] = s.pad_after[1] = 2;
        s.pad_before[1] = 1;
    }
    bool is = geometry_make(g, &s, 2, (int64_t[]){height, width}, 2, CHANNELS, CHANNELS, 1);
    g->conv.window = &g->window;
    return is;
}

// What padded position p reads; -1: nothing; -2: no window reads p.
static int64_t read_at(const geometry_case *g, int axis, int64_t p)
{
    const cr_axis *a = &g->window.axis[axis];
    for (int64_t k = 0; k < a->kernel; k++)
        if (p - k >= 0 && p - k < a->out)
            return geometry_read(g, axis, 0, p - k, k);
    return -2;
}

static float wanted_in(const geometry_case *g, const float *in, int64_t channel, int64_t row, int64_t column)
{
    int64_t y = read_at(g, 0, row), x = read_at(g, 1, column), width = g->window.axis[1].in;
    if (y == -2 || x == -2)
        return 0;
    return y < 0 || x < 0 ? g->window.outside : in[channel * g->conv.in_count + y * width + x];
}

static void check_in(const geometry_case *g, const float *in, int64_t block, int64_t row, int64_t first)
{
    int lanes = g->conv.kernels->interleave->lanes;
    float to[(COLUMNS + LANES) * LANES];
    cr_interleave_in block_in;
    bool all_0 = true;
    cr_interleave_set_in(&block_in, &g->conv, in, block * lanes, CHANNELS);
    bool is = cr_interleave_row_in(&block_in, row, first, COLUMNS, to);
    for (int64_t x = 0; x < COLUMNS; x++)
        for (int64_t i = 0; i < lanes; i++) {
            float wanted = wanted_in(g, in, cr_i64_min(block * lanes + i, CHANNELS - 1), row, first + x);
            if (to[x * lanes + i] != wanted)
                ck_abort_msg("%s, mode %d: row %lld, column %lld, lane %lld: %g for %g",
                             g->conv.kernels->name, g->spec.mode, (long long)row, (long long)(first + x),
                             (long long)i, (double)to[x * lanes + i], (double)wanted);
            all_0 &= wanted == 0;
        }
    ck_assert(is || all_0);
}

static void check_rows_in(int rule, int mode, int64_t height, int64_t width)
{
    unsigned seed = 1;
    geometry_case g;
    if (!make(&g, rule, mode, height, width)) {
        cr_arena_free(&g.arena);
        return;
    }
    float *in = random_floats(&g.arena, &seed, CHANNELS * g.conv.in_count + LANES);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g.conv.kernels = *k;
        for (int64_t row = 0; row < g.window.axis[0].out + 4; row++)
            for (int64_t first = 0; first < g.window.axis[1].out; first += 5)
                check_in(&g, in, row % 2, row, first);
    }
    cr_arena_free(&g.arena);
}

START_TEST(rows_are_padded_as_the_window_says)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int64_t width = 1; width < 40; width += 6)
            check_rows_in(CREMA__PAD_RULE__EXPLICIT, mode, 1 + width % 7, width);
    for (int64_t width = 4; width < 40; width += 7) {
        check_rows_in(CREMA__PAD_RULE__VALID, CREMA__PAD_MODE__ZERO, 5, width);
        check_rows_in(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__REPLICATE, 5, width);
    }
}
END_TEST

typedef struct outputs {
    geometry_case *g;
    cr_conv_buffers b;
    cr_epilogue e;
    float *from, *strip; // (columns, lanes); used up
    int64_t first, n;    // channels
} outputs;

// Sum, bias, operand and activation of the last row of image 1, from column 1 on.
static void check_out(const outputs *o)
{
    const cr_conv *c = &o->g->conv;
    const cr_axis *axis = o->g->window.axis;
    int64_t lanes = c->kernels->interleave->lanes, y = axis[0].out - 1, columns = axis[1].out - 1;
    float *expected = cr_arena_array(&o->g->arena, (size_t)c->out_image_stride * 2, sizeof *expected);
    memcpy(expected, o->b.out, (size_t)c->out_image_stride * 2 * sizeof *expected);
    for (int64_t k = 0; k < o->n; k++) {
        float *row = expected + c->out_image_stride + (o->first + k) * c->out_count + y * axis[1].out + 1;
        cr_epilogue_row r = cr_epilogue_row_of(&o->e, o->first + k);
        for (int64_t x = 0; x < columns; x++) {
            float factor = axis[0].factor ? axis[0].factor[y] * axis[1].factor[1 + x] : 1;
            float sum = o->from[x * lanes + k] * factor + o->b.bias[o->first + k];
            row[x] = sum + (o->e.add ? row[x] : 0);
        }
        r.in = r.out = row;
        r.n = columns;
        c->kernels->epilogue->run(&r);
    }
    cr_interleave_out out;
    cr_interleave_set_out(&out, c, &o->b, &o->e, o->first, o->n);
    out.scatter.columns = columns;
    memcpy(o->strip, o->from, COLUMNS * LANES * sizeof *o->from);
    cr_interleave_row_out(&out, 1, y, 1, o->strip);
    for (int64_t i = 0; i < 2 * c->out_image_stride; i++)
        if (!(fabsf(o->b.out[i] - expected[i]) < 1e-6f))
            ck_abort_msg("%s, activation %d, mode %d: float %lld: %g for %g", c->kernels->name,
                         o->e.activation, o->g->spec.mode, (long long)i, (double)o->b.out[i],
                         (double)expected[i]);
}

static void check_rows_out(int mode, int64_t width, bool add)
{
    unsigned seed = 2;
    geometry_case g;
    ck_assert(make(&g, CREMA__PAD_RULE__EXPLICIT, mode, 4, width));
    outputs o = {.g = &g, .from = random_floats(&g.arena, &seed, COLUMNS * LANES)};
    int64_t floats = 2 * g.conv.out_image_stride;
    float *values = random_floats(&g.arena, &seed, floats);
    o.strip = random_floats(&g.arena, &seed, COLUMNS * LANES);
    o.b.bias = random_floats(&g.arena, &seed, CHANNELS);
    o.b.out = random_floats(&g.arena, &seed, floats);
    o.e =
        (cr_epilogue){.slope = 0.25f, .min = -0.5f, .max = 0.5f, .add_image_stride = g.conv.out_image_stride};
    o.e.slopes = random_floats(&g.arena, &seed, CHANNELS);
    o.e.add = add ? o.b.out : NULL;
    static const cr_activation activations[] = {CR_ACT_NONE, CR_ACT_RELU, CR_ACT_PRELU, CR_ACT_CLIP,
                                                CR_ACT_HARDSWISH};
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; i < 5 && cr_cpu_runs((*k)->name); i++) {
            g.conv.kernels = *k;
            o.e.activation = activations[i];
            memcpy(o.b.out, values, (size_t)floats * sizeof *values);
            o.first = i;
            o.n = cr_i64_min((*k)->interleave->lanes - i / 2, CHANNELS - i);
            check_out(&o);
        }
    cr_arena_free(&g.arena);
}

START_TEST(rows_get_factor_bias_sum_and_activation_and_nothing_else_is_written)
{
    for (int64_t width = 5; width < 40; width += 4) {
        check_rows_out(CREMA__PAD_MODE__ZERO, width, false);
        check_rows_out(CREMA__PAD_MODE__PARTIAL, width, false);
        check_rows_out(CREMA__PAD_MODE__PARTIAL, width, true);
    }
}
END_TEST

TEST_MAIN("kernels/interleave", rows_are_padded_as_the_window_says,
          rows_get_factor_bias_sum_and_activation_and_nothing_else_is_written)
