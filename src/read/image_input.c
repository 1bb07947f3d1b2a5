/*
 * image_input.c - files to one batch.
 *
 * Each file becomes an item, a tensor that is put behind the others along axis 0: a picture as (1,C,H,W), a .npy
 * file as it is, or with an axis of 1 in front where the net wants one more than it has. All items must agree
 * in the other axes.
 * A value of a picture becomes (value * raw - mean) * scale; what a letterbox leaves free is 0, which is the
 * mean. Without a size in the options a picture must have the size that the net's input has, if that is known.
 */
#include "read/image_input.h"

#include "read/image_fit.h"
#include "read/npy.h"
#include <string.h>

typedef struct batch {
    const crema_preprocess *preprocess;
    const cr_shape *want;
    const char *first; // the first file, for messages
    cr_shape shape;    // rank -1: nothing yet
    float *data;
    size_t count;
    const char *sized_by; // the picture that set the size of the next ones; NULL: not yet, or by the options
    int width, height, channels;
    cr_mean mean; // loaded with the first picture
    bool has_mean;
} batch;

static bool net_has_size(const batch *b)
{
    return b->want->rank == 4 && b->want->dim[2] > 0 && b->want->dim[3] > 0;
}

static cr_status choose_channels(batch *b, const cr_pos *pos, cr_err *err)
{
    const cr_shape *want = b->want;
    char text[CR_SHAPE_TEXT];
    if (want->rank >= 0 && want->rank != 4)
        return cr_fail(
            err, CREMA_ERR_USAGE, pos,
            "is a picture, but this input has shape %s: a picture needs (images, channels, height, "
            "width)",
            cr_shape_text(want, text, sizeof text));
    bool gray = b->preprocess->channels == CREMA_GRAY ||
                (b->preprocess->channels == CREMA_CHANNELS_AUTO && want->rank == 4 && want->dim[1] == 1);
    b->channels = gray ? 1 : 3;
    if (want->rank == 4 && want->dim[1] != b->channels)
        return cr_fail(err, CREMA_ERR_USAGE, pos, "is read as %s, with %d channel%s, but this input has %lld",
                       gray ? "gray" : "colour", b->channels, gray ? "" : "s", (long long)want->dim[1]);
    return CREMA_OK;
}

static cr_status choose_size(batch *b, const cr_pos *pos, const cr_image *image, cr_err *err)
{
    const crema_preprocess *p = b->preprocess;
    if (p->net_size || p->width || p->height) {
        if (p->net_size && !net_has_size(b))
            return cr_fail(err, CREMA_ERR_USAGE, pos,
                           "can't be scaled to the net's size: this input declares none");
        b->width = p->net_size ? (int)b->want->dim[3] : p->width;
        b->height = p->net_size ? (int)b->want->dim[2] : p->height;
        int64_t pixels = (int64_t)b->width * b->height;
        return b->width > 0 && b->height > 0 && pixels <= CR_IMAGE_MAX_PIXELS
                   ? CREMA_OK
                   : cr_fail(err, CREMA_ERR_USAGE, pos, "can't be scaled to %dx%d pixels", b->width,
                             b->height);
    }
    if (b->sized_by && (image->width != b->width || image->height != b->height))
        return cr_fail(err, CREMA_ERR_USAGE, pos, "is %dx%d pixels but %s is %dx%d; give a size for all",
                       image->width, image->height, b->sized_by, b->width, b->height);
    if (net_has_size(b) && (image->width != b->want->dim[3] || image->height != b->want->dim[2]))
        return cr_fail(
            err, CREMA_ERR_USAGE, pos,
            "is %dx%d pixels but the net's input is %lldx%lld; give a size (\"net\" for the net's)",
            image->width, image->height, (long long)b->want->dim[3], (long long)b->want->dim[2]);
    b->sized_by = pos->file;
    b->width = image->width;
    b->height = image->height;
    return CREMA_OK;
}

static void normalise(const batch *b, const cr_fitted *fitted, int channel, float *plane)
{
    float raw = b->preprocess->unit_range ? 1.f / 255 : 1;
    float scale = b->preprocess->scale == 0 ? 1 : b->preprocess->scale;
    size_t width = (size_t)b->width;
    const float *map = b->mean.map;
    if (map)
        map += (size_t)channel * (size_t)b->height * width;
    for (int y = fitted->y0; y < fitted->y1; y++)
        for (int x = fitted->x0; x < fitted->x1; x++) {
            size_t i = (size_t)y * width + (size_t)x;
            plane[i] = (plane[i] * raw - (map ? map[i] : b->mean.value[channel])) * scale;
        }
}

static cr_status fill_planes(const batch *b, const cr_image *image, crema_placement *placement, float *data,
                             cr_err *err)
{
    cr_fitted fitted;
    cr_image_fit(image, b->width, b->height, b->preprocess->fit, &fitted);
    for (int c = 0; c < b->channels; c++) {
        int from = b->preprocess->channels == CREMA_RGB || b->channels == 1 ? c : 2 - c;
        float *plane = data + (size_t)c * (size_t)b->height * (size_t)b->width;
        cr_status status = cr_image_resample(image, &fitted, from, plane, b->width, err);
        if (status != CREMA_OK)
            return status;
        normalise(b, &fitted, c, plane);
    }
    *placement = (crema_placement){image->width,
                                   image->height,
                                   (float)((double)fitted.scaled_width / image->width),
                                   (float)((double)fitted.scaled_height / image->height),
                                   (float)fitted.left,
                                   (float)fitted.top};
    return CREMA_OK;
}

