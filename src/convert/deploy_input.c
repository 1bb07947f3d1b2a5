/*
 * deploy_input.c - a data layer becomes an Input layer.
 *
 * Its shape is what the caller says, or what the layer's own parameters decide: the size from crop_size, from the size
 * that pictures are scaled to, or from MemoryData; the channels from MemoryData, is_color, force_color or force_gray, or
 * several mean_values; DummyData has it all. A database does not say how many channels its pictures have: then the caller must. One picture
 * at a time is meant, whatever the batch of the training was.
 *
 * transform_param stays, but for what is random: it says how a picture becomes this input (crema_preprocess_from_net).
 */
#include "convert/deploy.h"

#include "crema.pb-c.h"
#include "schema/field.h"

#include <stdio.h>
#include <string.h>

typedef struct size { // 0: not known
    int64_t channels, height, width;
} size;

static void keep_known(size *s, int64_t channels, int64_t height, int64_t width)
{
    s->channels = channels ? channels : s->channels;
    s->height = height && width ? height : s->height;
    s->width = height && width ? width : s->width;
}

// Value i of one for all, or one for each.
static uint32_t one_of(const uint32_t *value, size_t n, size_t i)
{
    return n == 0 ? 0 : value[n == 1 ? 0 : i < n ? i : n - 1];
}

// A measurement's data; false: the layer has none.
static bool dummy_shape(const Crema__LayerParameter *layer, size_t top, crema_shape *out)
{
    const Crema__DummyDataParameter *p = layer->dummy_data_param;
    if (!p || (p->n_shape == 0 && (p->n_channels == 0 || p->n_height == 0 || p->n_width == 0)))
        return false;
    *out = (crema_shape){4,
                         {1, one_of(p->channels, p->n_channels, top), one_of(p->height, p->n_height, top),
                          one_of(p->width, p->n_width, top)}};
    if (p->n_shape > 0) {
        const Crema__BlobShape *s = p->shape[p->n_shape == 1 ? 0 : top < p->n_shape ? top : p->n_shape - 1];
        if (s->n_dim == 0 || s->n_dim > CR_MAX_RANK)
            return false;
        out->rank = (int)s->n_dim;
        memcpy(out->dim, s->dim, s->n_dim * sizeof *s->dim);
        out->dim[0] = 1;
    }
    return cr_shape_valid(out);
}

static size size_of(const Crema__LayerParameter *layer)
{
    const Crema__TransformationParameter *t = layer->transform_param;
    const Crema__ImageDataParameter *pictures = layer->image_data_param;
    const Crema__MemoryDataParameter *memory = layer->memory_data_param;
    size s = {0};
    if (pictures)
        keep_known(&s, pictures->is_color ? 3 : 1, pictures->new_height, pictures->new_width);
    if (memory)
        keep_known(&s, memory->channels, memory->height, memory->width);
    if (!t)
        return s;
    if (t->resize_param)
        keep_known(&s, 0, t->resize_param->height, t->resize_param->width);
    keep_known(&s,
               t->force_gray         ? 1
               : t->force_color      ? 3
               : t->n_mean_value > 1 ? (int64_t)t->n_mean_value
                                     : 0,
               t->crop_size ? t->crop_size : t->crop_h, t->crop_size ? t->crop_size : t->crop_w);
    return s;
}

static const crema_shape *given_shape(const cr_convert_job *job, const char *top)
{
    for (int i = 0; i < job->options.n_shapes; i++)
        if (strcmp(job->options.shapes[i].name, top) == 0)
            return &job->options.shapes[i].shape;
    return NULL;
}

static cr_status not_known(const Crema__LayerParameter *layer, const char *top, const size *s,
                           const cr_notes *notes, cr_err *err)
{
    char example[96] = "";
    if (s->height)
        snprintf(example, sizeof example, "; it may be 1,%lld,%lld,%lld",
                 (long long)(s->channels ? s->channels : 3), (long long)s->height, (long long)s->width);
    cr_pos pos = cr_notes_pos(notes, layer, NULL, 0);
    return cr_fail(err, CREMA_ERR_UNSUPPORTED, &pos,
                   "layer \"%s\" (%s): the shape of \"%s\" can't be known from it and must be given%s",
                   layer->name ? layer->name : "", layer->type ? layer->type : "", top, example);
}

static cr_status shape_of(const cr_convert_job *job, const Crema__LayerParameter *layer, size_t top,
                          const cr_notes *notes, crema_shape *out, cr_err *err)
{
    const crema_shape *given = given_shape(job, layer->top[top]);
    size s = size_of(layer);
    if (given) {
        *out = *given;
        return CREMA_OK;
    }
    if (dummy_shape(layer, top, out))
        return CREMA_OK;
    if (top > 0 || !s.channels || !s.height || !s.width)
        return not_known(layer, layer->top[top], top > 0 ? &(size){0} : &s, notes, err);
    *out = (crema_shape){4, {1, s.channels, s.height, s.width}};
    return CREMA_OK;
}

static Crema__BlobShape *blob_shape(cr_arena *arena, const crema_shape *from)
{
    Crema__BlobShape *s = (Crema__BlobShape *)cr_message_new(arena, &crema__blob_shape__descriptor);
    if (!s || !(s->dim = cr_arena_array(arena, (size_t)from->rank, sizeof *s->dim)))
        return NULL;
    for (; s->n_dim < (size_t)from->rank; s->n_dim++)
        s->dim[s->n_dim] = from->dim[s->n_dim];
    return s;
}

cr_status cr_deploy_input(const cr_convert_job *job, Crema__LayerParameter *layer, const cr_notes *notes,
                          cr_err *err)
{
    static const char *const kept[] = {"transform_param", NULL};
    Crema__InputParameter *input =
        (Crema__InputParameter *)cr_message_new(job->arena, &crema__input_parameter__descriptor);
    if (!input || !(input->shape = cr_arena_array(job->arena, layer->n_top, sizeof *input->shape)))
        return cr_no_memory(err);
    for (size_t i = 0; i < layer->n_top; i++) {
        crema_shape shape;
        char text[CR_SHAPE_TEXT];
        cr_status status = shape_of(job, layer, i, notes, &shape, err);
        if (status != CREMA_OK)
            return status;
        if (!(input->shape[input->n_shape++] = blob_shape(job->arena, &shape)))
            return cr_no_memory(err);
        cr_convert_note(job, "layer \"%s\" (%s) is now the input \"%s\", %s", layer->name ? layer->name : "",
                        layer->type ? layer->type : "", layer->top[i],
                        cr_shape_text(&shape, text, sizeof text));
    }
    cr_deploy_clear(layer, kept);
    if (!(layer->type = cr_arena_strdup(job->arena, "Input")))
        return cr_no_memory(err);
    layer->n_bottom = 0;
    layer->input_param = input;
    Crema__TransformationParameter *t = layer->transform_param;
    for (unsigned i = 0; t && i < t->base.descriptor->n_fields; i++) {
        static const char *const stay[] = {"scale",       "crop_size",  "mean_file", "mean_value",
                                           "force_color", "force_gray", "crop_h",    "crop_w"};
        const ProtobufCFieldDescriptor *field = &t->base.descriptor->fields[i];
        bool stays = false;
        for (size_t j = 0; j < sizeof stay / sizeof *stay; j++)
            stays |= strcmp(field->name, stay[j]) == 0;
        if (!stays)
            cr_field_clear(&t->base, field);
    }
    return CREMA_OK;
}
