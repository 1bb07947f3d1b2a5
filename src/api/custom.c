/*
 * custom.c - layer types of the caller: from a crema_layer_type to a row, and from the row's functions to its
 * callbacks.
 *
 * The row comes first in its own struct, so layer->type leads back to the callbacks. What a callback gives back is
 * checked before the rest of the library sees it. Lists that run() hands over stand at the start of the step's
 * scratch, so that forward does not allocate.
 */
#include "api/custom.h"

#include <stdio.h>
#include <string.h>

enum { ALIGN = 64 };
static const size_t most_bytes = (size_t)1 << 40; // of scratch or memory: what a callback got wrong is more

typedef struct custom_type {
    cr_layer_type row;
    crema_layer_type type;
    bool strict;
} custom_type;

static const custom_type *custom(const cr_layer *layer)
{
    return (const custom_type *)(const void *)layer->type;
}

// The callback's error as ours: with the layer's name and place, if the callback has not put them there.
static cr_status failed(const cr_layer *layer, const char *callback, cr_status status, cr_err *said,
                        cr_err *err)
{
    char prefix[sizeof said->message];
    said->message[sizeof said->message - 1] = 0;
    said->file[sizeof said->file - 1] = 0;
    snprintf(prefix, sizeof prefix, "layer \"%s\" (%s): ", layer->name, layer->type->name);
    if (status < CREMA_OK || status > CREMA_ERR_CANCELLED)
        status = CREMA_ERR_INPUT;
    if (!said->message[0])
        cr_layer_fail(layer, err, NULL, NULL, 0, "its %s callback failed and does not say why", callback);
    else if (strncmp(said->message, prefix, strlen(prefix)) != 0)
        cr_layer_fail(layer, err, NULL, NULL, 0, "%s", said->message);
    else if (err)
        *err = *said;
    if (err)
        err->status = status;
    return status;
}

/* ---- setup and free ---- */

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const custom_type *t = custom(layer);
    crema_layer *own = layer->ctx;
    own->layer = layer;
    cr_status status = cr_own_fields_read(own, err);
    if (status != CREMA_OK || !t->type.setup)
        return status;
    cr_err said = {0};
    own->in_setup = true;
    status = t->type.setup(t->type.user, own, &own->state, &said);
    own->in_setup = false;
    if (status != CREMA_OK)
        return failed(layer, "setup", status, &said, err);
    return t->type.param ? cr_own_fields_check(own, t->type.param, t->strict, err) : CREMA_OK;
}

static void release(cr_layer *layer)
{
    const custom_type *t = custom(layer);
    crema_layer *own = layer->ctx;
    void (*end)(void *, void *) = t->type.free;
    if (own->state && end)
        end(t->type.user, own->state);
    own->state = NULL;
}

/* ---- shape ---- */

static bool proper(const crema_shape *shape)
{
    bool good = shape->rank >= 0 && shape->rank <= CREMA_MAX_RANK;
    for (int i = 0; good && i < shape->rank; i++)
        good = shape->dim[i] >= 0;
    return good;
}

static cr_status take_sheet(const cr_layer *layer, const crema_layer_shapes *sheet, cr_shaping *s,
                            cr_err *err)
{
    for (int i = 0; i < layer->n_out; i++)
        if (!proper(&s->out[i]))
            return cr_layer_fail(layer, err, layer->param, "top", (size_t)i,
                                 "its shape callback gave no shape to top \"%s\"", layer->out_name[i]);
    if (sheet->n_weights < 0 || sheet->n_weights > CREMA_MAX_WEIGHTS)
        return cr_layer_fail(layer, err, NULL, NULL, 0,
                             "its shape callback asks for %d weight blobs; 0 to %d are possible",
                             sheet->n_weights, CREMA_MAX_WEIGHTS);
    if (sheet->scratch_bytes > most_bytes || sheet->memory_bytes > most_bytes)
        return cr_layer_fail(layer, err, NULL, NULL, 0,
                             "its shape callback asks for too much memory (%zu bytes of scratch, %zu kept)",
                             sheet->scratch_bytes, sheet->memory_bytes);
    for (int i = 0; i < sheet->n_weights; i++) {
        const crema_weight_spec *w = &sheet->weights[i];
        if (!proper(&w->shape))
            return cr_layer_fail(layer, err, NULL, NULL, 0,
                                 "its shape callback gave no shape to weight blob %d", i + 1);
        s->blob[i] =
            (cr_blob_spec){.shape = w->shape, .what = w->name ? w->name : "weights", .fill = w->fill};
    }
    s->n_blobs = sheet->n_weights;
    s->scratch_bytes = sheet->scratch_bytes;
    s->state_bytes = sheet->memory_bytes;
    s->macs = sheet->macs > 0 ? sheet->macs : 0;
    s->dynamic = sheet->dynamic;
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const custom_type *t = custom(layer);
    const crema_layer *own = layer->ctx;
    crema_layer_shapes sheet = {.struct_size = sizeof sheet,
                                .n_bottoms = layer->n_in,
                                .bottoms = s->in,
                                .n_stored = s->n_stored,
                                .stored = s->stored,
                                .n_tops = layer->n_out,
                                .tops = s->out};
    for (int i = 0; i < layer->n_out; i++)
        s->out[i] = (cr_shape){.rank = -1};
    cr_err said = {0};
    cr_status status = t->type.shape(t->type.user, own, own->state, &sheet, &said);
    if (status != CREMA_OK)
        return failed(layer, "shape", status, &said, err);
    return take_sheet(layer, &sheet, s, err);
}

