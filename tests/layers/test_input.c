#include "tests/support/net.h"
#include "tests/test.h"

#define IN(fields) "layer { name: 'i' type: 'Input' top: 'a' " fields " } "
#define RELU "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' }"
#define X                               \
    {                                   \
        "x", SHAPE(1, 2), VALUES(-1, 1) \
    }

START_TEST(one_shape_for_each_top_or_one_for_all)
{
    const net_blob out[] = {{"out", SHAPE(1, 2), VALUES(0, 1)}};
    NET_CHECK(
            .net =
                "layer { name: 'i' type: 'Input' top: 'a' top: 'b' input_param { shape { dim: 2 } } } " RELU,
            .in = {X}, .out = {out[0], {"b", SHAPE(2), NO_VALUES}}, .contiguous_only = true);
    NET_CHECK(.net = "layer { name: 'i' type: 'Input' top: 'a' top: 'b' "
                     "input_param { shape { dim: 2 } shape { dim: 3 dim: 1 } } } " RELU,
              .in = {X}, .out = {out[0], {"a", SHAPE(2), NO_VALUES}, {"b", SHAPE(3, 1), NO_VALUES}},
              .contiguous_only = true);
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("dim -3 is negative", .net = IN("input_param { shape { dim: @-3 } }") RELU, .in = {X});
}
END_TEST

TEST_MAIN("layers/input", one_shape_for_each_top_or_one_for_all, wrong_shapes)
