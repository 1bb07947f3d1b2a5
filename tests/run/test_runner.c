/*
 * Shapes that are known only while running, state between forwards, and errors that data decide: with a layer
 * type of the test's own.
 */
#include "crema.pb-c.h"
#include "read/message.h"
#include "run/runner.h"
#include "tests/test.h"

#include <string.h>

typedef struct net {
    cr_graph graph;
    cr_weights *weights;
    cr_plan *plan;
    cr_runner *runner;
    cr_err err;
} net;

/* ---- KeepPositive: the rows of bottom 0 whose first value is positive; fails on a first value above 100 ---- */

static cr_status keep_shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)layer, (void)err;
    s->out[0] = s->in[0];
    s->dynamic = 1;
    s->state_bytes = sizeof(float);
    return CREMA_OK;
}

static void keep_run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0);
    cr_tensor *out = cr_out(step, run, 0);
    int64_t row = cr_tensor_image_count(in), n = 0;
    float *calls = (float *)(void *)(run->state + step->state_offset);
    ++*calls;
    for (int64_t i = 0; i < in->shape.dim[0]; i++) {
        const float *from = in->data + i * in->image_stride;
        if (from[0] > 100)
            cr_layer_fail(step->layer, run->err, NULL, NULL, 0, "value %g is above 100", (double)from[0]);
        if (from[0] > 0)
            memcpy(out->data + n++ * row, from, (size_t)row * sizeof *from);
    }
    out->shape.dim[0] = n;
}

static const cr_layer_type keep_positive = {.name = "KeepPositive",
                                            .in_min = 1,
                                            .in_max = 1,
                                            .out_min = 1,
                                            .out_max = 1,
                                            .flags = CR_STRIDED,
                                            .shape = keep_shape,
                                            .run = keep_run};
static const cr_layer_type *const rows[] = {&keep_positive, NULL};

static void open_net(net *n, const char *text)
{
    memset(n, 0, sizeof *n);
    crema_file file = {"net.prototxt", text, strlen(text)};
    cr_message m;
    cr_graph_options options = {.types = rows};
    cr_weights_options weights = {.allow_missing = true};
    char sentence[900];
    cr_status status =
        cr_read_message(&n->graph.arena, &file, &crema__net_parameter__descriptor, NULL, &m, &n->err);
    if (status == CREMA_OK)
        status = cr_graph_build(&n->graph, (Crema__NetParameter *)m.root, m.notes, &options, &n->err);
    if (status == CREMA_OK)
        status = cr_weights_open(&n->weights, &n->graph, &weights, &n->err);
    cr_plan_options plan = {.input = n->graph.input_shape};
    if (status == CREMA_OK)
        status = cr_plan_create(&n->plan, &n->graph, n->weights, &plan, &n->err);
    if (status == CREMA_OK)
        status = cr_runner_create(&n->runner, n->plan, 2, &n->err);
    ck_assert_msg(status == CREMA_OK, "%s", crema_error_text(&n->err, sentence, sizeof sentence));
}

static void close_net(net *n)
{
    cr_runner_free(n->runner);
    cr_plan_unref(n->plan);
    cr_weights_free(n->weights);
    cr_graph_free(&n->graph);
}

static const cr_tensor *blob(const net *n, const char *name)
{
    return &n->runner->run.tensor[cr_graph_find(&n->graph, name)];
}

static cr_status forward(net *n, const float *values, size_t count)
{
    memcpy(n->runner->input[0], values, count * sizeof *values);
    return cr_runner_forward(n->runner, &n->err);
}

#define INPUT "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 3 dim: 2 } } }\n"
#define KEEP "layer { name: 'k' type: 'KeepPositive' bottom: 'x' top: 'k' }\n"

START_TEST(later_layers_follow_the_shape_that_data_decide)
{
    net n;
    open_net(
        &n, INPUT KEEP
        "layer { name: 'r' type: 'Reshape' bottom: 'k' top: 'r' reshape_param { shape { dim: 0 dim: 2 dim: 1 "
        "} } }\n"
        "layer { name: 'c' type: 'Concat' bottom: 'r' bottom: 'r' top: 'c' concat_param { axis: 0 } }\n"
        "layer { name: 'i' type: 'InnerProduct' bottom: 'c' top: 'i' inner_product_param { num_output: 1\n"
        "  weight_filler { type: 'constant' value: 1 } } }\n");
    ck_assert_int_eq(forward(&n, (float[]){1, 2, -1, 5, 3, 4}, 6), CREMA_OK);
    const cr_tensor *k = blob(&n, "k"), *c = blob(&n, "c"), *i = blob(&n, "i");
    ck_assert_int_eq(k->shape.dim[0], 2);
    ck_assert_int_eq(c->shape.dim[0], 4);
    ck_assert_int_eq(i->shape.dim[0], 4);
    ck_assert_float_eq(i->data[0], 3);
    ck_assert_float_eq(i->data[1], 7);
    ck_assert_float_eq(i->data[2], 3);
    ck_assert_float_eq(i->data[3], 7);
    // And back up again.
    ck_assert_int_eq(forward(&n, (float[]){1, 1, 2, 2, 3, 3}, 6), CREMA_OK);
    ck_assert_int_eq(i->shape.dim[0], 6);
    ck_assert_float_eq(i->data[5], 6);
    ck_assert_int_eq(forward(&n, (float[]){-1, 1, -2, 2, -3, 3}, 6), CREMA_OK);
    ck_assert_int_eq(i->shape.dim[0], 0);
    close_net(&n);
}
END_TEST

START_TEST(a_convolution_runs_on_the_images_that_are_left)
{
    net n;
    open_net(&n, "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 3 dim: 1 dim: 1 dim: "
                 "2 } } }\n" KEEP "layer { name: 'c' type: 'Convolution' bottom: 'k' top: 'c' "
                 "convolution_param { num_output: 1 kernel_h: 1 "
                 "kernel_w: 2 weight_filler { type: 'constant' value: 1 } } }\n");
    ck_assert_int_eq(forward(&n, (float[]){-1, 2, 1, 5, 3, 4}, 6), CREMA_OK);
    ck_assert_int_eq(blob(&n, "c")->shape.dim[0], 2);
    ck_assert_float_eq(blob(&n, "c")->data[0], 6);
    ck_assert_float_eq(blob(&n, "c")->data[1], 7);
    close_net(&n);
}
END_TEST

START_TEST(data_may_make_a_layer_fail)
{
    net n;
    open_net(&n, INPUT KEEP);
    ck_assert_int_eq(forward(&n, (float[]){101, 0, 0, 0, 0, 0}, 6), CREMA_ERR_INPUT);
    ck_assert_str_eq(n.err.message, "layer \"k\" (KeepPositive): value 101 is above 100");
    ck_assert_int_eq(forward(&n, (float[]){1, 0, 0, 0, 0, 0}, 6), CREMA_OK);
    close_net(&n);
}
END_TEST

START_TEST(state_stays_until_it_is_reset)
{
    net n;
    open_net(&n, INPUT KEEP);
    const float *calls = (const float *)(const void *)n.runner->run.state;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(forward(&n, (float[]){1, 0, 0, 0, 0, 0}, 6), CREMA_OK);
    ck_assert_float_eq(*calls, 3);
    cr_runner_reset(n.runner);
    ck_assert_float_eq(*calls, 0);
    close_net(&n);
}
END_TEST

TEST_MAIN("run/runner", later_layers_follow_the_shape_that_data_decide,
          a_convolution_runs_on_the_images_that_are_left, data_may_make_a_layer_fail,
          state_stays_until_it_is_reset)
