/*
 * timing.c - what `crema time` found as a table, as JSON, as a roofline.
 *
 * GFLOP/s count a multiply-add as two, and a convolution as the direct sum that it stands for, whatever the algorithm
 * really does: so Winograd can be above the peak. GB/s are bottoms, weights and tops by the time: what has to be moved
 * at least; a small layer, whose blobs stay in the caches, can be above what memory gives.
 */
#include "cli/timing.h"

#include "cli/json.h"
#include "cli/print.h"

#include <string.h>

// Billions a second.
static double rate(double n, double ms)
{
    return ms > 0 ? n / (ms * 1e6) : 0;
}

static double gflops(const cli_timing *t, int i)
{
    return rate(2 * (double)t->step[i].macs, t->ms[i]);
}

static double gbs(const cli_timing *t, int i)
{
    return rate((double)t->step[i].bytes, t->ms[i]);
}

static double share_of_peak(const cli_timing *t, int i)
{
    return t->limits.gflops > 0 ? gflops(t, i) / t->limits.gflops : 0;
}

static double share(const cli_timing *t, int i)
{
    return t->sum_ms > 0 ? t->ms[i] / t->sum_ms : 0;
}

static const char *text(const char *s)
{
    return s ? s : "";
}

/* ---- the table ---- */

// Why not the others: as many to a line as fit.
static void note_refusals(cli_table *table, const cli_timing *t, int step)
{
    enum { WIDTH = 110 };
    char line[400] = "";
    crema_refusal r;
    for (int i = 0; crema_runner_refusal(t->runner, step, i, &r) == CREMA_OK; i++) {
        char one[300];
        snprintf(one, sizeof one, "%s: %s", r.algorithm, r.reason);
        size_t used = strlen(line);
        if (used && used + strlen(one) > WIDTH - 2) {
            cli_table_note(table, "%s;", line);
            used = 0;
        }
        snprintf(line + used, sizeof line - used, "%s%s", used ? "; " : i ? "        " : "    not ", one);
    }
    if (line[0])
        cli_table_note(table, "%s", line);
}

static void explain(cli_table *table, const cli_timing *t, int i)
{
    bool counted = t->step[i].macs > 0 && t->ms[i] > 0;
    cli_table_cell(table, counted ? "%.0f%%" : "-", 100 * share_of_peak(t, i));
    cli_table_cell(table, t->step[i].bytes > 0 && t->ms[i] > 0 ? "%.1f" : "-", gbs(t, i));
    note_refusals(table, t, i);
}

static void print_limits(const crema_limits *l)
{
    printf(
        "limits, measured in this run: %.1f GFLOP/s of multiply-adds on registers (%s), %.1f GB/s read from "
        "memory, %.1f GB/s copied; threads: %d\n",
        l->gflops, l->isa, l->read_gbs, l->copy_gbs, l->threads);
}

void cli_timing_print(cli_session *s, const cli_timing *t)
{
    static const char *const columns[] = {"<layer", "<type", "<algorithm", "<output",
                                          "ms",     "share", "GFLOP/s",    NULL};
    static const char *const more[] = {"<layer", "<type",   "<algorithm", "<output", "ms",
                                       "share",  "GFLOP/s", "of peak",    "GB/s",    NULL};
    cli_table table;
    cli_table_begin(&table, &s->mem, t->explain ? more : columns);
    for (int i = 0; i < t->n_steps; i++) {
        const crema_step_info *info = &t->step[i];
        char shape[CLI_SHAPE_TEXT];
        cli_table_cell(&table, "%s", text(info->layer));
        cli_table_cell(&table, "%s", text(info->type));
        cli_table_cell(&table, "%s", text(info->implementation));
        cli_table_cell(&table, "%s", cli_shape_text(&info->shape, shape));
        cli_table_cell(&table, "%.3f", t->ms[i]);
        cli_table_cell(&table, "%.1f%%", 100 * share(t, i));
        cli_table_cell(&table, info->macs > 0 && t->ms[i] > 0 ? "%.1f" : "-", gflops(t, i));
        if (t->explain)
            explain(&table, t, i);
    }
    cli_table_print(&table, stdout);
    crema_memory_info memory = {0};
    crema_runner_memory(t->runner, &memory);
    double total = rate(2 * (double)t->macs, t->total_ms);
    printf("\ntotal %.3f ms (median of %lld), %.3f million multiply-adds, %.1f GFLOP/s", t->total_ms,
           (long long)t->iterations, (double)t->macs / 1e6, total);
    if (t->explain)
        printf(", %.0f%% of the peak", 100 * total / t->limits.gflops);
    printf("\nmemory: weights %.2f MB, activations %.2f MB, inputs %.2f MB, scratch %.2f MB\n",
           (double)memory.weight_bytes / 1e6, (double)memory.activation_bytes / 1e6,
           (double)memory.input_bytes / 1e6, (double)memory.scratch_bytes / 1e6);
    if (t->explain)
        print_limits(&t->limits);
}

