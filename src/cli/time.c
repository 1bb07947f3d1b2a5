/*
 * time.c - `crema time`: where the time of one forward goes, layer by layer.
 *
 * After one forward to warm up, each layer's time is the median over the iterations; so is the total, which is
 * taken around whole forwards. Inputs are filled with numbers from -1 to 1 that are the same every time. What it finds
 * is shown by timing.c.
 */
#include "cli/commands.h"
#include "cli/net.h"
#include "cli/print.h"
#include "cli/timing.h"

#include <math.h>
#include <stdlib.h>

typedef struct samples {
    int n_steps;
    int64_t iterations;
    int64_t *step_ns; // (n_steps, iterations)
    int64_t *total_ns;
} samples;

static void fill(crema_blob *blob, uint32_t seed)
{
    int64_t n = cli_count_of(&blob->shape);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        blob->data[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static int fill_inputs(cli_session *s, const cli_net *net, crema_runner *runner)
{
    for (int i = 0; i < crema_net_n_inputs(net->net); i++) {
        crema_blob blob = {0};
        crema_error err = {0};
        if (crema_runner_input(runner, crema_net_input(net->net, i, NULL), &blob, &err) != CREMA_OK)
            return cli_fail_with(s, &err);
        fill(&blob, (uint32_t)i + 1);
    }
    return CLI_OK;
}

static int by_value(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static double median_ms(int64_t *ns, int64_t n)
{
    qsort(ns, (size_t)n, sizeof *ns, by_value);
    return (double)(ns[(n - 1) / 2] + ns[n / 2]) / 2e6;
}

static int measure(cli_session *s, crema_runner *runner, samples *t)
{
    for (int64_t i = -1; i < t->iterations; i++) { // -1 warms up
        crema_error err = {0};
        cli_progress(s, "timing", (double)(i + 1) / (double)(t->iterations + 1));
        int64_t start = cli_now_ns();
        if (crema_runner_forward(runner, &err) != CREMA_OK)
            return cli_fail_with(s, &err);
        if (i < 0)
            continue;
        t->total_ns[i] = cli_now_ns() - start;
        for (int step = 0; step < t->n_steps; step++) {
            crema_step_info info = {0};
            if (crema_runner_step(runner, step, &info) == CREMA_OK)
                t->step_ns[step * t->iterations + i] = info.time_ns;
        }
    }
    return CLI_OK;
}

// The best of what is seen before and after the net has run: neighbours come and go.
static int measure_limits(cli_session *s, const cli_net *net, crema_limits *limits)
{
    crema_limits now;
    crema_error err = {0};
    cli_progress(s, "measuring the machine", -1);
    if (crema_limits_measure(net->context, net->threads, &now, &err) != CREMA_OK)
        return cli_fail_with(s, &err);
    now.gflops = fmax(now.gflops, limits->gflops);
    now.read_gbs = fmax(now.read_gbs, limits->read_gbs);
    now.copy_gbs = fmax(now.copy_gbs, limits->copy_gbs);
    *limits = now;
    return CLI_OK;
}

static void sum_up(cli_session *s, const samples *from, cli_timing *to)
{
    to->n_steps = from->n_steps;
    to->iterations = from->iterations;
    to->step = cli_array(&s->mem, (size_t)to->n_steps, sizeof *to->step);
    to->ms = cli_array(&s->mem, (size_t)to->n_steps, sizeof *to->ms);
    for (int i = 0; i < to->n_steps; i++) {
        crema_runner_step(to->runner, i, &to->step[i]);
        to->ms[i] = median_ms(from->step_ns + i * from->iterations, from->iterations);
        to->sum_ms += to->ms[i];
        to->macs += to->step[i].macs;
    }
    to->total_ms = median_ms(from->total_ns, from->iterations);
}

static int time_runner(cli_session *s, const cli_args *args, const cli_net *net, crema_runner *runner,
                       int64_t iterations)
{
    const char *roofline = cli_value(args, OPT_ROOFLINE);
    const char *name = crema_net_name(net->net);
    cli_timing timing = {.net = name,
                         .title = *name ? name : args->operand[0],
                         .runner = runner,
                         .explain = cli_value(args, OPT_EXPLAIN) != NULL};
    samples t = {.n_steps = crema_runner_n_steps(runner), .iterations = iterations};
    t.step_ns = cli_array(&s->mem, (size_t)t.n_steps * (size_t)iterations, sizeof *t.step_ns);
    t.total_ns = cli_array(&s->mem, (size_t)iterations, sizeof *t.total_ns);
    bool limits = timing.explain || roofline;
    int code = fill_inputs(s, net, runner);
    if (code == CLI_OK && limits)
        code = measure_limits(s, net, &timing.limits);
    if (code == CLI_OK)
        code = measure(s, runner, &t);
    if (code == CLI_OK && limits)
        code = measure_limits(s, net, &timing.limits);
    if (code != CLI_OK)
        return code;
    sum_up(s, &t, &timing);
    cli_erase_progress(s);
    if (roofline && (code = cli_timing_roofline(s, &timing, roofline)))
        return code;
    if (cli_value(args, OPT_JSON))
        cli_timing_print_json(&timing);
    else
        cli_timing_print(s, &timing);
    return CLI_OK;
}

static int time_net(cli_session *s, const cli_args *args)
{
    int64_t iterations = 10;
    cli_net net;
    int code;
    if ((code = cli_int_value(s, args, OPT_ITERATIONS, 1, 100000, &iterations)) ||
        (code = cli_net_load(s, args, &net)))
        return code;
    crema_runner_options options = {
        .struct_size = sizeof options, .threads = net.threads, .shapes = net.shape, .n_shapes = net.n_shapes};
    crema_error err = {0};
    crema_runner *runner = crema_runner_create(net.net, &options, &err);
    code = runner ? time_runner(s, args, &net, runner, iterations) : cli_fail_with(s, &err);
    crema_runner_free(runner);
    cli_net_free(&net);
    return code;
}

static const cli_option options[] = {
    {OPT_ITERATIONS, 0, "iterations", "N", "how often the net runs, after once to warm up (default 10)"},
    {OPT_EXPLAIN, 0, "explain", NULL,
     "why each layer runs as it does, and how close it comes to the machine's limits"},
    {OPT_ROOFLINE, 0, "roofline", "FILE.svg",
     "draw the layers under what processor and memory can do at best"},
    {0}};

const cli_command cli_time_command = {
    .name = "time",
    .usage = "NET [WEIGHTS...] [options]",
    .summary = "time a net, layer by layer",
    .about =
        "Runs NET (.prototxt or .yaml) on made-up inputs and prints for each layer its type, algorithm, "
        "output\n"
        "shape, median time, share of the sum, and billions of operations a second (a multiply-add is two).\n"
        "A net without weights can be timed with --allow-missing.\n"
        "\n"
        "--explain adds the share of the peak of multiply-adds, which is measured in the same run, the least "
        "that\n"
        "had to be moved (bottoms, weights, tops) as GB/s, and under each layer the algorithms that come "
        "before its\n"
        "own with their reasons for refusing. A convolution counts as the direct sum: Winograd may pass "
        "100%.\n",
    .group = {{"timing", options}, {"net", cli_net_options}, {"running", cli_compute_options}},
    .min_operands = 1,
    .operand = "NET",
    .run = time_net,
};
