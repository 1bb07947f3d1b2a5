#include "tests/support/net.h"
#include "tests/test.h"

#define ACCURACY(fields) "layer { name: 'a' type: 'Accuracy' bottom: 'x' bottom: 'y' top: 'out' " fields " }"
#define X                                                   \
    {                                                       \
        "x", SHAPE(3, 3), VALUES(1, 3, 2, 5, 4, 6, 7, 9, 8) \
    }

START_TEST(share_of_the_best)
{
    NET_CHECK(.net = ACCURACY(""), .in = {X, {"y", SHAPE(3), VALUES(1, 0, 1)}},
              .out = {{"out", SCALAR, VALUES(2 / 3.f)}});
    NET_CHECK(.net = ACCURACY("accuracy_param { top_k: 2 }"), .in = {X, {"y", SHAPE(3), VALUES(2, 1, 0)}},
              .out = {{"out", SCALAR, VALUES(1 / 3.f)}});
    NET_CHECK(.net = ACCURACY("accuracy_param { top_k: 3 }"), .in = {X, {"y", SHAPE(3), VALUES(2, 1, 0)}},
              .out = {{"out", SCALAR, VALUES(1)}});
}
END_TEST

START_TEST(ties_count_against)
{
    NET_CHECK(.net = ACCURACY(""),
              .in = {{"x", SHAPE(2, 2), VALUES(1, 1, 1, 1)}, {"y", SHAPE(2), VALUES(0, 1)}},
              .out = {{"out", SCALAR, VALUES(0)}});
    NET_CHECK(.net = ACCURACY("accuracy_param { top_k: 2 }"),
              .in = {{"x", SHAPE(2, 3), VALUES(1, 1, 0, 1, 1, 1)}, {"y", SHAPE(2), VALUES(0, 1)}},
              .out = {{"out", SCALAR, VALUES(0.5)}});
}
END_TEST

START_TEST(ignored_labels)
{
    NET_CHECK(.net = ACCURACY("accuracy_param { ignore_label: 255 }"),
              .in = {X, {"y", SHAPE(3), VALUES(1, 255, 0)}}, .out = {{"out", SCALAR, VALUES(0.5)}});
    NET_CHECK(.net = ACCURACY("accuracy_param { ignore_label: 0 }"),
              .in = {X, {"y", SHAPE(3), VALUES(0, 0, 0)}}, .out = {{"out", SCALAR, VALUES(0)}});
}
END_TEST

START_TEST(by_class)
{
    NET_CHECK(.net = "layer { name: 'a' type: 'Accuracy' bottom: 'x' bottom: 'y' top: 'out' top: 'per' }",
              .in = {X, {"y", SHAPE(3), VALUES(1, 0, 1)}},
              .out = {{"out", SCALAR, VALUES(2 / 3.f)}, {"per", SHAPE(3), VALUES(0, 1, 0)}});
}
END_TEST

START_TEST(along_an_axis)
{
    // positions: class scores (1, 4), (3, 2)
    NET_CHECK(.net = ACCURACY("accuracy_param { axis: 1 }"),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(1, 3, 4, 2)}, {"y", SHAPE(1, 1, 2), VALUES(1, 1)}},
              .out = {{"out", SCALAR, VALUES(0.5)}});
    // classes last: (1, 3), (4, 2)
    NET_CHECK(.net = ACCURACY("accuracy_param { axis: -1 }"),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(1, 3, 4, 2)}, {"y", SHAPE(2), VALUES(1, 0)}},
              .out = {{"out", SCALAR, VALUES(1)}});
}
END_TEST

START_TEST(wrong_input)
{
    NET_FAILS("top_k 4 is more than the 3 classes", .net = ACCURACY("accuracy_param { top_k: @4 }"),
              .in = {X, {"y", SHAPE(3), NO_VALUES}});
    NET_FAILS("axis 5 is out of range", .net = ACCURACY("accuracy_param { axis: @5 }"),
              .in = {X, {"y", SHAPE(3), NO_VALUES}});
    NET_FAILS("\"y\" has 2 labels", .net = ACCURACY(""), .in = {X, {"y", SHAPE(2), NO_VALUES}});
    NET_FAILS("label 3 (value 2", .net = ACCURACY(""), .in = {X, {"y", SHAPE(3), VALUES(0, 1, 3)}},
              .when_run = true);
}
END_TEST

TEST_MAIN("layers/accuracy", share_of_the_best, ties_count_against, ignored_labels, by_class, along_an_axis,
          wrong_input)