/* ---- JSON ---- */

static void json_explain(cli_json *j, const cli_timing *t, int i)
{
    crema_refusal refusal;
    cli_json_double(j, "share_of_peak", share_of_peak(t, i));
    if (t->step[i].part_of)
        cli_json_string(j, "part_of", t->step[i].part_of);
    cli_json_int(j, "bytes", t->step[i].bytes);
    cli_json_double(j, "gbs", gbs(t, i));
    cli_json_begin(j, "refused", '[');
    for (int n = 0; crema_runner_refusal(t->runner, i, n, &refusal) == CREMA_OK; n++) {
        cli_json_begin(j, NULL, '{');
        cli_json_string(j, "algorithm", refusal.algorithm);
        cli_json_string(j, "reason", refusal.reason);
        cli_json_end(j, '}');
    }
    cli_json_end(j, ']');
}

static void json_layer(cli_json *j, const cli_timing *t, int i)
{
    const crema_step_info *info = &t->step[i];
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "name", info->layer);
    cli_json_string(j, "type", info->type);
    cli_json_string(j, "algorithm", info->implementation);
    cli_json_shape(j, "shape", &info->shape);
    cli_json_double(j, "ms", t->ms[i]);
    cli_json_double(j, "share", share(t, i));
    cli_json_int(j, "macs", info->macs);
    cli_json_double(j, "gflops", gflops(t, i));
    if (t->explain)
        json_explain(j, t, i);
    cli_json_end(j, '}');
}

static void json_limits(cli_json *j, const crema_limits *l)
{
    cli_json_begin(j, "limits", '{');
    cli_json_int(j, "threads", l->threads);
    cli_json_string(j, "isa", l->isa);
    cli_json_double(j, "gflops", l->gflops);
    cli_json_double(j, "read_gbs", l->read_gbs);
    cli_json_double(j, "copy_gbs", l->copy_gbs);
    cli_json_end(j, '}');
}

void cli_timing_print_json(const cli_timing *t)
{
    cli_json json = {.f = stdout}, *j = &json;
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "net", t->net);
    cli_json_begin(j, "layers", '[');
    for (int i = 0; i < t->n_steps; i++)
        json_layer(j, t, i);
    cli_json_end(j, ']');
    crema_memory_info memory = {0};
    crema_runner_memory(t->runner, &memory);
    cli_json_double(j, "total_ms", t->total_ms);
    cli_json_int(j, "iterations", t->iterations);
    cli_json_int(j, "macs", t->macs);
    cli_json_double(j, "gflops", rate(2 * (double)t->macs, t->total_ms));
    cli_json_begin(j, "memory", '{');
    cli_json_int(j, "weight_bytes", (int64_t)memory.weight_bytes);
    cli_json_int(j, "activation_bytes", (int64_t)memory.activation_bytes);
    cli_json_int(j, "input_bytes", (int64_t)memory.input_bytes);
    cli_json_int(j, "scratch_bytes", (int64_t)memory.scratch_bytes);
    cli_json_end(j, '}');
    if (t->explain)
        json_limits(j, &t->limits);
    cli_json_end(j, '}');
}

/* ---- the roofline ---- */

int cli_timing_roofline(cli_session *s, const cli_timing *t, const char *path)
{
    crema_roofline_point *point = cli_array(&s->mem, (size_t)t->n_steps, sizeof *point);
    for (int i = 0; i < t->n_steps; i++) {
        const crema_step_info *info = &t->step[i];
        bool plain = !info->implementation || strcmp(info->implementation, "plain") == 0;
        point[i] = (crema_roofline_point){.name = text(info->layer),
                                          .kind = plain ? text(info->type) : info->implementation,
                                          .gflops = gflops(t, i),
                                          .share = share(t, i)};
        if (info->bytes > 0)
            point[i].intensity = 2 * (double)info->macs / (double)info->bytes;
    }
    const crema_limits *l = &t->limits;
    const char *title = cli_text(&s->mem, "%s: %.2f ms, %.1f GFLOP/s (%s, threads: %d)", t->title,
                                 t->total_ms, rate(2 * (double)t->macs, t->total_ms), l->isa, l->threads);
    crema_error err = {0};
    if (crema_roofline_write(path, title, l, point, t->n_steps, &err) != CREMA_OK)
        return cli_fail_with(s, &err);
    return CLI_OK;
}
