/*
 * recurrent_base.c - see recurrent_base.h.
 *
 * Blobs stand in the order in which Caffe's unrolled net makes them: of x, its bias, of the static input, of
 * h, and for RNN those of the output.
 */
#include "layers/recurrent_base.h"
#include "crema.pb-c.h"
#include "kernels/blas.h"
#include "layers/recurrent.h"

#include <string.h>

enum { MAX_IN = 5 };

static const Crema__RecurrentParameter none = CREMA__RECURRENT_PARAMETER__INIT;

static const Crema__RecurrentParameter *param(const cr_layer *layer)
{
    return layer->param->recurrent_param ? layer->param->recurrent_param : &none;
}

cr_status cr_recurrent_setup(const cr_layer *layer, const cr_recurrent_kind *kind, cr_err *err)
{
    const Crema__RecurrentParameter *p = param(layer);
    if (p->num_output == 0)
        return cr_layer_fail(layer, err, layer->param->recurrent_param, "num_output", 0,
                             "num_output must be given, and at least 1");
    int exposed = p->expose_hidden ? kind->states : 0;
    const char *with = p->expose_hidden ? "with" : "without";
    if (layer->n_in < 2 + exposed || layer->n_in > 3 + exposed)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "%s expose_hidden it takes %d bottoms, or %d with a static input; it has %d",
                             with, 2 + exposed, 3 + exposed, layer->n_in);
    if (layer->n_out != 1 + exposed)
        return cr_layer_fail(layer, err, layer->param, "top", 0, "%s expose_hidden it makes %d top%s, not %d",
                             with, 1 + exposed, exposed ? "s" : "", layer->n_out);
    return CREMA_OK;
}

static cr_recurrent sizes(const cr_layer *layer, const cr_recurrent_kind *kind, const cr_shape *in)
{
    const Crema__RecurrentParameter *p = param(layer);
    cr_recurrent r = {.static_in = -1, .state_in = -1, .state_out = -1};
    r.steps = in[0].dim[0];
    r.streams = in[0].dim[1];
    r.inputs = cr_shape_range(&in[0], 2, in[0].rank);
    r.hidden = p->num_output;
    r.n = kind->gates * r.hidden;
    int exposed = p->expose_hidden ? kind->states : 0;
    if (layer->n_in > 2 + exposed) {
        r.static_in = 2;
        r.statics = cr_shape_range(&in[2], 1, in[2].rank);
    }
    if (exposed) {
        r.state_in = layer->n_in - exposed;
        r.state_out = 1;
    }
    return r;
}

static cr_status check_bottoms(const cr_layer *layer, const cr_recurrent_kind *kind, const cr_shape *in,
                               cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (in[0].rank < 3 || in[0].dim[0] == 0)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" (%s) must be steps x streams x inputs, with at least 1 step",
                             layer->in_name[0], cr_shape_text(&in[0], text, sizeof text));
    cr_recurrent r = sizes(layer, kind, in);
    cr_shape want = {.rank = 2, .dim = {r.steps, r.streams}};
    if (!cr_shape_equal(&in[1], &want))
        return cr_layer_fail(layer, err, layer->param, "bottom", 1,
                             "bottom \"%s\" (%s) must be %lldx%lld: steps x streams of bottom \"%s\"",
                             layer->in_name[1], cr_shape_text(&in[1], text, sizeof text), (long long)r.steps,
                             (long long)r.streams, layer->in_name[0]);
    if (r.static_in >= 0 && (in[2].rank < 2 || in[2].dim[0] != r.streams))
        return cr_layer_fail(layer, err, layer->param, "bottom", 2,
                             "bottom \"%s\" (%s) must be streams x inputs, and there are %lld streams",
                             layer->in_name[2], cr_shape_text(&in[2], text, sizeof text),
                             (long long)r.streams);
    want = (cr_shape){.rank = 3, .dim = {1, r.streams, r.hidden}};
    for (int i = r.state_in; i >= 0 && i < layer->n_in; i++)
        if (!cr_shape_equal(&in[i], &want))
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" (%s) must be 1x%lldx%lld: one step, the streams, num_output",
                                 layer->in_name[i], cr_shape_text(&in[i], text, sizeof text),
                                 (long long)r.streams, (long long)r.hidden);
    return CREMA_OK;
}

// macs: steps * streams * n * (inputs + hidden), the static product once, and the output of RNN.
static bool count_macs(const cr_recurrent *r, const cr_recurrent_kind *kind, int64_t *macs)
{
    int64_t a, b, c;
    return cr_i64_add(r->inputs, r->hidden, &a) && cr_i64_mul(a, r->n, &a) &&
           cr_i64_mul(r->hidden, kind->more_macs * r->hidden, &b) && cr_i64_add(a, b, &a) &&
           cr_i64_mul(a, r->steps, &a) && cr_i64_mul(r->statics, r->n, &c) && cr_i64_add(a, c, &a) &&
           cr_i64_mul(a, r->streams, macs);
}

static void add_weights(cr_shaping *s, const cr_layer *layer, const char *what, int64_t rows, int64_t columns)
{
    s->blob[s->n_blobs++] = (cr_blob_spec){
        .shape = {.rank = 2, .dim = {rows, columns}}, .what = what, .filler = param(layer)->weight_filler};
}

static void add_bias(cr_shaping *s, const cr_layer *layer, const char *what, int64_t n)
{
    s->blob[s->n_blobs++] =
        (cr_blob_spec){.shape = {.rank = 1, .dim = {n}}, .what = what, .filler = param(layer)->bias_filler};
}

