/*
 * deploy.c - from train_val to deploy: what only training needs goes, what is left predicts.
 *
 *   data, label = Data          data = Input
 *   ip = InnerProduct(data)     ip   = InnerProduct(data)
 *   SoftmaxWithLoss(ip, label)  prob = Softmax(ip)
 *   Accuracy(ip, label)
 *
 * Layers whose rules keep them out of phase TEST go first; a loss that would be a prediction stays if nothing in TEST
 * reads its bottom as a prediction, and so does a data layer that is the only one to make a bottom. Losses become
 * their prediction or go; a loss with a smaller loss_weight than the largest is an auxiliary one (GoogLeNet) and goes
 * with its branch. Then everything is dead that leads to no output, from the end to the beginning:
 *
 *   - a blob that nobody read before stays an output; so does the bottom of what was taken away,
 *   - but labels don't: what comes from data layers through layers that learn nothing, and is read by a loss.
 *
 * A name may stand for several blobs, one after the other (in-place layers), so this counts versions of names.
 */
#include "convert/deploy.h"

#include "base/names.h"
#include "crema.pb-c.h"
#include "graph/filter.h"
#include "schema/field.h"

#include <string.h>

typedef enum fate { STAYS, GOES, BECOMES } fate;

typedef struct version {
    const char *name;
    size_t maker;
    bool pure; // from data alone, nothing learned
    bool read; // by any layer, before anything went
    bool used; // by one that stays
    bool output, label;
    bool predicted; // a Softmax or Sigmoid of it is there
    bool auxiliary; // comes from the bottom of an auxiliary loss
} version;

typedef struct node {
    Crema__LayerParameter *layer;
    fate fate;
    const char *becomes; // the type of the prediction
    bool source, data;   // feeds the net; and is no Input layer
    bool auxiliary;
    size_t *in, *out; // versions
} node;

typedef struct deploy {
    const cr_convert_job *job;
    Crema__NetParameter *net;
    cr_notes *notes;
    bool only_dummies; // feed the net
    node *node;
    size_t n;
    version *version;
    size_t n_versions;
    cr_err *err;
} deploy;

static const char *text_of(const char *s)
{
    return s ? s : "";
}

static bool is_one_of(const char *type, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, type) == 0)
            return true;
    return false;
}

static const char *type_of(const Crema__LayerParameter *layer)
{
    const cr_layer_type *row = cr_layer_type_find(text_of(layer->type));
    return row ? row->name : text_of(layer->type);
}

// What feeds the net: Input, and layers that read data.
static bool reads_data(const Crema__LayerParameter *layer)
{
    const cr_layer_type *row = cr_layer_type_find(text_of(layer->type));
    return row && (row->flags & CR_SOURCE) && layer->n_bottom == 0 && strcmp(row->name, "Parameter") != 0;
}

