#include "crema.pb-c.h"
#include "read/message.h"
#include "read/wire.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

typedef struct result {
    cr_arena arena;
    Crema__NetParameter *net;
    cr_notes *notes;
    cr_wire_report report;
    cr_err err;
    int n_logs;
    char log[400]; // the last line
} result;

static void keep_log(void *user, crema_log_level level, const char *sentence)
{
    result *r = user;
    (void)level;
    r->n_logs++;
    snprintf(r->log, sizeof r->log, "%s", sentence);
}

static cr_status read_bytes(result *r, const void *data, size_t size, const char *dialect)
{
    memset(r, 0, sizeof *r);
    cr_log log = {keep_log, r};
    cr_file file;
    cr_file_open(&file, &(crema_file){.path = "n", .data = data, .size = size}, NULL);
    cr_builder *b = cr_builder_create(&r->arena, &crema__net_parameter__descriptor, "n", &log, false);
    if (!b)
        return CREMA_ERR_MEMORY;
    cr_read_options options = {.log = &log};
    cr_status status = cr_read_wire_file(b, &r->arena, &file, dialect ? cr_dialect_find(dialect, NULL) : NULL,
                                         &options, &r->report, &r->err);
    if (status == CREMA_OK) {
        r->net = (Crema__NetParameter *)cr_builder_finish(b, &r->notes, &r->err);
        return r->net ? CREMA_OK : r->err.status;
    }
    return status;
}

static void read_ok(result *r, ww *w)
{
    ww_done(w);
    cr_status status = read_bytes(r, w->data, w->size, NULL);
    ck_assert_msg(status == CREMA_OK, "%s", r->err.message);
    ww_free(w);
}

static void done(result *r)
{
    cr_arena_free(&r->arena);
}

// A layer whose block is begun.
static ww block(const char *type, uint32_t number)
{
    ww w = {0};
    ww_layer(&w, "a", type);
    ww_begin(&w, number);
    return w;
}

START_TEST(all_kinds_of_fields)
{
    ww w = {0};
    result r;
    ww_net(&w, "net");
    ww_int(&w, 5, 1);
    ww_layer(&w, "conv", "Convolution");
    ww_string(&w, 3, "x");
    ww_string(&w, 3, "y");
    ww_float(&w, 5, 0.5f);
    ww_begin(&w, 106);
    ww_int(&w, 1, 64);
    ww_int(&w, 3, 1);
    ww_int(&w, 3, 2);
    ww_bytes(&w, 4, "\x03\x85\x01", 3); // packed 3, 133
    ww_int(&w, 15, 2);
    ww_int(&w, 16, -1);
    ww_begin(&w, 7);
    ww_string(&w, 1, "msra");
    ww_float(&w, 6, 0.25f);
    ww_end(&w);
    ww_end(&w);
    read_ok(&r, &w);
    ck_assert_str_eq(r.net->name, "net");
    ck_assert(r.net->has_force_backward && r.net->force_backward);
    ck_assert_uint_eq(r.net->n_layer, 1);
    Crema__LayerParameter *layer = r.net->layer[0];
    ck_assert_uint_eq(layer->n_bottom, 2);
    ck_assert_str_eq(layer->bottom[1], "y");
    ck_assert(layer->n_loss_weight == 1 && layer->loss_weight[0] == 0.5f);
    Crema__ConvolutionParameter *p = layer->convolution_param;
    ck_assert_uint_eq(p->num_output, 64);
    ck_assert(p->n_pad == 2 && p->pad[0] == 1 && p->pad[1] == 2);
    ck_assert(p->n_kernel_size == 2 && p->kernel_size[0] == 3 && p->kernel_size[1] == 133);
    ck_assert_int_eq((int)p->engine, 2);
    ck_assert_int_eq(p->axis, -1);
    ck_assert_str_eq(p->weight_filler->type, "msra");
    ck_assert(p->weight_filler->std == 0.25f);
    ck_assert_str_eq(r.report.dialect->name, "base");
    ck_assert_uint_eq(r.report.n_skipped, 0);
    ck_assert_int_eq(r.n_logs, 0);
    done(&r);
}
END_TEST

