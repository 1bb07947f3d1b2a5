/*
 * custom.c - see custom.h.
 */
#include "tests/support/custom.h"

#include <stdio.h>
#include <string.h>

static const char text_inputs[] =
    "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }\n"
    "layer { name: 'z' type: 'Input' top: 'z' input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }\n";
static const char yaml_inputs[] =
    "layer:\n"
    "- {name: x, type: Input, top: x, input_param: {shape: {dim: [1, 2, 2, 2]}}}\n";

static void on_log(void *user, crema_log_level level, const char *sentence)
{
    custom_net *n = user;
    if (level != CREMA_LOG_WARNING)
        return;
    snprintf(n->warning, sizeof n->warning, "%s", sentence);
    n->n_warnings++;
}

void custom_open(custom_net *n, const crema_layer_type *type, const char *layers, const char *file,
                 int strict)
{
    memset(n, 0, sizeof *n);
    crema_context_options how = {.struct_size = sizeof how, .user = n, .log = on_log, .strict = strict};
    n->context = crema_context_create(&how, &n->err);
    if (!n->context || crema_context_add_layer_type(n->context, type, &n->err) != CREMA_OK)
        return;
    char text[16000];
    int size = snprintf(text, sizeof text, "%s%s", file && strstr(file, ".yaml") ? yaml_inputs : text_inputs,
                        layers);
    crema_net_options o = {.struct_size = sizeof o,
                           .net = {file ? file : "net.prototxt", text, (size_t)size},
                           .allow_missing = 1};
    n->net = crema_net_load(n->context, &o, &n->err);
    crema_error_text(&n->err, n->text, sizeof n->text);
}

void custom_close(custom_net *n)
{
    crema_net_free(n->net);
    crema_context_free(n->context);
}

crema_status custom_copy_shape(void *user, const crema_layer *layer, const void *state,
                               crema_layer_shapes *shapes, crema_error *err)
{
    (void)user, (void)layer, (void)state, (void)err;
    shapes->tops[0] = shapes->bottoms[0];
    return CREMA_OK;
}

crema_status custom_copy_run(void *user, const crema_layer *layer, const void *state,
                             const crema_layer_run *run, crema_error *err)
{
    (void)user, (void)layer, (void)state, (void)err;
    int64_t n = 1;
    for (int i = 0; i < run->tops[0].shape.rank; i++)
        n *= run->tops[0].shape.dim[i];
    memmove(run->tops[0].data, run->bottoms[0].data, (size_t)n * sizeof(float));
    return CREMA_OK;
}

crema_layer_type custom_type(void)
{
    return (crema_layer_type){.struct_size = sizeof(crema_layer_type),
                              .name = "Mine",
                              .param = "my_param",
                              .min_bottoms = 1,
                              .max_bottoms = 2,
                              .min_tops = 1,
                              .max_tops = 1,
                              .shape = custom_copy_shape,
                              .run = custom_copy_run};
}
