/*
 * run.c - running the cases of a manifest through the public interface, as any program would.
 *
 * A case loads its net, makes one runner with the first step's input shapes, and runs the steps on it. What goes
 * wrong with the net is the case's failure and is reported; a file of the manifest that can't be read, no memory
 * and a cancel end the whole run with a status.
 */
#include "check/run.h"

#include "check/compare.h"
#include "check/manifest.h"
#include "read/image_input.h"
#include "read/npy.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

typedef struct checker {
    const crema_check_options *options;
    crema_context *context;
    const cr_case *now;
    const cr_case_step *step;
    int step_number; // 1-based; 0: the case has no steps
    crema_net *net;
    crema_runner *runner;
    crema_check_result result;
    double worst; // of the case so far, as cr_difference.ratio; below 0: nothing compared
    char message[1024];
} checker;

// Ends a case, not the run.
static void fail_case(checker *c, const char *text)
{
    snprintf(c->message, sizeof c->message, "%s", text);
    c->result.passed = 0;
}

// An error while loading or running: the case's, but for those that no further case can escape.
static cr_status net_failed(checker *c, const crema_error *net_err, cr_err *err)
{
    if (net_err->status == CREMA_ERR_MEMORY || net_err->status == CREMA_ERR_CANCELLED ||
        net_err->status == CREMA_ERR_IO) {
        if (err)
            *err = *net_err;
        return net_err->status;
    }
    char text[sizeof c->message];
    fail_case(c, crema_error_text(net_err, text, sizeof text));
    return CREMA_OK;
}

static crema_net *load(const checker *c, crema_error *err)
{
    const cr_case *k = c->now;
    crema_file weights = {.path = k->weights};
    crema_net_options o = {.struct_size = sizeof o,
                           .net = {.path = k->net},
                           .weights = k->weights ? &weights : NULL,
                           .n_weights = k->weights ? 1 : 0,
                           .phase = k->train ? CREMA_TRAIN : CREMA_TEST,
                           .level = k->level,
                           .stages = k->stage,
                           .n_stages = k->n_stages,
                           .allow_missing = !k->weights || k->has_seed,
                           .seed = k->seed};
    return crema_net_load(c->context, &o, err);
}

// The load of a case with `error`.
static cr_status expect_error(checker *c, const crema_error *net_err, cr_err *err)
{
    char text[800];
    if (c->net) {
        snprintf(text, sizeof text, "the load worked, but should fail with \"%s\"", c->now->error);
        fail_case(c, text);
        return CREMA_OK;
    }
    if (net_err->status == CREMA_ERR_MEMORY || net_err->status == CREMA_ERR_CANCELLED)
        return net_failed(c, net_err, err);
    char got[800];
    crema_error_text(net_err, got, sizeof got);
    if (strstr(got, c->now->error))
        return CREMA_OK;
    snprintf(c->message, sizeof c->message, "the load failed as it should, but \"%s\" is not in: %.700s",
             c->now->error, got);
    c->result.passed = 0;
    return CREMA_OK;
}

// The declared shape of an input; rank -1 when there is no such input: the runner will say so.
static cr_shape declared_shape(const crema_net *net, const char *blob)
{
    cr_shape shape;
    for (int i = 0; i < crema_net_n_inputs(net); i++)
        if (strcmp(crema_net_input(net, i, &shape), blob) == 0)
            return shape;
    return (cr_shape){.rank = -1};
}

// A .npy file as it is; anything else as a picture.
static cr_status read_input(const checker *c, const cr_case_input *input, crema_array *out, cr_err *err)
{
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = input->file}, err);
    if (status != CREMA_OK)
        return status;
    bool npy = cr_npy_is(&file);
    if (npy)
        status = cr_npy_read(&file, &out->shape, &out->data, err);
    cr_file_close(&file);
    if (npy)
        return status;
    crema_preprocess preprocess = {.struct_size = sizeof preprocess};
    if (input->preprocess)
        status = cr_preprocess_read(input->preprocess, &preprocess, err);
    cr_shape want = declared_shape(c->net, input->blob);
    return status == CREMA_OK
               ? cr_input_read(&input->file, 1, &preprocess, &want, &out->shape, &out->data, NULL, err)
               : status;
}

