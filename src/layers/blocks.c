/*
 * blocks.c - the one copy that Reorg and DepthToSpace are.
 */
#include "layers/blocks.h"
#include "kernels/copy.h"

void cr_blocks_run(const cr_step *step, cr_run *run, const cr_blocks *k)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int64_t b = k->b, d = k->c / (b * b), plane = k->h * k->w;
    // The axes are n, k, i, y, j, x: the order of the side with larger planes.
    const int64_t dim[6] = {in->shape.dim[0], d, k->h, b, k->w, b};
    const int64_t wide[6] = {0, plane * b * b, b * k->w * b, k->w * b, b, 1};
    const int64_t deep[6] = {0, plane, k->w, b * d * plane, 1, d * plane};
    // The order of the target's steps, decreasing, for the side with more channels: n, y, x, k, i, j.
    static const int order[6] = {0, 3, 5, 1, 2, 4};
    cr_copy c = {.rank = 6, .from = in->data, .to = out->data};
    for (int i = 0; i < 6; i++) {
        int axis = k->to_channels ? order[i] : i;
        c.dim[i] = dim[axis];
        c.from_step[i] = (k->to_channels ? wide : deep)[axis];
        c.to_step[i] = (k->to_channels ? deep : wide)[axis];
    }
    c.from_step[0] = in->image_stride;
    c.to_step[0] = out->image_stride;
    cr_copy_run(&c, run->pool);
}