START_TEST(floats_packed_single_and_many)
{
    enum { N = 1300 };
    static float values[N];
    for (int i = 0; i < N; i++)
        values[i] = (float)i / 7;
    ww w = {0};
    result r;
    ww_layer(&w, "a", "b");
    ww_begin(&w, 7);
    ww_floats(&w, 5, 3, values);
    ww_floats_unpacked(&w, 5, N - 4, values + 3);
    ww_floats(&w, 5, 0, values);
    ww_floats(&w, 5, 1, values + N - 1);
    ww_double(&w, 8, 0.1);
    ww_bytes(&w, 8, &(double){0.2}, 8);
    ww_dims(&w, 7, 1, (int64_t[]){N});
    ww_floats_unpacked(&w, 6, 1, values + 1);
    read_ok(&r, &w);
    Crema__BlobProto *blob = r.net->layer[0]->blobs[0];
    ck_assert_uint_eq(blob->n_data, N);
    ck_assert_mem_eq(blob->data, values, sizeof values);
    ck_assert(blob->n_double_data == 2 && blob->double_data[0] == 0.1 && blob->double_data[1] == 0.2);
    ck_assert_int_eq(blob->shape->dim[0], N);
    ck_assert(blob->n_diff == 1 && blob->diff[0] == values[1]);
    done(&r);
}
END_TEST

START_TEST(numbers_of_odd_length)
{
    ww w = block("Flatten", 135);
    result r;
    ww_tag(&w, 1, 0);
    ww_varint(&w, 0xFFFFFFFF); // -1 in five bytes
    ww_tag(&w, 2, 0);
    ww_raw(&w, "\x83\x80\x00", 3); // 3, with empty bytes
    read_ok(&r, &w);
    ck_assert_int_eq(r.net->layer[0]->flatten_param->axis, -1);
    ck_assert_int_eq(r.net->layer[0]->flatten_param->end_axis, 3);
    done(&r);
}
END_TEST

START_TEST(given_twice_is_legal)
{
    ww w = block("Pooling", 121);
    result r;
    ww_int(&w, 2, 3);
    ww_int(&w, 2, 5);
    ww_end(&w);
    ww_begin(&w, 121);
    ww_int(&w, 3, 2);
    read_ok(&r, &w);
    ck_assert_uint_eq(r.net->layer[0]->pooling_param->kernel_size, 5);
    ck_assert_uint_eq(r.net->layer[0]->pooling_param->stride, 2);
    ck_assert_int_eq(r.n_logs, 0);
    done(&r);
}
END_TEST

START_TEST(what_does_not_fit_is_noted_and_skipped)
{
    ww w = {0};
    result r;
    ww_layer(&w, "conv", "Convolution");
    ww_int(&w, 3, 7);           // bottom is a string
    ww_int(&w, 2999, 1);        // nobody's number
    ww_string(&w, 5, "odd");    // three bytes of floats
    ww_string(&w, 135, "\x0e"); // flatten_param with wire type 6
    ww_begin(&w, 106);
    ww_int(&w, 1, 1LL << 32); // too large
    ww_int(&w, 15, 77);       // no such engine
    ww_bytes(&w, 3, "\x01\x82", 2);
    ww_int(&w, 5, 4);
    ww_end(&w);
    ww_bytes(&w, 4, "t\0p", 3);
    read_ok(&r, &w);
    Crema__LayerParameter *layer = r.net->layer[0];
    ck_assert_uint_eq(layer->n_bottom + layer->n_top + layer->n_loss_weight, 0);
    ck_assert_ptr_null(layer->flatten_param);
    ck_assert(!layer->convolution_param->has_num_output && !layer->convolution_param->has_engine);
    ck_assert_uint_eq(layer->convolution_param->n_pad, 0);
    ck_assert_uint_eq(layer->convolution_param->group, 4);
    ck_assert_uint_eq(r.report.n_skipped, 8);
    const cr_unknown *u = cr_notes_unknown(r.notes, layer);
    ck_assert_str_eq(u->name, "bottom");
    ck_assert_str_eq(u->next->name, "2999");
    ck_assert_str_eq(cr_notes_unknown(r.notes, layer->convolution_param)->name, "num_output");
    ck_assert_int_eq(r.n_logs, 1);
    ck_assert_str_eq(r.log, "n: 8 fields are not known and without effect, the first: field 3 (bottom) of "
                            "LayerParameter in layer \"conv\"");
    done(&r);
}
END_TEST

