/*
 * Layer types of the caller: what can be added, what callbacks get and may give back, when they are called.
 */
#include "tests/support/custom.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MINE "layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y' }\n"

static void adds(const crema_layer_type *type, crema_status status, const char *message)
{
    crema_error err = {0};
    crema_context *context = crema_context_create(NULL, &err);
    ck_assert_int_eq(crema_context_add_layer_type(context, type, &err), status);
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(crema_context_add_layer_type(context, type, NULL), status ? status : CREMA_ERR_USAGE);
    crema_context_free(context);
}

START_TEST(types_that_make_no_sense_are_refused)
{
    crema_layer_type good = custom_type(), t = good;
    adds(&good, CREMA_OK, "");
    adds(NULL, CREMA_ERR_USAGE, "no context, or no layer type, was given");
    t.struct_size = 0;
    adds(&t, CREMA_ERR_USAGE, "crema_layer_type.struct_size is not set");
    t.struct_size = sizeof(size_t) + sizeof(char *); // nothing but the name
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\" has no shape callback");
    t = good, t.run = NULL;
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\" has no run callback");
    t = good, t.name = "";
    adds(&t, CREMA_ERR_USAGE, "crema_layer_type.name is missing");
    t = good, t.min_bottoms = 3;
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\": 3 to 2 bottoms make no sense");
    t = good, t.min_tops = -1;
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\": -1 to 1 tops make no sense");
    t = good, t.max_tops = -2;
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\": 1 to -2 tops make no sense");
    t = good, t.param = "my_param your_param";
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\": \"my_param your_param\" is no name of a field");
    t = good, t.flags = 0x100;
    adds(&t, CREMA_ERR_USAGE, "layer type \"Mine\" has flags that are not known (0x100)");
    t = good, t.name = "ReLU";
    adds(&t, CREMA_ERR_USAGE,
         "layer type \"ReLU\" is built in; only a type with CREMA_LAYER_OVERRIDE replaces it");
    t.flags = CREMA_LAYER_OVERRIDE;
    adds(&t, CREMA_OK, "");
    ck_assert_int_eq(crema_context_add_layer_type(NULL, &good, NULL), CREMA_ERR_USAGE);
}
END_TEST

START_TEST(a_type_is_copied_and_added_once)
{
    char name[] = "Mine", param[] = "my_param";
    crema_error err = {0};
    crema_context *context = crema_context_create(NULL, &err);
    crema_layer_type t = custom_type();
    t.name = name;
    t.param = param;
    ck_assert_int_eq(crema_context_add_layer_type(context, &t, &err), CREMA_OK);
    ck_assert_int_eq(crema_context_add_layer_type(context, &t, &err), CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "layer type \"Mine\" was added already");
    memset(&t, 0, sizeof t);
    memset(name, '?', sizeof name - 1);
    memset(param, '?', sizeof param - 1);
    static const char text[] = "input: 'x' input_shape { dim: 1 }\n" MINE;
    crema_net_options o = {.struct_size = sizeof o, .net = {"n", text, sizeof text - 1}};
    crema_net *net = crema_net_load(context, &o, &err);
    ck_assert_msg(net != NULL, "%s", err.message);
    crema_net_free(net);
    crema_context_free(context);
}
END_TEST

/* ---- what callbacks get ---- */

typedef struct record {
    int setups, shapes, runs, frees, releases;
    bool released_last;
    int state;
} record;

static crema_status record_setup(void *user, crema_layer *layer, void **state, crema_error *err)
{
    record *r = user;
    crema_layer_info info;
    (void)err;
    crema_layer_describe(layer, &info);
    ck_assert_str_eq(info.name, "m");
    ck_assert_str_eq(info.type, "Mine");
    ck_assert_int_eq(info.n_bottoms, 2);
    ck_assert_str_eq(info.bottoms[1], "z");
    ck_assert_str_eq(info.tops[0], "y");
    ck_assert_int_eq(crema_layer_phase(layer), CREMA_TEST);
    ck_assert_ptr_null(*state);
    *state = &r->state;
    r->setups++;
    return CREMA_OK;
}