// The names of all expected blobs, which the runner must keep.
static const char **expected_names(const cr_case *k, int *n)
{
    size_t total = 0;
    for (int i = 0; i < k->n_steps; i++)
        total += (size_t)k->step[i].n_expects;
    const char **names = cr_alloc((total + 1) * sizeof *names);
    *n = 0;
    for (int i = 0; names && i < k->n_steps; i++)
        for (int e = 0; e < k->step[i].n_expects; e++)
            names[(*n)++] = k->step[i].expect[e].blob;
    return names;
}

static cr_status create_runner(checker *c, const crema_input_shape *shapes, cr_err *err)
{
    int n_keep;
    const char **keep = expected_names(c->now, &n_keep);
    if (!keep)
        return cr_no_memory(err);
    crema_runner_options o = {.struct_size = sizeof o,
                              .threads = c->options->threads,
                              .shapes = shapes,
                              .n_shapes = c->step->n_inputs,
                              .keep = keep,
                              .n_keep = n_keep};
    crema_error net_err;
    c->runner = crema_runner_create(c->net, &o, &net_err);
    cr_free(keep);
    return c->runner ? CREMA_OK : net_failed(c, &net_err, err);
}

// Makes the runner, or gives it the step's shapes. A reshape is asked for only where a shape changes: it resets
// what layers remember from step to step.
static cr_status shape_runner(checker *c, const crema_array *array, cr_err *err)
{
    size_t n = (size_t)c->step->n_inputs;
    crema_input_shape *shapes = cr_alloc(n * sizeof *shapes + 1);
    if (!shapes)
        return cr_no_memory(err);
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        shapes[i] = (crema_input_shape){c->step->input[i].blob, array[i].shape};
        crema_blob blob;
        changed = changed || !c->runner ||
                  crema_runner_input(c->runner, shapes[i].name, &blob, NULL) != CREMA_OK ||
                  !cr_shape_equal(&blob.shape, &shapes[i].shape);
    }
    cr_status status = CREMA_OK;
    crema_error net_err;
    if (!c->runner)
        status = create_runner(c, shapes, err);
    else if (changed && crema_runner_reshape(c->runner, shapes, c->step->n_inputs, &net_err) != CREMA_OK)
        status = net_failed(c, &net_err, err);
    cr_free(shapes);
    return status;
}

static cr_status forward(checker *c, const crema_array *array, cr_err *err)
{
    crema_error net_err;
    for (int i = 0; i < c->step->n_inputs; i++) {
        crema_blob blob;
        if (crema_runner_input(c->runner, c->step->input[i].blob, &blob, &net_err) != CREMA_OK)
            return net_failed(c, &net_err, err);
        memcpy(blob.data, array[i].data, (size_t)cr_shape_count(&array[i].shape) * sizeof(float));
    }
    return crema_runner_forward(c->runner, &net_err) == CREMA_OK ? CREMA_OK : net_failed(c, &net_err, err);
}

static void note_difference(checker *c, const char *blob, const cr_shape *shape, const cr_difference *d)
{
    crema_check_result *r = &c->result;
    if (d->n_wrong > 0)
        r->passed = 0;
    if (d->ratio <= c->worst)
        return;
    c->worst = d->ratio;
    r->blob = blob;
    r->step = c->step_number;
    r->shape = *shape;
    cr_unravel(shape, d->at, r->index);
    r->got = d->got;
    r->expected = d->expected;
    r->error = d->error;
    r->allowed = d->allowed;
    r->n_wrong = d->n_wrong;
    r->n_values = d->n_values;
}

static cr_status compare_blob(checker *c, const cr_case_expect *expect, cr_err *err)
{
    crema_array want = {0};
    cr_status status = cr_npy_load(expect->file, &want.shape, &want.data, err);
    if (status != CREMA_OK)
        return status;
    crema_blob got;
    crema_error net_err;
    if (crema_runner_blob(c->runner, expect->blob, &got, &net_err) != CREMA_OK) {
        status = net_failed(c, &net_err, err);
    } else if (!cr_shape_equal(&got.shape, &want.shape)) {
        char text[sizeof c->message], is[CR_SHAPE_TEXT], should[CR_SHAPE_TEXT];
        snprintf(text, sizeof text, "blob \"%s\" has shape %s, expected %s", expect->blob,
                 cr_shape_text(&got.shape, is, sizeof is), cr_shape_text(&want.shape, should, sizeof should));
        fail_case(c, text);
    } else {
        cr_tolerance tolerance = expect->tolerance;
        if (c->options->strict)
            tolerance.rms = 0;
        cr_difference difference;
        cr_compare(got.data, want.data, cr_shape_count(&want.shape), &tolerance, &difference);
        note_difference(c, expect->blob, &want.shape, &difference);
    }
    cr_free(want.data);
    return status;
}

