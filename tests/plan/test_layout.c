/*
 * Random nets of element-wise layers, views, Concat and Slice, planned freely, must give the values of the plan
 * that keeps every blob: an overlap or a wrong in-place grant shows as a difference.
 */
#include "crema.h"
#include "tests/support/random_net.h"
#include "tests/test.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

// A blob with the same channels as blob a, or a itself.
static int same_channels(random_net *m, int a)
{
    for (int tries = 0; tries < 8; tries++) {
        int b = (int)random_net_pick(m, (unsigned)m->n_blobs);
        if (m->channels[b] == m->channels[a])
            return b;
    }
    return a;
}

static void add_layer(random_net *m, int number)
{
    static const char *const unary[] = {"ReLU", "Sigmoid", "TanH", "Dropout", "Flatten", "Split"};
    int a = (int)random_net_pick(m, (unsigned)m->n_blobs), b;
    switch (random_net_pick(m, 6)) {
    case 0:
    case 1:
        random_net_say(m, "layer { name: 'l%d' type: '%s' bottom: 'b%d' top: 'b%d' }\n", number,
                       unary[random_net_pick(m, 4)], a, m->n_blobs);
        m->channels[m->n_blobs++] = m->channels[a];
        break;
    case 2: // in place by wish
        random_net_say(m, "layer { name: 'l%d' type: '%s' bottom: 'b%d' top: 'b%d' }\n", number,
                       unary[random_net_pick(m, 4)], a, a);
        break;
    case 3:
        b = same_channels(m, a);
        random_net_say(m, "layer { name: 'l%d' type: 'Eltwise' bottom: 'b%d' bottom: 'b%d' top: 'b%d' }\n",
                       number, a, b, m->n_blobs);
        m->channels[m->n_blobs++] = m->channels[a];
        break;
    case 4:
        b = (int)random_net_pick(m, (unsigned)m->n_blobs);
        random_net_say(m, "layer { name: 'l%d' type: 'Concat' bottom: 'b%d' bottom: 'b%d' top: 'b%d' }\n",
                       number, a, b, m->n_blobs);
        m->channels[m->n_blobs++] = m->channels[a] + m->channels[b];
        break;
    default:
        if (m->channels[a] < 2)
            return;
        b = 1 + (int)random_net_pick(m, (unsigned)m->channels[a] - 1);
        random_net_say(m,
                       "layer { name: 'l%d' type: 'Slice' bottom: 'b%d' top: 'b%d' top: 'b%d' slice_param { "
                       "slice_point: %d } }\n",
                       number, a, m->n_blobs, m->n_blobs + 1, b);
        m->channels[m->n_blobs] = b;
        m->channels[m->n_blobs + 1] = m->channels[a] - b;
        m->n_blobs += 2;
    }
}

static void make_net(random_net *m, uint64_t seed, int images)
{
    random_net_start(m, seed);
    random_net_say(
        m,
        "layer { name: 'in' type: 'Input' top: 'b0' top: 'b1' input_param { shape { dim: %d dim: 3 dim: 2 "
        "dim: 5 } "
        "shape { dim: %d dim: 4 dim: 2 dim: 5 } } }\n",
        images, images);
    m->channels[0] = 3;
    m->channels[1] = 4;
    m->n_blobs = 2;
    for (int i = 0; i < 14 && m->n_blobs < 40; i++)
        add_layer(m, i);
}

static void fill(crema_runner *run, const char *name, int seed)
{
    crema_blob blob;
    ck_assert_int_eq(crema_runner_input(run, name, &blob, NULL), CREMA_OK);
    int64_t n = 1;
    for (int i = 0; i < blob.shape.rank; i++)
        n *= blob.shape.dim[i];
    for (int64_t i = 0; i < n; i++)
        blob.data[i] = (float)((i * 37 + seed) % 101) / 50.0f - 1.0f;
}

static void compare(const crema_net *net, crema_runner *a, crema_runner *b, const char *text)
{
    for (int i = 0; i < crema_net_n_outputs(net); i++) {
        crema_blob x, y;
        const char *name = crema_net_output(net, i);
        ck_assert_int_eq(crema_runner_blob(a, name, &x, NULL), CREMA_OK);
        ck_assert_int_eq(crema_runner_blob(b, name, &y, NULL), CREMA_OK);
        int64_t n = 1;
        for (int d = 0; d < x.shape.rank; d++)
            n *= x.shape.dim[d];
        ck_assert_msg(memcmp(x.data, y.data, (size_t)n * sizeof *x.data) == 0, "output %s differs in\n%s",
                      name, text);
    }
}

START_TEST(free_plans_give_what_kept_plans_give)
{
    crema_context *context = crema_context_create(NULL, NULL);
    static random_net m;
    for (uint64_t seed = 0; seed < 400; seed++) {
        make_net(&m, seed, 1 + (int)(seed % 3));
        crema_net_options o = {.struct_size = sizeof o, .net = {"net.prototxt", m.text, m.n}};
        crema_error err;
        crema_net *net = crema_net_load(context, &o, &err);
        ck_assert_msg(net != NULL, "%s in\n%s", err.message, m.text);
        crema_runner_options keep = {.struct_size = sizeof keep, .threads = 1, .keep_all = 1};
        crema_runner_options free_to_plan = {.struct_size = sizeof keep, .threads = 1};
        crema_runner *a = crema_runner_create(net, &free_to_plan, &err),
                     *b = crema_runner_create(net, &keep, &err);
        ck_assert(a && b);
        for (int round = 0; round < 2; round++) { // what is left from the first run must not show
            fill(a, "b0", 1), fill(a, "b1", 2), fill(b, "b0", 1), fill(b, "b1", 2);
            ck_assert_int_eq(crema_runner_forward(a, &err), CREMA_OK);
            ck_assert_int_eq(crema_runner_forward(b, &err), CREMA_OK);
            compare(net, a, b, m.text);
        }
        crema_runner_free(a);
        crema_runner_free(b);
        crema_net_free(net);
    }
    crema_context_free(context);
}
END_TEST

