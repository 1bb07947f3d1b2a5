#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define PARAMETER(fields) "layer { name: 'p' type: 'Parameter' top: 'out' parameter_param { " fields " } }"

START_TEST(its_blob_is_the_top)
{
    ww w = layer_weights("p", "Parameter", (net_blob[]){{"values", SHAPE(2, 2), VALUES(1, 2, 3, 4)}, {0}});
    NET_CHECK(.net = PARAMETER("shape { dim: 2 dim: 2 }"), .out = {{"out", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(zeros_without_a_file)
{
    NET_CHECK(.net = PARAMETER("shape { dim: 3 }"), .out = {{"out", SHAPE(3), VALUES(0, 0, 0)}});
    NET_CHECK(.net = "layer { name: 'p' type: 'Parameter' top: 'out' }", .out = {{"out", SCALAR, VALUES(0)}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("dim -1 is negative", .net = PARAMETER("shape { dim: 3 dim: @-1 }"));
    NET_FAILS("a shape of 9 axes is too long",
              .net = PARAMETER("shape { dim: [1, 1, 1, 1, 1, 1, 1, 1, @1] }"));
    NET_FAILS("too large", .net = PARAMETER("shape { dim: 9223372036854775807 dim: 9223372036854775807 }"));
}
END_TEST

TEST_MAIN("layers/parameter", its_blob_is_the_top, zeros_without_a_file, wrong_fields)
