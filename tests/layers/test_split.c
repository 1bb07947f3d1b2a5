#include "tests/support/net.h"
#include "tests/test.h"

START_TEST(every_top_is_the_bottom)
{
    NET_CHECK(.net = "layer { name: 's' type: 'Split' bottom: 'a' top: 'x' top: 'y' }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}, {"y", SHAPE(2, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

START_TEST(a_top_changed_in_place_leaves_the_others_alone)
{
    NET_CHECK(.net = "layer { name: 's' type: 'Split' bottom: 'a' top: 'x' top: 'y' }"
                     "layer { name: 'e' type: 'Eltwise' bottom: 'x' bottom: 'x' top: 'x' }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"x", SHAPE(2, 2), VALUES(2, 4, 6, 8)}, {"y", SHAPE(2, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

TEST_MAIN("layers/split", every_top_is_the_bottom, a_top_changed_in_place_leaves_the_others_alone)