cr_status cr_recurrent_shape(const cr_layer *layer, const cr_recurrent_kind *kind, cr_shaping *s, cr_err *err)
{
    cr_status status = check_bottoms(layer, kind, s->in, err);
    if (status != CREMA_OK)
        return status;
    cr_recurrent r = sizes(layer, kind, s->in);
    int64_t gate_bytes;
    if (!count_macs(&r, kind, &s->macs) || !cr_i64_mul(r.steps * r.streams, r.n, &gate_bytes) ||
        !cr_i64_mul(gate_bytes, sizeof(float), &gate_bytes))
        return cr_layer_fail(layer, err, layer->param->recurrent_param, "num_output", 0,
                             "num_output %lld makes the products too large", (long long)r.hidden);
    s->out[0] = (cr_shape){.rank = 3, .dim = {r.steps, r.streams, r.hidden}};
    for (int i = 1; i < layer->n_out; i++)
        s->out[i] = (cr_shape){.rank = 3, .dim = {1, r.streams, r.hidden}};
    if (r.state_in < 0)
        s->state_bytes = (size_t)kind->states * (size_t)(r.streams * r.hidden) * sizeof(float);
    add_weights(s, layer, "weights of the input", r.n, r.inputs);
    add_bias(s, layer, "bias", r.n);
    if (r.static_in >= 0)
        add_weights(s, layer, "weights of the static input", r.n, r.statics);
    add_weights(s, layer, "weights of the hidden state", r.n, r.hidden);
    if (kind->more_blobs) {
        add_weights(s, layer, "weights of the output", r.hidden, r.hidden);
        add_bias(s, layer, "bias of the output", r.hidden);
    }
    return CREMA_OK;
}

// Of tensors whose shapes were checked.
static cr_recurrent sizes_of(const cr_step *step, const cr_recurrent_kind *kind, const cr_tensor *tensor)
{
    cr_shape in[MAX_IN];
    for (int i = 0; i < step->n_in; i++)
        in[i] = tensor[step->in[i]].shape;
    return sizes(step->layer, kind, in);
}

cr_status cr_recurrent_prepare(cr_step *step, const cr_recurrent_kind *kind, const cr_preparing *p,
                               cr_err *err)
{
    cr_recurrent r = sizes_of(step, kind, p->tensor);
    size_t vectors, floats, work;
    if (!cr_size_add((size_t)r.steps, r.static_in >= 0, &vectors) ||
        !cr_size_mul(vectors, (size_t)r.streams, &vectors) || !cr_size_mul(vectors, (size_t)r.n, &floats) ||
        !cr_size_mul((size_t)r.streams, (size_t)r.hidden, &work) || !cr_size_add(floats, work, &floats) ||
        !cr_size_mul(floats, sizeof(float), &step->scratch_bytes))
        return cr_no_memory(err);
    return CREMA_OK;
}

// bias + static input, for each stream.
static void fixed_part(const cr_step *step, cr_run *run, const cr_recurrent *r, float *fixed)
{
    const cr_tensor *in = cr_in(step, run, r->static_in);
    for (int64_t i = 0; i < r->streams; i++)
        memcpy(fixed + i * r->n, step->blob[1], (size_t)r->n * sizeof(float));
    cr_gemm g = {.trans_b = true, .m = r->streams, .n = r->n, .k = r->statics, .alpha = 1, .beta = 1};
    g.lda = r->streams > 1 ? in->image_stride : r->statics;
    g.ldb = r->statics;
    g.ldc = r->n;
    g.a = in->data;
    g.b = step->blob[2];
    g.c = fixed;
    cr_sgemm(&g, run->pool);
}

static void begin_state(const cr_step *step, cr_run *run, const cr_recurrent_kind *kind, cr_recurrent_run *x)
{
    int64_t floats = x->r.streams * x->r.hidden;
    for (int i = 0; i < kind->states; i++) {
        if (x->r.state_in < 0) {
            x->state[i] = (float *)(void *)(run->state + step->state_offset) + i * floats;
            continue;
        }
        x->state[i] = cr_out(step, run, x->r.state_out + i)->data;
        memcpy(x->state[i], cr_in(step, run, x->r.state_in + i)->data, (size_t)floats * sizeof(float));
    }
}

bool cr_recurrent_begin(const cr_step *step, cr_run *run, const cr_recurrent_kind *kind,
                        cr_recurrent_run *out)
{
    cr_recurrent_run x = {.r = sizes_of(step, kind, run->tensor)};
    const cr_recurrent *r = &x.r;
    if (r->streams == 0)
        return false;
    const cr_tensor *in = cr_in(step, run, 0), *cont = cr_in(step, run, 1);
    int64_t gate_step = r->streams * r->n;
    x.gates = run->scratch;
    x.work = x.gates + r->steps * gate_step;
    float *fixed = x.work + r->streams * r->hidden; // only with a static input
    if (r->static_in >= 0)
        fixed_part(step, run, r, fixed);
    cr_steps_product p = {.steps = r->steps, .streams = r->streams, .k = r->inputs, .n = r->n};
    p.x = in->data;
    p.x_step = in->image_stride;
    p.weights = step->blob[0];
    p.start = r->static_in >= 0 ? fixed : step->blob[1];
    p.start_per_stream = r->static_in >= 0;
    p.y = x.gates;
    p.y_step = gate_step;
    cr_steps_product_run(&p, run->pool);
    x.cont = cont->data;
    x.cont_step = cont->image_stride;
    int first = r->static_in >= 0 ? 3 : 2;
    for (int i = 0; i < 1 + kind->more_blobs; i++)
        x.weights[i] = step->blob[first + i];
    begin_state(step, run, kind, &x);
    *out = x;
    return true;
}