/* ---- run ---- */

static size_t rounded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t list_bytes(const cr_step *step)
{
    size_t n_const = (size_t)step->n_in + (size_t)step->n_blobs;
    return rounded(n_const * sizeof(crema_const_blob) + (size_t)step->n_out * sizeof(crema_blob));
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)p, (void)err;
    step->implementation = "plugin";
    step->scratch_bytes = list_bytes(step) + step->shaping->scratch_bytes;
    return CREMA_OK;
}

static crema_layer_run make_lists(const cr_step *step, cr_run *run)
{
    crema_const_blob *bottoms = run->scratch, *weights = bottoms + step->n_in;
    crema_blob *tops = (crema_blob *)(void *)(weights + step->n_blobs);
    for (int i = 0; i < step->n_in; i++) {
        const cr_tensor *in = cr_in(step, run, i);
        bottoms[i] = (crema_const_blob){in->name, in->shape, in->data};
    }
    for (int i = 0; i < step->n_blobs; i++)
        weights[i] = (crema_const_blob){step->shaping->blob[i].what, step->blob_shape[i], step->blob[i]};
    for (int i = 0; i < step->n_out; i++) {
        cr_tensor *out = cr_out(step, run, i);
        if (!step->dynamic) // the last run may have left fewer
            out->shape = step->shaping->out[i];
        tops[i] = (crema_blob){out->name, out->shape, out->data};
    }
    return (crema_layer_run){.struct_size = sizeof(crema_layer_run),
                             .n_bottoms = step->n_in,
                             .n_tops = step->n_out,
                             .n_weights = step->n_blobs,
                             .bottoms = bottoms,
                             .tops = tops,
                             .weights = weights,
                             .scratch = (char *)run->scratch + list_bytes(step),
                             .memory = run->state + step->state_offset};
}

static cr_status take_counts(const cr_step *step, cr_run *run, const crema_layer_run *call)
{
    for (int i = 0; i < step->n_out && i < 32; i++) {
        cr_shape *shape = &cr_out(step, run, i)->shape;
        int64_t n = call->tops[i].shape.dim[0];
        if (!(step->shaping->dynamic >> i & 1) || shape->rank == 0)
            continue;
        if (n < 0 || n > shape->dim[0])
            return cr_layer_fail(
                step->layer, run->err, step->layer->param, "top", (size_t)i,
                "its run callback gave top \"%s\" %lld rows; its shape callback said at most "
                "%lld",
                step->layer->out_name[i], (long long)n, (long long)shape->dim[0]);
        shape->dim[0] = n;
    }
    return CREMA_OK;
}

static void run_step(const cr_step *step, cr_run *run)
{
    const cr_layer *layer = step->layer;
    const custom_type *t = custom(layer);
    const crema_layer *own = layer->ctx;
    crema_layer_run call = make_lists(step, run);
    cr_err said = {0};
    cr_status status = t->type.run(t->type.user, own, own->state, &call, &said);
    if (status != CREMA_OK)
        failed(layer, "run", status, &said, run->err);
    else
        take_counts(step, run, &call);
}

/* ---- types ---- */

static cr_status check_range(const crema_layer_type *t, const char *what, int min, int max, cr_err *err)
{
    if (min >= 0 && (max == -1 || max >= min))
        return CREMA_OK;
    return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer type \"%.80s\": %d to %d %s make no sense", t->name,
                   min, max, what);
}

// A field's name; a row's may hold several, with spaces between.
static bool is_word(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return n > 0 && s[n] == 0;
}

