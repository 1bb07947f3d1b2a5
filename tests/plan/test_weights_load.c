/*
 * Values that come and go: what stays in memory, what is read again, packs by several threads, and what goes wrong.
 */
#include "crema.pb-c.h"
#include "layers/filler.h"
#include "plan/plan.h"
#include "plan/weights_state.h"
#include "read/message.h"
#include "run/runner.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

typedef struct net {
    cr_arena arena;
    cr_graph graph;
    cr_weights *weights;
    cr_err err;
} net;

static int n_progress, stop_at; // calls of the callbacks

static void on_progress(void *user, const char *what, double fraction)
{
    (void)user;
    ck_assert_str_eq(what, "loading weights");
    ck_assert(fraction >= 0 && fraction <= 1);
    n_progress++;
}

static int on_cancel(void *user)
{
    (void)user;
    return stop_at > 0 && --stop_at == 0;
}

static void open_net(net *n, const char *text, const crema_file *weights)
{
    memset(n, 0, sizeof *n);
    crema_file file = {"net.prototxt", text, strlen(text)};
    cr_message m;
    cr_graph_options options = {0};
    cr_weights_options w = {.allow_missing = true,
                            .files = weights,
                            .n_files = weights != NULL,
                            .seed = 7,
                            .progress = on_progress,
                            .cancel = on_cancel};
    cr_status status =
        cr_read_message(&n->graph.arena, &file, &crema__net_parameter__descriptor, NULL, &m, &n->err);
    if (status == CREMA_OK)
        status = cr_graph_build(&n->graph, (Crema__NetParameter *)m.root, m.notes, &options, &n->err);
    if (status == CREMA_OK)
        status = cr_weights_open(&n->weights, &n->graph, &w, &n->err);
    ck_assert_msg(status == CREMA_OK, "%s", n->err.message);
}

static void close_net(net *n)
{
    cr_weights_free(n->weights);
    cr_graph_free(&n->graph);
}

static cr_status try_plan(net *n, cr_plan **plan, int threads, const char *algorithm)
{
    cr_plan_options options = {
        .input = n->graph.input_shape, .threads = threads, .conv_algorithm = algorithm};
    return cr_plan_create(plan, &n->graph, n->weights, &options, &n->err);
}

static cr_plan *make_plan(net *n, int threads, const char *algorithm)
{
    cr_plan *plan;
    ck_assert_msg(try_plan(n, &plan, threads, algorithm) == CREMA_OK, "%s", n->err.message);
    return plan;
}

static void check_bytes(const net *n, size_t values, size_t packs)
{
    size_t have_values, have_packs;
    cr_weights_bytes(n->weights, &have_values, &have_packs);
    ck_assert_uint_eq(have_values, values);
    ck_assert_uint_eq(have_packs > 0, packs > 0);
    ck_assert_uint_ge(have_packs, packs);
}

static const float *value(net *n, int layer)
{
    cr_shape shape;
    const float *values = NULL;
    ck_assert_msg(cr_weights_value(n->weights, layer, 0, &shape, &values, &n->err) == CREMA_OK, "%s",
                  n->err.message);
    return values;
}

#define DATA(c, h, w)                                                                                      \
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: " c " dim: " h " dim: " w \
    " } } }\n"
#define CONV(name, in, out, n, k, pad, more)                                             \
    "layer { name: '" name "' type: 'Convolution' bottom: '" in "' top: '" out "' " more \
    " convolution_param { num_output: " n " kernel_size: " k " pad: " pad                \
    " weight_filler { type: 'xavier' } bias_filler { type: 'constant' value: 1 } } }\n"

enum { A_FLOATS = 32 * 16 * 9, A_BYTES = A_FLOATS * 4, BIAS_BYTES = 32 * 4 };
#define ONE_CONV DATA("16", "8", "8") CONV("a", "x", "y", "32", "3", "1", "")

static ww stored(float first)
{
    static float weights[A_FLOATS], bias[32];
    for (int i = 0; i < A_FLOATS; i++)
        weights[i] = first + (float)i;
    ww w = {0};
    ww_layer(&w, "a", "Convolution");
    ww_blob(&w, 4, (int64_t[]){32, 16, 3, 3}, weights);
    ww_blob(&w, 1, (int64_t[]){32}, bias);
    return w;
}

