/*
 * fft.c - the loops of the convolution by Fourier transforms: lines, spectra, products.
 *
 * A line of n = n1 * n2 vectors is transformed in two rounds, each of short transforms that are written out:
 *
 *     x[j + n2 * i]  --n1 at a time-->  h[k1][j] * e^(-2 pi i j k1 / n)  --n2 at a time-->  X[k1 + n1 * k2]
 *
 * The complex tile z = a + i b of two real planes has their spectra in what is even and odd about it:
 *
 *     2 A(q) = Z(q) + conj Z(-q),    2 i B(q) = Z(q) - conj Z(-q)
 *
 * so columns x and width - x of z are transformed together, and each of the two gives bins of both planes. The way
 * back is Z(q) = A(q) + i B(q), Z(-q) = conj A(q) + i conj B(q).
 *
 * A window's sum is the product of spectra with that of the taps conjugated. The factors 2 and height * width are in
 * the weights.
 */
#include "kernels/fft.h"
#include "kernels/simd.h"

#if defined(__AVX512F__)
#define ROWS 13
#elif defined(__aarch64__)
#define ROWS 12
#elif defined(__AVX__)
#define ROWS 6
#else
#define ROWS 5
#endif

/* ---- transforms of a line ---- */

// cos(2 pi i / CIRCLE) in the first quarter: all sizes divide CIRCLE.
enum { CIRCLE = 192, QUARTER = CIRCLE / 4 };
static const float cosines[QUARTER + 1] = {
    1,
    0.999464587f,
    0.997858923f,
    0.995184727f,
    0.991444861f,
    0.986643332f,
    0.980785280f,
    0.973876979f,
    0.965925826f,
    0.956940336f,
    0.946930129f,
    0.935905927f,
    0.923879533f,
    0.910863825f,
    0.896872742f,
    0.881921264f,
    0.866025404f,
    0.849202182f,
    0.831469612f,
    0.812846685f,
    0.793353340f,
    0.773010453f,
    0.751839807f,
    0.729864073f,
    0.707106781f,
    0.683592302f,
    0.659345815f,
    0.634393284f,
    0.608761429f,
    0.582477697f,
    0.555570233f,
    0.528067851f,
    0.500000000f,
    0.471396737f,
    0.442288690f,
    0.412707030f,
    0.382683432f,
    0.352250048f,
    0.321439465f,
    0.290284677f,
    0.258819045f,
    0.227076263f,
    0.195090322f,
    0.162895473f,
    0.130526192f,
    0.098017140f,
    0.065403129f,
    0.032719083f,
    0,
};

// i >= 0
CR_INLINE float cosine(int i)
{
    i %= CIRCLE;
    if (i > CIRCLE / 2)
        i = CIRCLE - i;
    return i <= QUARTER ? cosines[i] : -cosines[CIRCLE / 2 - i];
}

CR_INLINE float sine(int i)
{
    return cosine(i + 3 * QUARTER);
}

typedef struct complex_vf {
    cr_vf re, im;
} complex_vf;

CR_INLINE complex_vf sum(complex_vf a, complex_vf b)
{
    return (complex_vf){a.re + b.re, a.im + b.im};
}

CR_INLINE complex_vf difference(complex_vf a, complex_vf b)
{
    return (complex_vf){a.re - b.re, a.im - b.im};
}

// By e^(-2 pi i k / n).
CR_INLINE complex_vf turn(complex_vf a, const int k, const int n)
{
    const float c = cosine(k * (CIRCLE / n)), s = sine(k * (CIRCLE / n));
    return (complex_vf){a.re * c + a.im * s, a.im * c - a.re * s};
}

CR_INLINE complex_vf quarter_turn(complex_vf a)
{
    return (complex_vf){a.im, -a.re};
}

CR_INLINE void dft_3(complex_vf *x)
{
    complex_vf s = sum(x[1], x[2]), d = difference(x[1], x[2]);
    complex_vf middle = {x[0].re - 0.5f * s.re, x[0].im - 0.5f * s.im};
    const float root = sine(CIRCLE / 3);
    x[0] = sum(x[0], s);
    x[1] = (complex_vf){middle.re + root * d.im, middle.im - root * d.re};
    x[2] = (complex_vf){middle.re - root * d.im, middle.im + root * d.re};
}

CR_INLINE void dft_4(complex_vf *x)
{
    complex_vf a = sum(x[0], x[2]), b = difference(x[0], x[2]), c = sum(x[1], x[3]);
    complex_vf d = quarter_turn(difference(x[1], x[3]));
    x[0] = sum(a, c);
    x[1] = sum(b, d);
    x[2] = difference(a, c);
    x[3] = difference(b, d);
}

