/*
 * The ONNX converter as a whole: names, inputs and outputs, layers without equivalent, files.
 */
#include "crema_tools.h"
#include "onnx_subset.pb-c.h"
#include "tests/support/shop.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

typedef struct exported {
    folder f;
    crema_status status;
    crema_error err;
    char warnings[2000];     // one in a line
    Onnx__ModelProto *model; // NULL: not written
} exported;

static void keep(void *user, crema_log_level level, const char *sentence)
{
    exported *x = user;
    size_t n = strlen(x->warnings);
    if (level == CREMA_LOG_WARNING)
        snprintf(x->warnings + n, sizeof x->warnings - n, "%s\n", sentence);
}

static Onnx__ModelProto *read_model(const char *path)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return onnx__model_proto__unpack(NULL, n, bytes);
}

static void export(exported *x, const char *net)
{
    memset(x, 0, sizeof *x);
    folder_make(&x->f);
    crema_context_options how = {.struct_size = sizeof how, .log = keep, .user = x};
    crema_context *context = crema_context_create(&how, &x->err);
    const char *in = folder_text(&x->f, "net.prototxt", net), *out = folder_path(&x->f, "out.onnx");
    crema_convert_options options = {.struct_size = sizeof options, .allow_missing = 1};
    x->status = crema_convert(context, &in, 1, out, &options, &x->err);
    x->model = read_model(out);
    crema_context_free(context);
}

static void end(exported *x)
{
    if (x->model)
        onnx__model_proto__free_unpacked(x->model, NULL);
    folder_remove(&x->f);
}

static const char input[] = "name: 'n' layer { name: 'data' type: 'Input' top: 'data' input_param { "
                            "shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }\n";

static const char *with_input(const char *layers)
{
    static char net[4000];
    snprintf(net, sizeof net, "%s%s", input, layers);
    return net;
}

// "a b > op > c", nodes in lines.
static void describe(const Onnx__GraphProto *g, char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *node = g->node[i];
        for (size_t k = 0; k < node->n_input; k++)
            n += (size_t)snprintf(text + n, size - n, "%s ", node->input[k]);
        n += (size_t)snprintf(text + n, size - n, "> %s >", node->op_type);
        for (size_t k = 0; k < node->n_output; k++)
            n += (size_t)snprintf(text + n, size - n, " %s", node->output[k]);
        n += (size_t)snprintf(text + n, size - n, "\n");
    }
}

START_TEST(the_last_of_a_name_keeps_it)
{
    exported x;
    export(&x, with_input("layer { name: 'c' type: 'ReLU' bottom: 'data' top: 'a' }\n"
                          "layer { name: 'd' type: 'TanH' bottom: 'a' top: 'a' }\n"
                          "layer { name: 'e' type: 'Sigmoid' bottom: 'a' top: 'a' }\n"));
    char text[2000];
    ck_assert_msg(x.model != NULL, "%s", x.err.message);
    describe(x.model->graph, text, sizeof text);
    ck_assert_str_eq(text, "data > Relu > a__c\na__c > Tanh > a__d\na__d > Sigmoid > a\n");
    end(&x);
}
END_TEST

START_TEST(an_input_keeps_its_name)
{
    exported x;
    export(&x, with_input("layer { name: 'c' type: 'ReLU' bottom: 'data' top: 'data' }\n"));
    char text[2000];
    describe(x.model->graph, text, sizeof text);
    ck_assert_str_eq(text, "data > Relu > data_2\n");
    ck_assert_str_eq(x.model->graph->output[0]->name, "data_2");
    end(&x);
}
END_TEST

START_TEST(names_are_made_valid)
{
    exported x;
    export(&x, with_input("layer { name: 'c' type: 'ReLU' bottom: 'data' top: 'a\\xff\\001b' }\n"
                          "layer { name: 'd' type: 'ReLU' bottom: 'data' top: 'a__b' }\n"));
    ck_assert_msg(x.model != NULL, "%s", x.err.message);
    ck_assert_uint_eq(x.model->graph->n_output, 2);
    ck_assert_str_ne(x.model->graph->output[0]->name, x.model->graph->output[1]->name);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(strncmp(x.model->graph->output[i]->name, "a__b", 4), 0);
    end(&x);
}
END_TEST

