#include "tests/support/net.h"
#include "tests/test.h"

START_TEST(what_it_takes_is_no_output)
{
    NET_CHECK(.net = "layer { name: 'p' type: 'Power' bottom: 'x' top: 'label' }"
                     "layer { name: 'q' type: 'Power' bottom: 'x' top: 'out' power_param { scale: 2 } }"
                     "layer { name: 's' type: 'Silence' bottom: 'label' bottom: 'x' }",
              .in = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(2, 4, 6, 8)}});
}
END_TEST

START_TEST(it_has_no_tops)
{
    NET_FAILS("top", .net = "layer { name: 's' type: 'Silence' bottom: 'x' top: @'out' }",
              .in = {{"x", SHAPE(1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/silence", what_it_takes_is_no_output, it_has_no_tops)
