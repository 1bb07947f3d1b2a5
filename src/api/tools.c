/*
 * tools.c - crema_tools.h: the functions around a net.
 *
 * Each is a thin door to the room that does the work. Option structs start with struct_size: what an older
 * caller's struct lacks is zero, what a newer one has beyond ours is not looked at.
 */
#include "crema_tools.h"

#include "base/options.h"
#include "base/path.h"
#include "check/run.h"
#include "read/image.h"
#include "read/image_input.h"
#include "read/npy.h"
#include "write/draw.h"
#include "write/npy.h"
#include <string.h>

static cr_status take_preprocess(const crema_preprocess *given, crema_preprocess *ours, cr_err *err)
{
    if (!cr_copy_options(ours, sizeof *ours, given))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_preprocess.struct_size is not set");
    ours->mean_file[sizeof ours->mean_file - 1] = 0;
    return CREMA_OK;
}

// Fills the caller's struct, which may be an older and shorter one.
static void give_preprocess(const crema_preprocess *ours, crema_preprocess *out)
{
    size_t size = out->struct_size;
    memcpy(out, ours, size < sizeof *ours ? size : sizeof *ours);
    out->struct_size = size;
}

void crema_array_free(crema_array *array)
{
    if (!array)
        return;
    cr_free(array->data);
    memset(array, 0, sizeof *array);
}

crema_status crema_npy_read(const char *path, crema_array *out, crema_error *err)
{
    memset(out, 0, sizeof *out);
    return cr_npy_load(path, &out->shape, &out->data, err);
}

crema_status crema_npy_write(const char *path, const crema_shape *shape, const float *data, crema_error *err)
{
    return cr_npy_write(path, true, shape, data, err);
}

crema_status crema_preprocess_read(const char *path, crema_preprocess *out, crema_error *err)
{
    crema_preprocess read;
    cr_status status = take_preprocess(out, &read, err);
    if (status == CREMA_OK)
        status = cr_preprocess_read(path, &read, err);
    if (status == CREMA_OK)
        give_preprocess(&read, out);
    return status;
}

static cr_status use_transform(const crema_transform *t, const char *input, const char *net_path,
                               crema_preprocess *out, cr_err *err)
{
    if (t->n_mean_values > CREMA_MAX_CHANNELS)
        return cr_fail(err, CREMA_ERR_UNSUPPORTED, &(cr_pos){net_path, 0, 0},
                       "the transform_param of \"%s\" has %d mean values; pictures have at most %d channels",
                       input, t->n_mean_values, CREMA_MAX_CHANNELS);
    out->channels = t->force_gray ? CREMA_GRAY : t->force_color ? CREMA_BGR : CREMA_CHANNELS_AUTO;
    out->width = out->height = t->crop_size;
    out->fit = t->crop_size ? CREMA_CROP : CREMA_STRETCH;
    out->n_mean = t->n_mean_values;
    for (int i = 0; i < t->n_mean_values; i++)
        out->mean[i] = t->mean_values[i];
    out->scale = t->scale;
    if (t->mean_file && t->mean_file[0] &&
        !cr_path_beside(net_path, t->mean_file, out->mean_file, sizeof out->mean_file))
        return cr_fail(err, CREMA_ERR_UNSUPPORTED, &(cr_pos){net_path, 0, 0},
                       "the mean_file of \"%s\" has too long a path", input);
    return CREMA_OK;
}

crema_status crema_preprocess_from_net(const crema_net *net, const char *input, const char *net_path,
                                       crema_preprocess *out, crema_error *err)
{
    crema_preprocess made;
    crema_transform transform;
    cr_status status = take_preprocess(out, &made, err);
    made = (crema_preprocess){.struct_size = sizeof made};
    if (status == CREMA_OK && crema_net_transform(net, input, &transform) == CREMA_OK)
        status = use_transform(&transform, input, net_path, &made, err);
    if (status == CREMA_OK)
        give_preprocess(&made, out);
    return status;
}

crema_status crema_input_read(const char *const *paths, int n, const crema_preprocess *preprocess,
                              const crema_shape *want, crema_array *out, crema_placement *placements,
                              crema_error *err)
{
    memset(out, 0, sizeof *out);
    crema_preprocess p;
    cr_status status = take_preprocess(preprocess, &p, err);
    if (status == CREMA_OK)
        status = cr_input_read(paths, n, &p, want, &out->shape, &out->data, placements, err);
    return status;
}

crema_status crema_draw_boxes(const char *picture, const crema_box *boxes, int n, const char *out_path,
                              crema_error *err)
{
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = picture}, err);
    if (status != CREMA_OK)
        return status;
    cr_image image;
    status = cr_image_read(&file, &image, err);
    cr_file_close(&file);
    if (status == CREMA_OK)
        status = cr_image_convert(&image, 3, err);
    if (status == CREMA_OK)
        status = cr_draw_boxes(image.data, image.width, image.height, boxes, n, out_path, err);
    cr_image_free(&image);
    return status;
}

crema_status crema_check_manifest(const char *path, const crema_check_options *options,
                                  void (*report)(void *user, const crema_check_result *result), void *user,
                                  crema_error *err)
{
    crema_check_options o;
    if (!cr_copy_options(&o, sizeof o, options))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_check_options.struct_size is not set");
    return cr_check_run(path, &o, report, user, err);
}
