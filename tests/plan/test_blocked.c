/*
 * Which tensors are chosen: by hand-made steps that say what they can do. That plans with blocked tensors compute
 * what exact plans compute: by random nets of convolutions, sums and poolings.
 */
#include "crema.h"
#include "kernels/conv.h"
#include "plan/blocked.h"
#include "tests/support/random_net.h"
#include "tests/test.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the choice ---- */

enum { MAX_LAYERS = 8, DEPTHWISE = CR_READS_BLOCKED | CR_WRITES_BLOCKED | CR_BLOCKED_BOTH };

// One letter for each step: d depthwise, p 1x1, w only writes, r only reads, s a step that can do nothing, n one
// that must not be asked. Step i reads
// tensor i and makes tensor i + 1; tensor 0 is the net's input, the last one its output.
typedef struct chain {
    cr_graph graph;
    cr_layer layer[MAX_LAYERS];
    cr_layer_type type[MAX_LAYERS];
    cr_step step[MAX_LAYERS], *at[MAX_LAYERS];
    cr_fusion fusion[MAX_LAYERS];
    cr_use use[MAX_LAYERS];
    cr_tensor tensor[MAX_LAYERS + 1];
    bool dynamic[MAX_LAYERS + 1], kept[MAX_LAYERS + 1];
    int id[MAX_LAYERS + 1], in[MAX_LAYERS][2];
    char name[MAX_LAYERS][2];
} chain;

static unsigned can(cr_step *step, const cr_preparing *p)
{
    (void)p;
    switch (step->layer->name[0]) {
    case 'd':
        return DEPTHWISE;
    case 'p':
        return CR_READS_BLOCKED | CR_WRITES_BLOCKED;
    case 'w':
        return CR_WRITES_BLOCKED;
    case 'n':
        ck_abort_msg("a step is asked though no step may gain");
    default:
        return CR_READS_BLOCKED;
    }
}

static bool is_depthwise(const cr_step *step, const cr_preparing *p)
{
    (void)p;
    return step->layer->name[0] == 'd';
}

static chain *chain_of(const char *steps)
{
    chain *c = calloc(1, sizeof *c);
    c->graph.n_layers = (int)strlen(steps);
    c->graph.n_tensors = c->graph.n_layers + 1;
    for (int t = 0; t < c->graph.n_tensors; t++) {
        c->id[t] = t;
        c->tensor[t].shape = (cr_shape){4, {1, 32, 5, 5}};
    }
    for (int i = 0; i < c->graph.n_layers; i++) {
        c->name[i][0] = steps[i];
        c->type[i].blocked = steps[i] == 's' ? NULL : can;
        c->type[i].may_gain_blocked = i % 2 && steps[i] != 'd' ? NULL : is_depthwise;
        c->layer[i] = (cr_layer){.type = &c->type[i], .name = c->name[i]};
        c->step[i] =
            (cr_step){.layer = &c->layer[i], .n_in = 1, .in = &c->id[i], .n_out = 1, .out = &c->id[i + 1]};
        c->in[i][0] = i;
        c->use[i] = (cr_use){.n_in = 1, .in = c->in[i], .n_out = 1, .out = &c->id[i + 1]};
        c->at[i] = &c->step[i];
    }
    c->kept[c->graph.n_layers] = true;
    return c;
}

static void add(chain *c, int step, int tensor)
{
    c->fusion[step].add = tensor;
    c->step[step].fusion = &c->fusion[step];
    c->in[step][1] = tensor;
    c->use[step].n_in = 2;
}

// The tensors 1, 2, ... as a string of 1 (blocked) and 0; frees the chain.
static const char *choose(chain *c)
{
    static char text[MAX_LAYERS + 1];
    cr_arena arena = {0};
    cr_blocking b = {&c->graph, NULL, c->at, c->use, c->dynamic, c->kept, c->tensor};
    ck_assert_int_eq(cr_choose_blocked(&b, &arena, NULL), CREMA_OK);
    ck_assert(!c->tensor[0].blocked);
    for (int t = 1; t < c->graph.n_tensors; t++)
        text[t - 1] = c->tensor[t].blocked ? '1' : '0';
    text[c->graph.n_layers] = 0;
    cr_arena_free(&arena);
    free(c);
    return text;
}

START_TEST(around_steps_that_need_it)
{
    ck_assert_str_eq(choose(chain_of("wdpdps")), "111100");
    ck_assert_str_eq(choose(chain_of("wdppppr")), "1111110");
    ck_assert_str_eq(choose(chain_of("wpppr")), "00000"); // nobody gains
    ck_assert_str_eq(choose(chain_of("npn")), "000");
    ck_assert_str_eq(choose(chain_of("sdpds")),
                     "00000"); // the first can't write, the last's reader can't read
    ck_assert_str_eq(choose(chain_of("sdpdp")), "00110"); // only the second of two
    ck_assert_str_eq(choose(chain_of("wddds")), "00000"); // one after the other
    ck_assert_str_eq(choose(chain_of("wdwdr")), "00110"); // a step that can't read
    ck_assert_str_eq(choose(chain_of("pdppspdp")), "11100110");
}
END_TEST

