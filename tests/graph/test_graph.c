#include "crema.pb-c.h"
#include "graph/graph.h"
#include "read/message.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static char warning[600]; // the last one

static void keep_warning(void *user, crema_log_level level, const char *sentence)
{
    (void)user;
    if (level == CREMA_LOG_WARNING)
        snprintf(warning, sizeof warning, "%s", sentence);
}

static const cr_log test_log = {keep_warning, NULL};

static cr_status build_with(cr_graph *g, const char *text, cr_graph_options options, cr_err *err)
{
    memset(g, 0, sizeof *g);
    options.log = &test_log;
    crema_file file = {"net.prototxt", text, strlen(text)};
    cr_read_options read = {.log = &test_log};
    cr_message m;
    cr_status status = cr_read_message(&g->arena, &file, &crema__net_parameter__descriptor, &read, &m, err);
    if (status == CREMA_OK)
        status = cr_graph_build(g, (Crema__NetParameter *)m.root, m.notes, &options, err);
    return status;
}

static void build(cr_graph *g, const char *text)
{
    cr_err err = {0};
    char sentence[1000];
    cr_status status = build_with(g, text, (cr_graph_options){0}, &err);
    ck_assert_msg(status == CREMA_OK, "%s", crema_error_text(&err, sentence, sizeof sentence));
}

static void fails(const char *text, const char *expected)
{
    cr_graph g;
    cr_err err = {0};
    char sentence[1000];
    ck_assert_int_ne(build_with(&g, text, (cr_graph_options){0}, &err), CREMA_OK);
    ck_assert_str_eq(crema_error_text(&err, sentence, sizeof sentence), expected);
    cr_graph_free(&g);
}

#define INPUT \
    "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 dim: 4 dim: 5 } } }\n"

START_TEST(a_name_means_its_newest_tensor)
{
    cr_graph g;
    build(&g, INPUT "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'data' }\n"
                    "layer { name: 'b' type: 'TanH' bottom: 'data' top: 'x' }\n"
                    "layer { name: 'c' type: 'Sigmoid' bottom: 'data' top: 'y' }\n");
    ck_assert_int_eq(g.n_tensors, 4);
    ck_assert_int_eq(cr_graph_find(&g, "data"), 1);
    ck_assert_int_eq(g.node[1].in[0], 0);
    ck_assert_int_eq(g.node[2].in[0], 1);
    ck_assert_int_eq(g.tensor[1].n_readers, 2);
    ck_assert_int_eq(g.tensor[1].reader[0], 2);
    ck_assert_int_eq(g.tensor[1].reader[1], 3);
    ck_assert_int_eq(cr_graph_find(&g, "nothing"), -1);
    cr_graph_free(&g);
}
END_TEST

START_TEST(outputs_are_what_nobody_reads_in_alphabetical_order)
{
    cr_graph g;
    build(&g, INPUT "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z' }\n"
                    "layer { name: 'b' type: 'TanH' bottom: 'data' top: 'm' }\n"
                    "layer { name: 'c' type: 'Sigmoid' bottom: 'data' top: 'a' }\n");
    ck_assert_int_eq(g.n_outputs, 3);
    ck_assert_str_eq(g.tensor[g.output[0]].name, "a");
    ck_assert_str_eq(g.tensor[g.output[1]].name, "m");
    ck_assert_str_eq(g.tensor[g.output[2]].name, "z");
    cr_graph_free(&g);
}
END_TEST

static bool has_layer(const char *rules, cr_graph_options options)
{
    char text[1000];
    snprintf(text, sizeof text,
             INPUT "state { stage: 'own' }\nlayer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z' %s }\n",
             rules);
    cr_graph g;
    cr_err err = {0};
    ck_assert_int_eq(build_with(&g, text, options, &err), CREMA_OK);
    bool has = cr_graph_find(&g, "z") >= 0;
    cr_graph_free(&g);
    return has;
}

