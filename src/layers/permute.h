/*
 * permute.h - axes in another order: what Permute and Transpose do once they know the order.
 */
#ifndef CR_LAYERS_PERMUTE_H
#define CR_LAYERS_PERMUTE_H

#include "layers/layer.h"

// Axis i of top 0 is axis order[i] of bottom 0. An order that moves no axis longer than 1 past another one
// changes nothing in memory: then the layer is a view.
void cr_permute_shape(cr_shaping *s, const int *order);
void cr_permute_run(const cr_step *step, cr_run *run, const int *order);

#endif