static crema_status record_shape(void *user, const crema_layer *layer, const void *state,
                                 crema_layer_shapes *s, crema_error *err)
{
    record *r = user;
    (void)layer, (void)err;
    ck_assert_ptr_eq(state, &r->state);
    ck_assert_uint_eq(s->struct_size, sizeof *s);
    ck_assert_int_eq(s->n_bottoms, 2);
    ck_assert_int_eq(s->bottoms[0].rank, 4);
    ck_assert_int_eq(s->n_tops, 1);
    ck_assert_int_eq(s->tops[0].rank, -1);
    ck_assert_int_eq(s->n_stored, 0);
    s->tops[0] = s->bottoms[0];
    s->n_weights = 2;
    s->weights[0] = (crema_weight_spec){"gain", {1, {3}}, 2.5f};
    s->weights[1] = (crema_weight_spec){NULL, {0, {0}}, -1};
    s->scratch_bytes = 1000;
    s->memory_bytes = sizeof(int);
    s->macs = 42;
    r->shapes++;
    return CREMA_OK;
}

// y = x + 10 z + how often it has run
static crema_status record_run(void *user, const crema_layer *layer, const void *state,
                               const crema_layer_run *run, crema_error *err)
{
    record *r = user;
    (void)layer, (void)err;
    ck_assert_ptr_eq(state, &r->state);
    ck_assert_uint_eq(run->struct_size, sizeof *run);
    ck_assert_int_eq(run->n_bottoms, 2);
    ck_assert_int_eq(run->n_weights, 2);
    ck_assert_str_eq(run->bottoms[1].name, "z");
    ck_assert_str_eq(run->tops[0].name, "y");
    ck_assert_str_eq(run->weights[0].name, "gain");
    ck_assert_int_eq(run->weights[0].shape.dim[0], 3);
    ck_assert_float_eq(run->weights[0].data[2], 2.5f);
    ck_assert_float_eq(run->weights[1].data[0], -1);
    ck_assert_uint_eq((uintptr_t)run->scratch % 64, 0);
    ck_assert_uint_eq((uintptr_t)run->memory % 64, 0);
    memset(run->scratch, 0xFF, 1000);
    int *count = run->memory;
    for (int i = 0; i < 8; i++)
        run->tops[0].data[i] = run->bottoms[0].data[i] + 10 * run->bottoms[1].data[i] + (float)*count;
    ++*count;
    r->runs++;
    return CREMA_OK;
}

static void record_free(void *user, void *state)
{
    record *r = user;
    ck_assert_ptr_eq(state, &r->state);
    r->frees++;
    r->released_last = r->releases == 0;
}

static void record_release(void *user)
{
    record *r = user;
    r->releases++;
}

static crema_layer_type recording(record *r)
{
    crema_layer_type t = custom_type();
    t.user = r;
    t.setup = record_setup;
    t.shape = record_shape;
    t.run = record_run;
    t.free = record_free;
    t.release = record_release;
    return t;
}

static void fill(crema_runner *r, const char *name)
{
    crema_blob in;
    ck_assert_int_eq(crema_runner_input(r, name, &in, NULL), CREMA_OK);
    for (int i = 0; i < 8; i++)
        in.data[i] = (float)i;
}

static float first_of(crema_runner *r, const char *name)
{
    crema_blob out;
    ck_assert_int_eq(crema_runner_blob(r, name, &out, NULL), CREMA_OK);
    return out.data[1];
}

START_TEST(callbacks_get_what_they_are_promised)
{
    record r = {0};
    crema_layer_type t = recording(&r);
    custom_net n;
    custom_open(&n, &t, "layer { name: 'm' type: 'Mine' bottom: 'x' bottom: 'z' top: 'y' }", NULL, 1);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    crema_runner *runner = crema_runner_create(n.net, NULL, &n.err),
                 *other = crema_runner_share(runner, 1, NULL);
    fill(runner, "x"), fill(runner, "z");
    ck_assert_int_eq(crema_runner_forward(runner, &n.err), CREMA_OK);
    ck_assert_float_eq(first_of(runner, "y"), 11);
    ck_assert_int_eq(crema_runner_forward(runner, &n.err), CREMA_OK);
    ck_assert_float_eq(first_of(runner, "y"), 12);
    crema_runner_reset(runner);
    ck_assert_int_eq(crema_runner_forward(runner, &n.err), CREMA_OK);
    ck_assert_float_eq(first_of(runner, "y"), 11);
    ck_assert_int_eq(crema_runner_forward(other, &n.err), CREMA_OK); // has a memory of its own
    ck_assert_float_eq(first_of(other, "y"), 0);
    crema_step_info info;
    ck_assert_int_eq(crema_runner_step(runner, 0, &info), CREMA_OK);
    ck_assert_str_eq(info.implementation, "plugin");
    ck_assert_int_eq(info.macs, 42);
    crema_runner_free(other);
    crema_runner_free(runner);
    ck_assert_int_eq(r.frees, 0);
    crema_context_free(n.context); // the net keeps it
    ck_assert_int_eq(r.releases, 0);
    crema_net_free(n.net);
    ck_assert_int_eq(r.setups, 1);
    ck_assert_int_eq(r.runs, 4);
    ck_assert_int_eq(r.frees, 1);
    ck_assert_int_eq(r.releases, 1);
    ck_assert(r.released_last);
}
END_TEST

