/* A plugin with a ReLU of its own, which gives 7 everywhere, in place. */
#include <crema.h>

static crema_status shape(void *user, const crema_layer *layer, const void *state, crema_layer_shapes *s,
                          crema_error *err)
{
    (void)user, (void)layer, (void)state, (void)err;
    s->tops[0] = s->bottoms[0];
    return CREMA_OK;
}

static crema_status run(void *user, const crema_layer *layer, const void *state, const crema_layer_run *run,
                        crema_error *err)
{
    (void)user, (void)layer, (void)state, (void)err;
    int64_t n = 1;
    for (int i = 0; i < run->tops[0].shape.rank; i++)
        n *= run->tops[0].shape.dim[i];
    for (int64_t i = 0; i < n; i++)
        run->tops[0].data[i] = 7;
    return CREMA_OK;
}

const int crema_plugin_abi = CREMA_PLUGIN_ABI;

crema_status crema_plugin_init(crema_context *context, crema_error *err)
{
    crema_layer_type type = {.struct_size = sizeof type,
                             .name = "ReLU",
                             .param = "relu_param",
                             .min_bottoms = 1,
                             .max_bottoms = 1,
                             .min_tops = 1,
                             .max_tops = 1,
                             .flags = CREMA_LAYER_IN_PLACE | CREMA_LAYER_OVERRIDE,
                             .shape = shape,
                             .run = run};
    return crema_context_add_layer_type(context, &type, err);
}
