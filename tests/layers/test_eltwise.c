#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

#define ELTWISE2(fields) "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'out' " fields " }"
#define ELTWISE3(fields) \
    "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' bottom: 'c' top: 'out' " fields " }"

START_TEST(sum_by_default)
{
    NET_CHECK(.net = ELTWISE3(""),
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)},
                     {"b", SHAPE(2, 2), VALUES(10, 20, 30, 40)},
                     {"c", SHAPE(2, 2), VALUES(100, 200, 300, 400)}},
              .out = {{"out", SHAPE(2, 2), VALUES(111, 222, 333, 444)}});
}
END_TEST

START_TEST(sum_adds_in_bottom_order)
{
    NET_CHECK(.net = ELTWISE3(""),
              .in = {{"a", SHAPE(2), VALUES(1e8f, 1)},
                     {"b", SHAPE(2), VALUES(-1e8f, 1e8f)},
                     {"c", SHAPE(2), VALUES(1, -1e8f)}},
              .out = {{"out", SHAPE(2), VALUES(1, 0)}});
}
END_TEST

START_TEST(sum_with_coefficients)
{
    NET_CHECK(.net = ELTWISE2("eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }"),
              .in = {{"a", SHAPE(2, 1), VALUES(1, 2)}, {"b", SHAPE(2, 1), VALUES(4, 8)}},
              .out = {{"out", SHAPE(2, 1), VALUES(-1, -2)}});
}
END_TEST

START_TEST(a_bottom_with_coefficient_0_is_not_read)
{
    NET_CHECK(.net = ELTWISE2("eltwise_param { coeff: 0 coeff: 2 }"),
              .in = {{"a", SHAPE(2), VALUES(NAN, INFINITY)}, {"b", SHAPE(2), VALUES(4, 8)}},
              .out = {{"out", SHAPE(2), VALUES(8, 16)}});
}
END_TEST

START_TEST(products)
{
    NET_CHECK(.net = ELTWISE3("eltwise_param { operation: PROD }"),
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, -3, 4)},
                     {"b", SHAPE(2, 2), VALUES(2, 2, 2, 0)},
                     {"c", SHAPE(2, 2), VALUES(0.5, 3, 1, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 12, -6, 0)}});
}
END_TEST

START_TEST(maxima)
{
    NET_CHECK(.net = ELTWISE3("eltwise_param { operation: MAX }"),
              .in = {{"a", SHAPE(2, 2), VALUES(1, 9, -3, -INFINITY)},
                     {"b", SHAPE(2, 2), VALUES(2, 2, -2, -INFINITY)},
                     {"c", SHAPE(2, 2), VALUES(3, 3, -9, -INFINITY)}},
              .out = {{"out", SHAPE(2, 2), VALUES(3, 9, -2, -INFINITY)}});
}
END_TEST

// a > b ? a : b, then a later one only if it is larger.
START_TEST(maxima_of_nan_are_those_of_caffe)
{
    NET_CHECK(.net = ELTWISE3("eltwise_param { operation: MAX }"),
              .in = {{"a", SHAPE(4), VALUES(NAN, 1, 1, NAN)},
                     {"b", SHAPE(4), VALUES(2, NAN, 2, NAN)},
                     {"c", SHAPE(4), VALUES(1, 3, NAN, 5)}},
              .out = {{"out", SHAPE(4), VALUES(2, NAN, 2, NAN)}});
}
END_TEST

START_TEST(in_place_and_the_same_bottom_twice)
{
    NET_CHECK(.net = "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'a' }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}, {"b", SHAPE(2, 2), VALUES(5, 6, 7, 8)}},
              .out = {{"a", SHAPE(2, 2), VALUES(6, 8, 10, 12)}});
    NET_CHECK(.net = "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'a' top: 'a' "
                     "eltwise_param { coeff: 2 coeff: 3 } }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"a", SHAPE(2, 2), VALUES(5, 10, 15, 20)}});
}
END_TEST

// More values than a block, a block's multiple and not, in more than one item.
START_TEST(all_lengths)
{
    static const int64_t n[] = {255, 256, 257, 8192, 20000};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        size_t count = 2 * (size_t)n[i];
        float *a = malloc(count * sizeof *a), *b = malloc(count * sizeof *b),
              *out = malloc(count * sizeof *out);
        for (size_t k = 0; k < count; k++) {
            a[k] = (float)k;
            b[k] = (float)(k % 7);
            out[k] = a[k] + b[k];
        }
        NET_CHECK(.net = ELTWISE2(""),
                  .in = {{"a", SHAPE(2, n[i]), a, count}, {"b", SHAPE(2, n[i]), b, count}},
                  .out = {{"out", SHAPE(2, n[i]), out, count}});
        for (size_t k = 0; k < count; k++)
            out[k] = a[k] > b[k] ? a[k] : b[k];
        NET_CHECK(.net = ELTWISE2("eltwise_param { operation: MAX }"),
                  .in = {{"a", SHAPE(2, n[i]), a, count}, {"b", SHAPE(2, n[i]), b, count}},
                  .out = {{"out", SHAPE(2, n[i]), out, count}});
        free(a);
        free(b);
        free(out);
    }
}
END_TEST

START_TEST(scalars_and_empty_blobs)
{
    NET_CHECK(.net = ELTWISE2(""), .in = {{"a", SCALAR, VALUES(1)}, {"b", SCALAR, VALUES(2)}},
              .out = {{"out", SCALAR, VALUES(3)}});
    NET_CHECK(.net = ELTWISE2(""), .in = {{"a", SHAPE(2, 0), NO_VALUES}, {"b", SHAPE(2, 0), NO_VALUES}},
              .out = {{"out", SHAPE(2, 0), NO_VALUES}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"e\" (Eltwise): coeff works with SUM only, not with PROD",
              .net = ELTWISE2("eltwise_param { operation: PROD coeff: @1 coeff: 1 }"),
              .in = {{"a", SHAPE(2), NO_VALUES}, {"b", SHAPE(2), NO_VALUES}});
    NET_FAILS("3 coeff for 2 bottoms; give none, or one for each",
              .net = ELTWISE2("eltwise_param { coeff: @1 coeff: 1 coeff: 1 }"),
              .in = {{"a", SHAPE(2), NO_VALUES}, {"b", SHAPE(2), NO_VALUES}});
    NET_FAILS("bottom \"a\" (2x3) and bottom \"b\" (2x1) must have one shape",
              .net = "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: @'b' top: 'out' }",
              .in = {{"a", SHAPE(2, 3), NO_VALUES}, {"b", SHAPE(2, 1), NO_VALUES}});
}
END_TEST

START_TEST(coefficients_of_max_are_a_warning)
{
    NET_CHECK(.net = ELTWISE2("eltwise_param { operation: MAX coeff: @5 coeff: 1 }"),
              .in = {{"a", SHAPE(2), VALUES(1, 2)}, {"b", SHAPE(2), VALUES(2, 1)}},
              .out = {{"out", SHAPE(2), VALUES(2, 2)}}, .warns = "coeff has no effect with MAX");
}
END_TEST

TEST_MAIN("layers/eltwise", sum_by_default, sum_adds_in_bottom_order, sum_with_coefficients,
          a_bottom_with_coefficient_0_is_not_read, products, maxima, maxima_of_nan_are_those_of_caffe,
          in_place_and_the_same_bottom_twice, all_lengths, scalars_and_empty_blobs, errors_name_the_field,
          coefficients_of_max_are_a_warning)