START_TEST(what_others_see_stays_plain)
{
    chain *c = chain_of("wdpdp");
    c->kept[3] = true;
    ck_assert_str_eq(choose(c), "11000");
    c = chain_of("wdpdp");
    c->dynamic[1] = true;
    ck_assert_str_eq(choose(c), "00110");
    c = chain_of("wdpdp");
    c->tensor[3].shape.dim[1] = 24;
    ck_assert_str_eq(choose(c), "11000");
    c = chain_of("wdpdp");
    c->tensor[1].shape = (cr_shape){4, {1, 32, 1, 1}};
    ck_assert_str_eq(choose(c), "00110");
    c = chain_of("wdpdp");
    c->step[1].dynamic = true;
    ck_assert_str_eq(choose(c), "00110");
    c = chain_of("wdpdp");
    c->at[1] = NULL; // a view
    ck_assert_str_eq(choose(c), "00110");
}
END_TEST

START_TEST(a_sum_lies_as_its_operand)
{
    chain *c = chain_of("wdppdp");
    add(c, 3, 3); // tensor 4 = tensor 3 + ...
    ck_assert_str_eq(choose(c), "111110");
    c = chain_of("wdppdp");
    add(c, 3, 0);
    ck_assert_str_eq(choose(c), "111000"); // the net's input is plain
    c = chain_of("wdpp");
    add(c, 3, 2);
    ck_assert_str_eq(choose(c), "0000"); // tensor 4 is the output
}
END_TEST

/* ---- whole plans ---- */

static void add_convolution(random_net *m, int bottom, int group, int kernel)
{
    static const char *const modes[] = {"ZERO", "REFLECT", "CIRCULAR", "PARTIAL"};
    int top = m->n_blobs++;
    random_net_say(
        m,
        "layer { name: 'c%d' type: 'Convolution' bottom: 'b%d' top: 'b%d' convolution_param { num_output: "
        "32 ",
        top, bottom, top);
    random_net_say(m, "group: %d kernel_size: %d pad: %d pad_mode: %s ", group, kernel, kernel / 2,
                   modes[random_net_pick(m, 4)]);
    random_net_say(
        m, "weight_filler { type: 'gaussian' std: 0.2 } bias_filler { type: 'gaussian' std: 0.2 } } }\n");
    if (random_net_pick(m, 2))
        random_net_say(m, "layer { name: 'r%d' type: '%s' bottom: 'b%d' top: 'b%d' }\n", top,
                       random_net_pick(m, 2) ? "ReLU" : "Sigmoid", top, top);
}

static void add_layers(random_net *m)
{
    int bottom = m->n_blobs - 1 - (int)random_net_pick(m, m->n_blobs > 2 ? 2 : 1),
        other = (int)random_net_pick(m, 2);
    switch (random_net_pick(m, 8)) {
    case 0:
        add_convolution(m, bottom, 1, 3);
        break;
    case 1:
        random_net_say(
            m,
            "layer { name: 'p%d' type: 'Pooling' bottom: 'b%d' top: 'b%d' pooling_param { kernel_size: 3 "
            "stride: 1 pad: 1 } }\n",
            m->n_blobs, bottom, m->n_blobs);
        m->n_blobs++;
        break;
    case 2:
        add_convolution(m, bottom, 1, 1);
        random_net_say(m, "layer { name: 's%d' type: 'Eltwise' bottom: 'b%d' bottom: 'b%d' top: 'b%d' }\n",
                       m->n_blobs, m->n_blobs - 1, other ? bottom : m->n_blobs - 2, m->n_blobs);
        m->n_blobs++;
        break;
    case 3:
    case 4:
        add_convolution(m, bottom, 1, 1);
        break;
    default:
        add_convolution(m, bottom, 32, 1 + 2 * (int)random_net_pick(m, 3));
        add_convolution(m, m->n_blobs - 1, 1, 1);
    }
}

static void make_net(random_net *m, uint64_t seed)
{
    random_net_start(m, seed);
    m->n_blobs = 1;
    random_net_say(
        m,
        "layer { name: 'in' type: 'Input' top: 'b0' input_param { shape { dim: %u dim: 3 dim: %u dim: %u } } "
        "}\n",
        1 + random_net_pick(m, 2), 5 + random_net_pick(m, 20), 5 + random_net_pick(m, 20));
    add_convolution(m, 0, 1, 3);
    for (int i = 0; i < 7; i++)
        add_layers(m);
}

