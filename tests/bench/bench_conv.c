/*
 * bench_conv.c - times every convolution algorithm on the shapes of real nets, on one thread.
 *
 * usage: bench_conv [SHAPES [ISA]]     (default tests/bench/conv_shapes.txt, which conv_shapes.py makes; the best)
 *
 * One CSV row per shape and algorithm that accepts it (fft: if it pays, or from 5x5 on); that of the algorithm that
 * nets use comes last. `error` is the largest difference from im2col's output, by its root mean square. An algorithm
 * that wants blocked activations gets them. The yardstick is bare cblas_sgemm on the products of the im2col algorithm
 * plus the copies that make its matrices; `ratio` is the algorithm's time by theirs. `gbs` counts input and output
 * once, as the least that must move; beside it is what memcpy makes of as many bytes, which lie in the same caches.
 * Algorithms, sgemm, copies and the peak of the ISA level take turns (timing.h).
 *
 * The last lines sum up per net: every shape's times, as often as the net has it.
 */
#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "layers/window.h"
#include "tests/bench/timing.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALGORITHMS = 12, SGEMM = ALGORITHMS, COPY, MEMCPY, PEAK, TIMED, NETS = 32, LARGE_TAPS = 25 };

typedef struct shape {
    char net[32];
    int times, channels, height, width, num_output, kernel, stride, pad, dilation, group;
} shape;

typedef struct problem {
    cr_arena arena; // of the window's tables
    cr_window window;
    cr_conv conv, blocked; // the same on blocked activations
    float *in, *in_blocked, *weights, *bias, *out, *reference, *col, *from, *to;
    void *scratch, *slot_scratch, *pack[ALGORITHMS];
    bench_peak peak;
    double ns[TIMED], of_peak[TIMED]; // medians; the peak's time by the job's
} problem;

// What a job runs on: a problem and which of TIMED.
typedef struct run_arg {
    problem *p;
    int what;
} run_arg;

typedef struct total {
    char net[32];
    double best, im2col, sgemm, copy; // ns
} total;

// Floats of input and output.
static int64_t moved(const cr_conv *c)
{
    return c->in_channels * c->in_count + c->out_channels * c->out_count;
}

// Plain activations of algorithms that take them, else blocked ones; NULL: there is no row. fft is shown from where it
// begins to lose.
static const cr_conv *conv_of(const problem *p, int i)
{
    const cr_conv_algorithm *a = cr_conv_algorithms[i];
    bool pays = a != &cr_conv_fft || p->conv.kernel_count >= LARGE_TAPS || !a->loses(&p->conv);
    if (!a->accepts(&p->conv))
        return pays ? &p->conv : NULL;
    return cr_conv_refusal(a, &p->blocked) ? NULL : &p->blocked;
}

// Where a value of a plain image lies in a blocked one.
static int64_t blocked_at(int64_t i, int64_t count)
{
    int64_t channel = i / count;
    return (channel / CR_BLOCK * count + i % count) * CR_BLOCK + channel % CR_BLOCK;
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
        bench_fail("out of memory");
    p->blocked = *c;
    p->blocked.in_blocked = p->blocked.out_blocked = true;
    int64_t k = s->channels / s->group * c->kernel_count;
    size_t scratch = 0, slot = 0;
    p->in = bench_floats((size_t)(c->in_image_stride));
    p->in_blocked = bench_floats((size_t)(c->in_image_stride));
    for (int64_t i = 0; i < c->in_image_stride && s->channels % CR_BLOCK == 0; i++)
        p->in_blocked[blocked_at(i, c->in_count)] = p->in[i];
    p->weights = bench_floats((size_t)(s->num_output * k));
    p->bias = bench_floats((size_t)(s->num_output));
    p->out = bench_floats((size_t)(c->out_image_stride));
    p->reference = bench_floats((size_t)(c->out_image_stride));
    p->col = bench_floats((size_t)(k * c->out_count));
    p->from = bench_floats((size_t)(moved(c) / 2));
    p->to = bench_floats((size_t)(moved(c) / 2));
    p->peak.probe = kernels->probe;
    for (int i = 0; cr_conv_algorithms[i]; i++) {
        const cr_conv_algorithm *a = cr_conv_algorithms[i];
        if (i >= ALGORITHMS)
            bench_fail("more algorithms than this program knows");
        const cr_conv *lies = conv_of(p, i);
        if (!lies)
            continue;
        size_t bytes = a->scratch_bytes(lies);
        scratch = bytes > scratch ? bytes : scratch;
        bytes = a->slot_bytes ? a->slot_bytes(lies) : 0;
        slot = bytes > slot ? bytes : slot;
        bytes = a->pack_bytes ? a->pack_bytes(lies) : 0;
        if (bytes > 0) {
            p->pack[i] = bench_memory(bytes);
            a->pack(lies, p->weights, p->pack[i]);
        }
    }
    p->scratch = bench_memory(scratch);
    p->slot_scratch = bench_memory(slot);
}

