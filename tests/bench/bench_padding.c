/*
 * bench_padding.c - what padding modes and rules cost: each beside the same layer padded with zeros, on one thread.
 *
 * usage: bench_padding [PART]          only layers whose name has PART in it
 *
 * CSV: layer, algorithm, input, pad, ns, ratio to the first row of its layer, which is padded with as many zeros.
 * Layers are nets of one layer, run through the library like any other, so that tables, copies and all are in the
 * time; all of one kind take turns. CORNERS is for even kernels, so these have rows of their own.
 */
#include "crema.h"
#include "tests/bench/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// With the kind's padding, or by a rule. The first is what the others are compared with.
static const char *const pads[] = {"pad_mode: ZERO",
                                   "pad_rule: SAME",
                                   "pad_mode: CONSTANT pad_value: 0.5",
                                   "pad_mode: REFLECT",
                                   "pad_mode: SYMMETRIC",
                                   "pad_mode: REPLICATE",
                                   "pad_mode: CIRCULAR",
                                   "pad_mode: PARTIAL",
                                   "pad_mode: MEAN_INTERP",
                                   "pad_mode: MEAN_REFLECT",
                                   NULL};
// Of pooling, which has no PARTIAL and no MEAN_*.
static const char *const pooling_pads[] = {"pad_mode: ZERO",
                                           "pad_rule: SAME",
                                           "pad_mode: CONSTANT pad_value: 0.5",
                                           "pad_mode: REFLECT",
                                           "pad_mode: SYMMETRIC",
                                           "pad_mode: REPLICATE",
                                           "pad_mode: CIRCULAR",
                                           NULL};
// Of even kernels: one row and one column of padding in all.
static const char *const even_pads[] = {"pad_bottom: 1 pad_right: 1", "pad_rule: SAME",
                                        "pad_rule: SAME_LOWER", "pad_rule: CORNERS", NULL};
// Of windows that need no padding.
static const char *const no_pads[] = {"pad_mode: ZERO", "pad_mode: REFLECT", "pad_mode: PARTIAL", NULL};

typedef struct kind {
    const char *what;  // in the CSV
    const char *layer; // with %s for the padding
    int channels, size, pad;
    const char *const *list;
} kind;

#define CONV "type: 'Convolution' convolution_param { "
#define POOL "type: 'Pooling' pooling_param { "
static const kind kinds[] = {
    {"conv 3x3", CONV "num_output: 64 kernel_size: 3 %s }", 64, 56, 1, pads},
    {"conv 5x5", CONV "num_output: 64 kernel_size: 5 %s }", 32, 28, 2, pads},
    {"conv 3x3 stride 2", CONV "num_output: 128 kernel_size: 3 stride: 2 %s }", 64, 56, 1, pads},
    {"conv 5x5 stride 2", CONV "num_output: 128 kernel_size: 5 stride: 2 %s }", 256, 14, 2, pads},
    {"first conv 3x3 stride 2", CONV "num_output: 32 kernel_size: 3 stride: 2 %s }", 3, 224, 1, pads},
    {"first conv 7x7 stride 2", CONV "num_output: 64 kernel_size: 7 stride: 2 %s }", 3, 224, 3, pads},
    {"conv 1x1", CONV "num_output: 128 kernel_size: 1 %s }", 128, 28, 0, no_pads},
    {"conv of the whole", CONV "num_output: 512 kernel_size: 7 %s }", 64, 7, 0, no_pads},
    {"depthwise 3x3", CONV "num_output: 128 group: 128 kernel_size: 3 %s }", 128, 56, 1, pads},
    {"depthwise 3x3", CONV "num_output: 512 group: 512 kernel_size: 3 %s }", 512, 14, 1, pads},
    {"depthwise 3x3 stride 2", CONV "num_output: 128 group: 128 kernel_size: 3 stride: 2 %s }", 128, 56, 1,
     pads},
    {"depthwise 5x5", CONV "num_output: 128 group: 128 kernel_size: 5 %s }", 128, 28, 2, pads},
    {"MAX pooling 3x3", POOL "pool: MAX kernel_size: 3 stride: 1 %s }", 128, 28, 1, pooling_pads},
    {"MAX pooling 3x3", POOL "pool: MAX kernel_size: 3 stride: 1 %s }", 512, 14, 1, pooling_pads},
    {"AVE pooling 3x3", POOL "pool: AVE kernel_size: 3 stride: 1 %s }", 128, 28, 1, pooling_pads},
    {"AVE pooling 3x3", POOL "pool: AVE kernel_size: 3 stride: 1 %s }", 512, 14, 1, pooling_pads},
    {"MAX pooling 3x3 stride 2", POOL "pool: MAX kernel_size: 3 stride: 2 %s }", 64, 112, 1, pooling_pads},
    {"AVE pooling 3x3 stride 2", POOL "pool: AVE kernel_size: 3 stride: 2 %s }", 128, 28, 1, pooling_pads},
    {"AVE pooling 3x3 stride 2", POOL "pool: AVE kernel_size: 3 stride: 2 %s }", 128, 57, 1, pooling_pads},
    {"MAX pooling 2x2 stride 2", POOL "pool: MAX kernel_size: 2 stride: 2 %s }", 128, 56, 1, pooling_pads},
    {"conv 2x2", CONV "num_output: 64 kernel_size: 2 %s }", 64, 56, 0, even_pads},
    {"depthwise 2x2", CONV "num_output: 128 group: 128 kernel_size: 2 %s }", 128, 56, 0, even_pads},
    {"depthwise 4x4 stride 2", CONV "num_output: 128 group: 128 kernel_size: 4 stride: 2 %s }", 128, 56, 0,
     even_pads},
};