// DummyData feeds a net only where nothing else does: to measure time.
static bool is_source(const deploy *d, const Crema__LayerParameter *layer)
{
    return strcmp(text_of(layer->type), "DummyData") == 0 ? d->only_dummies : reads_data(layer);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

static const char *prediction_of(const char *type)
{
    return strcmp(type, "SoftmaxWithLoss") == 0           ? "Softmax"
           : strcmp(type, "SigmoidCrossEntropyLoss") == 0 ? "Sigmoid"
                                                          : NULL;
}

// Losses, scores and what else training alone needs. A loss in Python is known by its weight.
static bool is_training(const Crema__LayerParameter *layer)
{
    const char *type = type_of(layer);
    if (strcmp(type, "Python") == 0)
        return layer->n_bottom > 0 && layer->n_loss_weight > 0;
    const cr_layer_type *row = cr_layer_type_find(type);
    bool training = row && row->not_run && strcmp(row->not_run, "a layer of training") == 0;
    return training || ends_with(type, "Loss") || ends_with(type, "LossOHEM") ||
           ends_with(type, "Accuracy") || strcmp(type, "Silence") == 0;
}

void cr_deploy_clear(Crema__LayerParameter *layer, const char *const *kept)
{
    static const char *const always[] = {"name", "type", "bottom", "top", "param", "blobs", NULL};
    const ProtobufCMessageDescriptor *type = layer->base.descriptor;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (!is_one_of(type->fields[i].name, always) && !is_one_of(type->fields[i].name, kept))
            cr_field_clear(&layer->base, &type->fields[i]);
}

/* ---- rules ---- */

// Names that the layers that stay make, and that they read as a prediction; and the data layers of all phases.
typedef struct rules {
    bool *keeps;
    cr_names made, predicted, source;
} rules;

static bool has(const cr_names *names, const char *name)
{
    int64_t ignored;
    return cr_names_get(names, name, &ignored);
}

static bool add_kept(rules *r, const Crema__LayerParameter *layer)
{
    const char *type = type_of(layer);
    bool ok = true;
    for (size_t j = 0; j < layer->n_top; j++)
        ok &= cr_names_put(&r->made, layer->top[j], 1);
    if (layer->n_bottom > 0 &&
        (prediction_of(type) || strcmp(type, "Softmax") == 0 || strcmp(type, "Sigmoid") == 0))
        ok &= cr_names_put(&r->predicted, layer->bottom[0], 1);
    return ok;
}

static cr_status read_rules(deploy *d, rules *r)
{
    const crema_convert_options *o = &d->job->options;
    Crema__NetParameter *net = d->net;
    cr_graph_options options = {.level = o->level, .stages = o->stages, .n_stages = o->n_stages};
    cr_state state = {net, &options};
    bool ok = true;
    for (size_t i = 0; i < net->n_layer; i++)
        d->only_dummies &= !reads_data(net->layer[i]);
    for (size_t i = 0; i < net->n_layer; i++) {
        const Crema__LayerParameter *layer = net->layer[i];
        cr_status status = cr_filter_keeps(&state, layer, d->notes, &r->keeps[i], d->err);
        if (status != CREMA_OK)
            return status;
        ok &= !r->keeps[i] || add_kept(r, layer);
        for (size_t j = 0; is_source(d, layer) && j < layer->n_top; j++)
            ok &= has(&r->source, layer->top[j]) || cr_names_put(&r->source, layer->top[j], (int64_t)i);
    }
    return ok ? CREMA_OK : cr_no_memory(d->err);
}

// What other phases have that is needed: a loss that predicts, a data layer for what would have no maker.
static cr_status bring_back(deploy *d, rules *r)
{
    const Crema__NetParameter *net = d->net;
    bool ok = true;
    for (size_t i = 0; i < net->n_layer; i++) {
        const Crema__LayerParameter *layer = net->layer[i];
        if (r->keeps[i] || !prediction_of(type_of(layer)) || layer->n_bottom == 0 ||
            has(&r->predicted, layer->bottom[0]) || !has(&r->made, layer->bottom[0]))
            continue;
        r->keeps[i] = true;
        ok &= add_kept(r, layer);
    }
    for (size_t i = 0; i < net->n_layer; i++)
        for (size_t j = 0; r->keeps[i] && j < net->layer[i]->n_bottom; j++) {
            int64_t from;
            if (has(&r->made, net->layer[i]->bottom[j]) ||
                !cr_names_get(&r->source, net->layer[i]->bottom[j], &from))
                continue;
            r->keeps[from] = true;
            ok &= add_kept(r, net->layer[from]);
        }
    return ok ? CREMA_OK : cr_no_memory(d->err);
}

static cr_status apply_rules(deploy *d)
{
    const Crema__NetParameter *net = d->net;
    rules r = {.keeps = cr_arena_array(d->job->arena, net->n_layer + 1, sizeof *r.keeps)};
    d->node = cr_arena_array(d->job->arena, net->n_layer + 1, sizeof *d->node);
    if (!r.keeps || !d->node)
        return cr_no_memory(d->err);
    cr_names_init(&r.made, d->job->arena);
    cr_names_init(&r.predicted, d->job->arena);
    cr_names_init(&r.source, d->job->arena);
    cr_status status = read_rules(d, &r);
    if (status == CREMA_OK)
        status = bring_back(d, &r);
    for (size_t i = 0; i < net->n_layer && status == CREMA_OK; i++) {
        Crema__LayerParameter *layer = net->layer[i];
        bool source = is_source(d, layer);
        if (r.keeps[i])
            d->node[d->n++] = (node){.layer = layer,
                                     .source = source,
                                     .data = source && strcmp(text_of(layer->type), "Input") != 0};
    }
    return status;
}

/* ---- versions ---- */

// Layers that pass on what they get.
static bool learns_nothing(const char *type)
{
    static const char *const types[] = {"Slice",   "Split",   "Reshape",   "Flatten",   "Concat",  "Power",
                                        "Permute", "Silence", "Transpose", "Threshold", "Eltwise", NULL};
    return is_one_of(type, types);
}

static cr_status find_versions(deploy *d)
{
    cr_names newest;
    size_t n_tops = 0;
    cr_names_init(&newest, d->job->arena);
    for (size_t i = 0; i < d->n; i++)
        n_tops += d->node[i].layer->n_top;
    d->version = cr_arena_array(d->job->arena, n_tops + 1, sizeof *d->version);
    if (!d->version)
        return cr_no_memory(d->err);
    for (size_t i = 0; i < d->n; i++) {
        node *x = &d->node[i];
        bool pure = x->source || learns_nothing(type_of(x->layer));
        x->in = cr_arena_array(d->job->arena, x->layer->n_bottom + 1, sizeof *x->in);
        x->out = cr_arena_array(d->job->arena, x->layer->n_top + 1, sizeof *x->out);
        if (!x->in || !x->out)
            return cr_no_memory(d->err);
        for (size_t j = 0; j < x->layer->n_bottom; j++) {
            int64_t at;
            if (!cr_names_get(&newest, x->layer->bottom[j], &at)) {
                cr_pos pos = cr_notes_pos(d->notes, x->layer, "bottom", j);
                return cr_fail(d->err, CREMA_ERR_INPUT, &pos,
                               "layer \"%s\" (%s): bottom \"%s\" is made by no layer above in phase TEST",
                               text_of(x->layer->name), text_of(x->layer->type), x->layer->bottom[j]);
            }
            x->in[j] = (size_t)at;
            d->version[at].read = true;
            pure &= d->version[at].pure;
        }
        for (size_t j = 0; j < x->layer->n_top; j++) {
            x->out[j] = d->n_versions;
            d->version[d->n_versions] = (version){.name = x->layer->top[j], .maker = i, .pure = pure};
            if (!cr_names_put(&newest, x->layer->top[j], (int64_t)d->n_versions++))
                return cr_no_memory(d->err);
        }
    }
    return CREMA_OK;
}

/* ---- what goes, what becomes something else ---- */

static float weight_of(const Crema__LayerParameter *layer)
{
    return layer->n_loss_weight ? layer->loss_weight[0] : 1;
}

static void choose_fates(deploy *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const Crema__LayerParameter *layer = d->node[i].layer;
        bool predicts = strcmp(type_of(layer), "Softmax") == 0 || strcmp(type_of(layer), "Sigmoid") == 0;
        if (predicts && layer->n_bottom > 0)
            d->version[d->node[i].in[0]].predicted = true;
    }
    float largest = 0;
    for (size_t i = 0; i < d->n; i++)
        if (prediction_of(type_of(d->node[i].layer)) && weight_of(d->node[i].layer) > largest)
            largest = weight_of(d->node[i].layer);
    for (size_t i = 0; i < d->n; i++) {
        node *x = &d->node[i];
        const char *type = type_of(x->layer);
        x->becomes = x->layer->n_bottom > 0 ? prediction_of(type) : NULL;
        x->auxiliary = x->becomes && weight_of(x->layer) < largest;
        if (x->becomes && !x->auxiliary && d->version[x->in[0]].predicted)
            x->becomes = NULL;
        x->fate = x->becomes && !x->auxiliary ? BECOMES : is_training(x->layer) ? GOES : STAYS;
    }
}

