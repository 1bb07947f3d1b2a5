/*
 * sample.c - image by image: the places of all positions into scratch, row by row; then all channels.
 */
#include "layers/sample.h"

enum { BLOCK = 4096 }; // positions in a piece of work

cr_status cr_sample_scratch(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *out = &p->tensor[step->out[0]].shape;
    size_t positions = (size_t)cr_shape_range(out, 2, 4);
    return cr_size_mul(positions, sizeof(cr_sample), &step->scratch_bytes) ? CREMA_OK : cr_no_memory(err);
}

typedef struct job {
    cr_sample_row_fn row;
    const void *arg;
    int64_t image, width;
    int64_t positions, in_positions, blocks;
    const float *in;
    float *out;
    cr_sample *samples; // (positions)
    float fill;
} job;

static void row_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    j->row(j->arg, j->image, item, j->samples + item * j->width);
}

static void channel_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    int64_t channel = item / j->blocks, first = item % j->blocks * BLOCK;
    int64_t n = j->positions - first < BLOCK ? j->positions - first : BLOCK;
    const float *in = j->in + channel * j->in_positions;
    float *out = j->out + channel * j->positions + first;
    const cr_sample *s = j->samples + first;
    for (int64_t i = 0; i < n; i++, s++)
        out[i] = s->at[0] < 0 ? j->fill
                              : s->weight[0] * in[s->at[0]] + s->weight[1] * in[s->at[1]] +
                                    s->weight[2] * in[s->at[2]] + s->weight[3] * in[s->at[3]];
}

void cr_sample_run(const cr_step *step, cr_run *run, cr_sample_row_fn row, const void *arg, float fill)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    job j = {.row = row, .arg = arg, .width = out->shape.dim[3], .samples = run->scratch, .fill = fill};
    j.positions = cr_shape_range(&out->shape, 2, 4);
    j.in_positions = cr_shape_range(&in->shape, 2, 4);
    j.blocks = (j.positions + BLOCK - 1) / BLOCK;
    for (j.image = 0; j.image < out->shape.dim[0]; j.image++) {
        j.in = in->data + j.image * in->image_stride;
        j.out = out->data + j.image * out->image_stride;
        cr_parallel(run->pool, out->shape.dim[2], row_item, &j);
        cr_parallel(run->pool, out->shape.dim[1] * j.blocks, channel_item, &j);
    }
}
