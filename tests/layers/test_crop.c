#include "tests/support/net.h"
#include "tests/test.h"

#define CROP(fields) "layer { name: 'c' type: 'Crop' bottom: 'a' bottom: 'like' top: 'out' " fields " }"

// Two images, two channels, 3x3: the value says image, channel, row, column.
static const float v[] = {0,    1,    2,    10,   11,   12,   20,   21,   22,   100,  101,  102,
                          110,  111,  112,  120,  121,  122,  1000, 1001, 1002, 1010, 1011, 1012,
                          1020, 1021, 1022, 1100, 1101, 1102, 1110, 1111, 1112, 1120, 1121, 1122};
#define A                             \
    {                                 \
        "a", SHAPE(2, 2, 3, 3), v, 36 \
    }

START_TEST(rows_and_columns_by_default)
{
    NET_CHECK(.net = CROP(""), .in = {A, {"like", SHAPE(2, 2, 1, 2), NO_VALUES}},
              .out = {{"out", SHAPE(2, 2, 1, 2), VALUES(0, 1, 100, 101, 1000, 1001, 1100, 1101)}});
}
END_TEST

// The sizes in front of the axis are those of bottom 0, whatever bottom 1 has there.
START_TEST(axes_in_front_stay)
{
    NET_CHECK(.net = CROP("crop_param { offset: 1 }"), .in = {A, {"like", SHAPE(7, 5, 1, 2), NO_VALUES}},
              .out = {{"out", SHAPE(2, 2, 1, 2), VALUES(11, 12, 111, 112, 1011, 1012, 1111, 1112)}});
}
END_TEST

START_TEST(an_offset_for_each_axis)
{
    NET_CHECK(.net = CROP("crop_param { offset: 2 offset: 1 }"),
              .in = {A, {"like", SHAPE(1, 1, 1, 2), NO_VALUES}},
              .out = {{"out", SHAPE(2, 2, 1, 2), VALUES(21, 22, 121, 122, 1021, 1022, 1121, 1122)}});
}
END_TEST

START_TEST(any_axis)
{
    NET_CHECK(.net = CROP("crop_param { axis: 1 offset: 1 offset: 0 offset: 2 }"),
              .in = {A, {"like", SHAPE(1, 1, 2, 1), NO_VALUES}},
              .out = {{"out", SHAPE(2, 1, 2, 1), VALUES(102, 112, 1102, 1112)}});
    NET_CHECK(.net = CROP("crop_param { axis: 0 offset: 1 offset: 0 offset: 2 offset: 0 }"),
              .in = {A, {"like", SHAPE(1, 2, 1, 2), NO_VALUES}},
              .out = {{"out", SHAPE(1, 2, 1, 2), VALUES(1020, 1021, 1120, 1121)}});
    NET_CHECK(.net = CROP("crop_param { axis: -1 offset: 2 }"),
              .in = {A, {"like", SHAPE(1, 1, 1, 1), NO_VALUES}},
              .out = {{"out", SHAPE(2, 2, 3, 1),
                       VALUES(2, 12, 22, 102, 112, 122, 1002, 1012, 1022, 1102, 1112, 1122)}});
}
END_TEST

START_TEST(equal_sizes_crop_nothing)
{
    NET_CHECK(.net = CROP(""), .in = {A, {"like", SHAPE(2, 2, 3, 3), NO_VALUES}},
              .out = {{"out", SHAPE(2, 2, 3, 3), v, 36}});
}
END_TEST

START_TEST(bottom_1_may_have_more_axes)
{
    NET_CHECK(.net = CROP("crop_param { axis: 1 }"),
              .in = {{"a", SHAPE(1, 3), VALUES(1, 2, 3)}, {"like", SHAPE(1, 2, 5), NO_VALUES}},
              .out = {{"out", SHAPE(1, 2), VALUES(1, 2)}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"c\" (Crop): axis 4 is out of range", .net = CROP("crop_param { axis: @4 }"),
              .in = {A, {"like", SHAPE(1, 1, 1, 1), NO_VALUES}});
    NET_FAILS("3 offsets: none, one, or one for each of the 2 axes from 2 on are possible",
              .net = CROP("crop_param { offset: @0 offset: 0 offset: 0 }"),
              .in = {A, {"like", SHAPE(1, 1, 1, 1), NO_VALUES}});
    NET_FAILS("axis 3: size 2 from offset 2 does not fit into the 3 of bottom \"a\"",
              .net = CROP("crop_param { offset: 1 offset: @2 }"),
              .in = {A, {"like", SHAPE(1, 1, 2, 2), NO_VALUES}});
    NET_FAILS("axis 2: size 4 from offset 0 does not fit into the 3 of bottom \"a\"", .net = "@" CROP(""),
              .in = {A, {"like", SHAPE(1, 1, 4, 2), NO_VALUES}});
    NET_FAILS("axis 2: size 1 from offset 4294967295 does not fit",
              .net = CROP("crop_param { offset: @4294967295 }"),
              .in = {A, {"like", SHAPE(1, 1, 1, 1), NO_VALUES}});
    NET_FAILS("bottom \"like\" has 3 axes, too few to give sizes for the 4 of bottom \"a\"",
              .net = "layer { name: 'c' type: 'Crop' bottom: 'a' bottom: @'like' top: 'out' }",
              .in = {A, {"like", SHAPE(1, 1, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/crop", rows_and_columns_by_default, axes_in_front_stay, an_offset_for_each_axis, any_axis,
          equal_sizes_crop_nothing, bottom_1_may_have_more_axes, errors_name_the_field)
