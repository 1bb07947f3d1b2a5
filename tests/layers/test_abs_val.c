#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define ABS "layer { name: 'a' type: 'AbsVal' bottom: 'x' top: 'out' }"

START_TEST(signs_go_away)
{
    NET_CHECK(.net = ABS, .in = {{"x", SHAPE(2, 2, 1), VALUES(-1, 2, 0, -INFINITY)}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(1, 2, 0, INFINITY)}});
    NET_CHECK(.net = ABS, .in = {{"x", SCALAR, VALUES(-3)}}, .out = {{"out", SCALAR, VALUES(3)}});
}
END_TEST

TEST_MAIN("layers/abs_val", signs_go_away)