CR_INLINE void dft_6(complex_vf *x)
{
    complex_vf even[3] = {x[0], x[2], x[4]}, odd[3] = {x[1], x[3], x[5]};
    dft_3(even);
    dft_3(odd);
    odd[1] = turn(odd[1], 1, 6);
    odd[2] = turn(odd[2], 2, 6);
    CR_UNROLL
    for (int k = 0; k < 3; k++) {
        x[k] = sum(even[k], odd[k]);
        x[k + 3] = difference(even[k], odd[k]);
    }
}

CR_INLINE void dft_8(complex_vf *x)
{
    complex_vf even[4] = {x[0], x[2], x[4], x[6]}, odd[4] = {x[1], x[3], x[5], x[7]};
    const float root = cosine(CIRCLE / 8);
    dft_4(even);
    dft_4(odd);
    // root is multiplied in with the sums
    complex_vf t1 = {odd[1].re + odd[1].im, odd[1].im - odd[1].re};
    complex_vf t3 = {odd[3].im - odd[3].re, -odd[3].re - odd[3].im};
    complex_vf t2 = quarter_turn(odd[2]);
    x[0] = sum(even[0], odd[0]);
    x[4] = difference(even[0], odd[0]);
    x[1] = (complex_vf){even[1].re + root * t1.re, even[1].im + root * t1.im};
    x[5] = (complex_vf){even[1].re - root * t1.re, even[1].im - root * t1.im};
    x[2] = sum(even[2], t2);
    x[6] = difference(even[2], t2);
    x[3] = (complex_vf){even[3].re + root * t3.re, even[3].im + root * t3.im};
    x[7] = (complex_vf){even[3].re - root * t3.re, even[3].im - root * t3.im};
}

CR_INLINE void dft(const int n, complex_vf *x)
{
    if (n == 3)
        dft_3(x);
    else if (n == 4)
        dft_4(x);
    else if (n == 6)
        dft_6(x);
    else
        dft_8(x);
}

CR_INLINE complex_vf load(const cr_fft_line *l, int64_t i)
{
    return (complex_vf){cr_load(l->re + i * l->step), cr_load(l->im + i * l->step)};
}

CR_INLINE void store(const cr_fft_line *l, int64_t i, complex_vf x)
{
    cr_store(l->re + i * l->step, x.re);
    cr_store(l->im + i * l->step, x.im);
}

enum { MAX_SIZE = CR_FFT_MAX_SIZE };

CR_INLINE void line_of(const int n1, const int n2, const cr_fft_line *from, const cr_fft_line *to)
{
    complex_vf half[8][8];
    CR_UNROLL
    for (int j = 0; j < n2; j++) {
        complex_vf x[8];
        CR_UNROLL
        for (int i = 0; i < n1; i++)
            x[i] = load(from, j + n2 * i);
        dft(n1, x);
        CR_UNROLL
        for (int k = 0; k < n1; k++)
            half[k][j] = j * k == 0 ? x[k] : turn(x[k], j * k, n1 * n2);
    }
    CR_UNROLL
    for (int k = 0; k < n1; k++) {
        complex_vf x[8];
        CR_UNROLL
        for (int j = 0; j < n2; j++)
            x[j] = half[k][j];
        dft(n2, x);
        CR_UNROLL
        for (int i = 0; i < n2; i++)
            store(to, k + n1 * i, x[i]);
    }
}

// clang-format off
#define SIZE(n, n1, n2) static __attribute__((noinline)) void line_##n(const cr_fft_line *from, const cr_fft_line *to) { line_of(n1, n2, from, to); }
SIZE(16, 4, 4)
SIZE(24, 3, 8)
SIZE(32, 4, 8)
SIZE(48, 6, 8)
SIZE(64, 8, 8)
// clang-format on

static void line_1(const cr_fft_line *from, const cr_fft_line *to)
{
    store(to, 0, load(from, 0));
}

static void line(int n, const cr_fft_line *from, const cr_fft_line *to)
{
    switch (n) {
    case 1:
        line_1(from, to);
        break;
    case 16:
        line_16(from, to);
        break;
    case 24:
        line_24(from, to);
        break;
    case 32:
        line_32(from, to);
        break;
    case 48:
        line_48(from, to);
        break;
    default:
        line_64(from, to);
    }
}

/* ---- spectra ---- */

static cr_fft_line column_of(const cr_fft_tile *t, int x)
{
    float *re = t->z + (int64_t)x * 2 * CR_VECTOR;
    return (cr_fft_line){re, re + CR_VECTOR, t->row_step};
}

static cr_fft_line swapped(cr_fft_line l)
{
    return (cr_fft_line){l.im, l.re, l.step};
}

