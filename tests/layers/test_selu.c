#include "tests/support/net.h"
#include "tests/test.h"

#define SELU(type, block) "layer { name: 's' type: '" type "' bottom: 'x' top: 'out' " block " }"

START_TEST(has_the_constants_of_its_paper)
{
    NET_CHECK(.net = SELU("SeLU", ""), .in = {{"x", SHAPE(2, 2), VALUES(1, 0, -1, -100)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(1.0507010f, 0, -1.1113307f, -1.7580993f)}});
}
END_TEST

START_TEST(constants_may_be_given)
{
    NET_CHECK(.net = SELU("SeLU", "selu_param { alpha: 3 lambda: 2 }"),
              .in = {{"x", SHAPE(1, 2), VALUES(1, -100)}}, .out = {{"out", SHAPE(1, 2), VALUES(2, -6)}});
}
END_TEST

START_TEST(other_spellings)
{
    NET_CHECK(.net = SELU("SeLu", ""), .in = {{"x", SHAPE(1, 1), VALUES(0)}},
              .out = {{"out", SHAPE(1, 1), VALUES(0)}});
    NET_CHECK(.net = SELU("SELU", ""), .in = {{"x", SHAPE(1, 1), VALUES(0)}},
              .out = {{"out", SHAPE(1, 1), VALUES(0)}});
}
END_TEST

TEST_MAIN("layers/selu", has_the_constants_of_its_paper, constants_may_be_given, other_spellings)
