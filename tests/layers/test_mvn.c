#include "tests/support/net.h"
#include "tests/test.h"

#define MVN(fields) "layer { name: 'm' type: 'MVN' bottom: 'x' top: 'out' mvn_param { " fields " } }"
#define X                                                    \
    {                                                        \
        "x", SHAPE(2, 2, 2), VALUES(1, 3, 5, 9, 0, 8, -2, 2) \
    }

START_TEST(each_channel_of_each_image_is_normalized)
{
    NET_CHECK(.net = "layer { name: 'm' type: 'MVN' bottom: 'x' top: 'out' }", .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(-1, 1, -1, 1, -1, 1, -1, 1)}});
}
END_TEST

START_TEST(without_the_variance_only_the_mean_goes)
{
    NET_CHECK(.net = MVN("normalize_variance: false"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(-1, 1, -2, 2, -4, 4, -2, 2)}});
}
END_TEST

// Deviations are 1, 2, 4 and 2; in the variance eps 2 would make them sqrt(3), ...
START_TEST(eps_is_added_to_the_deviation)
{
    NET_CHECK(.net = MVN("eps: 2"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2),
                       VALUES(-1 / 3.0f, 1 / 3.0f, -0.5, 0.5, -2 / 3.0f, 2 / 3.0f, -0.5, 0.5)}});
}
END_TEST

START_TEST(across_channels_an_image_is_one_group)
{
    NET_CHECK(.net = MVN("across_channels: true normalize_variance: false"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(-3.5, -1.5, 0.5, 4.5, -2, 6, -4, 0)}});
    NET_CHECK(.net = MVN("across_channels: true"), .in = {{"x", SHAPE(2, 2, 1), VALUES(1, 5, 2, 2)}},
              .tolerance = 1e-6, .out = {{"out", SHAPE(2, 2, 1), VALUES(-1, 1, 0, 0)}});
}
END_TEST

START_TEST(few_axes_leave_groups_of_one_value)
{
    NET_CHECK(.net = MVN(""), .in = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0, 0, 0, 0)}});
    NET_CHECK(.net = MVN(""), .in = {{"x", SHAPE(2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(2), VALUES(0, 0)}});
    NET_CHECK(.net = MVN(""), .in = {{"x", SHAPE(2, 0, 3), NO_VALUES}},
              .out = {{"out", SHAPE(2, 0, 3), NO_VALUES}});
}
END_TEST

START_TEST(a_large_mean_leaves_the_variance_alone)
{
    NET_CHECK(.net = MVN(""), .in = {{"x", SHAPE(1, 1, 2), VALUES(1000001, 1000003)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 1, 2), VALUES(-1, 1)}});
}
END_TEST

TEST_MAIN("layers/mvn", each_channel_of_each_image_is_normalized, without_the_variance_only_the_mean_goes,
          eps_is_added_to_the_deviation, across_channels_an_image_is_one_group,
          few_axes_leave_groups_of_one_value, a_large_mean_leaves_the_variance_alone)
