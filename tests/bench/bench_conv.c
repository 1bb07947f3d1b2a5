/*
 * bench_conv.c - times every convolution algorithm on the shapes of real nets, on one thread.
 *
 * usage: bench_conv [SHAPES [ISA]]     (default tests/bench/conv_shapes.txt, which conv_shapes.py makes; the best)
 *
 * One CSV row per shape and algorithm that accepts it. The yardstick is bare cblas_sgemm on the products of the
 * im2col algorithm plus the copies that make its matrices; `ratio` is the algorithm's time by theirs. Runs are
 * interleaved (algorithms, sgemm, copies, and again), and medians are given, so that a busy machine hurts all
 * alike; time is that of the thread, not of the clock on the wall. The peak is that of multiply-adds on registers,
 * measured beside each shape; build with -march=native. `gbs` counts input and output once, as the least that
 * must move; beside it is what memcpy makes of as many bytes, which lie in the same caches.
 *
 * The last lines sum up per net: every shape's times, as often as the net has it.
 */
#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "layers/window.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ALGORITHMS = 8, SGEMM = ALGORITHMS, COPY, MEMCPY, PEAK, TIMED, SAMPLES = 15, NETS = 32 };

static const double sample_ns = 2e6; // short runs are repeated to fill it

typedef struct shape {
    char net[32];
    int times, channels, height, width, num_output, kernel, stride, pad, dilation, group;
} shape;

typedef struct problem {
    cr_arena arena;
    cr_window window;
    cr_conv conv;
    float *in, *weights, *bias, *out, *reference, *col, *from, *to;
    void *scratch, *slot_scratch, *pack[ALGORITHMS];
    double sample[TIMED][SAMPLES];
    double ns[TIMED]; // medians; of PEAK: GFLOP/s
    double error[ALGORITHMS];
    volatile float sink;
} problem;

typedef struct total {
    char net[32];
    double best, im2col, sgemm, copy; // ns
} total;

static void fail(const char *what)
{
    fprintf(stderr, "bench_conv: %s\n", what);
    exit(1);
}

static void *memory(cr_arena *arena, size_t bytes)
{
    // 64 bytes on a border of 64, as a runner's tensors have
    uintptr_t p = (uintptr_t)cr_arena_alloc(arena, bytes + 128);
    if (!p)
        fail("out of memory");
    return (void *)((p + 63) / 64 * 64);
}