// What was read by a layer that goes: a label, or what is an output from now on. Through a Split's tops the blob itself.
static void mark_bottoms(deploy *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const node *x = &d->node[i];
        bool silence = strcmp(type_of(x->layer), "Silence") == 0;
        for (size_t j = 0; x->fate != STAYS && j < x->layer->n_bottom; j++) {
            size_t at = x->in[j];
            const node *maker = &d->node[d->version[at].maker];
            if (strcmp(type_of(maker->layer), "Split") == 0 && maker->layer->n_bottom > 0) {
                d->version[at].label = true;
                at = maker->in[0];
            }
            version *v = &d->version[at];
            if (x->fate == BECOMES && j == 0)
                continue;
            v->auxiliary |= x->auxiliary;
            if (v->pure || x->auxiliary || silence)
                v->label = true;
            else
                v->output = true;
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        const node *x = &d->node[i];
        bool auxiliary = false;
        for (size_t j = 0; j < x->layer->n_bottom; j++)
            auxiliary |= d->version[x->in[j]].auxiliary;
        for (size_t j = 0; j < x->layer->n_top && auxiliary; j++)
            d->version[x->out[j]].auxiliary = d->version[x->out[j]].label = true;
    }
}

// From the end to the beginning: a layer without a top that is used, or is an output, goes.
static void find_dead(deploy *d)
{
    for (size_t i = d->n; i-- > 0;) {
        node *x = &d->node[i];
        bool alive = x->fate == BECOMES || (x->fate == STAYS && x->layer->n_top == 0);
        for (size_t j = 0; j < x->layer->n_top && x->fate == STAYS; j++) {
            version *v = &d->version[x->out[j]];
            v->used |= !v->label && !x->data && (v->output || !v->read);
            alive |= v->used;
        }
        if (!alive)
            x->fate = GOES;
        for (size_t j = 0; alive && j < (x->fate == BECOMES ? 1 : x->layer->n_bottom); j++)
            d->version[x->in[j]].used = true;
    }
}

