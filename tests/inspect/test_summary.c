#include "crema_tools.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static char warning[1000];

static void keep_warning(void *user, crema_log_level level, const char *sentence)
{
    (void)user;
    if (level == CREMA_LOG_WARNING)
        snprintf(warning, sizeof warning, "%s", sentence);
}

typedef struct summary {
    crema_context *context;
    crema_summary *s;
} summary;

static summary summarise(const char *text)
{
    crema_context_options c = {.struct_size = sizeof c, .log = keep_warning};
    summary out = {.context = crema_context_create(&c, NULL)};
    crema_net_options o = {.struct_size = sizeof o, .net = {"net.prototxt", text, strlen(text)}};
    crema_error err;
    out.s = crema_summary_create(out.context, &o, NULL, 0, &err);
    ck_assert_msg(out.s != NULL, "%s", err.message);
    return out;
}

static void done(summary *s)
{
    crema_summary_free(s->s);
    crema_context_free(s->context);
}

static crema_summary_layer row(const summary *s, int i)
{
    crema_summary_layer layer;
    ck_assert_int_eq(crema_summary_get_layer(s->s, i, &layer), CREMA_OK);
    return layer;
}

#define IP(name, in, out)                                                       \
    "layer { name: '" name "' type: 'InnerProduct' bottom: '" in "' top: '" out \
    "' param { name: 'w' } inner_product_param { num_output: 2 } }\n"

START_TEST(rows_and_totals)
{
    summary s =
        summarise("name: 'n' input: 'x' input_shape { dim: 3 dim: 2 }\n" IP("a", "x", "y") IP("b", "y", "z"));
    ck_assert_str_eq(crema_summary_name(s.s), "n");
    ck_assert_int_eq(crema_summary_n_layers(s.s), 3);
    crema_summary_layer a = row(&s, 1);
    ck_assert_str_eq(a.type, "InnerProduct");
    ck_assert_int_eq(a.line, 2);
    ck_assert_int_eq(a.n_params, 2);
    ck_assert_int_eq(a.params[0].dim[1], 2);
    ck_assert_int_eq(a.n_values, 6);
    ck_assert_int_eq(a.macs, 12);
    ck_assert_str_eq(a.bottoms[0].name, "x");
    ck_assert_int_eq(a.tops[0].shape.dim[0], 3);
    ck_assert_ptr_null(a.reading);
    crema_summary_totals t;
    crema_summary_get_totals(s.s, &t);
    ck_assert_int_eq(t.n_values, 4 + 2 + 2); // the shared weights count once
    ck_assert_int_eq(t.macs, 24);
    ck_assert_int_eq(t.n_activations, 18);
    crema_summary_blob blob;
    ck_assert_int_eq(crema_summary_get_input(s.s, 0, &blob), 1);
    ck_assert_str_eq(blob.name, "x");
    ck_assert_int_eq(crema_summary_get_output(s.s, 0, &blob), 1);
    ck_assert_str_eq(blob.name, "z");
    ck_assert_int_eq(crema_summary_get_output(s.s, 1, &blob), 0);
    crema_summary_layer none;
    ck_assert_int_eq(crema_summary_get_layer(s.s, 3, &none), CREMA_ERR_USAGE);
    done(&s);
}
END_TEST

// What a summary says of memory is what a runner has.
START_TEST(memory_is_that_of_a_plan)
{
    const char *net =
        "name: 'n' input: 'x' input_shape { dim: 1 dim: 16 dim: 8 dim: 8 }\n"
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: "
        "16 kernel_size: 3 pad: 1 } }\n"
        "layer { name: 'p' type: 'PReLU' bottom: 'c' top: 'p' }\n"
        "layer { name: 'b' type: 'BatchNorm' bottom: 'p' top: 'b' }\n"
        "layer { name: 'i' type: 'InnerProduct' bottom: 'b' top: 'i' inner_product_param { "
        "num_output: 3 } }\n";
    warning[0] = 0;
    summary s = summarise(net);
    crema_summary_totals t;
    crema_summary_get_totals(s.s, &t);
    crema_net_options o = {
        .struct_size = sizeof o, .net = {"net.prototxt", net, strlen(net)}, .allow_missing = 1};
    crema_net *loaded = crema_net_load(s.context, &o, NULL);
    crema_runner_options one = {.struct_size = sizeof one, .threads = 1};
    crema_runner *runner = crema_runner_create(loaded, &one, NULL);
    ck_assert_ptr_nonnull(runner);
    crema_memory_info memory;
    crema_runner_memory(runner, &memory);
    ck_assert_int_gt(t.pack_bytes, 16 * 16 * 9 * 4);
    ck_assert_int_eq(t.pack_bytes, (int64_t)memory.pack_bytes);
    ck_assert_int_eq(t.weight_bytes, (int64_t)(memory.weight_bytes - memory.pack_bytes));
    ck_assert_int_eq(t.activation_bytes, (int64_t)memory.activation_bytes);
    ck_assert_int_eq(t.scratch_bytes + t.thread_scratch_bytes, (int64_t)memory.scratch_bytes);
    ck_assert_int_gt(t.live_bytes, 0);
    ck_assert_int_le(t.live_bytes, t.activation_bytes);
    ck_assert_str_eq(warning, ""); // weights that are not there do not matter here
    crema_runner_free(runner);
    crema_net_free(loaded);
    done(&s);
    s = summarise("name: 'n' layer { name: 'x' type: 'Input' top: 'x' }\n" IP("a", "x", "y"));
    crema_summary_get_totals(s.s, &t);
    ck_assert_int_eq(t.activation_bytes, 0); // not known
    done(&s);
}
END_TEST

START_TEST(a_dialect_is_named)
{
    summary s = summarise("input: 'x' input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }\n"
                          "layer { name: 'b' type: 'BN' bottom: 'x' top: 'y' }\n");
    ck_assert_ptr_nonnull(row(&s, 1).reading);
    ck_assert_ptr_nonnull(strstr(row(&s, 1).reading, "slope"));
    done(&s);
}
END_TEST

START_TEST(what_only_the_most_of_data_does_not_fit_is_left_unknown)
{
    summary s = summarise("input: 'x' input_shape { dim: 3 dim: 2 } input: 'select' input_shape { dim: 3 }\n"
                          "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: 'select' top: 'f' }\n"
                          "layer { name: 'r' type: 'Reshape' bottom: 'f' top: 'r'\n"
                          "  reshape_param { shape { dim: -1 dim: 4 } } }\n"
                          "layer { name: 't' type: 'TanH' bottom: 'r' top: 't' }\n");
    ck_assert_int_eq(row(&s, 1).tops[0].shape.dim[0], 3);
    ck_assert_int_eq(row(&s, 2).tops[0].shape.rank, -1);
    ck_assert_int_eq(row(&s, 3).tops[0].shape.rank, -1);
    ck_assert_ptr_nonnull(strstr(warning, "layer \"r\" (Reshape)"));
    ck_assert_ptr_nonnull(strstr(warning, "; how many there are depends on data"));
    done(&s);
}
END_TEST

TEST_MAIN("inspect/summary", rows_and_totals, memory_is_that_of_a_plan, a_dialect_is_named,
          what_only_the_most_of_data_does_not_fit_is_left_unknown)
