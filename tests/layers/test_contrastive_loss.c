#include "tests/support/net.h"
#include "tests/test.h"

#define LOSS(fields) \
    "layer { name: 'l' type: 'ContrastiveLoss' bottom: 'a' bottom: 'b' bottom: 'y' top: 'out' " fields " }"
// squared distances 25, 0.25, 4
#define IN(...)                                                                                       \
    {                                                                                                 \
        {"a", SHAPE(3, 2), VALUES(3, 4, 0.5, 0, 2, 1)}, {"b", SHAPE(3, 2), VALUES(0, 0, 0, 0, 0, 1)}, \
        {                                                                                             \
            "y", SHAPE(3), VALUES(__VA_ARGS__)                                                        \
        }                                                                                             \
    }
#define OUT(v) .out = {{"out", SCALAR, VALUES(v)}}, .tolerance = 1e-6

START_TEST(similar_pairs_and_others)
{
    NET_CHECK(.net = LOSS(""), .in = IN(1, 0, 0), OUT((25 + 0.25 + 0) / 6));
    NET_CHECK(.net = LOSS("contrastive_loss_param { margin: 3 }"), .in = IN(0, 0, 0),
              OUT((0 + 6.25 + 1) / 6));
    NET_CHECK(.net = LOSS(""), .in = IN(1, 0.9f, -1), OUT((25 + 0.25 + 4) / 6)); // 0.9 is 0, -1 is similar
}
END_TEST

START_TEST(the_legacy_version_takes_the_square)
{
    NET_CHECK(.net = LOSS("contrastive_loss_param { margin: 3 legacy_version: true }"), .in = IN(1, 0, 0),
              OUT((25 + 2.75 + 0) / 6));
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS(
        "bottom \"y\" (0) must have one value for each of the 1 entries",
        .net = "layer { name: 'l' type: 'ContrastiveLoss' bottom: 'a' bottom: 'b' bottom: @'y' top: 'out' }",
        .in = {{"a", SHAPE(1, 2), NO_VALUES}, {"b", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(0), NO_VALUES}});
    NET_FAILS(
        "must have as many values", .net = LOSS(""),
        .in = {{"a", SHAPE(1, 2), NO_VALUES}, {"b", SHAPE(1, 3), NO_VALUES}, {"y", SHAPE(1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/contrastive_loss", similar_pairs_and_others, the_legacy_version_takes_the_square,
          wrong_shapes)