START_TEST(tensors_that_are_ranges_of_larger_ones_come_contiguous)
{
    crema_layer_type t = custom_type();
    custom_net n;
    custom_open(
        &n, &t,
        "layer { name: 's' type: 'Slice' bottom: 'x' top: 'a' top: 'b' }\n"
        "layer { name: 'm' type: 'Mine' bottom: 'b' top: 'c' }\n"
        "layer { name: 'r' type: 'Reshape' bottom: 'z' top: 'zz'\n"
        "  reshape_param { shape { dim: 2 dim: 1 dim: 2 dim: 2 } } }\n"
        "layer { name: 's2' type: 'Slice' bottom: 'x' top: 'd' top: 'e' slice_param { axis: 2 } }\n"
        "layer { name: 'm2' type: 'Mine' bottom: 'e' top: 'f' }\n"
        "layer { name: 'cc' type: 'Concat' bottom: 'd' bottom: 'f' top: 'y' concat_param { axis: 2 } }",
        NULL, 0);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    crema_runner_options o = {.struct_size = sizeof o, .keep_all = 1};
    crema_runner *r = crema_runner_create(n.net, &o, &n.err);
    fill(r, "x");
    ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_OK);
    crema_blob y;
    ck_assert_int_eq(crema_runner_blob(r, "y", &y, NULL), CREMA_OK);
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(y.data[i], (float)i);
    crema_runner_free(r);
    custom_close(&n);
}
END_TEST

static crema_status seven_run(void *user, const crema_layer *layer, const void *state,
                              const crema_layer_run *run, crema_error *err)
{
    bool *in_place = user;
    (void)layer, (void)state, (void)err;
    *in_place = run->tops[0].data == run->bottoms[0].data;
    for (int i = 0; i < 8; i++)
        run->tops[0].data[i] = 7;
    return CREMA_OK;
}

START_TEST(a_built_in_type_can_be_replaced_in_one_context)
{
    static const char layers[] = "layer { name: 'p' type: 'Power' bottom: 'x' top: 'p' }\n"
                                 "layer { name: 'r' type: 'ReLU' bottom: 'p' top: 'p' }";
    for (int flag = 0; flag < 2; flag++) {
        bool in_place = false;
        crema_layer_type t = custom_type();
        t.name = "ReLU";
        t.param = "relu_param";
        t.user = &in_place;
        t.run = seven_run;
        t.flags = CREMA_LAYER_OVERRIDE | (flag ? CREMA_LAYER_IN_PLACE : 0);
        custom_net n;
        custom_open(&n, &t, layers, NULL, 1);
        ck_assert_msg(n.net != NULL, "%s", n.text);
        crema_runner *r = crema_runner_create(n.net, NULL, &n.err);
        ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_OK);
        ck_assert_float_eq(first_of(r, "p"), 7);
        ck_assert_int_eq(in_place, flag);
        crema_runner_free(r);
        custom_close(&n);
    }
}
END_TEST

/* ---- callbacks that fail, or give nonsense ---- */

typedef struct failing {
    crema_status status; // of the callback whose turn it is
    const char *message;
    void (*shapes)(crema_layer_shapes *s); // nonsense of shape
    int64_t rows;                          // of run
    int frees;
} failing;

static crema_status fail_with(const failing *f, crema_error *err)
{
    if (f->message)
        snprintf(err->message, sizeof err->message, "%s", f->message);
    return f->status;
}

static crema_status failing_setup(void *user, crema_layer *layer, void **state, crema_error *err)
{
    (void)layer;
    *state = user;
    return fail_with(user, err);
}

