/*
 * tensor.h - shapes and tensors: float32, n c h w order, contiguous but for the step between images.
 *
 * image_stride is the number of floats from one entry of axis 0 to the next. It is larger than the product of
 * the other axes where the tensor is a channel range of a larger one (a Concat's bottom, a Slice's top).
 *
 * Between two steps that agree on it, a tensor may be blocked: n, c / CR_BLOCK, positions, CR_BLOCK. It has the same
 * size then; positions are all axes behind axis 1, and CR_BLOCK divides the channels.
 *
 * Tensors in a runner's arena have 64 readable bytes behind them; callers' buffers do not.
 */
#ifndef CR_BASE_TENSOR_H
#define CR_BASE_TENSOR_H

#include "base/err.h"
#include "base/mem.h"

#define CR_MAX_RANK CREMA_MAX_RANK
enum { CR_BLOCK = 16 };

typedef crema_shape cr_shape;

typedef struct cr_tensor {
    const char *name;
    cr_shape shape;
    int64_t image_stride; // floats; irrelevant when shape.dim[0] <= 1 or rank is 0
    bool blocked;
    float *data;
} cr_tensor;

// Product of dims [from, to) (1 for an empty range). Shapes of a plan are checked, so this can't overflow.
int64_t cr_shape_range(const cr_shape *shape, int from, int to);
int64_t cr_shape_count(const cr_shape *shape);
bool cr_shape_valid(const cr_shape *shape); // all dims >= 0 and count * 4 fits in int64
bool cr_shape_equal(const cr_shape *a, const cr_shape *b);
// "2x3x4" ("scalar" for rank 0, "?" for rank -1) into buf; returns buf.
char *cr_shape_text(const cr_shape *shape, char *buf, size_t size);
#define CR_SHAPE_TEXT 176 // enough for any shape

// Floats in one image (the axes behind axis 0; the whole tensor when rank is 0), and the number of images.
int64_t cr_tensor_image_count(const cr_tensor *t);
int64_t cr_tensor_images(const cr_tensor *t);
bool cr_tensor_contiguous(const cr_tensor *t);

#endif