START_TEST(the_model_says_what_it_is)
{
    exported x;
    export(&x, with_input("layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { "
                          "num_output: 3 kernel_size: 3 } }\n"
                          "layer { name: 'd' type: 'ReLU' bottom: 'c' top: 'd' }\n"));
    const Onnx__ModelProto *m = x.model;
    ck_assert_int_eq(m->ir_version, 8);
    ck_assert_uint_eq(m->n_opset_import, 1);
    ck_assert_int_eq(m->opset_import[0]->version, 17);
    ck_assert_str_eq(m->producer_name, "crema");
    const Onnx__GraphProto *g = m->graph;
    ck_assert_str_eq(g->name, "n");
    ck_assert_uint_eq(g->n_input, 1);
    ck_assert_uint_eq(g->n_output, 1);
    ck_assert_str_eq(g->output[0]->name, "d");
    ck_assert_int_eq(g->output[0]->type->tensor_type->shape->dim[1]->dim_value, 3);
    ck_assert_uint_eq(g->n_value_info, 1);
    ck_assert_str_eq(g->value_info[0]->name, "c");
    ck_assert_uint_eq(g->n_initializer, 2);
    ck_assert_str_eq(g->initializer[0]->name, "c/weights");
    ck_assert_uint_eq(g->initializer[0]->raw_data.len, 3 * 2 * 9 * 4);
    end(&x);
}
END_TEST

START_TEST(pads_give_the_size_that_caffe_has)
{
    exported x;
    export(&x, with_input("layer { name: 'c' type: 'Pooling' bottom: 'data' top: 'c' pooling_param { "
                          "kernel_size: 3 stride: 2 } }\n"));
    const Onnx__NodeProto *node = x.model->graph->node[0];
    for (size_t i = 0; i < node->n_attribute; i++) {
        const Onnx__AttributeProto *a = node->attribute[i];
        ck_assert_str_ne(a->name, "ceil_mode");
        if (strcmp(a->name, "pads"))
            continue;
        ck_assert_uint_eq(a->n_ints, 4);
        ck_assert_int_eq(a->ints[0] + a->ints[1], 0);
        ck_assert_int_eq(a->ints[2], 1);
        ck_assert_int_eq(a->ints[3], 1);
    }
    end(&x);
}
END_TEST

START_TEST(all_layers_without_equivalent_are_named)
{
    exported x;
    export(
        &x,
        with_input(
            "layer { name: 'c' type: 'FlowWarp' bottom: 'data' bottom: 'data' top: 'c' }\n"
            "layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'r' }\n"
            "layer { name: 'd' type: 'ImResize' bottom: 'data' top: 'd' imresize_param { factor: 2 } }\n"));
    ck_assert_int_eq(x.status, CREMA_ERR_UNSUPPORTED);
    ck_assert_ptr_null(x.model);
    ck_assert_int_eq(folder_n_files(&x.f), 1);
    ck_assert_str_eq(
        x.err.message,
        "2 layers have no ONNX equivalent, and nothing was written: \"c\" (FlowWarp), \"d\" (ImResize)");
    ck_assert_ptr_nonnull(
        strstr(x.warnings, "layer \"c\" (FlowWarp): no ONNX equivalent: its type has none\n"));
    ck_assert_ptr_nonnull(
        strstr(x.warnings, "layer \"d\" (ImResize): no ONNX equivalent: its type has none\n"));
    end(&x);
}
END_TEST

START_TEST(unknown_types_and_layers_of_training_are_named_too)
{
    exported x;
    export(&x, with_input("layer { name: 'c' type: 'Nonsense' bottom: 'data' top: 'c' }\n"
                          "layer { name: 'd' type: 'CenterLoss' bottom: 'data' bottom: 'data' top: 'd' }\n"
                          "layer { name: 'e' type: 'FlowWarp' bottom: 'data' bottom: 'data' top: 'e' }\n"));
    ck_assert_ptr_null(x.model);
    ck_assert_ptr_nonnull(strstr(x.err.message, "3 layers have no ONNX equivalent"));
    ck_assert_ptr_nonnull(strstr(x.warnings, "the layer's type is not known"));
    ck_assert_ptr_nonnull(strstr(x.warnings, "it is a layer of training"));
    end(&x);
}
END_TEST

START_TEST(sizes_that_are_known_later_have_names)
{
    exported x;
    export(&x, with_input("layer { name: 's' type: 'Input' top: 's' input_param { shape { dim: 1 } } }\n"
                          "layer { name: 'f' type: 'Filter' bottom: 'data' bottom: 's' top: 'f' }\n"
                          "layer { name: 'r' type: 'ReLU' bottom: 'f' top: 'r' }\n"));
    ck_assert_msg(x.model != NULL, "%s", x.err.message);
    const Onnx__TensorShapeProto *shape = x.model->graph->output[0]->type->tensor_type->shape;
    ck_assert(!shape->dim[0]->has_dim_value);
    ck_assert_str_eq(shape->dim[0]->dim_param, "r");
    ck_assert_int_eq(shape->dim[1]->dim_value, 2);
    end(&x);
    export(&x, with_input("layer { name: 's' type: 'Input' top: 's' input_param { shape { dim: 1 } } }\n"
                          "layer { name: 'f' type: 'Filter' bottom: 'data' bottom: 's' top: 'f' }\n"
                          "layer { name: 'r' type: 'Reshape' bottom: 'f' top: 'r' reshape_param { shape { "
                          "dim: -1 dim: 4 } } }\n"));
    ck_assert_ptr_null(x.model);
    ck_assert_ptr_nonnull(strstr(x.warnings, "is known only while running"));
    end(&x);
}
END_TEST