/* ---- the result ---- */

// A layer that stays, or one of its tops.
static bool has_name(const deploy *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++) {
        const Crema__LayerParameter *layer = d->node[i].layer;
        bool same = d->node[i].fate == STAYS && strcmp(text_of(layer->name), name) == 0;
        for (size_t j = 0; d->node[i].fate == STAYS && j < layer->n_top; j++)
            same |= strcmp(layer->top[j], name) == 0;
        if (same)
            return true;
    }
    return false;
}

// A layer of training in the middle of the net, as some forks have them.
static cr_status check_makers(const deploy *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const node *x = &d->node[i];
        for (size_t j = 0; j < x->layer->n_bottom && x->fate != GOES; j++) {
            const node *maker = &d->node[d->version[x->in[j]].maker];
            if (maker->fate == STAYS || !d->version[x->in[j]].used || (x->fate == BECOMES && j > 0))
                continue;
            cr_pos pos = cr_notes_pos(d->notes, x->layer, "bottom", j);
            return cr_fail(
                d->err, CREMA_ERR_UNSUPPORTED, &pos,
                "layer \"%s\" (%s): bottom \"%s\" is made by layer \"%s\" (%s), which only training has",
                text_of(x->layer->name), text_of(x->layer->type), x->layer->bottom[j],
                text_of(maker->layer->name), text_of(maker->layer->type));
        }
    }
    return CREMA_OK;
}

// "prob" where there is one prediction, else the bottom's name with that behind it.
static cr_status make_prediction(deploy *d, node *x, bool single)
{
    static const char *const kept[] = {"softmax_param", "sigmoid_param", NULL};
    Crema__LayerParameter *layer = x->layer;
    const char *old = text_of(layer->name), *old_type = text_of(layer->type);
    char *name = single && !has_name(d, "prob") ? cr_arena_strdup(d->job->arena, "prob")
                                                : cr_arena_printf(d->job->arena, "%s_prob", layer->bottom[0]);
    layer->top = cr_arena_array(d->job->arena, 1, sizeof *layer->top);
    layer->type = cr_arena_strdup(d->job->arena, x->becomes);
    if (!name || !layer->top || !layer->type)
        return cr_no_memory(d->err);
    cr_convert_note(d->job, "layer \"%s\" (%s) is now \"%s\" (%s)", old, old_type, name, x->becomes);
    cr_deploy_clear(layer, kept);
    layer->name = name;
    layer->top[0] = name;
    layer->n_top = layer->n_bottom = 1;
    return CREMA_OK;
}

