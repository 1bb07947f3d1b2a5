#include "tests/support/net.h"
#include "tests/test.h"

START_TEST(an_engine_loads_and_is_not_run)
{
    NET_CHECK(.net = "@layer { name: 't' type: 'TRT' bottom: 'x' top: 'a' } "
                     "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), VALUES(-1, 1)}}, .out = {{"out", SHAPE(1, 2), VALUES(0, 1)}},
              .warns = "is a TensorRT engine, which is not run");
}
END_TEST

START_TEST(who_reads_its_tops_can_not_run)
{
    NET_FAILS("is made by layer \"t\" (TRT), which is not run",
              .net = "layer { name: 't' type: 'TRT' bottom: 'x' top: 'a' } "
                     "layer { name: 'r' type: 'ReLU' bottom: @'a' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/trt", an_engine_loads_and_is_not_run, who_reads_its_tops_can_not_run)
