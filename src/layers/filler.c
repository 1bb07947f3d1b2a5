/*
 * filler.c - values for weights that no file holds.
 *
 * The distributions and their checks are those of Caffe's filler.hpp; odd points:
 *   - fan_in is count / dim 0 and fan_out count / dim 1, whatever the axes mean (so for InnerProduct with
 *     transpose the two are exchanged, as in Caffe); fan_out of one axis is the count;
 *   - only gaussian takes `sparse`: each value is kept with probability sparse / dim 0;
 *   - bilinear writes the same kernel to every (output, input) pair: upsampling needs group = channels.
 *
 * Random numbers come from splitmix64, normal ones by the ziggurat of Marsaglia and Tsang with Doornik's 128
 * blocks (ZIGNOR). exp and log are our own series: libm's last bits differ between machines, and one other
 * accept or reject would change all numbers behind it.
 */
#include "layers/filler.h"
#include "base/names.h"
#include "crema.pb-c.h"

#include <math.h>
#include <string.h>

/* ---- random numbers ---- */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t next(uint64_t *state)
{
    return mix(*state += 0x9E3779B97F4A7C15u);
}

static double unit(uint64_t *state) // (0, 1]
{
    return (double)((next(state) >> 11) + 1) * 0x1p-53;
}

uint64_t cr_fill_seed(uint64_t seed, const char *layer, int blob)
{
    uint64_t h = mix(seed + 0x9E3779B97F4A7C15u);
    for (const char *s = layer; *s; s++)
        h = mix(h ^ (unsigned char)*s) + 0x9E3779B97F4A7C15u;
    return mix(h ^ ((uint64_t)(unsigned)blob << 32));
}

static double own_log(double x) // x > 0
{
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) {
        m *= 2;
        e--;
    }
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return 2 * s * sum + e * 0.69314718055994531;
}

static double own_exp(double x) // |x| < 100
{
    int k = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double r = x - k * 0.69314718055994531, sum = 1;
    for (int i = 14; i >= 1; i--)
        sum = 1 + sum * r / i;
    return ldexp(sum, k);
}

/* ---- normal numbers ---- */

enum { BLOCKS = 128 };
#define TAIL 3.442619855899            // where the bottom block's rectangle ends
#define BLOCK_AREA 9.91256303526217e-3 // of each block

typedef struct ziggurat {
    double x[BLOCKS + 1];  // right ends of the blocks, from the bottom up; x[0] has the tail's area in it
    double inside[BLOCKS]; // below this share of x[i] the point lies under the curve for sure
} ziggurat;

static void build_ziggurat(ziggurat *z)
{
    double f = own_exp(-0.5 * TAIL * TAIL);
    z->x[0] = BLOCK_AREA / f;
    z->x[1] = TAIL;
    for (int i = 2; i < BLOCKS; i++) {
        z->x[i] = sqrt(-2 * own_log(BLOCK_AREA / z->x[i - 1] + f));
        f = own_exp(-0.5 * z->x[i] * z->x[i]);
    }
    z->x[BLOCKS] = 0;
    for (int i = 0; i < BLOCKS; i++)
        z->inside[i] = z->x[i + 1] / z->x[i];
}

static double normal_tail(uint64_t *state)
{
    double x, y;
    do {
        x = -own_log(unit(state)) / TAIL;
        y = -own_log(unit(state));
    } while (2 * y < x * x);
    return TAIL + x;
}

// The point is in block i, but perhaps not under the curve.
static bool under_curve(const ziggurat *z, int i, double x, uint64_t *state)
{
    double high = own_exp(-0.5 * (z->x[i] * z->x[i] - x * x));
    double low = own_exp(-0.5 * (z->x[i + 1] * z->x[i + 1] - x * x));
    return low + unit(state) * (high - low) < 1;
}

static double normal(const ziggurat *z, uint64_t *state)
{
    for (;;) {
        uint64_t r = next(state);
        int i = (int)(r % BLOCKS);
        double u = (double)((int64_t)r >> 11) * 0x1p-52; // [-1, 1), from bits that i does not use
        double x = u * z->x[i];
        if (fabs(u) < z->inside[i])
            return x;
        if (i == 0)
            return u < 0 ? -normal_tail(state) : normal_tail(state);
        if (under_curve(z, i, x, state))
            return x;
    }
}