START_TEST(rules_keep_and_drop_layers)
{
    const char *s[] = {"s", "t"};
    cr_graph_options test = {0}, train = {.train = true}, level2 = {.level = 2},
                     stages = {.stages = s, .n_stages = 2};
    ck_assert(has_layer("", test));
    ck_assert(has_layer("include {}", test));
    ck_assert(!has_layer("exclude {}", test));
    ck_assert(has_layer("include { phase: TEST }", test));
    ck_assert(!has_layer("include { phase: TRAIN }", test));
    ck_assert(has_layer("include { phase: TRAIN }", train));
    ck_assert(has_layer("include { phase: TRAIN } include { min_level: 0 }", test)); // any rule
    ck_assert(!has_layer("include { phase: TEST min_level: 1 }", test));             // all parts
    ck_assert(has_layer("include { min_level: 2 max_level: 2 }", level2));
    ck_assert(!has_layer("include { max_level: 1 }", level2));
    ck_assert(!has_layer("exclude { phase: TEST }", test));
    ck_assert(has_layer("exclude { phase: TRAIN }", test));
    ck_assert(!has_layer("include { stage: 's' }", test));
    ck_assert(has_layer("include { stage: 's' stage: 't' }", stages));
    ck_assert(!has_layer("include { stage: 's' stage: 'u' }", stages)); // all stages
    ck_assert(!has_layer("include { not_stage: 't' }", stages));
    ck_assert(has_layer("include { stage: 'own' }", test)); // the net's own state counts
    fails(INPUT "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z'\n include {} exclude {} }",
          "net.prototxt:3:13: layer \"a\" has both include and exclude rules; only one kind is allowed");
}
END_TEST

START_TEST(wrong_nets_say_what_is_wrong)
{
    fails(INPUT "layer { name: 'a' type: 'Sofmax' bottom: 'data' top: 'z' }",
          "net.prototxt:2:25: layer \"a\": unknown layer type \"Sofmax\"; the nearest known one is "
          "\"Softmax\"");
    fails(INPUT "layer { name: 'a' bottom: 'data' top: 'z' }", "net.prototxt:2:1: layer \"a\" has no type");
    fails(INPUT "layer { name: 'a' type: 'ReLU' bottom: 'dat' top: 'z' }",
          "net.prototxt:2:40: layer \"a\" (ReLU): unknown bottom \"dat\", which no layer above makes; the "
          "nearest is "
          "\"data\"");
    fails(INPUT "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z' }\n"
                "layer { name: 'b' type: 'ReLU' bottom: 'data' top: 'z' }",
          "net.prototxt:3:52: layer \"b\" (ReLU): top \"z\" is made already by layer \"a\" (line 2)");
    fails(INPUT "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z' top: 'y' }",
          "net.prototxt:2:61: layer \"a\" (ReLU): has 2 tops; it takes exactly 1");
    fails(INPUT "layer { name: 'a' type: 'Concat' top: 'z' }",
          "net.prototxt:2:1: layer \"a\" (Concat): has 0 bottoms; it takes at least 1");
    fails("name: 'x'", "net.prototxt: this net has no layers");
    fails("layer { name: 'a' type: 'Input' top: 'x' include { phase: TRAIN } }",
          "net.prototxt: no layer of this net belongs to the TEST phase");
}
END_TEST

START_TEST(blocks_of_other_layers_are_not_read_silently)
{
    cr_graph g;
    warning[0] = 0;
    build(&g, INPUT
          "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z'\n pooling_param { kernel_size: 3 } }");
    ck_assert_str_eq(warning,
                     "net.prototxt:3:2: layer \"a\" (ReLU): does not read pooling_param, which is ignored");
    cr_graph_free(&g);
    fails(
        INPUT
        "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'z'\n convolution_param { pad_mode: REFLECT } }",
        "net.prototxt:3:32: layer \"a\" (ReLU): does not implement padding, so pad_mode in convolution_param "
        "can't "
        "hold");
}
END_TEST

START_TEST(parameters_are_shared_by_name)
{
    cr_graph g;
    build(&g, INPUT
          "layer { name: 'a' type: 'InnerProduct' bottom: 'data' top: 'x' param { name: 'w' } param { name: "
          "'b' }\n"
          "  inner_product_param { num_output: 2 } }\n"
          "layer { name: 'c' type: 'InnerProduct' bottom: 'data' top: 'y' param { name: 'w' } param { }\n"
          "  inner_product_param { num_output: 2 } }\n"
          "layer { name: 'd' type: 'InnerProduct' bottom: 'data' top: 'z' param { } param { name: 'w' "
          "share_mode: PERMISSIVE }\n"
          "  inner_product_param { num_output: 2 } }\n");
    ck_assert_int_eq(g.node[1].share[0].layer, -1);
    ck_assert_int_eq(g.node[2].share[0].layer, 1);
    ck_assert_int_eq(g.node[2].share[0].blob, 0);
    ck_assert(!g.node[2].share[0].permissive);
    ck_assert_int_eq(g.node[2].share[1].layer, -1);
    ck_assert_int_eq(g.node[3].share[1].layer, 1);
    ck_assert(g.node[3].share[1].permissive);
    cr_graph_free(&g);
}
END_TEST

