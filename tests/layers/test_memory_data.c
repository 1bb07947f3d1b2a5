#include "tests/support/net.h"
#include "tests/test.h"

#define MEMORY(fields) \
    "layer { name: 'm' type: 'MemoryData' top: 'data' top: 'label' memory_data_param { " fields " } } "

START_TEST(the_caller_feeds_pictures_and_labels)
{
    // inputs start as zeros
    NET_CHECK(
            .net = MEMORY(
                "batch_size: 2 channels: 1 height: 2 width: 3") "layer { name: 'p' type: 'Power' bottom: "
                                                                "'data' top: 'd' power_param { shift: 1 } }"
                                                                "layer { name: 'q' type: 'Power' bottom: "
                                                                "'label' top: 'l' power_param { shift: 2 } }",
            .out = {{"d", SHAPE(2, 1, 2, 3), VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)},
                    {"l", SHAPE(2), VALUES(2, 2)}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("memory_data_param is missing",
              .net = "@layer { name: 'm' type: 'MemoryData' top: 'data' top: 'label' }");
    NET_FAILS("channels is not given", .net = MEMORY("batch_size: 2 height: 2 width: 3"));
    NET_FAILS("width 0 is less than 1", .net = MEMORY("batch_size: 2 channels: 1 height: 2 width: @0"));
    NET_FAILS("has 1 tops; it takes exactly 2",
              .net =
                  "layer { name: 'm' type: 'MemoryData' top: @'data' memory_data_param { batch_size: 1 } }");
}
END_TEST

TEST_MAIN("layers/memory_data", the_caller_feeds_pictures_and_labels, wrong_fields)
