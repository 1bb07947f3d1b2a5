/*
 * The public functions of crema.h, as an embedding program uses them.
 */
#include "crema.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char net_text[] =
    "name: 'small'\n"
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } }\n"
    "  transform_param { scale: 0.5 mean_value: 3 mean_value: 4 crop_size: 2 } }\n"
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'\n"
    "  convolution_param { num_output: 3 kernel_size: 1 weight_filler { type: 'constant' value: 1 } } }\n"
    "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }\n"
    "layer { name: 's' type: 'Softmax' bottom: 'c' top: 'prob' }\n";

typedef struct fixture {
    crema_context *context;
    crema_net *net;
    crema_error err;
} fixture;

static fixture open_net(const crema_context_options *options, const char *text)
{
    fixture f = {0};
    f.context = crema_context_create(options, &f.err);
    if (!f.context)
        return f;
    crema_net_options o = {
        .struct_size = sizeof o, .net = {"net.prototxt", text, strlen(text)}, .allow_missing = 1};
    f.net = crema_net_load(f.context, &o, &f.err);
    return f;
}

static void close_net(fixture *f)
{
    crema_net_free(f->net);
    crema_context_free(f->context);
}

START_TEST(layer_types_are_listed)
{
    crema_layer_type_info t;
    int n = 0, python = 0;
    for (; crema_layer_type_at(n, &t) == CREMA_OK; n++) {
        ck_assert_msg(t.about && *t.about && t.about[strlen(t.about) - 1] != '.', "%s", t.name);
        python += strcmp(t.name, "Python") == 0;
    }
    ck_assert_int_gt(n, 100);
    ck_assert_int_eq(python, 1);
    ck_assert_int_eq(crema_layer_type_at(-1, &t), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_layer_type_at(n + 5, &t), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_layer_type_at(0, &t), CREMA_OK);
    ck_assert_str_eq(t.name, "Input");
    ck_assert_int_eq(t.max_bottoms, 0);
    ck_assert_int_eq(t.max_tops, -1);
    ck_assert_ptr_null(t.aliases[0]);
}
END_TEST

START_TEST(a_net_says_what_it_is)
{
    fixture f = open_net(NULL, net_text);
    ck_assert_ptr_nonnull(f.net);
    ck_assert_str_eq(crema_net_name(f.net), "small");
    crema_shape shape;
    ck_assert_int_eq(crema_net_n_inputs(f.net), 1);
    ck_assert_str_eq(crema_net_input(f.net, 0, &shape), "x");
    ck_assert_int_eq(shape.rank, 4);
    ck_assert_int_eq(shape.dim[1], 2);
    ck_assert_ptr_null(crema_net_input(f.net, 1, NULL));
    ck_assert_int_eq(crema_net_n_outputs(f.net), 1);
    ck_assert_str_eq(crema_net_output(f.net, 0), "prob");
    ck_assert_ptr_null(crema_net_output(f.net, -1));
    crema_layer_info info;
    ck_assert_int_eq(crema_net_n_layers(f.net), 4);
    ck_assert_int_eq(crema_net_layer(f.net, 1, &info), CREMA_OK);
    ck_assert_str_eq(info.type, "Convolution");
    ck_assert_str_eq(info.bottoms[0], "x");
    ck_assert_int_eq(crema_net_layer(f.net, 4, &info), CREMA_ERR_USAGE);
    const float *values;
    ck_assert_int_eq(crema_net_param(f.net, 1, 0, &shape, &values), CREMA_OK);
    ck_assert_int_eq(shape.dim[0], 3);
    ck_assert_float_eq(values[5], 1);
    ck_assert_int_eq(crema_net_param(f.net, 1, 2, &shape, &values), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_net_param(f.net, 2, 0, &shape, &values), CREMA_ERR_USAGE);
    crema_transform t;
    ck_assert_int_eq(crema_net_transform(f.net, "x", &t), CREMA_OK);
    ck_assert_float_eq(t.scale, 0.5f);
    ck_assert_int_eq(t.n_mean_values, 2);
    ck_assert_float_eq(t.mean_values[1], 4);
    ck_assert_int_eq(t.crop_size, 2);
    ck_assert_ptr_null(t.mean_file);
    ck_assert_int_eq(crema_net_transform(f.net, "y", &t), CREMA_ERR_USAGE);
    close_net(&f);
}
END_TEST

