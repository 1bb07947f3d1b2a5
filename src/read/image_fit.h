/*
 * image_fit.h - a picture at another size.
 *
 * The picture is scaled to a size of its own and laid over the target with its corner at (left, top):
 *     stretch    scaled to the target itself
 *     crop       scaled to fill the target, the middle kept: left = -floor((scaled width - width) / 2)
 *     letterbox  scaled to fit as a whole, in the middle; what it leaves free is not written
 * Values are bilinear with half-pixel centres and repeated edges, as OpenCV's resize with INTER_LINEAR, but
 * in float and not rounded to 8 bits. Without antialiasing: shrinking by more than 2 skips pixels, as there.
 */
#ifndef CR_READ_IMAGE_FIT_H
#define CR_READ_IMAGE_FIT_H

#include "crema_tools.h"
#include "read/image.h"

typedef struct cr_fitted {
    int64_t scaled_width, scaled_height;
    int64_t left, top;
    int x0, x1, y0, y1; // what of the target is covered: x0 <= x < x1
} cr_fitted;

void cr_image_fit(const cr_image *image, int width, int height, crema_fit fit, cr_fitted *out);

// Resamples one channel into plane (height, width); only what is covered is written.
cr_status cr_image_resample(const cr_image *image, const cr_fitted *fitted, int channel, float *plane,
                            int width, cr_err *err);

#endif