// The outputs, one after the other, of a net that is run with made-up values.
static int64_t run_net(const char *text, int exact, int threads, float *out, int64_t most)
{
    crema_error err;
    crema_context_options c = {.struct_size = sizeof c, .exact = exact};
    crema_context *context = crema_context_create(&c, &err);
    crema_net_options o = {.struct_size = sizeof o, .allow_missing = 1, .seed = 3};
    o.net = (crema_file){"net.prototxt", text, strlen(text)};
    crema_net *net = crema_net_load(context, &o, &err);
    ck_assert_msg(net != NULL, "%s in\n%s", err.message, text);
    crema_runner_options r = {.struct_size = sizeof r, .threads = threads};
    crema_runner *runner = crema_runner_create(net, &r, &err);
    ck_assert_msg(runner != NULL, "%s in\n%s", err.message, text);
    crema_blob blob;
    int64_t n = 0;
    ck_assert_int_eq(crema_runner_input(runner, "b0", &blob, &err), CREMA_OK);
    for (int64_t i = 0; i < cr_shape_count(&blob.shape); i++)
        blob.data[i] = (float)((i * 37) % 101) / 50.0f - 1.0f;
    ck_assert_int_eq(crema_runner_forward(runner, &err), CREMA_OK);
    for (int i = 0; i < crema_net_n_outputs(net); i++) {
        ck_assert_int_eq(crema_runner_blob(runner, crema_net_output(net, i), &blob, &err), CREMA_OK);
        int64_t count = cr_shape_count(&blob.shape);
        ck_assert_int_le(n + count, most);
        memcpy(out + n, blob.data, (size_t)count * sizeof *out);
        n += count;
    }
    crema_runner_free(runner);
    crema_net_free(net);
    crema_context_free(context);
    return n;
}

START_TEST(blocked_plans_compute_what_exact_ones_do)
{
    enum { MOST = 1 << 18 };
    static float wanted[MOST], got[MOST], again[MOST];
    static random_net m;
    for (uint64_t seed = 0; seed < 60; seed++) {
        make_net(&m, seed);
        int64_t n = run_net(m.text, 1, 1, wanted, MOST);
        double square = 0;
        for (int64_t i = 0; i < n; i++)
            square += (double)wanted[i] * (double)wanted[i];
        double rms = sqrt(square / (double)n) + 1e-6;
        ck_assert_int_eq(run_net(m.text, 0, 1, got, MOST), n);
        ck_assert_int_eq(run_net(m.text, 0, 3, again, MOST), n);
        ck_assert_int_eq(memcmp(got, again, (size_t)n * sizeof *got), 0);
        for (int64_t i = 0; i < n; i++)
            if (!(fabs((double)got[i] - (double)wanted[i]) <= 1e-4 * rms))
                ck_abort_msg("output %lld: got %g, expected %g in\n%s", (long long)i, (double)got[i],
                             (double)wanted[i], m.text);
    }
}
END_TEST

// What runs the depthwise layer between two 1x1 convolutions of such a net.
static void implementation(int kernel, char *name, size_t size)
{
    static const char text[] =
        "layer { name: 'in' type: 'Input' top: 'b' input_param { shape { dim: 1 dim: 64 dim: 56 dim: 56 } } "
        "}\n"
        "layer { name: 'a' type: 'Convolution' bottom: 'b' top: 'c' convolution_param { num_output: 64 "
        "kernel_size: 1 } }\n"
        "layer { name: 'd' type: 'Convolution' bottom: 'c' top: 'e' convolution_param { num_output: 64 "
        "kernel_size: %d pad: %d group: 64 } }\n"
        "layer { name: 'z' type: 'Convolution' bottom: 'e' top: 'f' convolution_param { num_output: 64 "
        "kernel_size: 1 } }\n";
    char net_text[sizeof text + 32];
    crema_error err;
    crema_step_info info;
    crema_context *context = crema_context_create(NULL, &err);
    crema_net_options o = {.struct_size = sizeof o, .allow_missing = 1};
    snprintf(net_text, sizeof net_text, text, kernel, kernel / 2);
    o.net = (crema_file){"net.prototxt", net_text, strlen(net_text)};
    crema_net *net = crema_net_load(context, &o, &err);
    ck_assert_msg(net != NULL, "%s", err.message);
    crema_runner *runner = crema_runner_create(net, NULL, &err);
    ck_assert_msg(runner != NULL, "%s", err.message);
    for (int i = 0; i < crema_runner_n_steps(runner); i++) {
        ck_assert_int_eq(crema_runner_step(runner, i, &info), CREMA_OK);
        if (strcmp(info.layer, "d") == 0)
            snprintf(name, size, "%s", info.implementation);
    }
    crema_runner_free(runner);
    crema_net_free(net);
    crema_context_free(context);
}

// A faster algorithm may want plain tensors.
START_TEST(large_kernels_keep_tensors_plain)
{
    char name[64] = "";
    implementation(3, name, sizeof name);
    ck_assert_str_eq(name, "depthwise_blocked");
    implementation(15, name, sizeof name);
    ck_assert_str_eq(name, "fft");
}
END_TEST

TEST_MAIN("plan/blocked", around_steps_that_need_it, what_others_see_stays_plain, a_sum_lies_as_its_operand,
          blocked_plans_compute_what_exact_ones_do, large_kernels_keep_tensors_plain)
