/*
 * tools_convert.c - crema_convert: the caller's options and a context, as a job for convert/.
 */
#include "api/load.h"
#include "convert/convert.h"

static cr_status check(const crema_context *context, const char *const *inputs, int n, const char *output,
                       const crema_convert_options *o, cr_err *err)
{
    if (!context || !inputs || n < 1 || !output)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "no context, no input, or no output was given");
    for (int i = 0; i < n; i++)
        if (!inputs[i])
            return cr_fail(err, CREMA_ERR_USAGE, NULL, "the path of input %d is not given", i);
    if (o->n_shapes < 0 || (o->n_shapes && !o->shapes) || o->n_stages < 0 || (o->n_stages && !o->stages))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_convert_options: a count does not fit its list");
    if (o->phase != CREMA_TEST && o->phase != CREMA_TRAIN)
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "crema_convert_options.phase is neither CREMA_TEST nor CREMA_TRAIN");
    for (int i = 0; i < o->n_shapes; i++)
        if (!o->shapes[i].name || !cr_shape_valid(&o->shapes[i].shape))
            return cr_fail(err, CREMA_ERR_USAGE, NULL, "the shape given for input \"%s\" is not valid",
                           o->shapes[i].name ? o->shapes[i].name : "(null)");
    return CREMA_OK;
}

crema_status crema_convert(crema_context *context, const char *const *inputs, int n, const char *output,
                           const crema_convert_options *options, crema_error *err)
{
    cr_clear(err);
    crema_convert_options o = {0};
    if (options && !cr_copy_options(&o, sizeof o, options))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_convert_options.struct_size is not set");
    cr_status status = check(context, inputs, n, output, &o, err);
    if (status != CREMA_OK)
        return status;
    cr_arena arena = {0};
    cr_loader loader = cr_context_loader(context);
    loader.numbering = o.numbering;
    cr_convert_job job = {.arena = &arena,
                          .loader = &loader,
                          .log = loader.log,
                          .options = o,
                          .input = inputs,
                          .n_inputs = n,
                          .output = output,
                          .factor_0_is_1 = context->options.factor_0_is_1};
    status = cr_convert(&job, err);
    cr_arena_free(&arena);
    return status;
}
