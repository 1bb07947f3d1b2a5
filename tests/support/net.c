/*
 * net.c - writes the net around the layers under test, runs it, compares.
 *
 * A blob that stands between a Slice and a Concat in the second form of the net:
 *
 *     a_wide (n, c + 2, ...) -- Slice --> a_before, a, a_after        out_pad, out --> Concat --> out_wide
 *
 * The planner makes both views where it can, so the layers under test read and write with image_stride. The
 * channels around `a` are NaN: a layer that reads them shows it.
 */
#include "tests/support/net.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "net.prototxt"

typedef struct text {
    char *data;
    size_t size;
    FILE *stream;
    int line, column; // of the `@`, 0: none
} text;

typedef struct run {
    const net_case *c;
    bool wide; // between Slice and Concat
    const char *file;
    int line;       // of the test
    bool warned;    // c->warns was seen
    char last[900]; // the last warning, for the report
} run;

static void stop(const run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

static void stop(const run *r, const char *fmt, ...)
{
    char sentence[1400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    ck_abort_msg("%s:%d: %s%s", r->file, r->line, r->wide ? "(between Slice and Concat) " : "", sentence);
    abort(); // not reached
}

static size_t count(const crema_shape *shape)
{
    size_t n = 1;
    for (int i = 0; i < shape->rank; i++)
        n *= (size_t)shape->dim[i];
    return n;
}

static bool widens(const run *r, const crema_shape *shape)
{
    return r->wide && shape->rank >= 2 && count(shape) > 0;
}

static void write_input(FILE *f, const char *name, const char *suffix, const crema_shape *shape)
{
    fprintf(f, "layer { name: 'input_%s%s' type: 'Input' top: '%s%s' input_param { shape {", name, suffix,
            name, suffix);
    for (int i = 0; i < shape->rank; i++)
        fprintf(f, " dim: %lld", (long long)shape->dim[i]);
    fprintf(f, " } } } ");
}

// The whole net; everything that the harness adds in front stands in line 1.
static text write_net(const run *r)
{
    text t = {0};
    t.stream = open_memstream(&t.data, &t.size);
    for (const net_blob *b = r->c->in; b < r->c->in + NET_MAX_BLOBS && b->name; b++) {
        if (!widens(r, &b->shape)) {
            write_input(t.stream, b->name, "", &b->shape);
            continue;
        }
        crema_shape shape = b->shape;
        shape.dim[1] += 2;
        write_input(t.stream, b->name, "_wide", &shape);
        fprintf(t.stream,
                "layer { name: '%s_slice' type: 'Slice' bottom: '%s_wide' top: '%s_before' top: '%s' top: "
                "'%s_after' slice_param { slice_point: 1 slice_point: %lld } } ",
                b->name, b->name, b->name, b->name, b->name, (long long)b->shape.dim[1] + 1);
    }
    fputc('\n', t.stream);
    int line = 2, column = 1;
    for (const char *p = r->c->net; *p; p++, column++) {
        if (*p == '@') {
            t.line = line;
            t.column = column--;
            continue;
        }
        fputc(*p, t.stream);
        if (*p == '\n') {
            line++;
            column = 0;
        }
    }
    fputc('\n', t.stream);
    for (const net_blob *b = r->c->out; b < r->c->out + NET_MAX_BLOBS && b->name; b++) {
        if (!widens(r, &b->shape))
            continue;
        crema_shape shape = b->shape;
        shape.dim[1] = 1;
        write_input(t.stream, b->name, "_out_pad", &shape);
        fprintf(t.stream,
                "layer { name: '%s_concat' type: 'Concat' bottom: '%s_out_pad' bottom: '%s' top: "
                "'%s_out_wide' }\n",
                b->name, b->name, b->name, b->name);
    }
    fclose(t.stream);
    return t;
}

static void on_log(void *user, crema_log_level level, const char *sentence)
{
    run *r = user;
    if (level != CREMA_LOG_WARNING)
        return;
    snprintf(r->last, sizeof r->last, "%s", sentence);
    if (!r->c->warns || r->warned || !strstr(sentence, r->c->warns))
        return;
    text t = write_net(r);
    char place[64];
    snprintf(place, sizeof place, FILE_NAME ":%d:%d: ", t.line, t.column);
    r->warned = t.line == 0 || strncmp(sentence, place, strlen(place)) == 0;
    free(t.data);
}

static crema_context *open_context(run *r)
{
    crema_context_options options = {.struct_size = sizeof options,
                                     .user = r,
                                     .log = on_log,
                                     .strict = r->c->strict,
                                     .exact = r->c->exact,
                                     .factor_0_is_1 = r->c->factor_0_is_1,
                                     .conv_algorithm = r->c->conv_algorithm,
                                     .isa = r->c->isa};
    crema_error err;
    crema_context *context = crema_context_create(&options, &err);
    if (!context)
        stop(r, "no context: %s", err.message);
    return context;
}

static crema_net *load(const run *r, crema_context *context, const text *t, crema_error *err)
{
    crema_file weights = {"net.caffemodel", r->c->weights, r->c->weights_size};
    crema_net_options options = {.struct_size = sizeof options,
                                 .net = {FILE_NAME, t->data, t->size},
                                 .weights = &weights,
                                 .n_weights = r->c->weights ? 1 : 0,
                                 .phase = r->c->train ? CREMA_TRAIN : CREMA_TEST,
                                 .allow_missing = r->c->allow_missing || !r->c->weights,
                                 .seed = r->c->seed};
    return crema_net_load(context, &options, err);
}

static crema_runner *open_runner(const run *r, const crema_net *net, int threads, crema_error *err)
{
    const char *keep[NET_MAX_BLOBS];
    crema_runner_options options = {.struct_size = sizeof options, .threads = threads, .keep = keep};
    if (!r->wide)
        for (const net_blob *b = r->c->out; b < r->c->out + NET_MAX_BLOBS && b->name; b++)
            keep[options.n_keep++] = b->name;
    return crema_runner_create(net, &options, err);
}

// Copies a blob's values into their place in its wide form, which has `before` and `after` channels around.
static void widen(const net_blob *b, float *wide)
{
    size_t images = (size_t)b->shape.dim[0], n = count(&b->shape) / images;
    size_t channel = n / (size_t)b->shape.dim[1], step = n + 2 * channel;
    for (size_t i = 0; i < images * step; i++)
        wide[i] = NAN;
    for (size_t i = 0; i < images; i++)
        for (size_t j = 0; j < n; j++)
            wide[i * step + channel + j] = b->values ? b->values[i * n + j] : 0;
}

static void give_inputs(const run *r, crema_runner *runner, const net_blob *in)
{
    for (const net_blob *b = in; b < in + NET_MAX_BLOBS && b->name; b++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", b->name, widens(r, &b->shape) ? "_wide" : "");
        size_t n = count(&b->shape);
        if (b->values && b->n_values != n)
            stop(r, "the test gives input \"%s\" %zu values, its shape has %zu", b->name, b->n_values, n);
        crema_blob blob;
        crema_error err;
        if (crema_runner_input(runner, name, &blob, &err) != CREMA_OK)
            stop(r, "input \"%s\": %s", name, err.message);
        if (widens(r, &b->shape))
            widen(b, blob.data);
        else if (n > 0 && b->values)
            memcpy(blob.data, b->values, n * sizeof(float));
        else if (n > 0)
            memset(blob.data, 0, n * sizeof(float));
    }
}

static bool near(double got, double want, double tolerance)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (got == want)
        return true;
    return fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

static void shape_text(const crema_shape *shape, char *buf, size_t size)
{
    size_t at = (size_t)snprintf(buf, size, "(");
    for (int i = 0; i < shape->rank && at < size; i++)
        at += (size_t)snprintf(buf + at, size - at, "%s%lld", i ? ", " : "", (long long)shape->dim[i]);
    if (at < size)
        snprintf(buf + at, size - at, ")");
}

// Reads a blob, without the channel that the Concat put in front. Free with free().
static float *read_blob(const run *r, crema_runner *runner, const net_blob *b)
{
    bool wide = widens(r, &b->shape);
    char name[128];
    snprintf(name, sizeof name, "%s%s", b->name, wide ? "_out_wide" : "");
    crema_blob blob;
    crema_error err;
    if (crema_runner_blob(runner, name, &blob, &err) != CREMA_OK)
        stop(r, "blob \"%s\": %s", name, err.message);
    crema_shape shape = blob.shape;
    if (wide)
        shape.dim[1]--;
    if (shape.rank != b->shape.rank ||
        memcmp(shape.dim, b->shape.dim, sizeof *shape.dim * (size_t)shape.rank) != 0) {
        char got[200], want[200];
        shape_text(&shape, got, sizeof got);
        shape_text(&b->shape, want, sizeof want);
        stop(r, "blob \"%s\" has shape %s, expected %s", b->name, got, want);
    }
    size_t n = count(&shape), images = shape.rank ? (size_t)shape.dim[0] : 1;
    float *values = malloc((n + 1) * sizeof *values);
    size_t image = n ? n / images : 0, skip = wide ? image / (size_t)shape.dim[1] : 0;
    for (size_t i = 0; i < n; i++)
        values[i] = blob.data[i + (wide ? (i / image + 1) * skip : 0)];
    return values;
}

static void compare(const run *r, const net_blob *b, const float *values)
{
    size_t n = count(&b->shape);
    if (!b->values)
        return;
    if (b->n_values != n)
        stop(r, "the test expects %zu values in \"%s\", its shape has %zu", b->n_values, b->name, n);
    for (size_t i = 0; i < n; i++)
        if (!near((double)values[i], (double)b->values[i], r->c->tolerance))
            stop(r, "blob \"%s\" value %zu is %.9g, expected %.9g", b->name, i, (double)values[i],
                 (double)b->values[i]);
}

static void forward_again(const run *r, crema_runner *runner)
{
    for (const net_forward *f = r->c->then; f && f->out[0].name; f++) {
        crema_error err;
        if (f->reset)
            crema_runner_reset(runner);
        give_inputs(r, runner, f->in);
        if (crema_runner_forward(runner, &err) != CREMA_OK)
            stop(r, "forward %d after the first: %s", (int)(f - r->c->then) + 1, err.message);
        for (const net_blob *b = f->out; b < f->out + NET_MAX_BLOBS && b->name; b++) {
            float *values = read_blob(r, runner, b);
            compare(r, b, values);
            free(values);
        }
    }
}

// One forward with some threads, and those that follow. first: the values of the first run, filled by it and demanded of the others.
static void forward(const run *r, const crema_net *net, int threads, float *first[NET_MAX_BLOBS])
{
    crema_error err;
    crema_runner *runner = open_runner(r, net, threads, &err);
    if (!runner)
        stop(r, "no runner: %s", err.message);
    give_inputs(r, runner, r->c->in);
    if (crema_runner_forward(runner, &err) != CREMA_OK)
        stop(r, "forward: %s", err.message);
    for (int i = 0; i < NET_MAX_BLOBS && r->c->out[i].name; i++) {
        const net_blob *b = &r->c->out[i];
        float *values = read_blob(r, runner, b);
        compare(r, b, values);
        if (!first[i]) {
            first[i] = values;
            continue;
        }
        if (memcmp(first[i], values, count(&b->shape) * sizeof *values) != 0)
            stop(r, "blob \"%s\": %d threads give other bits than the first run with 1", b->name, threads);
        free(values);
    }
    forward_again(r, runner);
    crema_runner_free(runner);
}

static void check_form(run *r, bool wide, int max_threads, float *first[NET_MAX_BLOBS])
{
    r->wide = wide;
    crema_context *context = open_context(r);
    text t = write_net(r);
    crema_error err;
    crema_net *net = load(r, context, &t, &err);
    if (!net) {
        char sentence[1024];
        stop(r, "%s", crema_error_text(&err, sentence, sizeof sentence));
    }
    if (r->c->warns && !r->warned)
        stop(r, "no warning with \"%s\" (at %d:%d); the last one was: %s", r->c->warns, t.line, t.column,
             r->last);
    for (int threads = 1; threads <= max_threads; threads++)
        forward(r, net, threads, first);
    crema_net_free(net);
    crema_context_free(context);
    free(t.data);
}

void net_check_at(const net_case *c, const char *file, int line)
{
    run r = {.c = c, .file = file, .line = line};
    float *first[NET_MAX_BLOBS] = {NULL};
    check_form(&r, false, 3, first);
    if (!c->contiguous_only)
        check_form(&r, true, 2, first);
    for (int i = 0; i < NET_MAX_BLOBS; i++)
        free(first[i]);
}

void net_fails_at(const net_case *c, const char *expected, const char *file, int line)
{
    run r = {.c = c, .file = file, .line = line};
    crema_context *context = open_context(&r);
    text t = write_net(&r);
    crema_error err = {0};
    crema_net *net = load(&r, context, &t, &err);
    crema_runner *runner = net ? open_runner(&r, net, 1, &err) : NULL;
    if (runner && !c->when_run)
        stop(&r, "the net loads, but should fail with \"%s\"", expected);
    if (runner) {
        give_inputs(&r, runner, c->in);
        if (crema_runner_forward(runner, &err) == CREMA_OK)
            stop(&r, "the net runs, but should fail with \"%s\"", expected);
        crema_runner_free(runner);
    }
    char sentence[1024];
    crema_error_text(&err, sentence, sizeof sentence);
    if (err.status == CREMA_OK || !strstr(err.message, expected))
        stop(&r, "got \"%s\", expected \"%s\"", sentence, expected);
    if (t.line > 0 && (strcmp(err.file, FILE_NAME) != 0 || err.line != t.line || err.column != t.column))
        stop(&r, "the error should point at %d:%d: %s", t.line, t.column, sentence);
    crema_net_free(net);
    crema_context_free(context);
    free(t.data);
}