typedef struct run {
    crema_net *net;
    crema_runner *runner;
    const char *pad;
} run;

static void fail_with(const crema_error *err)
{
    char text[1024];
    bench_fail(crema_error_text(err, text, sizeof text));
}

static void forward(void *arg)
{
    crema_error err;
    if (crema_runner_forward(((run *)arg)->runner, &err) != CREMA_OK)
        fail_with(&err);
}

static run open_net(crema_context *context, const kind *k, const char *pad)
{
    char amount[100], layer[400], text[800];
    if (strstr(pad, "pad_mode"))
        snprintf(amount, sizeof amount, "pad: %d %s", k->pad, pad);
    else
        snprintf(amount, sizeof amount, "%s", pad);
    snprintf(layer, sizeof layer, k->layer, amount);
    snprintf(text, sizeof text,
             "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: %d dim: %d dim: %d "
             "} } }\n"
             "layer { name: 'y' bottom: 'x' top: 'y' %s }\n",
             k->channels, k->size, k->size, layer);
    crema_error err;
    crema_blob in;
    crema_net_options options = {
        .struct_size = sizeof options, .net = {"net", text, strlen(text)}, .allow_missing = 1};
    crema_runner_options one = {.struct_size = sizeof one, .threads = 1};
    run r = {.net = crema_net_load(context, &options, &err), .pad = pad};
    r.runner = r.net ? crema_runner_create(r.net, &one, &err) : NULL;
    if (!r.runner || crema_runner_input(r.runner, "x", &in, &err) != CREMA_OK)
        fail_with(&err);
    float *x = bench_floats((size_t)(k->channels * k->size * k->size));
    memcpy(in.data, x, (size_t)(k->channels * k->size * k->size) * sizeof *x);
    free(x);
    return r;
}

static void measure(crema_context *context, const kind *k, const char *const *list)
{
    enum { MOST = 16 };
    run r[MOST];
    bench_job job[MOST];
    int n = 0;
    for (; list[n]; n++) {
        r[n] = open_net(context, k, list[n]);
        job[n] = (bench_job){.run = forward, .arg = &r[n]};
    }
    bench_time(job, n);
    for (int i = 0; i < n; i++) {
        crema_step_info info = {0};
        crema_runner_step(r[i].runner, 0, &info);
        printf("%s,%s,%dx%dx%d,%s,%.0f,%.3f\n", k->what, info.implementation, k->channels, k->size, k->size,
               r[i].pad, job[i].ns, bench_ratio(&job[i], &job[0]));
    }
    for (int i = 0; i < n; i++) {
        crema_runner_free(r[i].runner);
        crema_net_free(r[i].net);
    }
}

int main(int argc, char **argv)
{
    crema_error err;
    crema_context_options options = {.struct_size = sizeof options, .isa = getenv("CREMA_ISA")};
    crema_context *context = crema_context_create(&options, &err);
    if (!context)
        fail_with(&err);
    puts("layer,algorithm,input,pad,ns,ratio");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (argc < 2 || strstr(kinds[i].what, argv[1]))
            measure(context, &kinds[i], kinds[i].list);
    crema_context_free(context);
    return 0;
}