static void run_algorithm(problem *p, int i, float *out)
{
    const cr_conv *c = conv_of(p, i);
    cr_conv_buffers b = {.out = out, .weights = p->weights, .bias = p->bias, .pack = p->pack[i]};
    b.in = c->in_blocked ? p->in_blocked : p->in;
    b.scratch = p->scratch;
    b.slot_scratch = p->slot_scratch;
    cr_conv_algorithms[i]->run(c, &b);
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

static bool runs(const problem *p, int what)
{
    if (what >= ALGORITHMS)
        return true;
    for (int i = 0; cr_conv_algorithms[i]; i++)
        if (i == what)
            return conv_of(p, i) != NULL;
    return false;
}

static void run_one(void *arg)
{
    const run_arg *a = arg;
    problem *p = a->p;
    if (a->what == SGEMM)
        run_sgemm(p);
    else if (a->what == COPY)
        run_copies(p);
    else if (a->what == MEMCPY)
        memcpy(p->to, p->from, (size_t)(moved(&p->conv) / 2) * sizeof *p->to);
    else if (a->what == PEAK)
        bench_run_peak(&p->peak);
    else
        run_algorithm(p, a->what, p->out);
}

static void measure(problem *p)
{
    run_arg arg[TIMED];
    bench_job job[TIMED];
    int n = 0;
    for (int what = 0; what < TIMED; what++)
        if (runs(p, what)) {
            arg[n] = (run_arg){p, what};
            job[n] = (bench_job){.run = run_one, .arg = &arg[n]};
            n++;
        }
    bench_time(job, n);
    for (int i = 0; i < n; i++) {
        p->ns[arg[i].what] = job[i].ns;
        p->of_peak[arg[i].what] = bench_ratio(&job[n - 1], &job[i]);
    }
}

// The largest difference from im2col, by the root mean square of its output.
static double error_of(problem *p, int i, int im2col)
{
    double squares = 0, worst = 0;
    bool blocked = conv_of(p, i)->out_blocked;
    run_algorithm(p, im2col, p->reference);
    run_algorithm(p, i, p->out);
    for (int64_t o = 0; o < p->conv.out_image_stride; o++) {
        double value = (double)p->out[blocked ? blocked_at(o, p->conv.out_count) : o];
        squares += (double)p->reference[o] * (double)p->reference[o];
        worst = fmax(worst, fabs(value - (double)p->reference[o]));
    }
    return worst / sqrt(squares / (double)p->conv.out_image_stride);
}

static void print_row(problem *p, const shape *s, int i, int im2col)
{
    const cr_conv *c = &p->conv;
    double flop =
        2.0 * (double)(c->out_channels * (c->in_channels / c->group) * c->kernel_count * c->out_count);
    double bytes = (double)moved(c) * sizeof(float);
    printf("%s,%dx%dx%d,%d,k%d,s%d,p%d,d%d,g%d,%s,%s,%.0f,%.1f,%.3f,%.1e,%.0f,%.0f,%.3f,%.1f,%.1f\n", s->net,
           s->channels, s->height, s->width, s->num_output, s->kernel, s->stride, s->pad, s->dilation,
           s->group, c->kernels->name, cr_conv_algorithms[i]->name, p->ns[i], flop / p->ns[i],
           flop / p->peak.operations * p->of_peak[i], error_of(p, i, im2col), p->ns[SGEMM], p->ns[COPY],
           p->ns[i] / (p->ns[SGEMM] + p->ns[COPY]), bytes / p->ns[i], bytes / p->ns[MEMCPY]);
}

static void report(problem *p, const shape *s, total *t)
{
    int last = 0, best = 0;
    while (cr_conv_algorithms[last + 1])
        last++;
    while (!runs(p, best) || cr_conv_refusal(cr_conv_algorithms[best], conv_of(p, best)))
        best++;
    for (int i = last; i >= 0; i--)
        if (runs(p, i) && i != best)
            print_row(p, s, i, last);
    print_row(p, s, best, last);
    t->best += s->times * p->ns[best];
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

static void release(problem *p)
{
    float *buffers[] = {p->in,        p->in_blocked, p->weights, p->bias, p->out,
                        p->reference, p->col,        p->from,    p->to};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    for (int i = 0; i < ALGORITHMS; i++)
        free(p->pack[i]);
    free(p->scratch);
    free(p->slot_scratch);
    cr_arena_free(&p->arena);
    free(p);
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
        bench_fail(why);
    if (!file)
        bench_fail("can't open the list of shapes");
    openblas_set_num_threads(1);
    puts("net,input,outputs,kernel,stride,pad,dilation,group,isa,algorithm,ns,gflops,share_of_peak,error,"
         "sgemm_ns,copy_ns,ratio,gbs,memcpy_gbs");
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31s %d %d %d %d %d %d %d %d %d %d", s.net, &s.times, &s.channels, &s.height,
                   &s.width, &s.num_output, &s.kernel, &s.stride, &s.pad, &s.dilation, &s.group) != 11 ||
            s.net[0] == '#')
            continue;
        problem *p = bench_memory(sizeof *p);
        make(p, &s, kernels);
        measure(p);
        report(p, &s, total_of(totals, s.net));
        fflush(stdout);
        release(p);
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
