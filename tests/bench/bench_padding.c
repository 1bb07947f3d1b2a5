/*
 * bench_padding.c - what padding modes and rules cost: each beside the same layer padded with zeros, on one thread.
 *
 * usage: bench_padding
 *
 * CSV: layer, algorithm, input, pad, ns, ratio to the first row of its layer, which is padded with as many zeros.
 * Layers are nets of one layer, run through the library like any other, so that tables, copies and all are in the
 * time; all of one kind take turns. CORNERS is for even kernels, so these have rows of their own.
 */
#include "crema.h"
#include "tests/bench/timing.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct kind {
    const char *what;  // in the CSV
    const char *layer; // with %s for the padding
    int channels, size, pad;
    bool pooling;
} kind;

static const kind kinds[] = {
    {"conv 3x3", "type: 'Convolution' convolution_param { num_output: 64 kernel_size: 3 %s }", 64, 56, 1,
     false},
    {"conv 3x3 stride 2",
     "type: 'Convolution' convolution_param { num_output: 128 kernel_size: 3 stride: 2 %s }", 64, 56, 1,
     false},
    {"conv 5x5 stride 2",
     "type: 'Convolution' convolution_param { num_output: 128 kernel_size: 5 stride: 2 %s }", 256, 14, 2,
     false},
    {"depthwise 3x3",
     "type: 'Convolution' convolution_param { num_output: 128 group: 128 kernel_size: 3 %s }", 128, 56, 1,
     false},
    {"depthwise 3x3",
     "type: 'Convolution' convolution_param { num_output: 512 group: 512 kernel_size: 3 %s }", 512, 14, 1,
     false},
    {"MAX pooling 3x3", "type: 'Pooling' pooling_param { pool: MAX kernel_size: 3 stride: 1 %s }", 128, 28, 1,
     true},
    {"AVE pooling 3x3", "type: 'Pooling' pooling_param { pool: AVE kernel_size: 3 stride: 1 %s }", 128, 28, 1,
     true},
    {"conv 2x2", "type: 'Convolution' convolution_param { num_output: 64 kernel_size: 2 %s }", 64, 56, 0,
     false},
};

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
// Of even kernels: one row and one column of padding in all.
static const char *const even_pads[] = {"pad_bottom: 1 pad_right: 1", "pad_rule: SAME",
                                        "pad_rule: SAME_LOWER", "pad_rule: CORNERS", NULL};

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
        // Modes that pooling does not have.
        bool none = k->pooling && (strstr(list[n], "PARTIAL") || strstr(list[n], "MEAN_"));
        if (none)
            break;
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

int main(void)
{
    crema_error err;
    crema_context_options options = {.struct_size = sizeof options, .isa = getenv("CREMA_ISA")};
    crema_context *context = crema_context_create(&options, &err);
    if (!context)
        fail_with(&err);
    puts("layer,algorithm,input,pad,ns,ratio");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        measure(context, &kinds[i], kinds[i].pad == 0 ? even_pads : pads);
    crema_context_free(context);
    return 0;
}
