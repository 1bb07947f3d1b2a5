/*
 * load.c - what a context means for those who load and plan: its options as theirs.
 */
#include "api/load.h"

crema_context *cr_context_ref(crema_context *context)
{
    __atomic_add_fetch(&context->refs, 1, __ATOMIC_RELAXED);
    return context;
}

void cr_context_unref(crema_context *context)
{
    if (context && __atomic_sub_fetch(&context->refs, 1, __ATOMIC_ACQ_REL) == 0)
        context->destroy(context);
}

cr_loader cr_context_loader(const crema_context *context)
{
    const crema_context_options *o = &context->options;
    return (cr_loader){.log = &context->log,
                       .strict = o->strict != 0,
                       .types = context->types,
                       .params = context->params,
                       .progress = o->progress,
                       .cancel = o->cancel,
                       .user = o->user};
}

cr_plan_options cr_load_plan_options(const crema_context *context, const cr_shape *input)
{
    const crema_context_options *c = &context->options;
    return (cr_plan_options){.input = input,
                             .exact = c->exact,
                             .winograd_tolerance = c->winograd_tolerance,
                             .small_memory = c->small_memory,
                             .threads = c->threads,
                             .factor_0_is_1 = c->factor_0_is_1,
                             .conv_algorithm = c->conv_algorithm,
                             .kernels = context->kernels};
}
