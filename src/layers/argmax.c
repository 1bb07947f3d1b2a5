/*
 * argmax.c - ArgMax: the indices of the top_k largest values, or the values themselves.
 *
 * Semantics of Caffe's argmax_layer.cpp:
 *   - with axis, the top has the bottom's shape with top_k on that axis: indices, or, with out_max_val, values;
 *   - without, all axes behind the first count as one, and the top is (n, 1, top_k), or with out_max_val
 *     (n, 2, top_k), a row of indices and one of values; bottoms of more axes add axes of 1 at the end;
 *   - of equal values the one with the larger index comes first.
 *
 * One place is a scan for top_k 1; else a heap of the best so far, with the worst on top, that is then emptied
 * from the last rank to the first.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

enum { PARTS = 16, PART_VALUES = 8192 };

static const Crema__ArgMaxParameter none = CREMA__ARG_MAX_PARAMETER__INIT;

static const Crema__ArgMaxParameter *param(const cr_layer *layer)
{
    return layer->param->argmax_param ? layer->param->argmax_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    if (param(layer)->top_k < 1)
        return cr_layer_fail(layer, err, param(layer), "top_k", 0, "top_k 0 is less than 1");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ArgMaxParameter *p = param(layer);
    const cr_shape *in = &s->in[0];
    int axis = 0;
    if (in->rank < 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0, "bottom \"%s\" has no axes",
                             layer->in_name[0]);
    cr_status status =
        p->has_axis ? cr_layer_axis(layer, p, "axis", p->axis, in->rank, 0, &axis, err) : CREMA_OK;
    if (status)
        return status;
    int64_t values = p->has_axis ? in->dim[axis] : cr_shape_range(in, 1, in->rank);
    if (p->top_k > values)
        return cr_layer_fail(layer, err, layer->param->argmax_param, "top_k", 0,
                             "top_k %u is more than the %lld values to choose from in bottom \"%s\"",
                             p->top_k, (long long)values, layer->in_name[0]);
    cr_shape *out = &s->out[0];
    if (p->has_axis) {
        *out = *in;
        out->dim[axis] = p->top_k;
        return CREMA_OK;
    }
    *out = (cr_shape){.rank = in->rank < 3 ? 3 : in->rank};
    for (int i = 0; i < out->rank; i++)
        out->dim[i] = 1;
    out->dim[0] = in->dim[0];
    out->dim[1] = p->out_max_val ? 2 : 1;
    out->dim[2] = p->top_k;
    return CREMA_OK;
}

typedef struct argmax {
    const float *in;
    float *index, *value; // the first place's; NULL: not asked for
    int64_t places, n;    // values of a place
    int64_t inner;        // floats from one value of a place to the next, and from one result to the next
    int64_t out_place;    // floats from one outer entry's results to the next
    int64_t top_k;
    int64_t part_places;
    int64_t *heap; // (PARTS, top_k)
} argmax;

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)p;
    size_t top_k = param(step->layer)->top_k;
    if (top_k > 1 && !cr_size_mul(top_k, PARTS * sizeof(int64_t), &step->scratch_bytes))
        return cr_no_memory(err);
    return CREMA_OK;
}

// Whether value i ranks before value j.
static bool before(const float *v, int64_t step, int64_t i, int64_t j)
{
    float a = v[i * step], b = v[j * step];
    return a > b || (!(b > a) && i > j);
}

// Puts heap[at] in its place, going down: no entry ranks behind the one above it.
static void sift_down(int64_t *heap, int64_t n, int64_t at, const float *v, int64_t step)
{
    int64_t moved = heap[at];
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(v, step, heap[child], heap[child + 1]))
            child++;
        if (!before(v, step, moved, heap[child]))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void rank_place(const argmax *a, const float *v, int64_t *heap, float *index, float *value)
{
    for (int64_t i = 0; i < a->top_k; i++)
        heap[i] = i;
    for (int64_t i = a->top_k / 2 - 1; i >= 0; i--)
        sift_down(heap, a->top_k, i, v, a->inner);
    for (int64_t i = a->top_k; i < a->n; i++)
        if (before(v, a->inner, i, heap[0])) {
            heap[0] = i;
            sift_down(heap, a->top_k, 0, v, a->inner);
        }
    for (int64_t rank = a->top_k - 1; rank >= 0; rank--) {
        int64_t best = heap[0];
        heap[0] = heap[rank];
        sift_down(heap, rank, 0, v, a->inner);
        if (index)
            index[rank * a->inner] = (float)best;
        if (value)
            value[rank * a->inner] = v[best * a->inner];
    }
}

static void scan_place(const argmax *a, const float *v, float *index, float *value)
{
    int64_t best = 0;
    for (int64_t i = 1; i < a->n; i++)
        best = v[best * a->inner] > v[i * a->inner] ? best : i;
    if (index)
        *index = (float)best;
    if (value)
        *value = v[best * a->inner];
}

static void part(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const argmax *a = ctx;
    int64_t end = (item + 1) * a->part_places < a->places ? (item + 1) * a->part_places : a->places;
    for (int64_t p = item * a->part_places; p < end; p++) {
        int64_t to = p / a->inner * a->out_place + p % a->inner;
        const float *v = a->in + p / a->inner * a->n * a->inner + p % a->inner;
        float *index = a->index ? a->index + to : NULL, *value = a->value ? a->value + to : NULL;
        if (a->top_k == 1)
            scan_place(a, v, index, value);
        else
            rank_place(a, v, a->heap + item * a->top_k, index, value);
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__ArgMaxParameter *p = param(step->layer);
    const cr_tensor *in = cr_in(step, run, 0);
    const cr_shape *s = &in->shape;
    float *out = cr_out(step, run, 0)->data;
    argmax a = {.in = in->data, .top_k = p->top_k, .heap = run->scratch};
    int axis = p->axis < 0 ? p->axis + s->rank : p->axis;
    a.n = p->has_axis ? s->dim[axis] : cr_shape_range(s, 1, s->rank);
    a.inner = p->has_axis ? cr_shape_range(s, axis + 1, s->rank) : 1;
    a.places = (p->has_axis ? cr_shape_range(s, 0, axis) : s->dim[0]) * a.inner;
    bool both = !p->has_axis && p->out_max_val;
    a.out_place = a.top_k * a.inner * (both ? 2 : 1);
    a.index = p->out_max_val && !both ? NULL : out;
    a.value = both ? out + a.top_k : p->out_max_val ? out : NULL;
    // Few parts, as each has a heap; large ones, where places are small.
    int64_t least = a.n < PART_VALUES ? PART_VALUES / a.n : 1;
    a.part_places = (a.places + PARTS - 1) / PARTS;
    a.part_places = a.part_places < least ? least : a.part_places;
    if (a.places > 0)
        cr_parallel(run->pool, (a.places + a.part_places - 1) / a.part_places, part, &a);
}

const cr_layer_type cr_layer_argmax = {
    .name = "ArgMax",
    .about = "indices, or values, of the largest",
    .param = "argmax_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
