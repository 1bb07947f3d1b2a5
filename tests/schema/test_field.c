// Fields of any message, by descriptor.
#include "crema.pb-c.h"
#include "schema/field.h"
#include "tests/test.h"

START_TEST(fields_are_set_and_cleared_by_descriptor)
{
    cr_arena arena = {0};
    ProtobufCMessage *m = cr_message_new(&arena, &crema__convolution_parameter__descriptor);
    const Crema__ConvolutionParameter *c = (const Crema__ConvolutionParameter *)m;
    const ProtobufCFieldDescriptor *bias = cr_field_find(m, "bias_term"), *pad = cr_field_find(m, "pad"),
                                   *filler = cr_field_find(m, "weight_filler");
    ck_assert_ptr_null(cr_field_find(m, "pads"));
    ck_assert(!cr_field_is_set(m, bias) && !cr_field_is_set(m, pad) && !cr_field_is_set(m, filler));
    *(protobuf_c_boolean *)cr_field_add(&arena, m, bias) = 0;
    for (uint32_t i = 0; i < 3; i++)
        *(uint32_t *)cr_field_add(&arena, m, pad) = i + 5;
    *(ProtobufCMessage **)cr_field_add(&arena, m, filler) =
        cr_message_new(&arena, &crema__filler_parameter__descriptor);
    ck_assert(c->has_bias_term && !c->bias_term && c->n_pad == 3 && c->pad[2] == 7 && c->weight_filler);
    ck_assert_uint_eq(cr_field_count(m, pad), 3);
    ck_assert_uint_eq(*(uint32_t *)cr_field_value(m, pad, 1), 6);
    const ProtobufCMessage *f = &c->weight_filler->base;
    ck_assert(!cr_field_is_set(f, cr_field_find(f, "type"))); // the default does not count
    cr_field_clear(m, bias);
    cr_field_clear(m, pad);
    cr_field_clear(m, filler);
    ck_assert(!c->has_bias_term && c->bias_term && c->n_pad == 0 && !c->pad && !c->weight_filler);
    *(char **)cr_field_add(&arena, (ProtobufCMessage *)f, cr_field_find(f, "type")) =
        cr_arena_strdup(&arena, "x");
    ck_assert(cr_field_is_set(f, cr_field_find(f, "type")));
    cr_field_clear((ProtobufCMessage *)f, cr_field_find(f, "type"));
    ck_assert(!cr_field_is_set(f, cr_field_find(f, "type")));
    cr_arena_free(&arena);
}
END_TEST

TEST_MAIN("schema/field", fields_are_set_and_cleared_by_descriptor)
