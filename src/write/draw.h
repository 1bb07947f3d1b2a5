/*
 * draw.h - boxes with names and scores over a picture, as a PNG file.
 */
#ifndef CR_WRITE_DRAW_H
#define CR_WRITE_DRAW_H

#include "base/err.h"
#include "crema_tools.h"

// rgb: (height, width, 3). Boxes that are not finite or outside of the picture are left out; what of a box lies
// outside is cut. The file is written whole or not at all; an existing one is replaced.
cr_status cr_draw_boxes(const unsigned char *rgb, int width, int height, const crema_box *boxes, int n,
                        const char *out_path, cr_err *err);

#endif