static cr_status check_type(const crema_context *context, const crema_layer_type *t, cr_err *err)
{
    if (!t->name || !t->name[0])
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_layer_type.name is missing");
    if (!t->shape || !t->run)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer type \"%.80s\" has no %s callback", t->name,
                       t->shape ? "run" : "shape");
    if (t->param && !is_word(t->param))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer type \"%.80s\": \"%.80s\" is no name of a field",
                       t->name, t->param);
    unsigned known = CREMA_LAYER_IN_PLACE | CREMA_LAYER_TOPS_AS_BOTTOMS | CREMA_LAYER_OVERRIDE;
    if (t->flags & ~known)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer type \"%.80s\" has flags that are not known (%#x)",
                       t->name, t->flags & ~known);
    cr_status status = check_range(t, "bottoms", t->min_bottoms, t->max_bottoms, err);
    if (status == CREMA_OK)
        status = check_range(t, "tops", t->min_tops, t->max_tops, err);
    if (status != CREMA_OK)
        return status;
    for (int i = 0; i < context->n_types; i++)
        if (strcmp(context->types[i]->name, t->name) == 0)
            return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer type \"%.80s\" was added already", t->name);
    if (cr_layer_type_find(t->name) && !(t->flags & CREMA_LAYER_OVERRIDE))
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "layer type \"%.80s\" is built in; only a type with CREMA_LAYER_OVERRIDE replaces it",
                       t->name);
    return CREMA_OK;
}

static bool fill_row(custom_type *c, const crema_layer_type *t, cr_arena *arena)
{
    c->type = *t;
    c->type.name = cr_arena_strdup(arena, t->name);
    c->type.param = t->param ? cr_arena_strdup(arena, t->param) : NULL;
    if (!c->type.name || (t->param && !c->type.param))
        return false;
    c->row = (cr_layer_type){.name = c->type.name,
                             .param = c->type.param,
                             .in_min = t->min_bottoms,
                             .in_max = t->max_bottoms,
                             .out_min = t->min_tops,
                             .out_max = t->max_tops,
                             .out_equals_in = (t->flags & CREMA_LAYER_TOPS_AS_BOTTOMS) != 0,
                             .flags = t->flags & CREMA_LAYER_IN_PLACE ? CR_INPLACE : 0,
                             .ctx_bytes = sizeof(crema_layer),
                             .setup = setup,
                             .shape = shape,
                             .prepare = prepare,
                             .run = run_step,
                             .release = release};
    return true;
}

// The lists with one more at their end, NULL-ended. The old ones stay as they are: nets may be using them.
static bool append(crema_context *context, custom_type *c)
{
    int n = context->n_types, n_params = 0;
    const cr_layer_type **types = cr_arena_array(&context->arena, (size_t)n + 2, sizeof *types);
    const char **params = cr_arena_array(&context->arena, (size_t)n + 2, sizeof *params);
    if (!types || !params)
        return false;
    for (int i = 0; i <= n; i++) {
        types[i] = i < n ? context->types[i] : &c->row;
        if (types[i]->param)
            params[n_params++] = types[i]->param;
    }
    context->types = types;
    context->params = params;
    context->n_types = n + 1;
    return true;
}

crema_status crema_context_add_layer_type(crema_context *context, const crema_layer_type *type,
                                          crema_error *err)
{
    cr_clear(err);
    crema_layer_type copy;
    if (!context || !type)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "no context, or no layer type, was given");
    if (!cr_copy_options(&copy, sizeof copy, type))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_layer_type.struct_size is not set");
    cr_status status = check_type(context, &copy, err);
    if (status != CREMA_OK)
        return status;
    custom_type *c = cr_arena_alloc(&context->arena, sizeof *c);
    if (!c || !fill_row(c, &copy, &context->arena) || !append(context, c))
        return cr_no_memory(err);
    c->strict = context->options.strict != 0;
    return CREMA_OK;
}

void cr_custom_release(crema_context *context)
{
    for (int i = context->n_types - 1; i >= 0; i--) {
        const custom_type *c = (const custom_type *)(const void *)context->types[i];
        if (c->type.release)
            c->type.release(c->type.user);
    }
}

/* ---- what a layer says of itself ---- */

void crema_layer_describe(const crema_layer *own, crema_layer_info *info)
{
    const cr_layer *layer = own->layer;
    *info = (crema_layer_info){.name = layer->name,
                               .type = layer->type->name,
                               .n_bottoms = layer->n_in,
                               .n_tops = layer->n_out,
                               .bottoms = layer->in_name,
                               .tops = layer->out_name};
}

crema_phase crema_layer_phase(const crema_layer *own)
{
    return own->layer->train ? CREMA_TRAIN : CREMA_TEST;
}