static crema_status failing_shape(void *user, const crema_layer *layer, const void *state,
                                  crema_layer_shapes *shapes, crema_error *err)
{
    const failing *f = user;
    if (!f->shapes)
        return fail_with(f, err);
    custom_copy_shape(user, layer, state, shapes, err);
    f->shapes(shapes);
    return CREMA_OK;
}

static crema_status failing_run(void *user, const crema_layer *layer, const void *state,
                                const crema_layer_run *run, crema_error *err)
{
    const failing *f = user;
    (void)layer, (void)state;
    for (int64_t i = 0; f->status == CREMA_OK && i < f->rows && i < run->tops[0].shape.dim[0]; i++)
        for (int j = 0; j < 4; j++)
            run->tops[0].data[i * 4 + j] = (float)i;
    run->tops[0].shape.dim[0] = f->rows;
    return fail_with(f, err);
}

static void failing_free(void *user, void *state)
{
    failing *f = user;
    ck_assert_ptr_eq(state, f);
    f->frees++;
}

static void load_fails(crema_layer_type t, failing f, const char *text, crema_status status)
{
    custom_net n;
    t.user = &f;
    custom_open(&n, &t, MINE, NULL, 0);
    ck_assert_ptr_null(n.net);
    ck_assert_str_eq(n.text, text);
    ck_assert_int_eq(n.err.status, status);
    ck_assert_int_eq(f.frees, t.free != NULL);
    custom_close(&n);
}

START_TEST(a_failing_setup_ends_the_load_and_its_state_is_freed)
{
    crema_layer_type t = custom_type();
    t.setup = failing_setup;
    t.free = failing_free;
    load_fails(t, (failing){.status = CREMA_ERR_UNSUPPORTED, .message = "is not for us"},
               "net.prototxt:3:1: layer \"m\" (Mine): is not for us", CREMA_ERR_UNSUPPORTED);
    load_fails(t, (failing){.status = CREMA_ERR_MEMORY, .message = NULL},
               "net.prototxt:3:1: layer \"m\" (Mine): its setup callback failed and does not say why",
               CREMA_ERR_MEMORY);
    load_fails(t, (failing){.status = (crema_status)-4, .message = "x"},
               "net.prototxt:3:1: layer \"m\" (Mine): x", CREMA_ERR_INPUT);
    load_fails(t, (failing){.status = (crema_status)400, .message = "x"},
               "net.prototxt:3:1: layer \"m\" (Mine): x", CREMA_ERR_INPUT);
    t.free = NULL;
    load_fails(t, (failing){.status = CREMA_ERR_INPUT, .message = "x"},
               "net.prototxt:3:1: layer \"m\" (Mine): x", CREMA_ERR_INPUT);
}
END_TEST

static void no_top(crema_layer_shapes *s)
{
    s->tops[0].rank = -1;
}

static void high_rank(crema_layer_shapes *s)
{
    s->tops[0].rank = 9;
}

static void below_zero(crema_layer_shapes *s)
{
    s->tops[0].dim[2] = -1;
}

static void too_large(crema_layer_shapes *s)
{
    s->tops[0].dim[2] = s->tops[0].dim[3] = INT64_MAX;
}

static void many_weights(crema_layer_shapes *s)
{
    s->n_weights = CREMA_MAX_WEIGHTS + 1;
}

static void bad_weight(crema_layer_shapes *s)
{
    s->n_weights = 1;
    s->weights[0].shape.rank = -3;
}

static void large_weight(crema_layer_shapes *s)
{
    s->n_weights = 1;
    s->weights[0] = (crema_weight_spec){"gain", {2, {INT64_MAX, 4}}, 0};
}

static void much_scratch(crema_layer_shapes *s)
{
    s->scratch_bytes = SIZE_MAX - 5;
}