// Columns x and width - x of a tile, out of its way.
typedef struct columns {
    float z[2][MAX_SIZE * 2 * CR_VECTOR] __attribute__((aligned(64)));
    int count; // 1 where x has no partner
    int bins;  // of x
} columns;

static void set_columns(const cr_fft_tile *t, int x, columns *c)
{
    c->count = x == 0 || 2 * x == t->width ? 1 : 2;
    c->bins = c->count == 1 ? t->height / 2 + 1 : t->height;
}

static cr_fft_line line_in(columns *c, int i)
{
    return (cr_fft_line){c->z[i], c->z[i] + CR_VECTOR, 2 * CR_VECTOR};
}

static void read_columns(const cr_fft_tile *t, int x, columns *c)
{
    set_columns(t, x, c);
    for (int i = 0; i < c->count; i++) {
        cr_fft_line from = column_of(t, i ? t->width - x : x), to = line_in(c, i);
        line(t->height, &from, &to);
    }
}

static void write_columns(const cr_fft_tile *t, int x, columns *c)
{
    for (int i = 0; i < c->count; i++) {
        cr_fft_line from = swapped(line_in(c, i)), to = swapped(column_of(t, i ? t->width - x : x));
        line(t->height, &from, &to);
    }
}

// Where bin y of column x and its partner are.
typedef struct places {
    float *at, *partner;
} places;

CR_INLINE places places_of(columns *c, int height, int y)
{
    int other = y ? height - y : 0;
    return (places){c->z[0] + y * 2 * CR_VECTOR, c->z[c->count - 1] + other * 2 * CR_VECTOR};
}

CR_INLINE complex_vf load_at(const float *from)
{
    return (complex_vf){cr_load(from), cr_load(from + CR_VECTOR)};
}

CR_INLINE void store_at(float *to, complex_vf x)
{
    cr_store(to, x.re);
    cr_store(to + CR_VECTOR, x.im);
}

CR_INLINE void take_apart(places p, complex_vf *first, complex_vf *second)
{
    complex_vf a = load_at(p.at), b = load_at(p.partner);
    *first = (complex_vf){a.re + b.re, a.im - b.im};
    *second = (complex_vf){a.im + b.im, b.re - a.re};
}

CR_INLINE void put_together(places p, complex_vf first, complex_vf second)
{
    store_at(p.at, (complex_vf){first.re - second.im, first.im + second.re});
    store_at(p.partner, (complex_vf){first.re + second.im, second.re - first.im});
}

static void split(const cr_fft_tile *t, const cr_fft_pair *to)
{
    columns c;
    float *first = to->first, *second = to->second;
    for (int x = 0; x <= t->width / 2; x++) {
        read_columns(t, x, &c);
        for (int y = 0; y < c.bins; y++, first += to->bin_step, second += second ? to->bin_step : 0) {
            complex_vf a, b;
            take_apart(places_of(&c, t->height, y), &a, &b);
            store_at(first, a);
            if (second)
                store_at(second, b);
        }
    }
}

static void merge(const cr_fft_tile *t, const cr_fft_pair *from)
{
    columns c;
    complex_vf nothing = {{0}, {0}};
    const float *first = from->first, *second = from->second;
    for (int x = 0; x <= t->width / 2; x++) {
        set_columns(t, x, &c);
        for (int y = 0; y < c.bins; y++, first += from->bin_step, second += second ? from->bin_step : 0)
            put_together(places_of(&c, t->height, y), load_at(first), second ? load_at(second) : nothing);
        write_columns(t, x, &c);
    }
}

