/*
 * inputs.c - `input` with `input_shape` (one each) or `input_dim` (four each) becomes one Input layer.
 *
 *     input: "data" input_dim: 1 input_dim: 3 input_dim: 224 input_dim: 224
 *  -> layer { name: "input" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } } }
 *
 * As Caffe's UpgradeNetInput: the layer stands first, with all inputs as tops; input_shape wins if both are
 * there. Caffe drops an `input` that has neither, and then refuses the net; here it makes an Input layer without
 * shapes, for a caller who gives them.
 */
#include "upgrade/move.h"

static cr_status from_shapes(const cr_up *up, Crema__InputParameter *param)
{
    Crema__NetParameter *net = up->net;
    cr_pos pos = cr_notes_pos(up->notes, net, "input_shape", 0);
    if (net->n_input_shape < net->n_input)
        return cr_fail(up->err, CREMA_ERR_INPUT, &pos, "%zu input_shape for %zu input: one each is needed",
                       net->n_input_shape, net->n_input);
    if (net->n_input_shape > net->n_input)
        cr_up_warn(up, net, "input_shape", net->n_input, "%zu input_shape for %zu input: the rest is dropped",
                   net->n_input_shape, net->n_input);
    if (net->n_input_dim)
        cr_up_warn(up, net, "input_dim", 0, "input_dim is dropped: input_shape is there too");
    net->n_input_shape = net->n_input;
    return cr_up_move(up, &net->base, "input_shape", &param->base, "shape");
}

static cr_status from_dims(const cr_up *up, Crema__InputParameter *param)
{
    Crema__NetParameter *net = up->net;
    cr_pos pos = cr_notes_pos(up->notes, net, "input_dim", 0);
    if (net->n_input_dim / 4 < net->n_input)
        return cr_fail(up->err, CREMA_ERR_INPUT, &pos,
                       "%zu input_dim for %zu input: four each (num, channels, height, width) are needed",
                       net->n_input_dim, net->n_input);
    if (net->n_input_dim > 4 * net->n_input)
        cr_up_warn(up, net, "input_dim", 4 * net->n_input,
                   "%zu input_dim for %zu input: four each are needed, the rest is dropped", net->n_input_dim,
                   net->n_input);
    param->shape = cr_arena_array(up->arena, net->n_input, sizeof *param->shape);
    if (!param->shape)
        return cr_no_memory(up->err);
    for (size_t i = 0; i < net->n_input; i++) {
        Crema__BlobShape *s = (Crema__BlobShape *)cr_message_new(up->arena, &crema__blob_shape__descriptor);
        if (!s || !(s->dim = cr_arena_array(up->arena, 4, sizeof *s->dim)))
            return cr_no_memory(up->err);
        for (; s->n_dim < 4; s->n_dim++) {
            size_t at = 4 * i + s->n_dim;
            s->dim[s->n_dim] = net->input_dim[at];
            if (!cr_notes_move(up->notes, net, "input_dim", at, s, "dim", s->n_dim))
                return cr_no_memory(up->err);
        }
        param->shape[param->n_shape++] = s;
    }
    return CREMA_OK;
}

// The layer becomes the first; what is noted about the others moves up with them.
static cr_status put_first(const cr_up *up, Crema__LayerParameter *layer)
{
    Crema__NetParameter *net = up->net;
    Crema__LayerParameter **all = cr_arena_array(up->arena, net->n_layer + 1, sizeof *all);
    if (!all)
        return cr_no_memory(up->err);
    all[0] = layer;
    for (size_t i = net->n_layer; i > 0; i--) {
        all[i] = net->layer[i - 1];
        if (!cr_notes_move(up->notes, net, "layer", i - 1, net, "layer", i))
            return cr_no_memory(up->err);
    }
    net->layer = all;
    net->n_layer++;
    return CREMA_OK;
}

cr_status cr_up_inputs(const cr_up *up)
{
    Crema__NetParameter *net = up->net;
    if (net->n_input == 0) {
        const char *field = net->n_input_shape ? "input_shape" : "input_dim";
        if (net->n_input_shape || net->n_input_dim)
            cr_up_warn(up, net, field, 0, "%s has no effect without any `input` to name the blob", field);
        return CREMA_OK;
    }
    up->report->inputs = true;
    Crema__LayerParameter *made =
        (Crema__LayerParameter *)cr_message_new(up->arena, &crema__layer_parameter__descriptor);
    cr_pos pos = cr_notes_pos(up->notes, net, "input", 0);
    if (!made || !cr_notes_set_pos(up->notes, made, NULL, 0, pos.line, pos.column) ||
        !(made->name = cr_arena_strdup(up->arena, "input")) ||
        !(made->type = cr_arena_strdup(up->arena, "Input")))
        return cr_no_memory(up->err);
    ProtobufCMessage *param;
    cr_status status = cr_up_block(up, &made->base, "input_param", made, &param);
    if (status == CREMA_OK && net->n_input_shape)
        status = from_shapes(up, made->input_param);
    else if (status == CREMA_OK && net->n_input_dim)
        status = from_dims(up, made->input_param);
    if (status == CREMA_OK)
        status = cr_up_move(up, &net->base, "input", &made->base, "top");
    net->n_input_shape = net->n_input_dim = 0;
    net->input_shape = NULL;
    net->input_dim = NULL;
    return status == CREMA_OK ? put_first(up, made) : status;
}
