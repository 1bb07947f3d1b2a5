/*
 * context.c - crema_context: options and callbacks.
 */
#include "api/context.h"
#include "api/custom.h"
#include "api/load.h"
#include "kernels/conv.h"
#include "layers/layer.h"

#include <stdio.h>
#include <string.h>

crema_status crema_layer_type_at(int index, crema_layer_type_info *info)
{
    int n = 0;
    while (cr_layer_types[n] && n < index)
        n++;
    const cr_layer_type *t = cr_layer_types[n];
    if (index < 0 || !t)
        return CREMA_ERR_USAGE;
    *info = (crema_layer_type_info){.name = t->name,
                                    .params = t->param,
                                    .min_bottoms = t->in_min,
                                    .max_bottoms = t->in_max,
                                    .min_tops = t->out_min,
                                    .max_tops = t->out_max,
                                    .about = t->about,
                                    .not_run = t->not_run};
    memcpy(info->aliases, t->aliases, sizeof info->aliases);
    return CREMA_OK;
}

const char *crema_version(void)
{
    return CREMA_VERSION;
}

static cr_status check_algorithm(const char *name, cr_err *err)
{
    for (const cr_conv_algorithm *const *a = cr_conv_algorithms; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return CREMA_OK;
    char known[256];
    size_t n = 0;
    known[0] = 0;
    for (const cr_conv_algorithm *const *a = cr_conv_algorithms; *a && n < sizeof known; a++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", (*a)->name);
    return cr_fail(err, CREMA_ERR_USAGE, NULL, "no convolution algorithm is called \"%s\"; there are: %s",
                   name, known);
}

static cr_status choose_kernels(crema_context *c, cr_err *err)
{
    const char *why, *name = c->options.isa;
    c->options.isa = NULL;
    c->kernels = cr_kernels_choose(name, &why);
    if (c->kernels)
        return CREMA_OK;
    if (!name)
        return cr_fail(err, CREMA_ERR_UNSUPPORTED, NULL, "%s", why);
    return cr_fail(err, CREMA_ERR_USAGE, NULL, "ISA level \"%s\": %s", name, why);
}

static void destroy(crema_context *context)
{
    cr_custom_release(context);
    cr_arena_free(&context->arena);
    cr_free(context);
}

crema_context *crema_context_create(const crema_context_options *options, crema_error *err)
{
    cr_clear(err);
    crema_context *c = cr_alloc_zero(sizeof *c);
    if (!c) {
        cr_no_memory(err);
        return NULL;
    }
    c->refs = 1;
    c->destroy = destroy;
    cr_status status = CREMA_OK;
    if (!cr_copy_options(&c->options, sizeof c->options, options))
        status = cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_context_options.struct_size is not set");
    if (status == CREMA_OK && (c->options.threads < 0 || c->options.threads > 1024))
        status = cr_fail(err, CREMA_ERR_USAGE, NULL, "threads must be 0 (one per core) to 1024");
    if (status == CREMA_OK && !(c->options.winograd_tolerance >= 0))
        status = cr_fail(err, CREMA_ERR_USAGE, NULL, "winograd_tolerance must be 0 or more");
    if (status == CREMA_OK)
        status = choose_kernels(c, err);
    if (status == CREMA_OK && c->options.conv_algorithm) {
        status = check_algorithm(c->options.conv_algorithm, err);
        c->options.conv_algorithm = cr_arena_strdup(&c->arena, c->options.conv_algorithm);
        if (status == CREMA_OK && !c->options.conv_algorithm)
            status = cr_no_memory(err);
    }
    if (status != CREMA_OK) {
        crema_context_free(c);
        return NULL;
    }
    c->log = (cr_log){c->options.log, c->options.user};
    return c;
}

void crema_context_free(crema_context *context)
{
    cr_context_unref(context);
}