static void refuse(ww *w, const char *sentence)
{
    result r;
    ww_done(w);
    ck_assert_int_eq(read_bytes(&r, w->data, w->size, NULL), CREMA_ERR_INPUT);
    ck_assert_msg(strstr(r.err.message, sentence), "%s", r.err.message);
    done(&r);
    ww_free(w);
}

START_TEST(damaged_framing_is_an_error)
{
    ww w = {0};
    ww_layer(&w, "conv", "Convolution");
    ww_tag(&w, 3, 6);
    refuse(&w, "layer \"conv\": field 3 has wire type 6");
    ww_layer(&w, "conv", "Convolution");
    ww_begin(&w, 7);
    ww_tag(&w, 5, 2);
    ww_varint(&w, 100);
    refuse(&w, "layer \"conv\": field 5 has 100 bytes");
    ww_layer(&w, "conv", "Convolution");
    ww_done(&w);
    w.size--;
    refuse(&w, "field 100 has ");
}
END_TEST

START_TEST(a_forks_numbers)
{
    ww w = {0};
    result r;
    ww_layer(&w, "roi", "ROIPooling"); // Fast R-CNN
    ww_begin(&w, 8266711);
    ww_int(&w, 1, 7);
    ww_int(&w, 2, 7);
    ww_float(&w, 3, 0.0625f);
    read_ok(&r, &w);
    ck_assert_uint_eq(r.net->layer[0]->roi_pooling_param->pooled_h, 7);
    ck_assert_str_eq(r.report.dialect->name, "fast-rcnn");
    ck_assert_ptr_nonnull(strstr(r.log, "is read with the field numbers of fast-rcnn"));
    ck_assert_uint_eq(r.report.n_skipped, 0);
    done(&r);

    w = block("Interp", 143); // PSPNet: input_param elsewhere
    ww_int(&w, 3, 8);
    read_ok(&r, &w);
    ck_assert_str_eq(r.report.dialect->name, "pspnet");
    ck_assert_int_eq(r.net->layer[0]->interp_param->zoom_factor, 8);
    ck_assert_ptr_null(r.net->layer[0]->input_param);
    done(&r);

    w = (ww){0}; // a value of an enum
    ww_layer(&w, "conv", "Convolution");
    ww_begin(&w, 106);
    ww_int(&w, 29, 1);
    ww_end(&w);
    ww_layer(&w, "e", "Eltwise");
    ww_begin(&w, 110);
    ww_int(&w, 1, 3);
    read_ok(&r, &w);
    ck_assert_str_eq(r.report.dialect->name, "synopsys");
    ck_assert_uint_eq(r.net->layer[0]->convolution_param->pad_bottom, 1); // there: pad_b
    ck_assert_int_eq((int)r.net->layer[1]->eltwise_param->operation,
                     CREMA__ELTWISE_PARAMETER__ELTWISE_OP__DIV);
    done(&r);
}
END_TEST

START_TEST(a_dialect_can_be_forced)
{
    ww w = block("Interp", 143);
    result r;
    ww_int(&w, 3, 8);
    ww_done(&w);
    ck_assert_int_eq(read_bytes(&r, w.data, w.size, "base"), CREMA_OK);
    ck_assert_ptr_null(r.net->layer[0]->interp_param);
    ck_assert_ptr_nonnull(r.net->layer[0]->input_param);
    ck_assert_uint_eq(r.report.n_skipped, 1);
    done(&r);
    ww_free(&w);
}
END_TEST

START_TEST(our_own_numbers)
{
    ww w = block("Convolution", 106);
    result r;
    ww_int(&w, 2001, 2);
    ww_int(&w, 2004, 3);
    ww_end(&w);
    ww_begin(&w, 3012); // interp_param
    ww_int(&w, 3, 8);
    read_ok(&r, &w);
    ck_assert_str_eq(r.report.dialect->name, "base");
    ck_assert_int_eq((int)r.net->layer[0]->convolution_param->pad_rule, CREMA__PAD_RULE__SAME);
    ck_assert_uint_eq(r.net->layer[0]->convolution_param->pad_top, 3);
    ck_assert_int_eq(r.net->layer[0]->interp_param->zoom_factor, 8);
    done(&r);
}
END_TEST

