/*
 * inputs.c - `input` with `input_shape` (one each) or `input_dim` (four each) becomes one Input layer.
 *
 * As Caffe's UpgradeNetInput: input_shape wins if both are there. `input` alone (nets whose caller gives the
 * shapes) makes an Input layer without shapes.
 */
#include "graph/inputs.h"
#include "crema.pb-c.h"

static cr_status from_shapes(cr_arena *arena, const Crema__NetParameter *net, const cr_notes *notes,
                             Crema__BlobShape ***shapes, cr_err *err)
{
    cr_pos pos = cr_notes_pos(notes, net, "input_shape", 0);
    if (net->n_input_shape != net->n_input)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%zu input_shape for %zu input: one each is needed",
                       net->n_input_shape, net->n_input);
    (void)arena;
    *shapes = net->input_shape;
    return CREMA_OK;
}

static cr_status from_dims(cr_arena *arena, const Crema__NetParameter *net, cr_notes *notes,
                           Crema__BlobShape ***shapes, cr_err *err)
{
    cr_pos pos = cr_notes_pos(notes, net, "input_dim", 0);
    if (net->n_input_dim != 4 * net->n_input)
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "%zu input_dim for %zu input: four each (num, channels, height, width) are needed",
                       net->n_input_dim, net->n_input);
    Crema__BlobShape **list = cr_arena_array(arena, net->n_input, sizeof *list);
    if (!list)
        return cr_no_memory(err);
    for (size_t i = 0; i < net->n_input; i++) {
        Crema__BlobShape *s = cr_arena_alloc(arena, sizeof *s);
        if (!s || !(s->dim = cr_arena_array(arena, 4, sizeof *s->dim)))
            return cr_no_memory(err);
        int64_t *dim = s->dim;
        crema__blob_shape__init(s);
        s->dim = dim;
        s->n_dim = 4;
        for (size_t j = 0; j < 4; j++) {
            dim[j] = net->input_dim[4 * i + j];
            cr_pos at = cr_notes_pos(notes, net, "input_dim", 4 * i + j);
            if (!cr_notes_set_pos(notes, s, "dim", j, at.line, at.column))
                return cr_no_memory(err);
        }
        list[i] = s;
    }
    *shapes = list;
    return CREMA_OK;
}

cr_status cr_inputs_layer(cr_arena *arena, const Crema__NetParameter *net, cr_notes *notes,
                          Crema__LayerParameter **layer, cr_err *err)
{
    *layer = NULL;
    if (net->n_input == 0) {
        const char *field = net->n_input_shape ? "input_shape" : "input_dim";
        if (net->n_input_shape == 0 && net->n_input_dim == 0)
            return CREMA_OK;
        cr_pos pos = cr_notes_pos(notes, net, field, 0);
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s without any `input` to name the blob", field);
    }
    Crema__BlobShape **shapes = NULL;
    cr_status status = CREMA_OK;
    if (net->n_input_shape)
        status = from_shapes(arena, net, notes, &shapes, err);
    else if (net->n_input_dim)
        status = from_dims(arena, net, notes, &shapes, err);
    if (status != CREMA_OK)
        return status;
    Crema__LayerParameter *made = cr_arena_alloc(arena, sizeof *made);
    Crema__InputParameter *param = cr_arena_alloc(arena, sizeof *param);
    if (!made || !param)
        return cr_no_memory(err);
    crema__layer_parameter__init(made);
    crema__input_parameter__init(param);
    made->name = cr_arena_strdup(arena, "input");
    made->type = cr_arena_strdup(arena, "Input");
    if (!made->name || !made->type)
        return cr_no_memory(err);
    made->top = net->input;
    made->n_top = net->n_input;
    made->input_param = param;
    param->shape = shapes;
    param->n_shape = shapes ? net->n_input : 0;
    cr_pos pos = cr_notes_pos(notes, net, "input", 0);
    if (!cr_notes_set_pos(notes, made, NULL, 0, pos.line, pos.column))
        return cr_no_memory(err);
    *layer = made;
    return CREMA_OK;
}
