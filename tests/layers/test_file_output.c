#include "tests/support/net.h"
#include "tests/test.h"

#define X                               \
    {                                   \
        "x", SHAPE(1, 2), VALUES(-1, 1) \
    }
#define RELU "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' }"

START_TEST(they_write_nothing_and_say_so)
{
    NET_CHECK(.net = "@layer { name: 'h' type: 'HDF5Output' bottom: 'x' bottom: 'y' "
                     "hdf5_output_param { file_name: '/nowhere/x.h5' } }" RELU,
              .in = {X, {"y", SHAPE(1), NO_VALUES}}, .out = {{"out", SHAPE(1, 2), VALUES(0, 1)}},
              .warns = "writes no file");
    NET_CHECK(.net = "@layer { name: 'h' type: 'MatWrite' bottom: 'x' mat_write_param { prefix: '/nowhere/' "
                     "} }" RELU,
              .in = {X}, .out = {{"out", SHAPE(1, 2), VALUES(0, 1)}}, .warns = "writes no file");
}
END_TEST

START_TEST(they_have_no_tops)
{
    NET_FAILS("has 1 tops; it takes 0", .net = "layer { name: 'h' type: 'HDF5Output' bottom: 'x' top: @'y' }",
              .in = {X});
}
END_TEST

TEST_MAIN("layers/file_output", they_write_nothing_and_say_so, they_have_no_tops)