START_TEST(values_of_a_pack_are_not_kept_and_are_read_again)
{
    ww w = stored(5);
    crema_file file = ww_file(&w);
    net n;
    open_net(&n, ONE_CONV, &file);
    check_bytes(&n, 0, 0);
    cr_plan *plan = make_plan(&n, 1, NULL);
    check_bytes(&n, BIAS_BYTES, A_BYTES);
    ck_assert_ptr_nonnull(plan->step[0].pack);
    ck_assert_ptr_null(plan->step[0].blob[0]);
    // A plan that reads them as they are holds them as long as it lives.
    cr_plan *plain = make_plan(&n, 1, "im2col"), *again = make_plan(&n, 1, "im2col");
    check_bytes(&n, A_BYTES + BIAS_BYTES, A_BYTES);
    ck_assert_ptr_eq(plain->step[0].blob[0], again->step[0].blob[0]);
    ck_assert(plain->step[0].blob[0][A_FLOATS - 1] == 5 + A_FLOATS - 1);
    cr_plan_unref(plain);
    check_bytes(&n, A_BYTES + BIAS_BYTES, A_BYTES);
    cr_plan_unref(again);
    check_bytes(&n, BIAS_BYTES, A_BYTES);
    // The same pack is found.
    cr_plan *same = make_plan(&n, 1, NULL);
    ck_assert_ptr_eq(same->step[0].pack, plan->step[0].pack);
    cr_plan_unref(same);
    // Who asks for values may keep the pointer.
    const float *values = value(&n, 1);
    ck_assert(values[1] == 6);
    cr_plan_unref(make_plan(&n, 1, "im2col"));
    ck_assert_ptr_eq(values, value(&n, 1));
    check_bytes(&n, A_BYTES + BIAS_BYTES, A_BYTES);
    cr_plan_unref(plan);
    close_net(&n);
    ww_free(&w);
}
END_TEST

START_TEST(filled_values_are_the_same_when_they_are_made_again)
{
    net n;
    open_net(&n, ONE_CONV, NULL);
    cr_plan *plan = make_plan(&n, 1, "im2col");
    float kept[A_FLOATS];
    memcpy(kept, plan->step[0].blob[0], sizeof kept);
    cr_plan_unref(plan);
    check_bytes(&n, BIAS_BYTES, 0);
    ck_assert_mem_eq(value(&n, 1), kept, sizeof kept);
    ck_assert(kept[0] != kept[1]);
    close_net(&n);
}
END_TEST

static void wait_for_a_new_time(const char *path, const struct stat *before)
{
    struct stat st;
    do {
        ww w = stored(9);
        ww_save(&w, path);
        ww_free(&w);
        ck_assert_int_eq(stat(path, &st), 0);
    } while (st.st_mtim.tv_sec == before->st_mtim.tv_sec && st.st_mtim.tv_nsec == before->st_mtim.tv_nsec);
}

START_TEST(a_file_that_changed_is_not_read_again)
{
    folder dir;
    folder_make(&dir);
    const char *path = folder_path(&dir, "a.caffemodel");
    ww w = stored(5);
    ww_save(&w, path);
    ww_free(&w);
    struct stat before;
    ck_assert_int_eq(stat(path, &before), 0);
    crema_file file = {.path = path};
    net n;
    open_net(&n, ONE_CONV, &file);
    cr_plan *plan = make_plan(&n, 1, NULL), *other;
    wait_for_a_new_time(path, &before);
    ck_assert_int_eq(try_plan(&n, &other, 1, "im2col"), CREMA_ERR_IO);
    ck_assert_str_eq(n.err.message, "changed since it was opened; load it again");
    cr_shape shape;
    const float *values;
    ck_assert_int_eq(cr_weights_value(n.weights, 1, 0, &shape, &values, &n.err), CREMA_ERR_IO);
    check_bytes(&n, BIAS_BYTES, A_BYTES);   // nothing half-read is left
    cr_plan *same = make_plan(&n, 1, NULL); // needs nothing from the file
    cr_plan_unref(same);
    cr_plan_unref(plan);
    close_net(&n);
    folder_remove(&dir);
}
END_TEST

START_TEST(shared_values_are_packed_by_each_and_read_by_all)
{
    net n;
    open_net(&n,
             DATA("16", "8", "8") CONV("a", "x", "y", "16", "3", "1", "param { name: 'w' }")
                 CONV("b", "y", "z", "16", "3", "1", "param { name: 'w' }"),
             NULL);
    enum { BYTES = 16 * 16 * 9 * 4, BIAS = 2 * 16 * 4 };
    cr_plan *plan = make_plan(&n, 2, NULL);
    check_bytes(&n, BIAS, 2 * BYTES);
    ck_assert_ptr_ne(plan->step[0].pack, plan->step[1].pack);
    cr_plan *plain = make_plan(&n, 2, "im2col");
    check_bytes(&n, BYTES + BIAS, 2 * BYTES);
    ck_assert_ptr_eq(plain->step[0].blob[0], plain->step[1].blob[0]);
    cr_plan_unref(plain);
    check_bytes(&n, BIAS, 2 * BYTES);
    ck_assert_ptr_eq(value(&n, 1), value(&n, 2));
    cr_plan_unref(plan);
    close_net(&n);
}
END_TEST