START_TEST(a_failing_shape_ends_the_load)
{
    crema_layer_type t = custom_type();
    t.shape = failing_shape;
    load_fails(t, (failing){.status = CREMA_ERR_INPUT, .message = "wants more"},
               "net.prototxt:3:1: layer \"m\" (Mine): wants more", CREMA_ERR_INPUT);
    load_fails(t, (failing){.status = CREMA_ERR_USAGE, .message = NULL},
               "net.prototxt:3:1: layer \"m\" (Mine): its shape callback failed and does not say why",
               CREMA_ERR_USAGE);
    static const struct {
        void (*shapes)(crema_layer_shapes *s);
        const char *text;
    } nonsense[] = {
        {no_top, "net.prototxt:3:49: layer \"m\" (Mine): its shape callback gave no shape to top \"y\""},
        {high_rank, "net.prototxt:3:49: layer \"m\" (Mine): its shape callback gave no shape to top \"y\""},
        {below_zero, "net.prototxt:3:49: layer \"m\" (Mine): its shape callback gave no shape to top \"y\""},
        {too_large, "net.prototxt:3:49: layer \"m\" (Mine): top \"y\" would be too large"},
        {many_weights,
         "net.prototxt:3:1: layer \"m\" (Mine): its shape callback asks for 9 weight blobs; 0 to 8 "
         "are possible"},
        {bad_weight,
         "net.prototxt:3:1: layer \"m\" (Mine): its shape callback gave no shape to weight blob 1"},
        {large_weight, "net.prototxt:3:1: layer \"m\" (Mine): its gain would be too large"},
        {much_scratch, "net.prototxt:3:1: layer \"m\" (Mine): its shape callback asks for too much memory "
                       "(18446744073709551610 bytes of scratch, 0 kept)"}};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        load_fails(t, (failing){.shapes = nonsense[i].shapes}, nonsense[i].text, CREMA_ERR_INPUT);
}
END_TEST

START_TEST(a_failing_run_ends_the_forward)
{
    failing f = {.status = CREMA_ERR_INPUT, .message = "index 5 is too large"};
    crema_layer_type t = custom_type();
    t.user = &f;
    t.run = failing_run;
    custom_net n;
    custom_open(&n, &t, MINE, NULL, 0);
    crema_runner *r = crema_runner_create(n.net, NULL, &n.err);
    ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_ERR_INPUT);
    ck_assert_str_eq(crema_error_text(&n.err, n.text, sizeof n.text),
                     "net.prototxt:3:1: layer \"m\" (Mine): index 5 is too large");
    ck_assert_int_eq(crema_runner_forward(r, NULL), CREMA_ERR_INPUT);
    f = (failing){.status = CREMA_ERR_CANCELLED, .message = NULL};
    ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_ERR_CANCELLED);
    ck_assert_str_eq(n.err.message, "layer \"m\" (Mine): its run callback failed and does not say why");
    f = (failing){.rows = 1};
    ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_OK);
    crema_runner_free(r);
    custom_close(&n);
}
END_TEST

static void rows_known_later(crema_layer_shapes *s)
{
    s->tops[0] = (crema_shape){2, {4, 4}};
    s->dynamic = 1;
}

START_TEST(the_number_of_rows_may_be_known_only_in_run)
{
    failing f = {.shapes = rows_known_later, .rows = 3};
    crema_layer_type t = custom_type();
    t.user = &f;
    t.shape = failing_shape;
    t.run = failing_run;
    custom_net n;
    custom_open(&n, &t, MINE "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'r' }", NULL, 0);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    crema_runner *r = crema_runner_create(n.net, NULL, &n.err);
    for (f.rows = 0; f.rows <= 4; f.rows += 2) { // more than the time before, too
        crema_blob out;
        ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_OK);
        ck_assert_int_eq(crema_runner_blob(r, "r", &out, &n.err), CREMA_OK);
        ck_assert_int_eq(out.shape.dim[0], f.rows);
        if (f.rows)
            ck_assert_float_eq(out.data[f.rows * 4 - 1], (float)(f.rows - 1));
    }
    f.rows = 5;
    ck_assert_int_eq(crema_runner_forward(r, &n.err), CREMA_ERR_INPUT);
    ck_assert_str_eq(n.err.message,
                     "layer \"m\" (Mine): its run callback gave top \"y\" 5 rows; its shape callback "
                     "said at most 4");
    crema_runner_free(r);
    custom_close(&n);
}
END_TEST

static void counts(crema_layer_type t, const char *layer, const char *text)
{
    custom_net n;
    custom_open(&n, &t, layer, NULL, 0);
    ck_assert_ptr_null(n.net);
    ck_assert_str_eq(n.text, text);
    custom_close(&n);
}