// Tops of data layers and Splits that nobody needs, and labels among the inputs, with their shapes.
static void drop_tops(const deploy *d, node *x)
{
    Crema__LayerParameter *layer = x->layer;
    Crema__InputParameter *input = layer->input_param;
    bool shapes = input && input->n_shape > 1 && input->n_shape == layer->n_top;
    size_t n = 0;
    if (!x->source && strcmp(type_of(layer), "Split") != 0)
        return;
    for (size_t i = 0; i < layer->n_top; i++) {
        const version *v = &d->version[x->out[i]];
        if (!v->used && (x->data || v->label || !x->source))
            continue;
        if (shapes)
            input->shape[n] = input->shape[i];
        layer->top[n++] = layer->top[i];
    }
    layer->n_top = n;
    if (shapes)
        input->n_shape = n;
}

static cr_status finish_layers(deploy *d)
{
    size_t n_predictions = 0;
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < d->n; i++)
        n_predictions += d->node[i].fate == BECOMES;
    for (size_t i = 0; i < d->n && status == CREMA_OK; i++) {
        node *x = &d->node[i];
        Crema__LayerParameter *layer = x->layer;
        cr_field_clear(&layer->base, cr_field_find(&layer->base, "include"));
        cr_field_clear(&layer->base, cr_field_find(&layer->base, "exclude"));
        cr_field_clear(&layer->base, cr_field_find(&layer->base, "phase"));
        if (x->fate == BECOMES)
            status = make_prediction(d, x, n_predictions == 1);
        else if (x->fate == STAYS) {
            drop_tops(d, x);
            if (x->data)
                status = cr_deploy_input(d->job, layer, d->notes, d->err);
        }
    }
    return status;
}

// The layers that stay, with their notes; one note tells of the others.
static cr_status put_layers(deploy *d)
{
    Crema__NetParameter *net = d->net;
    cr_text gone = {0};
    size_t n = 0, at = 0, n_gone = 0;
    bool ok = true;
    for (size_t i = 0; i < net->n_layer; i++) {
        Crema__LayerParameter *layer = net->layer[i];
        const node *x = at < d->n && d->node[at].layer == layer ? &d->node[at++] : NULL;
        if (x && x->fate != GOES) {
            ok &= n == i || cr_notes_move(d->notes, net, "layer", i, net, "layer", n);
            net->layer[n++] = layer;
            continue;
        }
        ok &= cr_notes_move(d->notes, net, "layer", i, layer, "", 0); // out of the way
        if (x && n_gone++ < 20)
            cr_text_printf(&gone, "%s\"%s\" (%s)", gone.n ? ", " : "", text_of(layer->name),
                           text_of(layer->type));
    }
    net->n_layer = n;
    if (n_gone > 20)
        cr_text_printf(&gone, " and %zu more", n_gone - 20);
    if (n_gone > 0 && gone.s)
        cr_convert_note(d->job, "layers of training are left out: %s", gone.s);
    ok &= !gone.failed;
    cr_text_free(&gone);
    return ok ? CREMA_OK : cr_no_memory(d->err);
}

cr_status cr_deploy(const cr_convert_job *job, Crema__NetParameter *net, cr_notes *notes, cr_err *err)
{
    deploy d = {.only_dummies = true, .job = job, .net = net, .notes = notes, .err = err};
    cr_status status = apply_rules(&d);
    if (status == CREMA_OK)
        status = find_versions(&d);
    if (status != CREMA_OK)
        return status;
    choose_fates(&d);
    mark_bottoms(&d);
    find_dead(&d);
    status = check_makers(&d);
    if (status == CREMA_OK)
        status = finish_layers(&d);
    if (status == CREMA_OK)
        status = put_layers(&d);
    static const char *const of_training[] = {"state", "force_backward", "debug_info"};
    for (size_t i = 0; i < sizeof of_training / sizeof *of_training; i++)
        cr_field_clear(&net->base, cr_field_find(&net->base, of_training[i]));
    if (status == CREMA_OK && net->n_layer == 0)
        return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){cr_notes_file(notes), 0, 0},
                       "no layer is left: nothing in it computes from data");
    return status;
}
