#include "crema.h"
#include "tests/support/net.h"
#include "tests/test.h"

#include <string.h>

#define DUMMY(fields) \
    "layer { name: 'd' type: 'DummyData' top: 'a' top: 'b' dummy_data_param { " fields " } }"

START_TEST(shapes_and_constants)
{
    NET_CHECK(.net = DUMMY("shape { dim: 2 dim: 1 }"),
              .out = {{"a", SHAPE(2, 1), VALUES(0, 0)}, {"b", SHAPE(2, 1), VALUES(0, 0)}});
    NET_CHECK(.net = DUMMY("shape { dim: 2 } shape { dim: 1 dim: 1 } data_filler { value: 3 }"),
              .out = {{"a", SHAPE(2), VALUES(3, 3)}, {"b", SHAPE(1, 1), VALUES(3)}});
    NET_CHECK(.net = DUMMY(
                  "shape { dim: 2 } data_filler { value: 3 } data_filler { type: 'constant' value: 4 }"),
              .out = {{"a", SHAPE(2), VALUES(3, 3)}, {"b", SHAPE(2), VALUES(4, 4)}});
}
END_TEST

START_TEST(the_old_fields_give_four_axes)
{
    NET_CHECK(.net = DUMMY("num: 2 channels: 1 channels: 3 height: 1 width: 1"),
              .out = {{"a", SHAPE(2, 1, 1, 1), VALUES(0, 0)}, {"b", SHAPE(2, 3, 1, 1), NO_VALUES}});
}
END_TEST

// The values of a random top in the first and second forward, and again after a reset, by seed.
static void forwards(uint64_t seed, float first[8], float second[8])
{
    static const char net[] = DUMMY("shape { dim: 8 } data_filler { type: 'uniform' min: 1 max: 2 }");
    crema_error err;
    crema_context *context = crema_context_create(NULL, &err);
    crema_net_options options = {
        .struct_size = sizeof options, .net = {"net.prototxt", net, strlen(net)}, .seed = seed};
    crema_net *loaded = crema_net_load(context, &options, &err);
    ck_assert_msg(loaded != NULL, "%s", err.message);
    crema_runner *runner = crema_runner_create(loaded, NULL, &err);
    crema_blob a, b;
    float *values[] = {first, second, NULL};
    for (int i = 0; i < 3; i++) {
        if (i == 2)
            crema_runner_reset(runner);
        ck_assert_int_eq(crema_runner_forward(runner, &err), CREMA_OK);
        ck_assert_int_eq(crema_runner_blob(runner, "a", &a, &err), CREMA_OK);
        ck_assert_int_eq(crema_runner_blob(runner, "b", &b, &err), CREMA_OK);
        ck_assert(memcmp(a.data, b.data, 8 * sizeof(float)) != 0);
        if (values[i])
            memcpy(values[i], a.data, 8 * sizeof(float));
        else
            ck_assert(memcmp(a.data, first, 8 * sizeof(float)) == 0);
    }
    crema_runner_free(runner);
    crema_net_free(loaded);
    crema_context_free(context);
}

START_TEST(random_values_are_new_for_each_forward)
{
    float first[8], second[8], again[8], other[8], unused[8];
    forwards(1, first, second);
    forwards(1, again, unused);
    forwards(2, other, unused);
    for (int i = 0; i < 8; i++)
        ck_assert(first[i] >= 1 && first[i] <= 2);
    ck_assert(memcmp(first, second, sizeof first) != 0);
    ck_assert(memcmp(first, again, sizeof first) == 0);
    ck_assert(memcmp(first, other, sizeof first) != 0);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("has 0 shape for 2 tops", .net = "@layer { name: 'd' type: 'DummyData' top: 'a' top: 'b' }");
    NET_FAILS("has 3 shape for 2 tops; give one for all, or one for each",
              .net = DUMMY("shape { dim: 1 } @shape { dim: 1 } shape { dim: 1 }"));
    NET_FAILS("has 3 data_filler for 2 tops",
              .net = DUMMY("shape { dim: 1 } data_filler {} @data_filler {} data_filler {}"));
    NET_FAILS("shape and num both say",
              .net = DUMMY("shape { dim: 1 } num: @1 channels: 1 height: 1 width: 1"));
    NET_FAILS("has 0 width for 2 tops", .net = DUMMY("num: 1 channels: 1 height: 1"));
    NET_FAILS("dim -4 is negative", .net = DUMMY("shape { dim: @-4 }"));
    NET_FAILS("unknown filler type", .net = DUMMY("shape { dim: 1 } data_filler { type: @'noise' }"));
    NET_FAILS("too large", .net = DUMMY("num: 4294967295 channels: 4294967295 height: 4294967295 width: 1"));
}
END_TEST

TEST_MAIN("layers/dummy_data", shapes_and_constants, the_old_fields_give_four_axes,
          random_values_are_new_for_each_forward, wrong_fields)