static float *floats(cr_arena *arena, int64_t n)
{
    float *x = memory(arena, (size_t)n * sizeof *x);
    unsigned state = 1;
    for (int64_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        x[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
    }
    return x;
}

// Floats of input and output.
static int64_t moved(const cr_conv *c)
{
    return c->in_channels * c->in_count + c->out_channels * c->out_count;
}

static void make(problem *p, const shape *s, const cr_kernels *kernels)
{
    cr_window_spec spec = {.n_axes = 2};
    int64_t in[2] = {s->height, s->width}, out[2];
    cr_conv *c = &p->conv;
    *c = (cr_conv){.window = &p->window, .images = 1, .group = s->group, .kernels = kernels};
    c->in_channels = s->channels;
    c->out_channels = s->num_output;
    c->in_count = c->out_count = c->kernel_count = 1;
    for (int a = 0; a < 2; a++) {
        spec.kernel[a] = s->kernel;
        spec.stride[a] = s->stride;
        spec.dilation[a] = s->dilation;
        spec.pad_before[a] = spec.pad_after[a] = s->pad;
        out[a] = (in[a] + 2 * s->pad - cr_window_extent(&spec, a)) / s->stride + 1;
        c->in_count *= in[a];
        c->out_count *= out[a];
        c->kernel_count *= s->kernel;
    }
    c->in_image_stride = c->in_channels * c->in_count;
    c->out_image_stride = c->out_channels * c->out_count;
    if (cr_window_build(&p->arena, &spec, 2, in, out, s->channels, &p->window, NULL))
        fail("out of memory");
    int64_t k = s->channels / s->group * c->kernel_count;
    size_t scratch = 0, slot = 0;
    p->in = floats(&p->arena, c->in_image_stride);
    p->weights = floats(&p->arena, s->num_output * k);
    p->bias = floats(&p->arena, s->num_output);
    p->out = floats(&p->arena, c->out_image_stride);
    p->reference = floats(&p->arena, c->out_image_stride);
    p->col = floats(&p->arena, k * c->out_count);
    p->from = floats(&p->arena, moved(c) / 2);
    p->to = floats(&p->arena, moved(c) / 2);
    for (int i = 0; cr_conv_algorithms[i]; i++) {
        const cr_conv_algorithm *a = cr_conv_algorithms[i];
        if (i >= ALGORITHMS)
            fail("more algorithms than this program knows");
        if (a->accepts(c))
            continue;
        size_t bytes = a->scratch_bytes(c);
        scratch = bytes > scratch ? bytes : scratch;
        bytes = a->slot_bytes ? a->slot_bytes(c) : 0;
        slot = bytes > slot ? bytes : slot;
        bytes = a->pack_bytes ? a->pack_bytes(c) : 0;
        if (bytes > 0) {
            p->pack[i] = memory(&p->arena, bytes);
            a->pack(c, p->weights, p->pack[i]);
        }
    }
    p->scratch = memory(&p->arena, scratch);
    p->slot_scratch = memory(&p->arena, slot);
}

static void run_algorithm(problem *p, int i, float *out)
{
    cr_conv_buffers b = {.in = p->in, .out = out, .weights = p->weights, .bias = p->bias, .pack = p->pack[i]};
    b.scratch = p->scratch;
    b.slot_scratch = p->slot_scratch;
    cr_conv_algorithms[i]->run(&p->conv, &b);
}

// One window at a time reads the image itself where it steps one by one, and there is nothing to copy.
static bool copies(const problem *p)
{
    const cr_axis *x = p->window.axis;
    bool pointwise =
        p->conv.kernel_count == 1 && x[0].stride == 1 && x[1].stride == 1 && x[0].pad_before[0] == 0;
    return !pointwise;
}

static void run_sgemm(problem *p)
{
    const cr_conv *c = &p->conv;
    int64_t m = c->out_channels / c->group, in_group = c->in_channels / c->group,
            k = in_group * c->kernel_count;
    for (int64_t g = 0; g < c->group; g++)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)c->out_count, (int)k, 1,
                    p->weights + g * m * k, (int)k, copies(p) ? p->col : p->in + g * in_group * c->in_count,
                    (int)c->out_count, 0, p->out + g * m * c->out_count, (int)c->out_count);
}

static void run_copies(problem *p)
{
    const cr_conv *c = &p->conv;
    int64_t in_group = c->in_channels / c->group;
    for (int64_t g = 0; g < c->group && copies(p); g++)
        cr_im2col(&p->window, p->in, g * in_group, in_group, p->col, NULL);
}

