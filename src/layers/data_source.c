/*
 * data_source.c - layers that read pictures, databases or cameras: Data, ImageData, HDF5Data, WindowData and those
 * of the forks.
 *
 * Nothing is read here: their tops are inputs of the net, which the caller feeds like those of an Input layer.
 * Shapes are known as far as the parameters alone decide them (Caffe's data_layer.cpp, image_data_layer.cpp,
 * window_data_layer.cpp; DeepLab's image_seg_data_layer.cpp); the caller gives the others, since Caffe takes
 * them from the first picture. A layer that makes data from other data (DetectNetTransformation) is a source
 * too; its bottoms are read by nobody.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

static void unknown(const cr_layer *layer, cr_shaping *s)
{
    for (int i = 0; i < layer->n_out; i++)
        s->out[i].rank = -1;
}

static cr_status shape_unknown(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    unknown(layer, s);
    return CREMA_OK;
}

// One label for each picture.
static void labels(const cr_layer *layer, cr_shaping *s, uint32_t batch_size)
{
    unknown(layer, s);
    if (layer->n_out > 1 && batch_size > 0)
        s->out[1] = (cr_shape){.rank = 1, .dim = {batch_size}};
}

static cr_status shape_data(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    labels(layer, s, layer->param->data_param ? layer->param->data_param->batch_size : 0);
    return CREMA_OK;
}

static cr_status shape_window_data(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    labels(layer, s, layer->param->window_data_param ? layer->param->window_data_param->batch_size : 0);
    return CREMA_OK;
}

// The pictures of one batch, where parameters say their size.
static void pictures(const cr_layer *layer, const Crema__ImageDataParameter *p, bool resizes, cr_shape *out)
{
    const Crema__TransformationParameter *t = layer->param->transform_param;
    int64_t crop = t ? t->crop_size : 0;
    int64_t height = crop ? crop : resizes ? p->new_height : 0;
    int64_t width = crop ? crop : resizes ? p->new_width : 0;
    if (p->batch_size > 0 && height > 0 && width > 0)
        *out = (cr_shape){.rank = 4, .dim = {p->batch_size, p->is_color ? 3 : 1, height, width}};
}

static cr_status shape_image_data(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    const Crema__ImageDataParameter *p = layer->param->image_data_param;
    labels(layer, s, p ? p->batch_size : 0);
    if (p && layer->n_out > 0)
        pictures(layer, p, true, &s->out[0]);
    return CREMA_OK;
}

// Here labels are pictures too, and a third top has their sizes.
static cr_status shape_image_seg_data(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    const Crema__ImageDataParameter *p = layer->param->image_data_param;
    unknown(layer, s);
    if (p && layer->n_out > 0)
        pictures(layer, p, false, &s->out[0]);
    return CREMA_OK;
}

#define SOURCE .in_max = 0, .out_min = 1, .out_max = CR_ANY, .flags = CR_SOURCE

const cr_layer_type cr_layer_data = {.name = "Data",
                                     .about = "a database; its tops are inputs",
                                     .param = "data_param",
                                     SOURCE,
                                     .shape = shape_data};
const cr_layer_type cr_layer_image_data = {.name = "ImageData",
                                           .about = "pictures of a list; its tops are inputs",
                                           .param = "image_data_param",
                                           SOURCE,
                                           .shape = shape_image_data};
const cr_layer_type cr_layer_window_data = {.name = "WindowData",
                                            .about = "windows of pictures; its tops are inputs",
                                            .param = "window_data_param",
                                            SOURCE,
                                            .shape = shape_window_data};
const cr_layer_type cr_layer_hdf5_data = {.name = "HDF5Data",
                                          .about = "HDF5 files; its tops are inputs",
                                          .param = "hdf5_data_param",
                                          SOURCE,
                                          .shape = shape_unknown};
const cr_layer_type cr_layer_annotated_data = {.name = "AnnotatedData",
                                               .about = "pictures with boxes (SSD); its tops are inputs",
                                               .param = "annotated_data_param data_param",
                                               SOURCE,
                                               .shape = shape_unknown};
const cr_layer_type cr_layer_video_data = {.name = "VideoData",
                                           .about = "frames of a video (SSD); its tops are inputs",
                                           .param = "video_data_param data_param",
                                           SOURCE,
                                           .shape = shape_unknown};
const cr_layer_type cr_layer_image_seg_data = {
    .name = "ImageSegData",
    .about = "pictures with label pictures (DeepLab); its tops are inputs",
    .param = "image_data_param",
    SOURCE,
    .shape = shape_image_seg_data};
const cr_layer_type cr_layer_dense_image_data = {
    .name = "DenseImageData",
    .about = "pictures with label pictures (SegNet); its tops are inputs",
    .param = "dense_image_data_param",
    SOURCE,
    .shape = shape_unknown};
const cr_layer_type cr_layer_seg_data = {.name = "SegData",
                                         .about =
                                             "pictures with label pictures (PSPNet); its tops are inputs",
                                         .param = "seg_data_param",
                                         SOURCE,
                                         .shape = shape_unknown};
const cr_layer_type cr_layer_detect_net_transformation = {
    .name = "DetectNetTransformation",
    .about = "pictures with boxes (DetectNet); its tops are inputs",
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_SOURCE,
    .shape = shape_unknown};
