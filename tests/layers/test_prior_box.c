#include "tests/support/net.h"
#include "tests/test.h"

#define PRIORS(fields)                                                                                    \
    "layer { name: 'p' type: 'PriorBox' bottom: 'map' bottom: 'img' top: 'out' prior_box_param { " fields \
    " } }"

#define MAP(h, w)                             \
    {"map", SHAPE(2, 3, h, w), NO_VALUES},    \
    {                                         \
        "img", SHAPE(2, 3, 10, 20), NO_VALUES \
    }

// Map 1x2 of a 10x20 picture: steps 10 and 10, middles (5, 5) and (15, 5); 4 wide is 0.2, 4 high is 0.4.
START_TEST(a_square_for_each_position)
{
    NET_CHECK(.net = PRIORS("min_size: 4"), .in = {MAP(1, 2)}, .tolerance = 1e-6, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 2, 8),
                       VALUES(0.15f, 0.3f, 0.35f, 0.7f, 0.65f, 0.3f, 0.85f, 0.7f, 0.1f, 0.1f, 0.1f, 0.1f,
                              0.1f, 0.1f, 0.1f, 0.1f)}});
}
END_TEST

// Middle (10, 5). Order: min, sqrt(min * max), ratio 4, ratio 1/4; then the next min_size.
START_TEST(order_of_sizes_and_ratios)
{
    NET_CHECK(.net = PRIORS("min_size: 4 min_size: 2 max_size: 9 max_size: 8 aspect_ratio: 4"),
              .in = {MAP(1, 1)}, .tolerance = 1e-6, .contiguous_only = true,
              .out = {
                  {"out", SHAPE(1, 2, 32),
                   VALUES(0.4f, 0.3f, 0.6f, 0.7f, 0.35f, 0.2f, 0.65f, 0.8f, 0.3f, 0.4f, 0.7f, 0.6f, 0.45f,
                          0.1f, 0.55f, 0.9f, 0.45f, 0.4f, 0.55f, 0.6f, 0.4f, 0.3f, 0.6f, 0.7f, 0.4f, 0.45f,
                          0.6f, 0.55f, 0.475f, 0.3f, 0.525f, 0.7f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f,
                          0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f,
                          0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f)}});
}
END_TEST

// 1 is there already, 4 twice counts once, 0.25 is the flip of 4.
START_TEST(equal_ratios_count_once)
{
    NET_CHECK(.net = PRIORS("min_size: 4 aspect_ratio: 1 aspect_ratio: 4 aspect_ratio: 4 aspect_ratio: 0.25"),
              .in = {MAP(1, 1)}, .contiguous_only = true, .out = {{"out", SHAPE(1, 2, 12), NO_VALUES}});
    NET_CHECK(.net = PRIORS("min_size: 4 aspect_ratio: 4 aspect_ratio: 0.25 flip: false"), .in = {MAP(1, 1)},
              .contiguous_only = true, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 2, 12),
                       VALUES(0.4f, 0.3f, 0.6f, 0.7f, 0.3f, 0.4f, 0.7f, 0.6f, 0.45f, 0.1f, 0.55f, 0.9f, 0.1f,
                              0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f)}});
}
END_TEST

START_TEST(sizes_are_cut_to_whole_numbers)
{
    NET_CHECK(.net = PRIORS("min_size: 4.9 max_size: 9.9"), .in = {MAP(1, 1)}, .tolerance = 1e-6,
              .contiguous_only = true,
              .out = {{"out", SHAPE(1, 2, 8),
                       VALUES(0.4f, 0.3f, 0.6f, 0.7f, 0.35f, 0.2f, 0.65f, 0.8f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f,
                              0.1f, 0.1f, 0.1f)}});
}
END_TEST

START_TEST(clip_variances_steps_and_a_given_picture)
{
    // Picture 8 high, 16 wide; middle ((0 + 0.25) * 8, (0 + 0.25) * 4) = (2, 1), size 4.
    NET_CHECK(.net = PRIORS("min_size: 4 clip: true variance: 1 variance: 2 variance: 3 variance: 4 img_h: 8 "
                            "img_w: 16 step_h: 4 step_w: 8 offset: 0.25"),
              .in = {MAP(1, 1)}, .tolerance = 1e-6, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 2, 4), VALUES(0, 0, 0.25f, 0.375f, 1, 2, 3, 4)}});
    NET_CHECK(.net = PRIORS("min_size: 4 variance: 0.5 img_size: 8 step: 4"), .in = {MAP(1, 1)},
              .tolerance = 1e-6, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 2, 4), VALUES(0, 0, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f)}});
}
END_TEST

#define FAILS(text, fields) NET_FAILS(text, .net = PRIORS(fields), .in = {MAP(1, 1)})

START_TEST(errors_name_the_field)
{
    FAILS("prior_box_param needs a min_size", "clip: true");
    FAILS("min_size must be above 0", "min_size: 3 min_size: @-1");
    FAILS("min_size must be above 0", "min_size: @nan");
    FAILS("max_size is given 1 times, min_size 2 times", "min_size: 1 min_size: 2 max_size: @3");
    FAILS("max_size 3 must be above its min_size 4", "min_size: 4 max_size: @3");
    FAILS("aspect_ratio must be above 0", "min_size: 4 aspect_ratio: @0");
    FAILS("variance is given 2 times; it must be 1 or 4", "min_size: 4 variance: @1 variance: 1");
    FAILS("variance must be above 0", "min_size: 4 variance: @0");
    FAILS("give img_size, or img_h and img_w", "min_size: 4 img_size: @4 img_h: 4 img_w: 4");
    FAILS("img_h and img_w must both be given", "min_size: 4 img_h: @4");
    FAILS("give step, or step_h and step_w", "min_size: 4 step: @4 step_h: 4 step_w: 4");
    FAILS("step_h and step_w must both be given", "min_size: 4 step_w: @4");
    FAILS("step must be above 0", "min_size: 4 step: @0");
    NET_FAILS(
        "bottom \"map\" has no height and width",
        .net = "layer { name: 'p' type: 'PriorBox' bottom: @'map' bottom: 'img' top: 'out' prior_box_param "
               "{ min_size: 4 } }",
        .in = {MAP(0, 1)});
}
END_TEST

TEST_MAIN("layers/prior_box", a_square_for_each_position, order_of_sizes_and_ratios, equal_ratios_count_once,
          sizes_are_cut_to_whole_numbers, clip_variances_steps_and_a_given_picture, errors_name_the_field)
