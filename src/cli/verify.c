/*
 * verify.c - whether what came out of a conversion computes what went in.
 *
 *     source: NET and its weights      both run here, on random values between -1 and 1 that are the same every
 *     result: OUT and its weights      time; outputs of the result are compared with the source's blobs
 *
 * A net out of a conversion that writes no weights runs with the source's; where there are none at all, both get the
 * same from their fillers, which go by names. Blobs are found by name, so that a net for deployment is compared with
 * the one for training in what both have. An ONNX model runs elsewhere (verify_onnx.c).
 */
#include "cli/verify.h"

#include "cli/print.h"
#include "crema_tools.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static bool ends_in(const char *path, const char *suffix)
{
    size_t n = strlen(path), k = strlen(suffix);
    return n > k && strcasecmp(path + n - k, suffix) == 0;
}

int cli_verify_check(cli_session *s, const char *output)
{
    static const char *const nets[] = {".prototxt", ".pbtxt", ".txt",       ".yaml",
                                       ".yml",      ".json",  ".caffemodel"};
    if (ends_in(output, ".onnx"))
        return cli_verify_onnx_check(s);
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if (ends_in(output, nets[i]))
            return CLI_OK;
    return cli_fail(s, CLI_USAGE, "--verify runs nets, and %s is none; `crema diff` compares weights",
                    output);
}

void cli_verify_fill(float *data, int64_t n, uint64_t *state)
{
    for (int64_t i = 0; i < n; i++) {
        *state ^= *state << 13; // xorshift64
        *state ^= *state >> 7;
        *state ^= *state << 17;
        data[i] = (float)(*state >> 40) / (float)(1 << 23) - 1;
    }
}

typedef struct side {
    crema_net *net;
    crema_runner *runner;
} side;

typedef struct verification {
    cli_session *s;
    side source, result;
    crema_error err;
} verification;

static crema_status load(verification *v, side *to, crema_context *context, const crema_net_options *net,
                         const crema_runner_options *run)
{
    to->net = crema_net_load(context, net, &v->err);
    to->runner = to->net ? crema_runner_create(to->net, run, &v->err) : NULL;
    return to->runner ? CREMA_OK : v->err.status;
}

// A .caffemodel brings its own weights along.
static void add_own_weights(cli_session *s, crema_net_options *net)
{
    if (net->n_weights > 0 || !ends_in(net->net.path, ".caffemodel"))
        return;
    crema_file *own = cli_array(&s->mem, 1, sizeof *own);
    own->path = net->net.path;
    net->weights = own;
    net->n_weights = 1;
}

static crema_status load_both(verification *v, const cli_net_request *request, const char *output)
{
    crema_net_options source = request->options, result = request->options;
    crema_runner_options run = {
        .struct_size = sizeof run, .shapes = request->shape, .n_shapes = request->n_shapes, .keep_all = 1};
    add_own_weights(v->s, &source);
    source.allow_missing |= source.n_weights == 0;
    crema_status status = load(v, &v->source, request->context, &source, &run);
    if (status)
        return status;
    result.net.path = output;
    result.weights = source.weights;
    result.n_weights = source.n_weights;
    if (ends_in(output, ".caffemodel") && source.n_weights > 0) {
        result.n_weights = 0;
        add_own_weights(v->s, &result);
    }
    result.allow_missing = source.allow_missing;
    run = (crema_runner_options){.struct_size = sizeof run, .keep_all = 1};
    return load(v, &v->result, request->context, &result, &run);
}

static crema_status run_source(verification *v)
{
    uint64_t state = CLI_VERIFY_SEED;
    crema_blob blob;
    for (int i = 0; i < crema_net_n_inputs(v->source.net); i++) {
        const char *name = crema_net_input(v->source.net, i, NULL);
        crema_status status = crema_runner_input(v->source.runner, name, &blob, &v->err);
        if (status)
            return status;
        cli_verify_fill(blob.data, cli_count_of(&blob.shape), &state);
    }
    return crema_runner_forward(v->source.runner, &v->err);
}

static bool same_shape(const crema_blob *a, const crema_blob *b)
{
    return a->shape.rank == b->shape.rank &&
           memcmp(a->shape.dim, b->shape.dim, (size_t)a->shape.rank * sizeof *a->shape.dim) == 0;
}

