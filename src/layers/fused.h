/*
 * fused.h - the step of layers that give and were not taken: a loop over bottom 0 that does what cr_fusion says.
 */
#ifndef CR_LAYERS_FUSED_H
#define CR_LAYERS_FUSED_H

#include "layers/layer.h"

// In place of the layer's own prepare(): sets run, too.
cr_status cr_fused_prepare(cr_step *step, const cr_preparing *p, cr_err *err);

// For gives(): arrays by channel in what->scale and what->shift, 1 and 0 everywhere, to be filled; *is says whether
// bottom 0 has channels at all.
cr_status cr_give_affine(const cr_step *step, const cr_preparing *p, cr_fusion *what, double **scale,
                         double **shift, bool *is, cr_err *err);

#endif