/* ---- the fillers ---- */

typedef struct fill {
    const Crema__FillerParameter *p;
    const cr_shape *shape;
    int64_t count;
    uint64_t state;
    float *data;
} fill;

static void fill_value(float value, int64_t n, float *data)
{
    for (int64_t i = 0; i < n; i++)
        data[i] = value;
}

static void fill_constant(fill *f)
{
    fill_value(f->p->value, f->count, f->data);
}

static void fill_range(fill *f, double min, double max)
{
    double step = (max - min) * 0x1p-32;
    int64_t i = 0;
    for (; i + 1 < f->count; i += 2) {
        uint64_t r = next(&f->state);
        f->data[i] = (float)(min + step * (double)(uint32_t)r);
        f->data[i + 1] = (float)(min + step * (double)(uint32_t)(r >> 32));
    }
    if (i < f->count)
        f->data[i] = (float)(min + step * (double)(uint32_t)next(&f->state));
}

static void fill_uniform(fill *f)
{
    fill_range(f, (double)f->p->min, (double)f->p->max);
}

static void fill_normal(fill *f, double mean, double std)
{
    ziggurat z;
    build_ziggurat(&z);
    uint64_t state = f->state; // in a register
    for (int64_t i = 0; i < f->count; i++)
        f->data[i] = (float)(mean + std * normal(&z, &state));
    f->state = state;
}

static void fill_gaussian(fill *f)
{
    fill_normal(f, (double)f->p->mean, (double)f->p->std);
    if (f->p->sparse < 0)
        return;
    double keep = (double)f->p->sparse / (double)f->shape->dim[0];
    for (int64_t i = 0; i < f->count; i++)
        if (unit(&f->state) > keep)
            f->data[i] = 0;
}

static double fan(const fill *f)
{
    const cr_shape *s = f->shape;
    double in = s->rank > 0 ? (double)(f->count / s->dim[0]) : 1;
    double out = s->rank > 1 ? (double)(f->count / s->dim[1]) : (double)f->count;
    if (f->p->variance_norm == CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_OUT)
        return out;
    if (f->p->variance_norm == CREMA__FILLER_PARAMETER__VARIANCE_NORM__AVERAGE)
        return (in + out) / 2;
    return in;
}

static void fill_xavier(fill *f)
{
    double scale = sqrt(3 / fan(f));
    fill_range(f, -scale, scale);
}

static void fill_msra(fill *f)
{
    fill_normal(f, 0, sqrt(2 / fan(f)));
}

static void fill_bilinear(fill *f)
{
    int64_t width = f->shape->dim[3];
    double half = (double)((width + 1) / 2), centre = (double)(width - 1) / (2 * half);
    for (int64_t i = 0; i < f->count; i++) {
        double x = (double)(i % width), y = (double)(i / width % width);
        f->data[i] = (float)((1 - fabs(x / half - centre)) * (1 - fabs(y / half - centre)));
    }
}

static void fill_unitball(fill *f)
{
    fill_range(f, 0, 1);
    int64_t rows = f->shape->dim[0], n = f->count / rows;
    for (int64_t r = 0; r < rows; r++) {
        float *row = f->data + r * n;
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)row[i];
        for (int64_t i = 0; sum > 0 && i < n; i++)
            row[i] = (float)((double)row[i] / sum);
    }
}

/* ---- checks ---- */

typedef struct checking {
    const Crema__FillerParameter *p;
    const cr_shape *shape;
    const cr_notes *notes;
    cr_err *err;
} checking;

static cr_status check_uniform(const checking *c)
{
    if (c->p->min <= c->p->max)
        return CREMA_OK;
    cr_pos pos = cr_notes_pos(c->notes, c->p, c->p->has_max ? "max" : "min", 0);
    return cr_fail(c->err, CREMA_ERR_INPUT, &pos, "uniform filler: min %g is not below max %g",
                   (double)c->p->min, (double)c->p->max);
}

