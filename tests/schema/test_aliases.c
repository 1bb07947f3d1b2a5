#include "schema/aliases.h"
#include "tests/test.h"

START_TEST(an_alias_belongs_to_its_message)
{
    ck_assert_str_eq(cr_alias("ConvolutionParameter", "pad_t", 5), "pad_top");
    ck_assert_str_eq(cr_alias("ConvolutionParameter", "pad_b: 3", 5), "pad_bottom");
    ck_assert_str_eq(cr_alias("PoolingParameter", "pad_l", 5), "pad_left");
    ck_assert_str_eq(cr_alias("PadParameter", "pad_r", 5), "pad_right");
    ck_assert_str_eq(cr_alias("ConvolutionParameter", "hole_w", 6), "dilation_w");
    ck_assert_ptr_null(cr_alias("PoolingParameter", "hole", 4));
    ck_assert_ptr_null(cr_alias("ConvolutionParameter", "pad_top", 7));
    ck_assert_ptr_null(cr_alias("ConvolutionParameter", "pad_", 4));
    ck_assert_ptr_null(cr_alias("ConvolutionParameter", "", 0));
}
END_TEST

TEST_MAIN("schema/aliases", an_alias_belongs_to_its_message)