START_TEST(a_runner_runs_reshapes_and_keeps)
{
    fixture f = open_net(NULL, net_text);
    const char *keep[] = {"c"};
    crema_runner_options o = {.struct_size = sizeof o, .threads = 2, .keep = keep, .n_keep = 1};
    crema_runner *r = crema_runner_create(f.net, &o, &f.err);
    crema_blob in, out;
    ck_assert_int_eq(crema_runner_input(r, "x", &in, &f.err), CREMA_OK);
    for (int i = 0; i < 8; i++)
        in.data[i] = (float)i - 4;
    ck_assert_int_eq(crema_runner_forward(r, &f.err), CREMA_OK);
    ck_assert_int_eq(crema_runner_blob(r, "c", &out, &f.err), CREMA_OK);
    ck_assert_float_eq(out.data[0], 0); // relu(-4 + 0): the newest blob of that name
    ck_assert_float_eq(out.data[3], 2); // relu(-1 + 3)
    ck_assert_int_eq(crema_runner_blob(r, "prob", &out, &f.err), CREMA_OK);
    ck_assert_float_eq_tol(out.data[0], 1.0f / 3, 1e-6f);
    crema_input_shape shape = {"x", {4, {2, 2, 5, 1}}};
    ck_assert_int_eq(crema_runner_reshape(r, &shape, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(crema_runner_forward(r, &f.err), CREMA_OK);
    ck_assert_int_eq(crema_runner_blob(r, "prob", &out, &f.err), CREMA_OK);
    ck_assert_int_eq(out.shape.dim[0], 2);
    ck_assert_int_eq(out.shape.dim[2], 5);
    crema_input_shape bad = {"x", {4, {2, 3, 5, 1}}};
    ck_assert_int_ne(crema_runner_reshape(r, &bad, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(crema_runner_blob(r, "prob", &out, &f.err), CREMA_OK);
    ck_assert_int_eq(out.shape.dim[2], 5);
    crema_runner_free(r);
    close_net(&f);
}
END_TEST

START_TEST(wrong_names_are_told_apart)
{
    fixture f = open_net(NULL, net_text);
    crema_runner *r = crema_runner_create(f.net, NULL, &f.err);
    crema_blob blob;
    ck_assert_int_eq(crema_runner_blob(r, "c", &blob, &f.err), CREMA_ERR_USAGE);
    ck_assert_str_eq(f.err.message, "blob \"c\" was not asked to be kept, so its values are gone");
    ck_assert_int_eq(crema_runner_blob(r, "d", &blob, &f.err), CREMA_ERR_USAGE);
    ck_assert_str_eq(f.err.message, "the net has no blob \"d\"");
    ck_assert_int_eq(crema_runner_input(r, "c", &blob, &f.err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_runner_n_blobs(r), 2);
    ck_assert_str_eq(crema_runner_blob_name(r, 0), "x");
    ck_assert_str_eq(crema_runner_blob_name(r, 1), "prob");
    crema_runner_free(r);
    const char *keep[] = {"nothing"};
    crema_runner_options o = {.struct_size = sizeof o, .keep = keep, .n_keep = 1};
    ck_assert_ptr_null(crema_runner_create(f.net, &o, &f.err));
    ck_assert_str_eq(f.err.message, "the net has no blob \"nothing\"");
    close_net(&f);
}
END_TEST

START_TEST(an_input_without_a_shape_has_to_be_given_one)
{
    fixture f = open_net(NULL, "input: 'x'\nlayer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }");
    ck_assert_ptr_nonnull(f.net);
    ck_assert_ptr_null(crema_runner_create(f.net, NULL, &f.err));
    ck_assert_str_eq(f.err.message,
                     "the shape of input \"x\" is not known: the net does not declare it, so it has to be "
                     "given");
    crema_input_shape shape = {"x", {1, {3}}};
    crema_runner_options o = {.struct_size = sizeof o, .shapes = &shape, .n_shapes = 1};
    crema_runner *r = crema_runner_create(f.net, &o, &f.err);
    ck_assert_ptr_nonnull(r);
    crema_runner_free(r);
    close_net(&f);
}
END_TEST

START_TEST(nets_of_every_age_run_alike)
{
    static const char input[] = "input: 'x' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 3\n";
    static const char *const layers[] = {
        "layers { layer { name: 'p' type: 'padding' pad: 1 } bottom: 'x' top: 'p' }\n"
        "layers { layer { name: 'c' type: 'conv' num_output: 3 kernelsize: 3 stride: 2\n"
        "  weight_filler { type: 'constant' value: 1 } } bottom: 'p' top: 'c' }\n"
        "layers { layer { name: 'r' type: 'relu' } bottom: 'c' top: 'c' }\n",
        "layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' convolution_param { num_output: 3 pad: 1\n"
        "  kernel_size: 3 stride: 2 weight_filler { type: 'constant' value: 1 } } }\n"
        "layers { name: 'r' type: RELU bottom: 'c' top: 'c' }\n",
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 3 pad: "
        "1\n"
        "  kernel_size: 3 stride: 2 weight_filler { type: 'constant' value: 1 } } }\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }\n"};
    for (int i = 0; i < 3; i++) {
        char text[1000];
        snprintf(text, sizeof text, "%s%s", input, layers[i]);
        fixture f = open_net(NULL, text);
        ck_assert_msg(f.net != NULL, "%s", f.err.message);
        crema_layer_info info;
        ck_assert_int_eq(crema_net_n_layers(f.net), 3);
        crema_net_layer(f.net, 1, &info);
        ck_assert_str_eq(info.type, "Convolution");
        crema_runner *r = crema_runner_create(f.net, NULL, &f.err);
        crema_blob in, out;
        ck_assert_int_eq(crema_runner_input(r, "x", &in, &f.err), CREMA_OK);
        for (int j = 0; j < 18; j++)
            in.data[j] = 1;
        ck_assert_int_eq(crema_runner_forward(r, &f.err), CREMA_OK);
        ck_assert_int_eq(crema_runner_blob(r, "c", &out, &f.err), CREMA_OK);
        ck_assert_int_eq(out.shape.dim[3], 2);
        ck_assert_float_eq(out.data[0], 8); // two channels of a 2x2 corner
        crema_runner_free(r);
        close_net(&f);
    }
}
END_TEST

START_TEST(steps_and_memory_are_reported)
{
    fixture f = open_net(NULL, net_text);
    crema_runner *r = crema_runner_create(f.net, NULL, &f.err);
    ck_assert_int_eq(crema_runner_forward(r, &f.err), CREMA_OK);
    crema_step_info info;
    ck_assert_int_eq(crema_runner_n_steps(r), 3);
    ck_assert_int_eq(crema_runner_step(r, 0, &info), CREMA_OK);
    ck_assert_str_eq(info.layer, "c");
    ck_assert_str_eq(info.implementation, "pointwise");
    ck_assert_int_eq(info.macs, 2 * 3 * 4);
    ck_assert_int_gt(info.time_ns, 0);
    ck_assert_int_eq(info.shape.dim[1], 3);
    ck_assert_int_eq(info.bytes, (8 + 12 + 6 + 3) * (int)sizeof(float));
    ck_assert_int_eq(crema_runner_step(r, 3, &info), CREMA_ERR_USAGE);
    crema_memory_info memory;
    crema_runner_memory(r, &memory);
    ck_assert_uint_eq(memory.input_bytes, 8 * sizeof(float));
    ck_assert_uint_ge(memory.pack_bytes, 6 * sizeof(float));
    ck_assert_uint_eq(memory.weight_bytes - memory.pack_bytes, 3 * sizeof(float)); // the bias
    ck_assert_uint_ge(memory.activation_bytes, 2 * 12 * sizeof(float));
    crema_runner_free(r);
    close_net(&f);
}
END_TEST

// The algorithms that were refused, with a comma behind each; and that the reason of one is what is wanted.
static const char *refused(const char *force, const char *which, const char *reason)
{
    static char list[256];
    crema_context_options o = {.struct_size = sizeof o, .conv_algorithm = force};
    fixture f = open_net(&o, net_text);
    crema_runner *r = crema_runner_create(f.net, NULL, &f.err);
    crema_refusal refusal;
    list[0] = 0;
    for (int i = 0; crema_runner_refusal(r, 0, i, &refusal) == CREMA_OK; i++) {
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s,", refusal.algorithm);
        if (strcmp(refusal.algorithm, which) == 0)
            ck_assert_str_eq(refusal.reason, reason);
    }
    ck_assert_int_eq(crema_runner_refusal(r, 0, -1, &refusal), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_runner_refusal(r, 1, 0, &refusal), CREMA_ERR_USAGE); // a ReLU has no choice
    ck_assert_int_eq(crema_runner_refusal(r, 3, 0, &refusal), CREMA_ERR_USAGE);
    crema_runner_free(r);
    close_net(&f);
    return list;
}

START_TEST(algorithms_say_why_they_refuse)
{
    const char *list = refused(NULL, "dot", "a window is not the whole image");
    ck_assert_ptr_nonnull(strstr(list, "dot,"));
    ck_assert_ptr_null(strstr(list, "pointwise,")); // it runs
    ck_assert_ptr_null(strstr(list, "im2col,"));    // it comes later
    list = refused("im2col", "pointwise", "another was asked for");
    ck_assert_ptr_nonnull(strstr(list, "pointwise,"));
}
END_TEST

static int stop(void *user)
{
    return ++*(int *)user > 2;
}

START_TEST(the_cancel_callback_stops_loading_and_running)
{
    int calls = 100;
    crema_context_options o = {.struct_size = sizeof o, .user = &calls, .cancel = stop};
    fixture f = open_net(&o, net_text);
    ck_assert_ptr_null(f.net);
    ck_assert_int_eq(f.err.status, CREMA_ERR_CANCELLED);
    close_net(&f);
    calls = -100;
    f = open_net(&o, net_text);
    ck_assert_ptr_nonnull(f.net);
    crema_runner *r = crema_runner_create(f.net, NULL, &f.err);
    calls = 1; // the second step is not run
    ck_assert_int_eq(crema_runner_forward(r, &f.err), CREMA_ERR_CANCELLED);
    crema_runner_free(r);
    close_net(&f);
}
END_TEST

typedef struct thread_work {
    crema_runner *r;
    float out[12];
} thread_work;

static void *run_many(void *arg)
{
    thread_work *w = arg;
    crema_blob in, out;
    crema_runner_input(w->r, "x", &in, NULL);
    for (int i = 0; i < 8; i++)
        in.data[i] = (float)i * 0.25f;
    for (int i = 0; i < 200; i++)
        crema_runner_forward(w->r, NULL);
    crema_runner_blob(w->r, "prob", &out, NULL);
    memcpy(w->out, out.data, sizeof w->out);
    return NULL;
}

START_TEST(runners_share_a_plan_on_several_threads)
{
    fixture f = open_net(NULL, net_text);
    crema_runner *first = crema_runner_create(f.net, NULL, &f.err);
    thread_work work[3];
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) {
        work[i].r = crema_runner_share(first, 1, &f.err);
        ck_assert_ptr_nonnull(work[i].r);
    }
    crema_runner_free(first); // the plan lives on
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, run_many, &work[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert(memcmp(work[i].out, work[0].out, sizeof work[0].out) == 0);
        crema_runner_free(work[i].r);
    }
    close_net(&f);
}
END_TEST

START_TEST(options_of_the_wrong_form_are_usage_errors)
{
    crema_error err;
    crema_context_options c = {0};
    ck_assert_ptr_null(crema_context_create(&c, &err)); // struct_size
    ck_assert_int_eq(err.status, CREMA_ERR_USAGE);
    c = (crema_context_options){.struct_size = sizeof c, .conv_algorithm = "fastest"};
    ck_assert_ptr_null(crema_context_create(&c, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "no convolution algorithm is called \"fastest\"; there are: "));
    ck_assert_ptr_nonnull(strstr(err.message, "im2col"));
    c = (crema_context_options){.struct_size = sizeof c, .isa = "v9"};
    ck_assert_ptr_null(crema_context_create(&c, &err));
    ck_assert_str_eq(err.message, "ISA level \"v9\": there is no ISA level of that name in this build");
    c = (crema_context_options){.struct_size = sizeof c, .winograd_tolerance = -1};
    ck_assert_ptr_null(crema_context_create(&c, &err));
    ck_assert_str_eq(err.message, "winograd_tolerance must be 0 or more");
    c = (crema_context_options){.struct_size = sizeof c, .threads = -1};
    ck_assert_ptr_null(crema_context_create(&c, &err));
    ck_assert_str_eq(err.message, "threads must be 0 (one per core) to 1024");
    // A caller built against an older header, whose struct is shorter.
    size_t shorter = sizeof(size_t);
    crema_context *context = crema_context_create((crema_context_options *)(void *)&shorter, &err);
    ck_assert_ptr_nonnull(context);
    ck_assert_ptr_null(crema_net_load(context, NULL, &err));
    ck_assert_int_eq(err.status, CREMA_ERR_USAGE);
    ck_assert_ptr_null(crema_net_load(NULL, NULL, &err));
    crema_context_free(context);
}
END_TEST

START_TEST(errors_print_with_their_place)
{
    crema_error err = {.line = 3, .column = 7, .file = "a.prototxt", .message = "is wrong"};
    char text[64];
    ck_assert_str_eq(crema_error_text(&err, text, sizeof text), "a.prototxt:3:7: is wrong");
    err.line = 0;
    ck_assert_str_eq(crema_error_text(&err, text, sizeof text), "a.prototxt: is wrong");
    err.file[0] = 0;
    ck_assert_str_eq(crema_error_text(&err, text, 6), "is wr");
    ck_assert_str_eq(crema_version(), CREMA_VERSION);
}
END_TEST

#ifdef CR_TEST_ALLOC
#include "base/mem.h"

START_TEST(any_allocation_may_fail)
{
    for (int64_t n = 0; n < 3000; n++) {
        cr_test_fail_alloc(n);
        fixture f = open_net(NULL, net_text);
        crema_runner_options o = {.struct_size = sizeof o, .threads = 1, .keep_all = 1};
        crema_runner *r = f.net ? crema_runner_create(f.net, &o, &f.err) : NULL;
        crema_input_shape shape = {"x", {4, {2, 2, 5, 1}}};
        bool reshaped = r && crema_runner_reshape(r, &shape, 1, &f.err) == CREMA_OK;
        if (r)
            ck_assert_int_eq(crema_runner_forward(r, NULL), CREMA_OK);
        bool failed = cr_test_alloc_count() > n;
        cr_test_fail_alloc(-1);
        if (failed && !reshaped)
            ck_assert_int_eq(f.err.status, CREMA_ERR_MEMORY);
        crema_runner_free(r);
        close_net(&f);
        if (!failed) {
            ck_assert(reshaped);
            return;
        }
    }
    ck_abort_msg("never got through");
}
END_TEST

START_TEST(forward_does_not_allocate)
{
    fixture f = open_net(NULL, net_text);
    crema_runner_options o = {.struct_size = sizeof o, .threads = 2};
    crema_runner *r = crema_runner_create(f.net, &o, &f.err);
    cr_test_fail_alloc(-1);
    ck_assert_int_eq(crema_runner_forward(r, NULL), CREMA_OK);
    ck_assert_int_eq(cr_test_alloc_count(), 0);
    crema_runner_free(r);
    close_net(&f);
}
END_TEST
#endif

TEST_MAIN("api/crema", layer_types_are_listed, a_net_says_what_it_is, a_runner_runs_reshapes_and_keeps,
          wrong_names_are_told_apart, an_input_without_a_shape_has_to_be_given_one,
          nets_of_every_age_run_alike, steps_and_memory_are_reported, algorithms_say_why_they_refuse,
          the_cancel_callback_stops_loading_and_running, runners_share_a_plan_on_several_threads,
          options_of_the_wrong_form_are_usage_errors,
          errors_print_with_their_place TEST_ALLOC(any_allocation_may_fail)
              TEST_ALLOC(forward_does_not_allocate))