static cr_status check_gaussian(const checking *c)
{
    if (!(c->p->std > 0)) {
        cr_pos pos = cr_notes_pos(c->notes, c->p, "std", 0);
        return cr_fail(c->err, CREMA_ERR_INPUT, &pos, "gaussian filler: std %g must be above 0",
                       (double)c->p->std);
    }
    if (c->p->sparse < 0)
        return CREMA_OK;
    cr_pos pos = cr_notes_pos(c->notes, c->p, "sparse", 0);
    if (c->shape->rank < 1)
        return cr_fail(c->err, CREMA_ERR_INPUT, &pos, "gaussian filler: sparse needs a blob with axes");
    if (c->p->sparse > c->shape->dim[0])
        return cr_fail(c->err, CREMA_ERR_INPUT, &pos,
                       "gaussian filler: sparse %d is above the %lld outputs of the blob", c->p->sparse,
                       (long long)c->shape->dim[0]);
    return CREMA_OK;
}

static cr_status check_bilinear(const checking *c)
{
    const cr_shape *s = c->shape;
    if (s->rank == 4 && s->dim[2] == s->dim[3])
        return CREMA_OK;
    char text[CR_SHAPE_TEXT];
    cr_pos pos = cr_notes_pos(c->notes, c->p, "type", 0);
    return cr_fail(c->err, CREMA_ERR_INPUT, &pos,
                   "bilinear filler: the blob must have 4 axes and a square kernel, not %s",
                   cr_shape_text(s, text, sizeof text));
}

static cr_status check_unitball(const checking *c)
{
    if (c->shape->rank > 0)
        return CREMA_OK;
    cr_pos pos = cr_notes_pos(c->notes, c->p, "type", 0);
    return cr_fail(c->err, CREMA_ERR_INPUT, &pos, "positive_unitball filler: needs a blob with axes");
}

typedef struct filler_type {
    const char *name;
    bool sparse; // takes the field
    void (*fill)(fill *f);
    cr_status (*check)(const checking *c); // may be NULL
} filler_type;

static const filler_type types[] = {
    {"constant", false, fill_constant, NULL},
    {"uniform", false, fill_uniform, check_uniform},
    {"gaussian", true, fill_gaussian, check_gaussian},
    {"xavier", false, fill_xavier, NULL},
    {"msra", false, fill_msra, NULL},
    {"bilinear", false, fill_bilinear, check_bilinear},
    {"positive_unitball", false, fill_unitball, check_unitball},
};
enum { N_TYPES = sizeof types / sizeof types[0] };

static cr_status find_type(const checking *c, const filler_type **type)
{
    const char *names[N_TYPES + 1] = {NULL};
    for (int i = 0; i < N_TYPES; i++) {
        names[i] = types[i].name;
        if (strcmp(names[i], c->p->type) == 0) {
            *type = &types[i];
            return CREMA_OK;
        }
    }
    const char *nearest = cr_nearest(c->p->type, names);
    cr_pos pos = cr_notes_pos(c->notes, c->p, "type", 0);
    return cr_fail(c->err, CREMA_ERR_INPUT, &pos,
                   nearest ? "unknown filler type \"%.100s\"; did you mean \"%s\"?"
                           : "unknown filler type \"%.100s\"",
                   c->p->type, nearest);
}

static cr_status check(const checking *c, const filler_type **type)
{
    cr_status status = find_type(c, type);
    if (status != CREMA_OK)
        return status;
    if (c->p->sparse != -1 && !(*type)->sparse) {
        cr_pos pos = cr_notes_pos(c->notes, c->p, "sparse", 0);
        return cr_fail(c->err, CREMA_ERR_INPUT, &pos, "%s filler: sparse works with gaussian only",
                       (*type)->name);
    }
    return (*type)->check ? (*type)->check(c) : CREMA_OK;
}

cr_status cr_fill_check(const Crema__FillerParameter *filler, const cr_shape *shape, const cr_notes *notes,
                        cr_err *err)
{
    const filler_type *type;
    return filler ? check(&(checking){filler, shape, notes, err}, &type) : CREMA_OK;
}

cr_status cr_fill(const Crema__FillerParameter *filler, float value, const cr_shape *shape, uint64_t seed,
                  float *data, const cr_notes *notes, cr_err *err)
{
    int64_t count = cr_shape_count(shape);
    if (!filler) {
        fill_value(value, count, data);
        return CREMA_OK;
    }
    const filler_type *type;
    cr_status status = check(&(checking){filler, shape, notes, err}, &type);
    if (status == CREMA_OK && count > 0) // an empty blob has no fan
        type->fill(&(fill){filler, shape, count, seed, data});
    return status;
}