static cr_status picture_to_item(batch *b, cr_image *image, const cr_pos *pos, cr_shape *shape, float **data,
                                 crema_placement *placement, cr_err *err)
{
    cr_status status = choose_channels(b, pos, err);
    if (status == CREMA_OK)
        status = choose_size(b, pos, image, err);
    if (status == CREMA_OK && !b->has_mean) {
        status = cr_mean_load(b->preprocess, b->channels, b->height, b->width, &b->mean, err);
        b->has_mean = true;
    }
    if (status == CREMA_OK)
        status = cr_image_convert(image, b->channels, err);
    if (status != CREMA_OK)
        return status;
    *shape = (cr_shape){4, {1, b->channels, b->height, b->width}};
    *data = cr_alloc_zero((size_t)cr_shape_count(shape) * sizeof(float));
    return *data ? fill_planes(b, image, placement, *data, err) : cr_no_memory(err);
}

static cr_status read_item(batch *b, const char *path, cr_shape *shape, float **data,
                           crema_placement *placement, cr_err *err)
{
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = path}, err);
    if (status != CREMA_OK)
        return status;
    if (cr_npy_is(&file)) {
        status = cr_npy_read(&file, shape, data, err);
        if (status == CREMA_OK && b->want->rank == shape->rank + 1) {
            memmove(shape->dim + 1, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
            shape->dim[0] = 1;
            shape->rank++;
        }
    } else {
        cr_image image;
        status = cr_image_read(&file, &image, err);
        if (status == CREMA_OK)
            status = picture_to_item(b, &image, &(cr_pos){path, 0, 0}, shape, data, placement, err);
        cr_image_free(&image);
    }
    cr_file_close(&file);
    return status;
}

static bool can_follow(const cr_shape *a, const cr_shape *b)
{
    bool same = a->rank == b->rank && a->rank > 0;
    for (int i = 1; same && i < a->rank; i++)
        same = a->dim[i] == b->dim[i];
    return same;
}

// Puts an item behind the others; takes its data.
static cr_status append(batch *b, const char *path, const cr_shape *shape, float *data, cr_err *err)
{
    if (b->shape.rank < 0) {
        b->shape = *shape;
        b->data = data;
        b->first = path;
        return CREMA_OK;
    }
    char one[CR_SHAPE_TEXT], other[CR_SHAPE_TEXT];
    size_t old = (size_t)cr_shape_count(&b->shape), n = (size_t)cr_shape_count(shape);
    cr_status status = CREMA_OK;
    cr_shape sum = b->shape;
    if (!can_follow(&b->shape, shape))
        status = cr_fail(err, CREMA_ERR_USAGE, &(cr_pos){path, 0, 0},
                         "has shape %s and can't be put into one batch with %s of shape %s",
                         cr_shape_text(shape, one, sizeof one), b->first,
                         cr_shape_text(&b->shape, other, sizeof other));
    else if (!cr_i64_add(sum.dim[0], shape->dim[0], &sum.dim[0]) || !cr_shape_valid(&sum))
        status = cr_fail(err, CREMA_ERR_USAGE, &(cr_pos){path, 0, 0}, "makes the batch too large");
    else {
        float *grown = cr_realloc(b->data, n + old ? (n + old) * sizeof(float) : 1);
        if (grown) {
            memcpy(grown + old, data, n * sizeof(float));
            b->data = grown;
            b->shape = sum;
        } else {
            status = cr_no_memory(err);
        }
    }
    cr_free(data);
    return status;
}

cr_status cr_input_read(const char *const *paths, int n, const crema_preprocess *preprocess,
                        const cr_shape *want, cr_shape *shape, float **data, crema_placement *placements,
                        cr_err *err)
{
    static const crema_preprocess plain;
    static const cr_shape unknown = {.rank = -1};
    *data = NULL;
    if (n < 1)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "no input files were given");
    batch b = {
        .preprocess = preprocess ? preprocess : &plain, .want = want ? want : &unknown, .shape = unknown};
    cr_status status = CREMA_OK;
    for (int i = 0; i < n && status == CREMA_OK; i++) {
        cr_shape item;
        float *values = NULL;
        crema_placement placement = {0};
        status = read_item(&b, paths[i], &item, &values, &placement, err);
        if (status == CREMA_OK)
            status = append(&b, paths[i], &item, values, err);
        else
            cr_free(values);
        if (placements)
            placements[i] = placement;
    }
    cr_mean_free(&b.mean);
    if (status != CREMA_OK) {
        cr_free(b.data);
        return status;
    }
    *shape = b.shape;
    *data = b.data;
    return CREMA_OK;
}