// What has a blob of the same name and shape gets its values; other inputs stay as random as the source's.
static crema_status run_result(verification *v)
{
    uint64_t state = CLI_VERIFY_SEED;
    crema_blob from, to;
    for (int i = 0; i < crema_net_n_inputs(v->result.net); i++) {
        const char *name = crema_net_input(v->result.net, i, NULL);
        crema_status status = crema_runner_input(v->result.runner, name, &to, &v->err);
        if (status)
            return status;
        if (crema_runner_blob(v->source.runner, name, &from, NULL) == CREMA_OK && same_shape(&from, &to))
            memcpy(to.data, from.data, (size_t)cli_count_of(&to.shape) * sizeof *to.data);
        else
            cli_verify_fill(to.data, cli_count_of(&to.shape), &state);
    }
    return crema_runner_forward(v->result.runner, &v->err);
}

// One output; returns whether it is close enough.
static bool compare(const char *name, const crema_blob *want, const crema_blob *got, double tolerance)
{
    double worst = 0, most = 0;
    bool close = true;
    for (int64_t i = 0; i < cli_count_of(&want->shape); i++) {
        double a = (double)want->data[i], b = (double)got->data[i], d = fabs(a - b);
        if (isnan(a) && isnan(b))
            continue;
        most = fmax(most, fabs(a));
        worst = isnan(d) ? d : fmax(worst, d);
        close = close && d <= tolerance * fabs(a) + tolerance / 10;
    }
    printf("%s: largest difference %.3g, values up to %.3g%s\n", name, worst, most,
           close ? "" : "  <- too large");
    return close;
}

typedef enum verdict { ABSENT, DIFFERENT, CLOSE } verdict;

// A blob of the result beside the source's of that name.
static verdict compare_blob(verification *v, const char *name, double tolerance)
{
    crema_blob want, got;
    if (crema_runner_blob(v->result.runner, name, &got, NULL) != CREMA_OK ||
        crema_runner_blob(v->source.runner, name, &want, NULL) != CREMA_OK)
        return ABSENT;
    if (same_shape(&want, &got))
        return compare(name, &want, &got, tolerance) ? CLOSE : DIFFERENT;
    printf("%s: has another shape than before\n", name);
    return DIFFERENT;
}

// Outputs; where all are new, as the prediction of a net that was for training, the last blob that both nets have.
static int compare_all(verification *v, const char *output, double tolerance)
{
    int n_found = 0, n_close = 0;
    for (int i = 0; i < crema_net_n_outputs(v->result.net); i++) {
        verdict one = compare_blob(v, crema_net_output(v->result.net, i), tolerance);
        if (one == ABSENT)
            printf("%s: a blob that only the result has\n", crema_net_output(v->result.net, i));
        n_found += one != ABSENT;
        n_close += one == CLOSE;
    }
    for (int i = crema_runner_n_blobs(v->result.runner) - 1; i >= 0 && n_found == 0; i--) {
        verdict one = compare_blob(v, crema_runner_blob_name(v->result.runner, i), tolerance);
        n_found += one != ABSENT;
        n_close += one == CLOSE;
    }
    if (n_found == 0)
        return cli_fail(v->s, CLI_FAILED, "%s has no blob of the net it came from", output);
    if (n_close < n_found)
        return cli_fail(v->s, CLI_FAILED, "%s gives other values than the net it came from", output);
    return CLI_OK;
}

int cli_verify(cli_session *s, const cli_net_request *request, const char *output, bool half)
{
    if (ends_in(output, ".onnx"))
        return cli_verify_onnx(s, request, output);
    verification v = {.s = s};
    crema_status status = load_both(&v, request, output);
    if (!status)
        status = run_source(&v);
    if (!status)
        status = run_result(&v);
    int code = status ? cli_fail_with(s, &v.err) : compare_all(&v, output, half ? 1e-2 : 1e-3);
    crema_runner_free(v.source.runner);
    crema_net_free(v.source.net);
    crema_runner_free(v.result.runner);
    crema_net_free(v.result.net);
    return code;
}