START_TEST(a_shape_that_is_not_given_is_an_error)
{
    exported x;
    export(&x, "layer { name: 'd' type: 'Data' top: 'data' data_param { source: 'x' batch_size: 1 } }\n"
               "layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'r' }\n");
    ck_assert_int_eq(x.status, CREMA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(x.err.message, "input \"data\""));
    end(&x);
}
END_TEST

START_TEST(shared_weights_are_stored_once)
{
    exported x;
    export(&x,
           with_input("layer { name: 'a' type: 'InnerProduct' bottom: 'data' top: 'a' param { name: 'w' } "
                      "inner_product_param { num_output: 3 bias_term: false } }\n"
                      "layer { name: 'b' type: 'InnerProduct' bottom: 'data' top: 'b' param { name: 'w' } "
                      "inner_product_param { num_output: 3 bias_term: false } }\n"));
    ck_assert_msg(x.model != NULL, "%s", x.err.message);
    ck_assert_uint_eq(x.model->graph->n_initializer, 1);
    end(&x);
}
END_TEST

// With blobs that stand in the file that the net stands in.
START_TEST(a_caffemodel_brings_its_weights_along)
{
    static const char net[] =
        "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 2 } } }"
        "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' "
        "inner_product_param { num_output: 1 bias_term: false } }";
    shop s;
    shop_open(&s);
    ww w = {0};
    ww_net(&w, "tiny");
    ww_layer(&w, "ip", "InnerProduct");
    ww_blob(&w, 2, (int64_t[]){1, 2}, (float[]){3, 4});
    ww_save(&w, shop_path(&s, "w.caffemodel"));
    ww_free(&w);
    const char *apart[] = {folder_text(&s.f, "net.prototxt", net), shop_path(&s, "w.caffemodel")};
    const char *joined = shop_path(&s, "both.caffemodel"), *out = shop_path(&s, "out.onnx");
    crema_error err = {0};
    ck_assert_int_eq(crema_convert(s.context, apart, 2, joined, NULL, &err), CREMA_OK);
    ck_assert_msg(crema_convert(s.context, &joined, 1, out, NULL, &err) == CREMA_OK, "%s", err.message);
    Onnx__ModelProto *model = read_model(out);
    ck_assert_ptr_nonnull(model);
    ck_assert_uint_eq(model->graph->n_initializer, 1);
    ck_assert_mem_eq(model->graph->initializer[0]->raw_data.data, ((float[]){3, 4}), 8);
    onnx__model_proto__free_unpacked(model, NULL);
    shop_close(&s);
}
END_TEST

// Layers that run on packs alone.
START_TEST(weights_that_are_packed_are_there)
{
    static const char *const layer[] = {
        "type: 'Deconvolution' convolution_param { num_output: 2 kernel_size: 3 stride: 2 bias_term: false }",
        "type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 bias_term: false }",
        "type: 'InnerProduct' inner_product_param { num_output: 2 bias_term: false }"};
    for (size_t i = 0; i < sizeof layer / sizeof *layer; i++) {
        exported x;
        char net[400];
        snprintf(net, sizeof net,
                 "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 16 dim: 5 "
                 "dim: 5 } } }"
                 "layer { name: 'l' bottom: 'data' top: 'l' %s }",
                 layer[i]);
        export(&x, net);
        ck_assert_msg(x.status == CREMA_OK, "%s", x.err.message);
        bool found = false;
        for (size_t k = 0; k < x.model->graph->n_initializer; k++)
            found |= x.model->graph->initializer[k]->raw_data.len >= 16 * 2 * 9 * sizeof(float);
        ck_assert_msg(found, "%s", layer[i]);
        end(&x);
    }
}
END_TEST

TEST_MAIN("convert/onnx", weights_that_are_packed_are_there, a_caffemodel_brings_its_weights_along,
          the_last_of_a_name_keeps_it, an_input_keeps_its_name, names_are_made_valid,
          the_model_says_what_it_is, pads_give_the_size_that_caffe_has,
          all_layers_without_equivalent_are_named, unknown_types_and_layers_of_training_are_named_too,
          sizes_that_are_known_later_have_names, a_shape_that_is_not_given_is_an_error,
          shared_weights_are_stored_once)
