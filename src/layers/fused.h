/*
 * fused.h - the step of layers that give and were not taken: a loop over bottom 0 that does what cr_fusion says.
 */
#ifndef CR_LAYERS_FUSED_H
#define CR_LAYERS_FUSED_H

#include "layers/layer.h"

// In place of the layer's own prepare(): sets run, too.
cr_status cr_fused_prepare(cr_step *step, const cr_preparing *p, cr_err *err);

#endif