static cr_status run_step(checker *c, cr_err *err)
{
    size_t n = (size_t)c->step->n_inputs;
    crema_array *array = cr_alloc_zero(n * sizeof *array + 1);
    if (!array)
        return cr_no_memory(err);
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n && status == CREMA_OK; i++)
        status = read_input(c, &c->step->input[i], &array[i], err);
    if (status == CREMA_OK)
        status = shape_runner(c, array, err);
    if (status == CREMA_OK && !c->message[0])
        status = forward(c, array, err);
    for (size_t i = 0; i < n; i++)
        cr_free(array[i].data);
    cr_free(array);
    for (int i = 0; i < c->step->n_expects && status == CREMA_OK && !c->message[0]; i++)
        status = compare_blob(c, &c->step->expect[i], err);
    return status;
}

static cr_status run_case(checker *c, cr_err *err)
{
    crema_error net_err;
    c->net = load(c, &net_err);
    if (c->now->error)
        return expect_error(c, &net_err, err);
    if (!c->net)
        return net_failed(c, &net_err, err);
    cr_status status = CREMA_OK;
    for (int i = 0; i < c->now->n_steps && status == CREMA_OK && !c->message[0]; i++) {
        c->step = &c->now->step[i];
        c->step_number = c->now->has_steps ? i + 1 : 0;
        status = run_step(c, err);
    }
    return status;
}

static cr_status run_and_report(checker *c, const cr_case *k,
                                void (*report)(void *user, const crema_check_result *result), void *user,
                                cr_err *err)
{
    c->now = k;
    c->worst = -1;
    c->message[0] = 0;
    c->result = (crema_check_result){.name = k->name, .passed = 1, .message = c->message};
    cr_status status = run_case(c, err);
    crema_runner_free(c->runner);
    crema_net_free(c->net);
    c->runner = NULL;
    c->net = NULL;
    if (status == CREMA_OK)
        report(user, &c->result);
    return status;
}

static cr_status run_cases(checker *c, const cr_manifest *manifest,
                           void (*report)(void *user, const crema_check_result *result), void *user,
                           cr_err *err)
{
    const crema_check_options *o = c->options;
    cr_status status = CREMA_OK;
    for (int i = 0; i < manifest->n_cases && status == CREMA_OK; i++) {
        const cr_case *k = &manifest->cases[i];
        if (o->filter && !strstr(k->name, o->filter) && fnmatch(o->filter, k->name, 0) != 0)
            continue;
        if (o->cancel && o->cancel(o->user))
            return cr_fail(err, CREMA_ERR_CANCELLED, NULL, "cancelled before case \"%s\"", k->name);
        status = run_and_report(c, k, report, user, err);
    }
    return status;
}

cr_status cr_check_run(const char *path, const crema_check_options *options,
                       void (*report)(void *user, const crema_check_result *result), void *user, cr_err *err)
{
    cr_arena arena = {0};
    cr_manifest manifest;
    cr_status status = cr_manifest_read(&arena, path, options->root, &manifest, err);
    if (status == CREMA_OK) {
        crema_context_options o = {.struct_size = sizeof o,
                                   .user = options->user,
                                   .cancel = options->cancel,
                                   .exact = options->exact,
                                   .conv_algorithm = options->conv_algorithm,
                                   .isa = options->isa,
                                   .winograd_tolerance = options->winograd_tolerance,
                                   .small_memory = options->small_memory,
                                   .threads = options->threads};
        crema_error context_err = {0};
        checker c = {.options = options, .context = crema_context_create(&o, &context_err)};
        status = context_err.status;
        if (!c.context && err)
            *err = context_err;
        if (status == CREMA_OK && options->prepare)
            status = options->prepare(options->user, c.context, err);
        if (status == CREMA_OK)
            status = run_cases(&c, &manifest, report, user, err);
        crema_context_free(c.context);
    }
    cr_arena_free(&arena);
    return status;
}