START_TEST(bottoms_and_tops_are_counted)
{
    crema_layer_type t = custom_type();
    counts(t, "layer { name: 'm' type: 'Mine' top: 'y' }",
           "net.prototxt:3:1: layer \"m\" (Mine): has 0 bottoms; it takes 1 to 2");
    counts(t, "layer { name: 'm' type: 'Mine' bottom: 'x' bottom: 'z' bottom: 'x' top: 'y' }",
           "net.prototxt:3:64: layer \"m\" (Mine): has 3 bottoms; it takes 1 to 2");
    counts(t, "layer { name: 'm' type: 'Mine' bottom: 'x' }",
           "net.prototxt:3:1: layer \"m\" (Mine): has 0 tops; it takes exactly 1");
    t.max_bottoms = t.max_tops = -1;
    t.min_bottoms = 2;
    t.flags = CREMA_LAYER_TOPS_AS_BOTTOMS;
    counts(t, "layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y' }",
           "net.prototxt:3:40: layer \"m\" (Mine): has 1 bottoms; it takes at least 2");
    counts(
        t, "layer { name: 'm' type: 'Mine' bottom: 'x' bottom: 'z' top: 'y' }",
        "net.prototxt:3:61: layer \"m\" (Mine): has 2 bottoms and 1 tops; it takes as many tops as bottoms");
    counts(t, "layer { name: 'm' type: 'Mime' bottom: 'x' top: 'y' }",
           "net.prototxt:3:25: layer \"m\": unknown layer type \"Mime\"; the nearest known one is \"Mine\"");
}
END_TEST

static void *forward_many(void *arg)
{
    for (int i = 0; i < 100; i++)
        if (crema_runner_forward(arg, NULL) != CREMA_OK)
            return arg;
    return NULL;
}

START_TEST(runners_on_several_threads_share_a_layer)
{
    crema_layer_type t = custom_type();
    custom_net n;
    custom_open(&n, &t, MINE, NULL, 0);
    crema_runner *runner[3];
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) {
        runner[i] = crema_runner_create(n.net, NULL, &n.err);
        fill(runner[i], "x");
    }
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, forward_many, runner[i]);
    for (int i = 0; i < 3; i++) {
        void *bad = NULL;
        pthread_join(thread[i], &bad);
        ck_assert_ptr_null(bad);
        ck_assert_float_eq(first_of(runner[i], "y"), 1);
        crema_runner_free(runner[i]);
    }
    custom_close(&n);
}
END_TEST

#ifdef CR_TEST_ALLOC
#include "base/mem.h"

static crema_status reading_setup(void *user, crema_layer *layer, void **state, crema_error *err)
{
    int64_t size;
    (void)user, (void)state;
    return crema_field_get_int(layer, "my_param.size", 0, &size, err);
}

START_TEST(any_allocation_may_fail)
{
    for (int64_t i = 0;; i++) {
        crema_layer_type t = custom_type();
        t.setup = reading_setup;
        custom_net n;
        cr_test_fail_alloc(i);
        custom_open(&n, &t, "layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y' my_param { size: 3 } }",
                    NULL, 1);
        bool failed = cr_test_alloc_count() > i;
        cr_test_fail_alloc(-1);
        ck_assert_int_eq(n.net == NULL, failed);
        if (failed)
            ck_assert_int_eq(n.err.status, CREMA_ERR_MEMORY);
        custom_close(&n);
        if (!failed)
            break;
        ck_assert_int_lt(i, 2000);
    }
}
END_TEST

START_TEST(forward_does_not_allocate)
{
    crema_layer_type t = custom_type();
    custom_net n;
    custom_open(&n, &t, MINE, NULL, 0);
    crema_runner *r = crema_runner_create(n.net, NULL, &n.err);
    cr_test_fail_alloc(-1);
    ck_assert_int_eq(crema_runner_forward(r, NULL), CREMA_OK);
    ck_assert_int_eq(cr_test_alloc_count(), 0);
    crema_runner_free(r);
    custom_close(&n);
}
END_TEST
#endif

TEST_MAIN("api/custom", types_that_make_no_sense_are_refused, a_type_is_copied_and_added_once,
          callbacks_get_what_they_are_promised, tensors_that_are_ranges_of_larger_ones_come_contiguous,
          a_built_in_type_can_be_replaced_in_one_context,
          a_failing_setup_ends_the_load_and_its_state_is_freed, a_failing_shape_ends_the_load,
          a_failing_run_ends_the_forward, the_number_of_rows_may_be_known_only_in_run,
          bottoms_and_tops_are_counted,
          runners_on_several_threads_share_a_layer TEST_ALLOC(any_allocation_may_fail)
              TEST_ALLOC(forward_does_not_allocate))
