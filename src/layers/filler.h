/*
 * filler.h - Caffe's fillers: values for weights that no file holds.
 *
 * constant, uniform, gaussian (with sparse), xavier, msra, bilinear, positive_unitball. The distributions are
 * Caffe's; the random numbers are our own and repeat for the same seed and layer name on every machine.
 */
#ifndef CR_LAYERS_FILLER_H
#define CR_LAYERS_FILLER_H

#include "base/tensor.h"
#include "schema/notes.h"

typedef struct Crema__FillerParameter Crema__FillerParameter;

// Fills data with count(shape) values. filler NULL: all `fill`. seed: already mixed with layer name and index.
// notes gives the position for errors (unknown type, bilinear on a blob that is not square).
cr_status cr_fill(const Crema__FillerParameter *filler, float fill, const cr_shape *shape, uint64_t seed,
                  float *data, const cr_notes *notes, cr_err *err);
// Checks without filling.
cr_status cr_fill_check(const Crema__FillerParameter *filler, const cr_shape *shape, const cr_notes *notes,
                        cr_err *err);
uint64_t cr_fill_seed(uint64_t seed, const char *layer, int blob);

#endif