CR_INLINE complex_vf product_of(complex_vf a, complex_vf b)
{
    return (complex_vf){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static void multiply(const cr_fft_tile *t, const cr_fft_pair *weights)
{
    columns c;
    const float *first = weights->first, *second = weights->second;
    for (int x = 0; x <= t->width / 2; x++) {
        read_columns(t, x, &c);
        for (int y = 0; y < c.bins; y++, first += weights->bin_step, second += weights->bin_step) {
            places p = places_of(&c, t->height, y);
            complex_vf a, b;
            take_apart(p, &a, &b);
            put_together(p, product_of(a, load_at(first)), product_of(b, load_at(second)));
        }
        write_columns(t, x, &c);
    }
}

/* ---- weights ---- */

// Taps of all outputs as vectors, scaled.
static void gather_taps(const cr_fft_weights *p, const float *from, float *to)
{
    int64_t taps = p->kernel_h * p->kernel_w;
    for (int64_t t = 0; t < taps; t++)
        for (int64_t o = 0; o < CR_VECTOR; o++)
            to[t * CR_VECTOR + o] =
                o < p->outputs ? (float)(from[o * p->output_step + t] * (p->scale ? p->scale[o] : 1)) : 0;
}

// Column x of the rows' spectra, conjugated, with factors for both transforms.
static void weights_column(const cr_fft_weights *p, int x, const float *taps, const cr_fft_line *to)
{
    const float factor = 0.5f / (float)(p->width * p->height);
    for (int64_t i = 0; i < p->height; i++) {
        complex_vf s = {{0}, {0}};
        for (int64_t j = 0; i < p->kernel_h && j < p->kernel_w; j++, taps += CR_VECTOR) {
            int angle = (int)(j * x % p->width) * (CIRCLE / p->width);
            cr_vf tap = cr_load(taps);
            s.re += tap * cosine(angle);
            s.im += tap * sine(angle);
        }
        store(to, i, (complex_vf){s.re * factor, s.im * factor});
    }
}

static void weights(const cr_fft_weights *p, const float *from, float *u)
{
    float taps[CR_FFT_MAX_TAPS * CR_VECTOR] __attribute__((aligned(64)));
    columns c;
    cr_fft_tile t = {.height = p->height, .width = p->width};
    gather_taps(p, from, taps);
    for (int x = 0; x <= p->width / 2; x++) {
        set_columns(&t, x, &c);
        cr_fft_line rows = line_in(&c, 0), spectrum = line_in(&c, 1), to = swapped(spectrum);
        weights_column(p, x, taps, &rows);
        rows = swapped(rows);
        line(p->height, &rows, &to);
        for (int y = 0; y < c.bins; y++, u += p->bin_step)
            store_at(u, load(&spectrum, y));
    }
}

/* ---- products ---- */

CR_INLINE void rows_product(const cr_fft_product *p, const int rows, const float *v, const float *u, float *y)
{
    cr_vf re[ROWS], im[ROWS];
    CR_UNROLL
    for (int i = 0; i < rows; i++)
        re[i] = im[i] = (cr_vf){0};
    for (int64_t left = p->channels; left > 0; left -= CR_VECTOR) {
        const float *a = v, *end = v + (left < CR_VECTOR ? left : CR_VECTOR);
        for (; a < end; a++) {
            cr_vf u_re = cr_load(u), u_im = cr_load(u + CR_VECTOR);
            CR_UNROLL
            for (int i = 0; i < rows; i++) {
                float v_re = a[i * p->v_step], v_im = a[i * p->v_step + CR_VECTOR];
                re[i] += v_re * u_re;
                im[i] += v_re * u_im;
                re[i] -= v_im * u_im;
                im[i] += v_im * u_re;
            }
            u += 2 * CR_VECTOR;
        }
        v += 2 * CR_VECTOR;
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++)
        store_at(y + i * p->y_step, (complex_vf){re[i], im[i]});
}

// A function for every size, so that the sums have names and can be registers.
typedef void rows_fn(const cr_fft_product *p, const float *v, const float *u, float *y);
#define ROWS_OF(r)                                                                          \
    static void rows_##r(const cr_fft_product *p, const float *v, const float *u, float *y) \
    {                                                                                       \
        rows_product(p, r, v, u, y);                                                        \
    }
// clang-format off
ROWS_OF(1) ROWS_OF(2) ROWS_OF(3) ROWS_OF(4) ROWS_OF(5)
#if ROWS > 5
ROWS_OF(6)
#endif
#if ROWS > 6
ROWS_OF(7) ROWS_OF(8) ROWS_OF(9) ROWS_OF(10) ROWS_OF(11) ROWS_OF(12)
#endif
#if ROWS > 12
ROWS_OF(13)
#endif
static rows_fn *const row_functions[ROWS] = {
    rows_1, rows_2, rows_3, rows_4, rows_5,
#if ROWS > 5
    rows_6,
#endif
#if ROWS > 6
    rows_7, rows_8, rows_9, rows_10, rows_11, rows_12,
#endif
#if ROWS > 12
    rows_13,
#endif
};
// clang-format on

// Tiles in as few groups as registers allow, of sizes as equal as can be.
static void product(const cr_fft_product *p, const float *v, const float *u, float *y)
{
    int64_t groups = (p->tiles + ROWS - 1) / ROWS;
    for (int64_t g = 0; g < groups; g++) {
        int64_t first = p->tiles * g / groups, rows = p->tiles * (g + 1) / groups - first;
        row_functions[rows - 1](p, v + first * p->v_step, u, y + first * p->y_step);
    }
}

extern const cr_fft_kernels CR_ISA(cr_fft_kernels);
const cr_fft_kernels CR_ISA(cr_fft_kernels) = {
    .lanes = CR_VECTOR,
    .line = line,
    .split = split,
    .merge = merge,
    .multiply = multiply,
    .product = product,
    .weights = weights,
};
