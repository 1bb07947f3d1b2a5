// nets/*.prototxt: each loads without a warning, has as many parameters as its paper's net, and runs.
#include "tests/test.h"

#include "crema.h"
#include "crema.pb-c.h"
#include "graph/graph.h"
#include "read/message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// Parameters as the weights file holds them. `statistics` are those of BatchNorm (mean, variance, factor),
// which training collects and does not learn; the literature does not count them.
typedef struct row {
    const char *name;
    int64_t learned, statistics;
    const char *output;
    int n_classes;
} row;

static const row rows[] = {
    {"lenet", 431080, 0, "prob", 10},
    {"digits", 20522, 0, "prob", 10},
    {"digits_c2sp", 7738, 0, "prob", 10},
    {"caffenet", 60965224, 0, "prob", 1000},
    {"vgg16", 138357544, 0, "prob", 1000},
    {"googlenet", 6998552, 0, "prob", 1000},
    {"resnet50", 25557096, 53173, "prob", 1000},
    {"squeezenet_v1.1", 1235496, 0, "prob", 1000},
    {"mobilenet_v1", 4231976, 21915, "prob", 1000},
    {"mobilenet_v2", 3505960, 34229, "prob", 1000},
};

enum { N_ROWS = sizeof rows / sizeof *rows, MAX_TENSORS = 512 };

static void path_of(const row *r, char path[128])
{
    snprintf(path, 128, "nets/%s.prototxt", r->name);
}

// Counts by walking the graph's shapes, which needs no values.
static void count(const char *path, int64_t *learned, int64_t *statistics)
{
    cr_err err = {.message = ""};
    cr_graph graph = {.arena = {0}};
    cr_message message;
    crema_file file = {.path = path};
    cr_graph_options options = {.train = false};
    cr_status status =
        cr_read_message(&graph.arena, &file, &crema__net_parameter__descriptor, NULL, &message, &err);
    if (status == CREMA_OK)
        status = cr_graph_build(&graph, (Crema__NetParameter *)message.root, message.notes, &options, &err);
    ck_assert_msg(status == CREMA_OK, "%s:%d: %s", path, err.line, err.message);
    cr_shape shape[MAX_TENSORS];
    ck_assert_int_lt(graph.n_tensors, MAX_TENSORS);
    for (int i = 0; i < graph.n_inputs; i++)
        shape[graph.input[i]] = graph.input_shape[i];
    *learned = *statistics = 0;
    for (int i = 0; i < graph.n_layers; i++) {
        const cr_node *node = &graph.node[i];
        if (node->layer->type->flags & CR_SOURCE)
            continue;
        cr_shape in[8] = {{0}}, out[8] = {{0}};
        ck_assert(node->layer->n_in <= 8 && node->layer->n_out <= 8);
        for (int k = 0; k < node->layer->n_in; k++)
            in[k] = shape[node->in[k]];
        cr_shaping sheet = {.in = in, .out = out};
        ck_assert_msg(node->layer->type->shape(node->layer, &sheet, &err) == 0, "%s: %s", path, err.message);
        for (int k = 0; k < node->layer->n_out; k++)
            shape[node->out[k]] = out[k];
        bool batch_norm = strcmp(node->layer->type->name, "BatchNorm") == 0;
        for (int b = 0; b < sheet.n_blobs; b++)
            *(batch_norm ? statistics : learned) += cr_shape_count(&sheet.blob[b].shape);
    }
    cr_graph_free(&graph);
}

START_TEST(parameter_counts)
{
    for (int i = 0; i < N_ROWS; i++) {
        char path[128];
        int64_t learned, statistics;
        path_of(&rows[i], path);
        count(path, &learned, &statistics);
        ck_assert_msg(learned == rows[i].learned, "%s has %lld learned parameters", path, (long long)learned);
        ck_assert_msg(statistics == rows[i].statistics, "%s has %lld statistics", path,
                      (long long)statistics);
    }
}
END_TEST

static void no_warning(void *user, crema_log_level level, const char *sentence)
{
    (void)user;
    ck_assert_msg(level != CREMA_LOG_WARNING, "%s", sentence);
}

// With weights from the fillers: probabilities that are finite and add up to 1, and not all the same.
static void run_with_fillers(const row *r)
{
    char path[128], text[1024];
    path_of(r, path);
    crema_error err;
    crema_context_options options = {.struct_size = sizeof options, .log = no_warning, .strict = 1};
    crema_context *context = crema_context_create(&options, &err);
    ck_assert_ptr_nonnull(context);
    crema_net_options net_options = {
        .struct_size = sizeof net_options, .net = {.path = path}, .allow_missing = 1, .seed = 1};
    crema_net *net = crema_net_load(context, &net_options, &err);
    ck_assert_msg(net != NULL, "%s", crema_error_text(&err, text, sizeof text));
    crema_transform transform;
    ck_assert_int_eq(crema_net_transform(net, "data", &transform), CREMA_OK);
    crema_runner *runner = crema_runner_create(net, NULL, &err);
    ck_assert_msg(runner != NULL, "%s", crema_error_text(&err, text, sizeof text));
    crema_blob in, out;
    ck_assert_int_eq(crema_runner_input(runner, "data", &in, &err), CREMA_OK);
    int64_t n = cr_shape_count(&in.shape);
    for (int64_t i = 0; i < n; i++)
        in.data[i] = (float)(i * 7919 % 256) * transform.scale;
    ck_assert_msg(crema_runner_forward(runner, &err) == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(crema_runner_blob(runner, r->output, &out, &err), CREMA_OK);
    ck_assert_int_eq(out.shape.dim[0], 1);
    ck_assert_int_eq(cr_shape_count(&out.shape), r->n_classes);
    double sum = 0;
    bool differ = false;
    for (int i = 0; i < r->n_classes; i++) {
        ck_assert_msg(isfinite(out.data[i]), "%s: class %d is %g", path, i, out.data[i]);
        sum += out.data[i];
        differ |= out.data[i] != out.data[0];
    }
    ck_assert_msg(fabs(sum - 1) < 1e-4, "%s: the probabilities add up to %g", path, sum);
    ck_assert_msg(differ, "%s: all classes are alike", path);
    crema_runner_free(runner);
    crema_net_free(net);
    crema_context_free(context);
}

START_TEST(small_nets_run)
{
    for (int i = 0; i < 3; i++)
        run_with_fillers(&rows[i]);
}
END_TEST

START_TEST(caffenet_runs)
{
    run_with_fillers(&rows[3]);
}
END_TEST
START_TEST(vgg16_runs)
{
    run_with_fillers(&rows[4]);
}
END_TEST
START_TEST(googlenet_runs)
{
    run_with_fillers(&rows[5]);
}
END_TEST
START_TEST(resnet50_runs)
{
    run_with_fillers(&rows[6]);
}
END_TEST
START_TEST(squeezenet_runs)
{
    run_with_fillers(&rows[7]);
}
END_TEST
START_TEST(mobilenets_run)
{
    run_with_fillers(&rows[8]);
    run_with_fillers(&rows[9]);
}
END_TEST

TEST_MAIN("nets", parameter_counts, small_nets_run, caffenet_runs, vgg16_runs, googlenet_runs, resnet50_runs,
          squeezenet_runs, mobilenets_run)