static const char *const several =
    DATA("64", "12", "12") CONV("a", "x", "a", "128", "3", "1", "") CONV("b", "a", "b", "96", "3", "1", "")
        CONV("c", "b", "c", "130", "1", "0", "") CONV("d", "c", "d", "64", "3", "1", "")
            CONV("e", "d", "e", "64", "1", "0", "") CONV("f", "e", "f", "17", "5", "2", "");

static const cr_pack *pack_of(const net *n, int layer)
{
    const cr_pack *p = n->weights->packs;
    while (p && p->layer != layer)
        p = p->next;
    return p;
}

START_TEST(packs_have_the_same_bytes_for_any_number_of_threads)
{
    net one, more;
    open_net(&one, several, NULL);
    cr_plan *plan = make_plan(&one, 1, NULL);
    for (int threads = 2; threads <= 5; threads++) {
        open_net(&more, several, NULL);
        n_progress = 0;
        cr_plan *other = make_plan(&more, threads, NULL);
        ck_assert_int_ge(n_progress, 1);
        for (int layer = 1; layer <= 6; layer++) {
            const cr_pack *a = pack_of(&one, layer), *b = pack_of(&more, layer);
            ck_assert_ptr_nonnull(a);
            ck_assert_ptr_nonnull(b);
            ck_assert_uint_eq(a->bytes, b->bytes);
            ck_assert_mem_eq(a->data, b->data, a->bytes);
        }
        cr_plan_unref(other);
        close_net(&more);
    }
    cr_plan_unref(plan);
    close_net(&one);
}
END_TEST

// A Deconvolution is packed whole: weights that no staging buffer takes are read in slices.
START_TEST(large_blobs_that_are_packed_whole_are_read_in_slices)
{
    enum { OUT = 2100, IN = 4096 };
    size_t count = (size_t)OUT * IN;
    float *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(i % 8191);
    ww w = {0};
    ww_layer(&w, "a", "Deconvolution");
    ww_blob(&w, 4, (int64_t[]){IN, OUT, 1, 1}, values);
    crema_file file = ww_file(&w);
    net kept, read;
    const char *text = DATA("4096", "2", "2") "layer { name: 'a' type: 'Deconvolution' bottom: 'x' top: 'y' "
                                              "convolution_param { num_output: 2100 kernel_size: 1 "
                                              "bias_term: false } }";
    open_net(&kept, text, &file);
    open_net(&read, text, &file);
    cr_plan *from_memory, *plan = make_plan(&read, 2, NULL);
    cr_plan_options options = {.input = kept.graph.input_shape, .threads = 1, .keep_blobs = true};
    ck_assert_int_eq(cr_plan_create(&from_memory, &kept.graph, kept.weights, &options, &kept.err), CREMA_OK);
    check_bytes(&read, 0, count * sizeof *values);
    ck_assert_mem_eq(from_memory->step[0].pack, plan->step[0].pack, pack_of(&read, 1)->bytes);
    cr_plan_unref(from_memory);
    cr_plan_unref(plan);
    close_net(&kept);
    close_net(&read);
    ww_free(&w);
    free(values);
}
END_TEST

