/*
 * fold.h - layers that scale and shift channels, as part of the weights of the step that takes them.
 *
 *     (sum + bias - center) * scale + shift = sum of (weight * scale) + ((bias - center) * scale + shift)
 *
 * in double, rounded once.
 */
#ifndef CR_LAYERS_FOLD_H
#define CR_LAYERS_FOLD_H

#include "layers/layer.h"

// For gives(): what->channel, to be filled; as it is, it changes nothing. NULL (with CREMA_OK) where bottom 0 has no
// channels.
cr_status cr_give_channels(const cr_step *step, const cr_preparing *p, cr_fusion *what, cr_channel **channel,
                           cr_err *err);

// For prepare() of steps that take CR_TAKES_AFFINE: whether anything is to be folded.
bool cr_folds(const cr_step *step);
// The bias of `channels`: that of blob 1, where there is one, folded; NULL: none. And what each row of the weights is
// to be multiplied by; NULL: nothing.
cr_status cr_fold(const cr_step *step, const cr_preparing *p, int64_t channels, const float **bias,
                  const double **scale, cr_err *err);
// Asks for a pack that is blob 0 folded, a row for each channel, 64 readable bytes behind it. Only where it folds.
cr_status cr_fold_weights(cr_step *step, const cr_preparing *p, int64_t channels, cr_err *err);
// What the key of a pack must end with: which layers are folded into it. "" where none are.
#define CR_FOLD_TEXT 32
const char *cr_fold_key(const cr_step *step, const cr_preparing *p, char text[CR_FOLD_TEXT]);

#endif