START_TEST(many_messages_and_many_strangers)
{
    ww w = {0};
    result r;
    for (int i = 0; i < (1 << 20) + 2; i++)
        ww_string(&w, 8, "");
    refuse(&w, "more than 1048576 messages");
    for (int i = 0; i < 20000; i++)
        ww_int(&w, 2999, 1);
    read_ok(&r, &w);
    size_t n = 0;
    for (const cr_unknown *u = cr_notes_unknown(r.notes, r.net); u; u = u->next)
        n++;
    ck_assert_uint_eq(n, 10000);
    ck_assert_uint_eq(r.report.n_skipped, 20000);
    done(&r);
}
END_TEST

static void everything(ww *w)
{
    static const float values[] = {1, 2, 3};
    ww_net(w, "net");
    ww_dims(w, 8, 2, (int64_t[]){1, 3});
    ww_layer(w, "conv", "Convolution");
    ww_string(w, 3, "x");
    ww_begin(w, 106);
    ww_int(w, 1, 64);
    ww_bytes(w, 4, "\x03\x05", 2);
    ww_int(w, 15, 1);
    ww_begin(w, 7);
    ww_string(w, 1, "msra");
    ww_end(w);
    ww_end(w);
    ww_blob(w, 1, (int64_t[]){3}, values);
    ww_begin(w, 8);
    ww_int(w, 1, 1);
    ww_string(w, 4, "stage");
    ww_done(w);
    ww_layer(w, "roi", "ROIPooling");
    ww_begin(w, 8266711);
    ww_int(w, 1, 7);
    ww_end(w);
    ww_begin(w, 7);
    ww_floats_unpacked(w, 5, 3, values);
    ww_double(w, 8, 1);
    ww_done(w);
}

static cr_status try(const unsigned char *data, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    result r;
    memcpy(copy, data, size);
    cr_status status = read_bytes(&r, copy, size, NULL);
    ck_assert(status == CREMA_OK || r.err.message[0]);
    done(&r);
    free(copy);
    return status;
}

START_TEST(a_file_cut_anywhere)
{
    ww w = {0};
    int whole = 0;
    everything(&w);
    ck_assert_int_eq(try(w.data, w.size), CREMA_OK);
    for (size_t n = 0; n < w.size; n++)
        whole += try(w.data, n) == CREMA_OK;
    ck_assert_int_eq(whole, 4); // nothing, the name, the shape, the first layer
    ww_free(&w);
}
END_TEST

START_TEST(flipped_bytes)
{
    ww w = {0};
    everything(&w);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 3000; i++) {
        unsigned char *copy = malloc(w.size);
        memcpy(copy, w.data, w.size);
        for (int k = 0; k < 1 + i % 3; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            copy[random % w.size] = (unsigned char)(random >> 32);
        }
        try(copy, w.size);
        free(copy);
    }
    ww_free(&w);
}
END_TEST

START_TEST(bytes_in_memory)
{
    ww w = {0};
    everything(&w);
    cr_arena arena = {0};
    cr_notes *notes;
    cr_err err;
    cr_builder *b = cr_builder_create(&arena, &crema__net_parameter__descriptor, "n", NULL, true);
    ck_assert_int_eq(cr_read_wire(b, "n", w.data, w.size, NULL, &err), CREMA_OK);
    Crema__NetParameter *net = (Crema__NetParameter *)cr_builder_finish(b, &notes, &err);
    ck_assert_uint_eq(net->n_layer, 2);
    cr_arena_free(&arena);
    ww_free(&w);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory)
{
    ww w = {0};
    everything(&w);
    for (int n = 0;; n++) {
        result r;
        cr_test_fail_alloc(n);
        cr_status status = read_bytes(&r, w.data, w.size, NULL);
        cr_test_fail_alloc(-1);
        done(&r);
        if (status == CREMA_OK)
            break;
        ck_assert_int_eq(status, CREMA_ERR_MEMORY);
    }
    ww_free(&w);
}
END_TEST
#endif

TEST_MAIN("read/wire", all_kinds_of_fields, floats_packed_single_and_many, numbers_of_odd_length,
          given_twice_is_legal, what_does_not_fit_is_noted_and_skipped, damaged_framing_is_an_error,
          a_forks_numbers, a_dialect_can_be_forced, our_own_numbers, many_messages_and_many_strangers,
          a_file_cut_anywhere, flipped_bytes, bytes_in_memory TEST_ALLOC(out_of_memory))
