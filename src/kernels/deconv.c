/*
 * deconv.c - the transpose of a convolution: a matrix product, then col2im, a few lines at a time.
 *
 *     col (out channels * taps, in positions) = transposed weights * in, per image and group
 *     out (out channel, position) = bias + the sum of all entries of col that a tap reads from there
 *
 * "in" and "out" are the deconvolution's own: conv is the convolution whose transpose it is, so its windows
 * slide over our output. There is no padding but zeros: position o of tap k is o * stride + k * dilation - pad,
 * and what falls outside is cropped.
 *
 *     in lines    0 1 2 | 3 4 5 | 6 ..      a chunk of lines goes through the product at a time
 *     col         [ ring of chunks ]        as many as one output line needs
 *     out lines   0 1 2 3 4 .. ------->     each is put together at once, when its last input line is there
 *
 * An item is a block of output channels, or a strip of its lines where blocks are few. With a stride, the line is
 * put together by phases, so that a tap adds a run to a run. Where each channel stands alone (bilinear upsampling),
 * there is no product: taps add the input itself. With three axes or more, all lines are one chunk. Every output is
 * summed in one order, so the bits depend neither on threads nor on cuts.
 */
#include "base/int.h"
#include "kernels/conv.h"
#include "kernels/gemm.h"

#include <string.h>

enum {
    LINE = 16,        // floats
    BLOCK_ROWS = 128, // of col that a block of channels has, if a channel has no more
    RING_FLOATS = 1 << 16,
    ITEMS = 16,
    STRIP_NEEDS = 4 // a strip has so many times the lines that go into one line of it: those are made twice
};

static const cr_epilogue no_epilogue;

// Sizes of one deconvolution. "Lines" run along the last axis.
typedef struct layout {
    const cr_conv *conv;
    int64_t wide, narrow;         // channels of a group: of the output, of the input
    int64_t in_width, in_lines;   // the convolution's "out"
    int64_t out_width, out_lines; // its "in"
    int64_t last_taps, stride;    // of the last axis
    bool alone;                   // each channel is
    int64_t block, blocks;        // output channels
    int64_t rows;                 // of col, at most
    int64_t need;                 // input lines of an output line
    int64_t chunk, ring;          // lines; chunks
    int64_t ring_step, phase_step;
    int64_t strip, strips; // output lines
    size_t block_bytes;    // of the pack
} layout;

typedef struct job {
    const layout *l;
    const cr_conv_buffers *b;
} job;

// Where an item's lines come from and go to.
typedef struct source {
    const float
        *data; // (channels, taps, lines of the ring, in_width), or (in_lines, in_width) of one channel
    const float *weights; // alone: of each tap; else NULL
    const float *bias;    // of the item's first channel, or NULL
    float *out;
    float *phases; // (stride, phase_step)
} source;

static const cr_gemm_layout *gemm_of(const cr_conv *conv)
{
    return &conv->kernels->gemm->wide;
}

// What the pack depends on: the shape of the weights alone.
static void cut_blocks(layout *l)
{
    int64_t most = cr_i64_max(1, BLOCK_ROWS / cr_i64_max(l->conv->kernel_count, 1));
    l->blocks = cr_i64_max(1, cr_div_up(l->wide, most));
    l->block = cr_i64_max(1, cr_div_up(l->wide, l->blocks));
    l->rows = l->block * l->conv->kernel_count;
    l->block_bytes = gemm_of(l->conv)->pack_bytes(l->rows, l->narrow);
}

static void cut_lines(layout *l)
{
    const cr_window *w = l->conv->window;
    l->need = l->in_lines;
    if (w->n_axes <= 2)
        l->need = w->n_axes < 2 ? 1 : (w->axis[0].kernel - 1) * w->axis[0].dilation / w->axis[0].stride + 1;
    l->chunk = cr_i64_max(l->in_lines, 1);
    l->ring = 1;
    while (w->n_axes == 2 && l->chunk > 1 && l->ring * l->chunk * l->in_width * l->rows > RING_FLOATS) {
        l->chunk = cr_div_up(l->chunk, 2);
        l->ring = 1 + cr_div_up(l->need - 1, l->chunk);
    }
    l->ring_step = (cr_div_up(l->ring * l->chunk * l->in_width, LINE) | 1) * LINE;
    int64_t others = cr_i64_max(1, l->conv->images * l->conv->group * l->blocks),
            least = STRIP_NEEDS * l->need;
    if (w->n_axes == 2)
        least *= w->axis[0].stride;
    l->strips = cr_i64_max(1, cr_i64_min(cr_div_up(ITEMS, others), l->out_lines / cr_i64_max(least, 1)));
    l->strip = cr_div_up(l->out_lines, l->strips);
}

