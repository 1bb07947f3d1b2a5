#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define NMS(fields) "layer { name: 'n' type: 'Nms' bottom: 'map' top: 'out' nms_param { " fields " } }"

// Maps of 5 x 6. The first has a peak of 4 in the middle and a lower neighbour of 2; the second two peaks by
// eight neighbours, and one in row 1, which does not count.
static const float maps[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 4, 2, 0, 0, 0,
                             0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0,
                             9, 0, 0, 0, 3, 0, 0, 0, 0, 0, -100, 0, 5, 0, 0, 0, 0, 0, 0, 0};

// Peak (3, 2): x (3 * 4 + 4 * 2) / 6.
START_TEST(weighted_places_of_eight_neighbours)
{
    NET_CHECK(.net = NMS("num_parts: 1 max_peaks: 2"), .in = {{"map", SHAPE(1, 1, 5, 6), maps, 30}},
              .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(1, 0, 0, 20 / 6.f, 2, 4, 0, 0, 0)}});
}
END_TEST

// Peaks (2, 2) and (4, 3); all that is positive lies within 3 of both: x (4*9 + 2*3 + 4*5) / 17.
START_TEST(the_count_is_of_all_peaks)
{
    NET_CHECK(.net = NMS("num_parts: 2 max_peaks: 1 threshold: 1"),
              .in = {{"map", SHAPE(1, 2, 5, 6), maps, 60}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 2, 2, 3),
                       VALUES(1, 0, 0, 20 / 6.f, 2, 4, 2, 0, 0, 62 / 17.f, (9 + 6 + 15) / 17.f, 3)}});
}
END_TEST

START_TEST(more_maps_than_parts_and_images)
{
    NET_CHECK(.net = NMS("num_parts: 1 max_peaks: 1 threshold: 4"),
              .in = {{"map", SHAPE(1, 2, 5, 6), maps, 60}},
              .out = {{"out", SHAPE(1, 1, 2, 3), VALUES(0, 0, 0, 0, 0, 0)}});
    NET_CHECK(.net = NMS("num_parts: 1 max_peaks: 1"), .in = {{"map", SHAPE(2, 1, 5, 6), maps, 60}},
              .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 1, 2, 3),
                       VALUES(1, 0, 0, 20 / 6.f, 2, 4, 2, 0, 0, 62 / 17.f, 30 / 17.f, 3)}});
}
END_TEST

// One map, no num_parts: four neighbours, 0 outside, the place itself.
START_TEST(the_first_version)
{
    NET_CHECK(.net = NMS("threshold: 1"), .in = {{"map", SHAPE(1, 1, 2, 3), VALUES(5, 4, 4.5f, 2, 4.2f, 1)}},
              .out = {{"out", SHAPE(1, 1, 101, 3), NO_VALUES}});
    NET_CHECK(.net = NMS("threshold: 1 num_peak: 2"),
              .in = {{"map", SHAPE(1, 1, 2, 3), VALUES(5, 4, 4.5f, 2, 4.2f, NAN)}},
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(1, 0, 0, 0, 0, 5, 0, 0, 0)}});
}
END_TEST

START_TEST(errors)
{
    NET_FAILS("num_parts is 3, but bottom \"map\" has 2 maps", .net = NMS("num_parts: @3"),
              .in = {{"map", SHAPE(1, 2, 5, 6), NO_VALUES}});
    NET_FAILS("bottom \"map\" is 5x6; maps have 4 axes", .net = NMS(""),
              .in = {{"map", SHAPE(5, 6), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/nms", weighted_places_of_eight_neighbours, the_count_is_of_all_peaks,
          more_maps_than_parts_and_images, the_first_version, errors)
