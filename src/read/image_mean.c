/*
 * image_mean.c - the mean to subtract: numbers, or a file (.npy, or .binaryproto as Caffe's compute_image_mean
 * writes it).
 *
 * A file holds a value per channel, as (C) or (C,1,1), or a map (C,H,W), with or without a leading axis of 1.
 * A map has the input's size. Where the picture is cut (fit: crop) it may be larger, and its middle is taken:
 * Caffe indexes the mean at the place in the picture where it cut.
 */
#include "read/image_input.h"

#include "read/caffemodel.h"
#include "read/npy.h"
#include <string.h>

void cr_mean_free(cr_mean *mean)
{
    cr_free(mean->map);
    mean->map = NULL;
}

static cr_status read_file(const char *path, cr_shape *shape, float **data, cr_err *err)
{
    crema_file what = {.path = path};
    cr_file file;
    cr_status status = cr_file_open(&file, &what, err);
    if (status != CREMA_OK)
        return status;
    bool npy = cr_npy_is(&file);
    if (npy)
        status = cr_npy_read(&file, shape, data, err);
    cr_file_close(&file);
    if (npy)
        return status;
    cr_tensor tensor = {0};
    status = cr_read_binaryproto(&what, &tensor, err);
    *shape = tensor.shape;
    *data = status == CREMA_OK ? tensor.data : NULL;
    return status;
}

// To (C,H,W), as far as that is possible.
static void drop_batch_axis(cr_shape *shape)
{
    if (shape->rank == 4 && shape->dim[0] == 1) {
        memmove(shape->dim, shape->dim + 1, 3 * sizeof *shape->dim);
        shape->rank = 3;
    }
    if (shape->rank == 1) {
        shape->rank = 3;
        shape->dim[1] = shape->dim[2] = 1;
    }
}

static cr_status cut_map(const cr_shape *shape, const float *data, int height, int width, cr_mean *out,
                         cr_err *err)
{
    int64_t channels = shape->dim[0], top = (shape->dim[1] - height) / 2, left = (shape->dim[2] - width) / 2;
    size_t row = (size_t)width;
    out->map = cr_alloc((size_t)channels * (size_t)height * row * sizeof(float));
    if (!out->map)
        return cr_no_memory(err);
    for (int64_t c = 0; c < channels; c++)
        for (int64_t y = 0; y < height; y++)
            memcpy(out->map + (size_t)(c * height + y) * row,
                   data + (c * shape->dim[1] + top + y) * shape->dim[2] + left, row * sizeof(float));
    return CREMA_OK;
}

static cr_status use_file(const crema_preprocess *preprocess, const cr_shape *stored, const float *data,
                          int channels, int height, int width, cr_mean *out, cr_err *err)
{
    cr_pos pos = {preprocess->mean_file, 0, 0};
    char text[CR_SHAPE_TEXT];
    cr_shape shape = *stored;
    drop_batch_axis(&shape);
    if (shape.rank != 3 || shape.dim[0] != channels)
        return cr_fail(
            err, CREMA_ERR_INPUT, &pos,
            "this mean has shape %s; for this input it needs %d channels, as (channels) or (channels, "
            "height, width)",
            cr_shape_text(stored, text, sizeof text), channels);
    if (shape.dim[1] == 1 && shape.dim[2] == 1) {
        memcpy(out->value, data, (size_t)channels * sizeof(float));
        return CREMA_OK;
    }
    bool same = shape.dim[1] == height && shape.dim[2] == width;
    bool cut = preprocess->fit == CREMA_CROP && shape.dim[1] >= height && shape.dim[2] >= width;
    if (!same && !cut)
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "this mean is %lldx%lld (width x height) but the input is %dx%d",
                       (long long)shape.dim[2], (long long)shape.dim[1], width, height);
    return cut_map(&shape, data, height, width, out, err);
}

cr_status cr_mean_load(const crema_preprocess *preprocess, int channels, int height, int width, cr_mean *out,
                       cr_err *err)
{
    memset(out, 0, sizeof *out);
    int n = preprocess->n_mean;
    if (n && preprocess->mean_file[0])
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "mean values and a mean file were given; only one can be used");
    if (preprocess->mean_file[0]) {
        cr_shape shape = {0};
        float *data = NULL;
        cr_status status = read_file(preprocess->mean_file, &shape, &data, err);
        if (status == CREMA_OK)
            status = use_file(preprocess, &shape, data, channels, height, width, out, err);
        cr_free(data);
        return status;
    }
    if (n < 0 || n > CREMA_MAX_CHANNELS || (n > 1 && n != channels))
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "%d mean values for %d channel%s; give one, or one per channel", n, channels,
                       channels == 1 ? "" : "s");
    for (int c = 0; n && c < channels; c++)
        out->value[c] = preprocess->mean[n == 1 ? 0 : c];
    return CREMA_OK;
}