static layout lay_out(const cr_conv *conv)
{
    layout l = {.conv = conv, .in_width = 1, .out_width = 1, .last_taps = 1, .stride = 1};
    const cr_window *w = conv->window;
    l.wide = conv->in_channels / conv->group;
    l.narrow = conv->out_channels / conv->group;
    l.in_lines = l.out_lines = 1;
    for (int a = 0; a < w->n_axes - 1; a++) {
        l.in_lines *= w->axis[a].out;
        l.out_lines *= w->axis[a].in;
    }
    if (w->n_axes > 0) {
        const cr_axis *x = &w->axis[w->n_axes - 1];
        l.in_width = x->out;
        l.out_width = x->in;
        l.last_taps = x->kernel;
        l.stride = x->stride;
    }
    l.alone = l.wide == 1 && l.narrow == 1;
    l.phase_step = cr_div_up(cr_div_up(l.out_width, l.stride), LINE) * LINE;
    cut_blocks(&l);
    cut_lines(&l);
    return l;
}

/* ---- one output line ---- */

// The input line that tap `tap` of the axes before the last reads for an output line, or -1.
static int64_t input_line(const cr_window *w, int64_t line, int64_t tap)
{
    int64_t at = 0, step = 1;
    for (int a = w->n_axes - 2; a >= 0; a--) {
        const cr_axis *axis = &w->axis[a];
        int64_t from = line % axis->in + axis->pad_before[0] - tap % axis->kernel * axis->dilation;
        if (from < 0 || from % axis->stride != 0 || from / axis->stride >= axis->out)
            return -1;
        at += from / axis->stride * step;
        step *= axis->out;
        line /= axis->in;
        tap /= axis->kernel;
    }
    return at;
}

static void add(const float *restrict from, int64_t n, float *restrict to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void add_scaled(const float *restrict from, float scale, int64_t n, float *restrict to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += scale * from[i];
}

// Adds an input line, as tap k of the last axis has it, to the phases of an output line.
static void add_line(const layout *l, const source *s, int64_t k, const float *line, const float *weight)
{
    int64_t begin = 0, n = 1, to = 0;
    if (l->conv->window->n_axes > 0) {
        const cr_axis *x = &l->conv->window->axis[l->conv->window->n_axes - 1];
        begin = x->run_begin[0][k];
        n = x->run_end[0][k] - begin;
        to = begin * x->stride + k * x->dilation - x->pad_before[0];
    }
    if (n <= 0)
        return;
    float *phase = s->phases + to % l->stride * l->phase_step + to / l->stride;
    if (weight)
        add_scaled(line + begin, *weight, n, phase);
    else
        add(line + begin, n, phase);
}

static void interleave(const layout *l, const float *restrict phases, float *restrict out)
{
    int64_t stride = l->stride;
    if (stride == 1)
        memcpy(out, phases, (size_t)l->out_width * sizeof *out);
    for (int64_t p = 0; p < stride && stride > 1; p++, phases += l->phase_step)
        for (int64_t x = p, i = 0; x < l->out_width; x += stride, i++)
            out[x] = phases[i];
}

// Output line `line` of channel c of the item.
static void put_line(const layout *l, const source *s, int64_t c, int64_t line)
{
    int64_t taps = l->conv->kernel_count, lines = l->ring * l->chunk;
    float bias = s->bias ? s->bias[c] : 0;
    for (int64_t i = 0; i < l->stride * l->phase_step; i++)
        s->phases[i] = bias;
    for (int64_t tap = 0; tap < taps; tap += l->last_taps) {
        int64_t from = input_line(l->conv->window, line, tap / l->last_taps);
        for (int64_t k = 0; k < l->last_taps && from >= 0; k++) {
            if (s->weights)
                add_line(l, s, k, s->data + from * l->in_width, &s->weights[tap + k]);
            else
                add_line(l, s, k, s->data + (c * taps + tap + k) * l->ring_step + from % lines * l->in_width,
                         NULL);
        }
    }
    interleave(l, s->phases, s->out + c * l->conv->in_count + line * l->out_width);
}

/* ---- items ---- */

// The last input line that output line `line` needs, whether or not it reads it.
static int64_t last_needed(const layout *l, int64_t line)
{
    const cr_axis *y = &l->conv->window->axis[0];
    if (l->conv->window->n_axes != 2)
        return l->in_lines - 1;
    int64_t at = line + y->pad_before[0];
    return at < 0 ? -1 : cr_i64_min(at / y->stride, l->in_lines - 1);
}

// Input lines [line, line + lines) of the group's image, to their place in the ring.
static void multiply(const layout *l, const float *in, const float *pack, int64_t rows, int64_t line,
                     float *col)
{
    int64_t lines = cr_i64_min(l->chunk, l->in_lines - line);
    cr_gemm_block b = {.m = rows, .depth = l->narrow, .k_end = l->narrow, .n = lines * l->in_width};
    b.panel_end = gemm_of(l->conv)->panels(rows);
    b.weights = pack;
    b.columns = in + line * l->in_width;
    b.column_step = l->conv->out_count;
    b.out = col + line % (l->ring * l->chunk) * l->in_width;
    b.out_step = l->ring_step;
    b.epilogue = &no_epilogue;
    gemm_of(l->conv)->run(&b);
}

// Lines [begin, end) of a block of output channels; block counts all groups' blocks.
static void run_block(const job *j, int64_t image, int64_t block, int64_t begin, int64_t end, float *scratch)
{
    const layout *l = j->l;
    int64_t group = block / l->blocks, first = block % l->blocks * l->block;
    int64_t channels = cr_i64_min(l->block, l->wide - first), done = begin, channel = group * l->wide + first;
    const float *in = j->b->in + image * l->conv->out_image_stride + group * l->narrow * l->conv->out_count;
    const float *pack =
        (const float *)(const void *)((const char *)j->b->pack + (size_t)block * l->block_bytes);
    source s = {.data = scratch};
    s.phases = scratch + l->rows * l->ring_step;
    s.bias = j->b->bias ? j->b->bias + channel : NULL;
    s.out = j->b->out + image * l->conv->in_image_stride + channel * l->conv->in_count;
    int64_t start = cr_i64_max(0, last_needed(l, begin) - l->need + 1) / l->chunk * l->chunk;
    for (int64_t line = start; line < l->in_lines && done < end; line += l->chunk) {
        multiply(l, in, pack, channels * l->conv->kernel_count, line, scratch);
        for (; done < end && last_needed(l, done) < line + l->chunk; done++)
            for (int64_t c = 0; c < channels; c++)
                put_line(l, &s, c, done);
    }
    for (; done < end; done++) // where there is no input
        for (int64_t c = 0; c < channels; c++)
            put_line(l, &s, c, done);
}

static void run_alone(const job *j, int64_t image, int64_t channel, int64_t begin, int64_t end,
                      float *scratch)
{
    const cr_conv *conv = j->l->conv;
    source s = {.phases = scratch};
    s.data = j->b->in + image * conv->out_image_stride + channel * conv->out_count;
    s.weights = j->b->weights + channel * conv->kernel_count;
    s.bias = j->b->bias ? j->b->bias + channel : NULL;
    s.out = j->b->out + image * conv->in_image_stride + channel * conv->in_count;
    for (int64_t line = begin; line < end; line++)
        put_line(j->l, &s, 0, line);
}

static void run_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const layout *l = j->l;
    float *scratch = (float *)(void *)(j->b->slot_scratch + (size_t)slot * j->b->slot_step);
    int64_t begin = item % l->strips * l->strip, end = cr_i64_min(begin + l->strip, l->out_lines);
    int64_t blocks = l->conv->group * l->blocks, block = item / l->strips % blocks;
    int64_t image = item / l->strips / blocks;
    if (l->alone)
        run_alone(j, image, block, begin, end, scratch);
    else
        run_block(j, image, block, begin, end, scratch);
}