// Chains of multiply-adds on registers; enough of them to hide their latency.
static double run_peak(problem *p)
{
    typedef float vec __attribute__((vector_size(64)));
    enum { CHAINS = 12, TURNS = 20000 };
    vec x[CHAINS], a = (vec){0} + 0.999f, b = (vec){0} + 0.001f;
    for (int i = 0; i < CHAINS; i++)
        x[i] = b * (float)i;
    for (int t = 0; t < TURNS; t++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            x[i] = x[i] * a + b;
    }
    for (int i = 1; i < CHAINS; i++)
        x[0] += x[i];
    p->sink = x[0][0];
    return 2.0 * CHAINS * 16 * TURNS;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run_once(problem *p, int what)
{
    if (what == SGEMM)
        run_sgemm(p);
    else if (what == COPY)
        run_copies(p);
    else if (what == MEMCPY)
        memcpy(p->to, p->from, (size_t)(moved(&p->conv) / 2) * sizeof *p->to);
    else if (what == PEAK)
        return run_peak(p);
    else
        run_algorithm(p, what, p->out);
    return 1;
}

static double time_one(problem *p, int what, int repeats)
{
    double work = 0, start = now_ns();
    for (int i = 0; i < repeats; i++)
        work += run_once(p, what);
    double ns = now_ns() - start;
    return what == PEAK ? work / ns : ns / repeats;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool runs(const problem *p, int what)
{
    if (what >= ALGORITHMS)
        return true;
    for (int i = 0; cr_conv_algorithms[i]; i++)
        if (i == what)
            return !cr_conv_algorithms[i]->accepts(&p->conv);
    return false;
}

static void measure(problem *p)
{
    int repeats[TIMED];
    for (int what = 0; what < TIMED; what++) {
        if (!runs(p, what))
            continue;
        time_one(p, what, 1); // warms up
        double ns = what == PEAK ? sample_ns : time_one(p, what, 1);
        repeats[what] = ns < sample_ns ? (int)(sample_ns / (ns + 1)) + 1 : 1;
    }
    for (int i = 0; i < SAMPLES; i++)
        for (int what = 0; what < TIMED; what++)
            if (runs(p, what))
                p->sample[what][i] = time_one(p, what, repeats[what]);
    for (int what = 0; what < TIMED; what++) {
        qsort(p->sample[what], SAMPLES, sizeof(double), compare);
        p->ns[what] = p->sample[what][SAMPLES / 2];
    }
}

// The largest difference from im2col, by the root mean square of its output.
static double error_of(problem *p, int i, int im2col)
{
    double squares = 0, worst = 0;
    run_algorithm(p, im2col, p->reference);
    run_algorithm(p, i, p->out);
    for (int64_t o = 0; o < p->conv.out_image_stride; o++) {
        squares += (double)p->reference[o] * (double)p->reference[o];
        worst = fmax(worst, fabs((double)p->out[o] - (double)p->reference[o]));
    }
    return worst / sqrt(squares / (double)p->conv.out_image_stride);
}

static void report(problem *p, const shape *s, total *t)
{
    int last = 0, best = -1;
    while (cr_conv_algorithms[last + 1])
        last++;
    const cr_conv *c = &p->conv;
    double flop =
        2.0 * (double)(c->out_channels * (c->in_channels / c->group) * c->kernel_count * c->out_count);
    double bytes = (double)moved(c) * sizeof(float);
    for (int i = last; i >= 0; i--) {
        if (!runs(p, i))
            continue;
        best = i;
        printf("%s,%dx%dx%d,%d,k%d,s%d,p%d,d%d,g%d,%s,%s,%.0f,%.1f,%.3f,%.1e,%.0f,%.0f,%.3f,%.1f,%.1f\n",
               s->net, s->channels, s->height, s->width, s->num_output, s->kernel, s->stride, s->pad,
               s->dilation, s->group, c->kernels->name, cr_conv_algorithms[i]->name, p->ns[i],
               flop / p->ns[i], flop / p->ns[i] / p->ns[PEAK], error_of(p, i, last), p->ns[SGEMM],
               p->ns[COPY], p->ns[i] / (p->ns[SGEMM] + p->ns[COPY]), bytes / p->ns[i], bytes / p->ns[MEMCPY]);
    }
    t->best += s->times * p->ns[best]; // the first that accepts is the one that nets use
    t->im2col += s->times * p->ns[last];
    t->sgemm += s->times * p->ns[SGEMM];
    t->copy += s->times * p->ns[COPY];
}

static total *total_of(total *totals, const char *net)
{
    int i = 0;
    while (i < NETS - 1 && totals[i].net[0] && strcmp(totals[i].net, net) != 0)
        i++;
    snprintf(totals[i].net, sizeof totals[i].net, "%s", net);
    return &totals[i];
}

int main(int argc, char **argv)
{
    FILE *file = fopen(argc > 1 ? argv[1] : "tests/bench/conv_shapes.txt", "r");
    total totals[NETS] = {0};
    char line[256];
    shape s;
    const char *why;
    const cr_kernels *kernels = cr_kernels_choose(argc > 2 ? argv[2] : NULL, &why);
    if (!kernels)
        fail(why);
    if (!file)
        fail("can't open the list of shapes");
    openblas_set_num_threads(1);
    puts("net,input,outputs,kernel,stride,pad,dilation,group,isa,algorithm,ns,gflops,share_of_peak,error,"
         "sgemm_ns,copy_ns,ratio,gbs,memcpy_gbs");
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31s %d %d %d %d %d %d %d %d %d %d", s.net, &s.times, &s.channels, &s.height,
                   &s.width, &s.num_output, &s.kernel, &s.stride, &s.pad, &s.dilation, &s.group) != 11 ||
            s.net[0] == '#')
            continue;
        problem *p = calloc(1, sizeof *p);
        if (!p)
            fail("out of memory");
        make(p, &s, kernels);
        measure(p);
        report(p, &s, total_of(totals, s.net));
        fflush(stdout);
        cr_arena_free(&p->arena);
        free(p);
    }
    fclose(file);
    for (int i = 0; i < NETS && totals[i].net[0]; i++) {
        const total *t = &totals[i];
        printf("total %s: chosen %.3f ms, im2col %.3f ms, sgemm %.3f ms + copies %.3f ms, ratio of im2col "
               "%.3f\n",
               t->net, t->best / 1e6, t->im2col / 1e6, t->sgemm / 1e6, t->copy / 1e6,
               t->im2col / (t->sgemm + t->copy));
    }
    return 0;
}
