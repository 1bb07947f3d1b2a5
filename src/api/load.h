/*
 * load.h - what a context means for those who load and plan.
 */
#ifndef CR_API_LOAD_H
#define CR_API_LOAD_H

#include "api/context.h"
#include "load/load.h"

// A net keeps its context. NULL is fine to unref.
crema_context *cr_context_ref(crema_context *context);
void cr_context_unref(crema_context *context);

// What it decides about reading nets; layer types that are added later are not in it.
cr_loader cr_context_loader(const crema_context *context);
// What a context's options mean for a plan; the caller adds what is to be kept.
cr_plan_options cr_load_plan_options(const crema_context *context, const cr_shape *input);

#endif