static void run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    layout l = lay_out(conv);
    job j = {&l, buffers};
    if (l.out_lines * l.out_width > 0 && l.wide > 0)
        cr_parallel(buffers->pool, conv->images * conv->group * l.blocks * l.strips, run_item, &j);
}

/* ---- packs and scratch ---- */

static size_t pack_bytes(const cr_conv *conv)
{
    layout l = lay_out(conv);
    return l.alone ? 0 : (size_t)(conv->group * l.blocks) * l.block_bytes;
}

// Each block of each group is a product of its own.
static void pack(const cr_conv *conv, const float *weights, void *to)
{
    layout l = lay_out(conv);
    for (int64_t i = 0; i < conv->group * l.blocks; i++) {
        int64_t first = i % l.blocks * l.block,
                rows = cr_i64_min(l.block, l.wide - first) * conv->kernel_count;
        const float *from = weights + (i / l.blocks * l.narrow * l.wide + first) * conv->kernel_count;
        float *block = (float *)(void *)((char *)to + (size_t)i * l.block_bytes);
        conv->kernels->gemm->wide_pack_transposed(from, rows, l.narrow, l.wide * conv->kernel_count, block);
    }
}

static size_t scratch_bytes(const cr_conv *conv)
{
    (void)conv;
    return 0;
}

static size_t slot_bytes(const cr_conv *conv)
{
    layout l = lay_out(conv);
    int64_t ring = l.alone ? 0 : l.rows * l.ring_step;
    return (size_t)(ring + l.stride * l.phase_step) * sizeof(float);
}

static const char *accepts(const cr_conv *conv)
{
    (void)conv;
    return NULL;
}

const cr_conv_algorithm cr_deconv_col2im = {.name = "col2im",
                                            .accepts = accepts,
                                            .pack_bytes = pack_bytes,
                                            .pack = pack,
                                            .scratch_bytes = scratch_bytes,
                                            .slot_bytes = slot_bytes,
                                            .run = run};
