/*
 * resize.c - the loops of Interp, Upsample and Resample.
 *
 * An output row is made in two steps: the input rows that it needs are summed, weighted, into one row of
 * the input's width, along contiguous values; then each output value takes its taps from that row. The row
 * in between stands in scratch, one for each piece of work. Where one input row counts alone and fully, it
 * is read in place.
 */
#include "layers/resize.h"

enum { BLOCK_ROWS = 64 };

cr_status cr_taps_alloc(cr_arena *arena, int64_t in, int64_t out, int64_t width, cr_taps *taps, cr_err *err)
{
    size_t count;
    *taps = (cr_taps){.in = in, .out = out, .width = width};
    if (!cr_size_mul((size_t)out, (size_t)width, &count))
        return cr_no_memory(err);
    taps->first = cr_arena_array(arena, (size_t)out, sizeof *taps->first);
    taps->n = cr_arena_array(arena, (size_t)out, sizeof *taps->n);
    taps->weight = cr_arena_array(arena, count, sizeof *taps->weight);
    return taps->first && taps->n && taps->weight ? CREMA_OK : cr_no_memory(err);
}

cr_status cr_taps_repeat(cr_arena *arena, int64_t in, int64_t scale, cr_taps *taps, cr_err *err)
{
    cr_status status = cr_taps_alloc(arena, in, in * scale, 1, taps, err);
    for (int64_t o = 0; !status && o < taps->out; o++) {
        taps->first[o] = (int32_t)(o / scale);
        taps->n[o] = 1;
        taps->weight[o] = 1;
    }
    return status;
}

cr_status cr_need_planes(const cr_layer *layer, const cr_shaping *s, int bottom, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    const cr_shape *in = &s->in[bottom];
    if (in->rank != 4)
        return cr_layer_fail(layer, err, NULL, "bottom", (size_t)bottom,
                             "bottom \"%s\" (%s) must have 4 axes: n, c, h, w", layer->in_name[bottom],
                             cr_shape_text(in, text, sizeof text));
    return CREMA_OK;
}

static int64_t blocks_of(const cr_resize *r)
{
    return (r->row.out + r->block - 1) / r->block;
}

cr_status cr_resize_prepare(cr_step *step, cr_resize *resize, int64_t planes, cr_err *err)
{
    resize->block = BLOCK_ROWS;
    size_t bytes;
    if (!cr_size_mul((size_t)planes, (size_t)blocks_of(resize), &bytes) ||
        !cr_size_mul(bytes, (size_t)resize->column.in * sizeof(float), &bytes))
        return cr_no_memory(err);
    step->scratch_bytes = bytes;
    return CREMA_OK;
}

typedef struct job {
    const cr_resize *r;
    const cr_tensor *in;
    cr_tensor *out;
    int64_t channels, blocks;
    float factor;
    float *scratch; // (items, column.in)
} job;

// The weighted sum of the input rows that output row y needs; perhaps just one of them.
static const float *sum_rows(const cr_resize *r, const float *plane, int64_t y, float factor, float *sum)
{
    const float *weight = r->row.weight + y * r->row.width;
    const float *row = plane + (r->row_offset + r->row.first[y]) * r->in_width + r->column_offset;
    int64_t n = r->row.n[y], width = r->column.in;
    if (n == 1 && weight[0] * factor == 1)
        return row;
    float w = weight[0] * factor;
    for (int64_t x = 0; x < width; x++)
        sum[x] = w * row[x];
    for (int64_t t = 1; t < n; t++) {
        row += r->in_width;
        w = weight[t] * factor;
        for (int64_t x = 0; x < width; x++)
            sum[x] += w * row[x];
    }
    return sum;
}

static void resize_row(const cr_taps *c, const float *restrict row, float *restrict out)
{
    if (c->width == 1) {
        for (int64_t x = 0; x < c->out; x++)
            out[x] = c->weight[x] * row[c->first[x]];
        return;
    }
    for (int64_t x = 0; x < c->out; x++) {
        const float *in = row + c->first[x], *weight = c->weight + x * c->width;
        float sum = weight[0] * in[0];
        for (int64_t t = 1; t < c->n[x]; t++)
            sum += weight[t] * in[t];
        out[x] = sum;
    }
}

static void resize_item(void *arg, int64_t item, int slot)
{
    (void)slot;
    const job *j = arg;
    const cr_resize *r = j->r;
    int64_t plane = item / j->blocks, y = item % j->blocks * r->block;
    int64_t end = y + r->block < r->row.out ? y + r->block : r->row.out;
    int64_t image = plane / j->channels, channel = plane % j->channels;
    const float *in = j->in->data + image * j->in->image_stride + channel * r->in_height * r->in_width;
    float *out = j->out->data + image * j->out->image_stride + channel * r->row.out * r->column.out;
    float *sum = j->scratch + item * r->column.in;
    for (; y < end; y++)
        resize_row(&r->column, sum_rows(r, in, y, j->factor, sum), out + y * r->column.out);
}

void cr_resize_run(const cr_step *step, cr_run *run, const cr_resize *resize, float factor)
{
    job j = {.r = resize, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0), .factor = factor};
    j.channels = cr_shape_range(&j.in->shape, 1, j.in->shape.rank - 2);
    j.blocks = blocks_of(resize);
    j.scratch = run->scratch;
    if (cr_shape_count(&j.out->shape) > 0)
        cr_parallel(run->pool, j.in->shape.dim[0] * j.channels * j.blocks, resize_item, &j);
}
