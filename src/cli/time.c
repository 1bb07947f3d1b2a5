/*
 * time.c - `crema time`: where the time of one forward goes, layer by layer.
 *
 * After one forward to warm up, each layer's time is the median over the iterations; so is the total, which is
 * taken around whole forwards. Inputs are filled with numbers from -1 to 1 that are the same every time.
 */
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/net.h"
#include "cli/print.h"

#include <stdlib.h>

typedef struct timing {
    int n_steps;
    int64_t iterations;
    int64_t *step_ns; // (n_steps, iterations)
    int64_t *total_ns;
} timing;

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

static int measure(cli_session *s, crema_runner *runner, timing *t)
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

// Billions of operations a second; a multiply-add counts as two.
static double gflops(int64_t macs, double ms)
{
    return ms > 0 ? 2 * (double)macs / (ms * 1e6) : 0;
}

static void print_text(cli_session *s, const crema_runner *runner, const double *ms, double sum, double total,
                       const timing *t)
{
    static const char *const columns[] = {"<layer", "<type", "<algorithm", "<output",
                                          "ms",     "share", "GFLOP/s",    NULL};
    cli_table table;
    int64_t macs = 0;
    cli_table_begin(&table, &s->mem, columns);
    for (int i = 0; i < t->n_steps; i++) {
        crema_step_info info = {0};
        char shape[CLI_SHAPE_TEXT];
        crema_runner_step(runner, i, &info);
        cli_table_cell(&table, "%s", info.layer ? info.layer : "");
        cli_table_cell(&table, "%s", info.type ? info.type : "");
        cli_table_cell(&table, "%s", info.implementation ? info.implementation : "");
        cli_table_cell(&table, "%s", cli_shape_text(&info.shape, shape));
        cli_table_cell(&table, "%.3f", ms[i]);
        cli_table_cell(&table, "%.1f%%", sum > 0 ? 100 * ms[i] / sum : 0);
        if (info.macs > 0 && ms[i] > 0)
            cli_table_cell(&table, "%.1f", gflops(info.macs, ms[i]));
        else
            cli_table_cell(&table, "-");
        macs += info.macs;
    }
    cli_table_print(&table, stdout);
    crema_memory_info memory = {0};
    crema_runner_memory(runner, &memory);
    printf("\ntotal %.3f ms (median of %lld), %.3f million multiply-adds, %.1f GFLOP/s\n", total,
           (long long)t->iterations, (double)macs / 1e6, gflops(macs, total));
    printf("memory: weights %.2f MB, activations %.2f MB, inputs %.2f MB, scratch %.2f MB\n",
           (double)memory.weight_bytes / 1e6, (double)memory.activation_bytes / 1e6,
           (double)memory.input_bytes / 1e6, (double)memory.scratch_bytes / 1e6);
}

static void print_json(const cli_net *net, const crema_runner *runner, const double *ms, double sum,
                       double total, const timing *t)
{
    cli_json json = {.f = stdout}, *j = &json;
    int64_t macs = 0;
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "net", crema_net_name(net->net));
    cli_json_begin(j, "layers", '[');
    for (int i = 0; i < t->n_steps; i++) {
        crema_step_info info = {0};
        crema_runner_step(runner, i, &info);
        cli_json_begin(j, NULL, '{');
        cli_json_string(j, "name", info.layer);
        cli_json_string(j, "type", info.type);
        cli_json_string(j, "algorithm", info.implementation);
        cli_json_shape(j, "shape", &info.shape);
        cli_json_double(j, "ms", ms[i]);
        cli_json_double(j, "share", sum > 0 ? ms[i] / sum : 0);
        cli_json_int(j, "macs", info.macs);
        cli_json_double(j, "gflops", gflops(info.macs, ms[i]));
        cli_json_end(j, '}');
        macs += info.macs;
    }
    cli_json_end(j, ']');
    crema_memory_info memory = {0};
    crema_runner_memory(runner, &memory);
    cli_json_double(j, "total_ms", total);
    cli_json_int(j, "iterations", t->iterations);
    cli_json_int(j, "macs", macs);
    cli_json_double(j, "gflops", gflops(macs, total));
    cli_json_begin(j, "memory", '{');
    cli_json_int(j, "weight_bytes", (int64_t)memory.weight_bytes);
    cli_json_int(j, "activation_bytes", (int64_t)memory.activation_bytes);
    cli_json_int(j, "input_bytes", (int64_t)memory.input_bytes);
    cli_json_int(j, "scratch_bytes", (int64_t)memory.scratch_bytes);
    cli_json_end(j, '}');
    cli_json_end(j, '}');
}

static int time_runner(cli_session *s, const cli_args *args, const cli_net *net, crema_runner *runner,
                       int64_t iterations)
{
    timing t = {.n_steps = crema_runner_n_steps(runner), .iterations = iterations};
    t.step_ns = cli_array(&s->mem, (size_t)t.n_steps * (size_t)iterations, sizeof *t.step_ns);
    t.total_ns = cli_array(&s->mem, (size_t)iterations, sizeof *t.total_ns);
    int code;
    if ((code = fill_inputs(s, net, runner)) || (code = measure(s, runner, &t)))
        return code;
    double *ms = cli_array(&s->mem, (size_t)t.n_steps, sizeof *ms), sum = 0;
    for (int i = 0; i < t.n_steps; i++)
        sum += ms[i] = median_ms(t.step_ns + i * iterations, iterations);
    double total = median_ms(t.total_ns, iterations);
    cli_erase_progress(s);
    if (cli_value(args, OPT_JSON))
        print_json(net, runner, ms, sum, total, &t);
    else
        print_text(s, runner, ms, sum, total, &t);
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
    {0}};

const cli_command cli_time_command = {
    .name = "time",
    .usage = "NET [WEIGHTS...] [options]",
    .summary = "time a net, layer by layer",
    .about =
        "Runs NET (.prototxt or .yaml) on made-up inputs and prints for each layer its type, algorithm, "
        "output\n"
        "shape, median time, share of the sum, and billions of operations a second (a multiply-add is two).\n"
        "A net without weights can be timed with --allow-missing.\n",
    .group = {{"timing", options}, {"net", cli_net_options}, {"running", cli_compute_options}},
    .min_operands = 1,
    .operand = "NET",
    .run = time_net,
};