static cr_status any_shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)layer, (void)err;
    s->out[0].rank = 0;
    return CREMA_OK;
}

static const cr_layer_type loss_row = {.name = "TestLoss",
                                       .in_min = 1,
                                       .in_max = 1,
                                       .out_min = 1,
                                       .out_max = 2,
                                       .flags = CR_AUTO_TOP,
                                       .shape = any_shape};
static const cr_layer_type other_row = {.name = "TestOther",
                                        .in_min = 1,
                                        .in_max = 1,
                                        .out_min = 1,
                                        .out_max = 1,
                                        .not_run = "a layer of training",
                                        .shape = any_shape};

static const cr_layer_type *choose_row(const Crema__LayerParameter *param)
{
    return param->n_bottom == 1 ? &other_row : NULL;
}

static const cr_layer_type double_row = {.name = "TestDouble", .choose = choose_row, .shape = any_shape};
static const cr_layer_type *const rows[] = {&loss_row, &other_row, &double_row, NULL};

START_TEST(tops_that_a_loss_leaves_out_are_made)
{
    cr_graph g;
    cr_graph_options o = {.types = rows};
    ck_assert_int_eq(build_with(&g, INPUT "layer { name: 'a' type: 'TestLoss' bottom: 'data' }", o, NULL),
                     CREMA_OK);
    ck_assert_int_eq(g.node[1].layer->n_out, 1);
    ck_assert(g.tensor[1].automatic);
    ck_assert_int_eq(g.n_outputs, 0); // nobody can ask for it
    ck_assert_int_eq(cr_graph_find(&g, "(automatic)"), -1);
    cr_graph_free(&g);
    ck_assert_int_eq(build_with(&g,
                                INPUT "layer { name: 'a' type: 'TestLoss' bottom: 'data' top: 'x' top: 'y' }",
                                o, NULL),
                     CREMA_OK);
    ck_assert_int_eq(g.n_outputs, 2);
    cr_graph_free(&g);
}
END_TEST

START_TEST(a_name_of_two_layers_is_read_by_its_parameters)
{
    cr_graph g;
    cr_graph_options o = {.types = rows};
    ck_assert_int_eq(
        build_with(&g, INPUT "layer { name: 'a' type: 'TestDouble' bottom: 'data' top: 'x' }", o, NULL),
        CREMA_OK);
    ck_assert_str_eq(g.node[1].layer->type->name, "TestOther");
    ck_assert_str_eq(warning,
                     "net.prototxt:2:1: layer \"a\" (TestOther): is a layer of training, which is not run");
    cr_graph_free(&g);
}
END_TEST

START_TEST(unknown_types_are_kept_where_nothing_has_to_run)
{
    cr_graph g;
    cr_graph_options o = {.unknown_ok = true};
    ck_assert_int_eq(build_with(&g,
                                INPUT "layer { name: 'a' type: 'Mystery' bottom: 'data' top: 'x' top: 'y'\n"
                                      "  pooling_param { kernel_size: 3 } }\n"
                                      "layer { name: 'b' type: 'ReLU' bottom: 'y' top: 'z' }",
                                o, NULL),
                     CREMA_OK);
    ck_assert_str_eq(g.node[1].layer->type->name, "Mystery");
    ck_assert_int_ne(g.node[1].layer->type->flags & CR_UNKNOWN, 0);
    ck_assert_int_eq(g.n_outputs, 2);
    cr_graph_free(&g);
}
END_TEST

START_TEST(a_blob_of_another_phase_is_told_from_a_misspelt_one)
{
    fails("layer { name: 'd' type: 'Input' top: 'data' include { phase: TRAIN } }\n"
          "layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'x' }",
          "net.prototxt:2:40: layer \"r\" (ReLU): bottom \"data\" is made by layer \"d\", whose rules keep "
          "it out of "
          "phase TEST");
}
END_TEST

TEST_MAIN("graph/graph", tops_that_a_loss_leaves_out_are_made, a_name_of_two_layers_is_read_by_its_parameters,
          unknown_types_are_kept_where_nothing_has_to_run,
          a_blob_of_another_phase_is_told_from_a_misspelt_one, a_name_means_its_newest_tensor,
          outputs_are_what_nobody_reads_in_alphabetical_order, rules_keep_and_drop_layers,
          wrong_nets_say_what_is_wrong, blocks_of_other_layers_are_not_read_silently,
          parameters_are_shared_by_name)