static const char *implementation(const char *text, const char *layer)
{
    static char name[64];
    crema_context *context = crema_context_create(NULL, NULL);
    crema_net_options o = {.struct_size = sizeof o, .net = {"net.prototxt", text, strlen(text)}};
    crema_error err;
    crema_net *net = crema_net_load(context, &o, &err);
    ck_assert_msg(net != NULL, "%s", err.message);
    crema_runner *r = crema_runner_create(net, NULL, &err);
    name[0] = 0;
    crema_step_info info;
    for (int i = 0; crema_runner_step(r, i, &info) == CREMA_OK; i++)
        if (strcmp(info.layer, layer) == 0)
            snprintf(name, sizeof name, "%s", info.implementation);
    crema_runner_free(r);
    crema_net_free(net);
    crema_context_free(context);
    return name;
}

#define BATCH_OF_2 \
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 4 dim: 3 dim: 3 } } }\n"

START_TEST(concat_and_slice_of_a_batch_are_views)
{
    const char *concat = BATCH_OF_2 "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' }\n"
                                    "layer { name: 'b' type: 'TanH' bottom: 'x' top: 'b' }\n"
                                    "layer { name: 'c' type: 'Concat' bottom: 'a' bottom: 'b' top: 'c' }\n"
                                    "layer { name: 's' type: 'Sigmoid' bottom: 'c' top: 's' }\n";
    ck_assert_str_eq(implementation(concat, "c"), "view");
    const char *slice = BATCH_OF_2 "layer { name: 's' type: 'Slice' bottom: 'x' top: 'a' top: 'b' }\n"
                                   "layer { name: 'a' type: 'ReLU' bottom: 'a' top: 'y' }\n"
                                   "layer { name: 'b' type: 'TanH' bottom: 'b' top: 'z' }\n";
    ck_assert_str_eq(implementation(slice, "s"), "view");
    // A net input stays where the caller fills it.
    const char *input = BATCH_OF_2 "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' }\n"
                                   "layer { name: 'c' type: 'Concat' bottom: 'x' bottom: 'a' top: 'c' }\n";
    ck_assert_str_ne(implementation(input, "c"), "view");
}
END_TEST

START_TEST(reshape_flatten_split_and_dropout_cost_nothing)
{
    const char *text = BATCH_OF_2 "layer { name: 'f' type: 'Flatten' bottom: 'x' top: 'f' }\n"
                                  "layer { name: 'd' type: 'Dropout' bottom: 'f' top: 'd' }\n"
                                  "layer { name: 'r' type: 'Reshape' bottom: 'd' top: 'r' reshape_param { "
                                  "shape { dim: 0 dim: -1 dim: 2 } } }\n"
                                  "layer { name: 's' type: 'Split' bottom: 'r' top: 's1' top: 's2' }\n"
                                  "layer { name: 't' type: 'TanH' bottom: 's1' top: 't' }\n"
                                  "layer { name: 'u' type: 'TanH' bottom: 's2' top: 'u' }\n";
    ck_assert_str_eq(implementation(text, "f"), "view");
    ck_assert_str_eq(implementation(text, "d"), "view");
    ck_assert_str_eq(implementation(text, "r"), "view");
    ck_assert_str_eq(implementation(text, "s"), "view");
}
END_TEST

static size_t activation_bytes(const char *text)
{
    crema_context *context = crema_context_create(NULL, NULL);
    crema_net_options o = {.struct_size = sizeof o, .net = {"net.prototxt", text, strlen(text)}};
    crema_net *net = crema_net_load(context, &o, NULL);
    ck_assert_ptr_nonnull(net);
    crema_runner *r = crema_runner_create(net, NULL, NULL);
    crema_memory_info info;
    crema_runner_memory(r, &info);
    crema_runner_free(r);
    crema_net_free(net);
    crema_context_free(context);
    return info.activation_bytes;
}

#define LARGE \
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 16 dim: 8 dim: 8 } } }\n"
#define LAYER(name, in, out) "layer { name: '" name "' type: 'TanH' bottom: '" in "' top: '" out "' }\n"

START_TEST(a_chain_needs_one_buffer_and_a_branch_two)
{
    enum { BUFFER = 16 * 8 * 8 * sizeof(float), BEHIND = 64 };
    ck_assert_uint_eq(activation_bytes(LARGE LAYER("a", "x", "a") LAYER("b", "a", "b") LAYER("c", "b", "c")),
                      BUFFER + BEHIND);
    ck_assert_uint_eq(
        activation_bytes(LARGE LAYER("a", "x", "a") LAYER("b", "a", "b") LAYER("c", "a", "c") //
                         "layer { name: 'e' type: 'Eltwise' bottom: 'b' bottom: 'c' top: 'e' }\n"),
        2 * BUFFER + BEHIND);
}
END_TEST

TEST_MAIN("plan/layout", a_chain_needs_one_buffer_and_a_branch_two, free_plans_give_what_kept_plans_give,
          concat_and_slice_of_a_batch_are_views, reshape_flatten_split_and_dropout_cost_nothing)
