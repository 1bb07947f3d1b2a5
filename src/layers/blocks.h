/*
 * blocks.h - values that move between channels and positions: Reorg and DepthToSpace.
 */
#ifndef CR_LAYERS_BLOCKS_H
#define CR_LAYERS_BLOCKS_H

#include "layers/layer.h"

// Both ways between (c, h, w) with c = b * b * d channels, and (d, h * b, w * b): channel (y * b + x) * d +
// k at (i, j) is channel k at (i * b + y, j * b + x).
//
// c, h, w are those of the side with more channels; the bottom is that side, or with to_channels the other
// one. Each image is one contiguous run of values on both sides, whatever the shapes of bottom and top say.
typedef struct cr_blocks {
    int64_t b, c, h, w;
    bool to_channels;
} cr_blocks;

void cr_blocks_run(const cr_step *step, cr_run *run, const cr_blocks *blocks);

#endif