// Weights of more than one slice, read as they are and, in parts of some rows, into a pack.
START_TEST(large_blobs_are_read_in_parts)
{
    enum { OUT = 4096, IN = 2100 };
    size_t count = (size_t)OUT * IN;
    float *values = malloc(count * sizeof *values), *bias = calloc(OUT, sizeof *bias);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(i % 8191);
    ww w = {0};
    ww_layer(&w, "a", "Convolution");
    ww_blob(&w, 4, (int64_t[]){OUT, IN, 1, 1}, values);
    ww_blob(&w, 1, (int64_t[]){OUT}, bias);
    crema_file file = ww_file(&w);
    net n;
    open_net(&n, DATA("2100", "2", "2") CONV("a", "x", "y", "4096", "1", "0", ""), &file);
    cr_plan *plan = make_plan(&n, 3, "im2col"), *packed;
    ck_assert_mem_eq(plan->step[0].blob[0], values, count * sizeof *values);
    cr_plan_unref(plan);
    packed = make_plan(&n, 2, "pointwise");
    void *expected = malloc(pack_of(&n, 1)->bytes);
    memcpy(expected, packed->step[0].pack, pack_of(&n, 1)->bytes);
    cr_plan_unref(packed);
    close_net(&n);
    // the same pack from values that are in memory
    open_net(&n, DATA("2100", "2", "2") CONV("a", "x", "y", "4096", "1", "0", ""), &file);
    plan = make_plan(&n, 1, "im2col");
    packed = make_plan(&n, 1, "pointwise");
    ck_assert_mem_eq(packed->step[0].pack, expected, pack_of(&n, 1)->bytes);
    cr_plan_unref(packed);
    cr_plan_unref(plan);
    close_net(&n);
    ww_free(&w);
    free(expected);
    free(values);
    free(bias);
}
END_TEST

// Winograd's pack is four times the weights; the others round up to whole panels.
START_TEST(little_memory_means_packs_of_the_size_of_the_weights)
{
    net n;
    open_net(&n, several, NULL);
    cr_plan_options options = {.input = n.graph.input_shape, .threads = 2, .small_memory = true};
    cr_plan *plan, *fast = make_plan(&n, 2, NULL);
    ck_assert_str_eq(fast->step[0].implementation, "winograd");
    size_t values, before, after, weights = 0;
    cr_weights_bytes(n.weights, &values, &before);
    ck_assert_int_eq(cr_plan_create(&plan, &n.graph, n.weights, &options, &n.err), CREMA_OK);
    cr_weights_bytes(n.weights, &values, &after);
    for (int i = 0; i < plan->n_steps; i++) {
        ck_assert_str_ne(plan->step[i].implementation, "winograd");
        weights += (size_t)cr_shape_count(&plan->step[i].blob_shape[0]) * sizeof(float);
    }
    ck_assert_uint_gt(before, 2 * weights);
    ck_assert_uint_le(after - before, weights + weights / 4);
    cr_plan_unref(plan);
    cr_plan_unref(fast);
    close_net(&n);
}
END_TEST

START_TEST(loading_can_be_cancelled_at_any_time)
{
    int n_stopped = 0;
    cr_status status;
    for (int at = 1; at < 100; at++) {
        net n;
        open_net(&n, several, NULL);
        cr_plan *plan;
        stop_at = at;
        status = try_plan(&n, &plan, 2, NULL);
        n_stopped += status == CREMA_ERR_CANCELLED;
        ck_assert(status == CREMA_OK || status == CREMA_ERR_CANCELLED);
        if (status != CREMA_OK) {
            stop_at = 0;
            plan = make_plan(&n, 2, NULL); // nothing half-made is taken for whole
            ck_assert_ptr_nonnull(plan->step[0].pack);
        }
        cr_plan_unref(plan);
        close_net(&n);
    }
    ck_assert_int_ge(n_stopped, 7); // each bind, and at least one pack
    stop_at = 0;
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(no_allocation_may_fail_unnoticed)
{
    net n;
    int failed = 0;
    for (int64_t at = 0;; at++) {
        open_net(&n, several, NULL);
        cr_plan *plan;
        cr_test_fail_alloc(at);
        cr_status status = try_plan(&n, &plan, 2, NULL);
        cr_test_fail_alloc(-1);
        if (status == CREMA_OK) {
            cr_plan_unref(plan);
            close_net(&n);
            break;
        }
        ck_assert_int_eq(status, CREMA_ERR_MEMORY);
        ck_assert_ptr_null(plan);
        ck_assert_uint_eq(n.weights->pack_bytes, 0);
        failed++;
        close_net(&n);
    }
    ck_assert_int_gt(failed, 15);
}
END_TEST
#endif

TEST_MAIN("plan/weights_load", values_of_a_pack_are_not_kept_and_are_read_again,
          filled_values_are_the_same_when_they_are_made_again, a_file_that_changed_is_not_read_again,
          shared_values_are_packed_by_each_and_read_by_all,
          packs_have_the_same_bytes_for_any_number_of_threads, large_blobs_are_read_in_parts,
          large_blobs_that_are_packed_whole_are_read_in_slices,
          little_memory_means_packs_of_the_size_of_the_weights,
          loading_can_be_cancelled_at_any_time TEST_ALLOC(no_allocation_may_fail_unnoticed))
