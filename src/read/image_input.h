/*
 * image_input.h - pictures and .npy files to the blob that a net wants; see crema_tools.h for the meaning of
 * the options.
 */
#ifndef CR_READ_IMAGE_INPUT_H
#define CR_READ_IMAGE_INPUT_H

#include "base/file.h"
#include "base/tensor.h"
#include "crema_tools.h"

// The options in a YAML file. A mean file's path is made relative to it.
cr_status cr_preprocess_read(const char *path, crema_preprocess *out, cr_err *err);

// Files to one batch along axis 0. *data is freed with cr_free. placements: n entries or NULL.
cr_status cr_input_read(const char *const *paths, int n, const crema_preprocess *preprocess,
                        const cr_shape *want, cr_shape *shape, float **data, crema_placement *placements,
                        cr_err *err);

// ---- between the files of this reader ----

// A mean for pictures of one size: values per channel, or a map (channels, height, width). All zero is none.
typedef struct cr_mean {
    float value[CREMA_MAX_CHANNELS];
    float *map;
} cr_mean;

// From the preprocessing's numbers or its file. Free with cr_mean_free, also after an error.
cr_status cr_mean_load(const crema_preprocess *preprocess, int channels, int height, int width, cr_mean *out,
                       cr_err *err);
void cr_mean_free(cr_mean *mean);

#endif
