#include "crema.pb-c.h"
#include "read/dialects.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

#define NET (&crema__net_parameter__descriptor)
#define LAYER (&crema__layer_parameter__descriptor)

// A message type of the schema by its short name, looking through all messages below the net.
static const ProtobufCMessageDescriptor *find_type(const ProtobufCMessageDescriptor *from, const char *name)
{
    if (strcmp(from->short_name, name) == 0)
        return from;
    for (unsigned i = 0; i < from->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &from->fields[i];
        const ProtobufCMessageDescriptor *found =
            f->type == PROTOBUF_C_TYPE_MESSAGE ? find_type(f->descriptor, name) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

// Whether any enum of that name has the row's value in the dialect; several messages have a PoolMethod.
static bool has_value(const cr_dialect *d, const ProtobufCMessageDescriptor *from, const cr_dialect_row *row)
{
    uint64_t ours;
    for (unsigned i = 0; i < from->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &from->fields[i];
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && has_value(d, f->descriptor, row))
            return true;
        if (f->type == PROTOBUF_C_TYPE_ENUM &&
            strcmp(((const ProtobufCEnumDescriptor *)f->descriptor)->short_name, row->message) == 0 &&
            cr_dialect_enum(d, f->descriptor, row->number, &ours))
            return true;
    }
    return false;
}

static void check_row(const cr_dialect *d, const cr_dialect_row *row)
{
    if (row->look == CR_LOOK_ENUM) {
        ck_assert_msg(has_value(d, NET, row), "%s: %s %u", d->name, row->message, row->number);
        return;
    }
    const ProtobufCMessageDescriptor *type = strcmp(row->message, "SolverParameter") == 0
                                                 ? &crema__solver_parameter__descriptor
                                                 : find_type(NET, row->message);
    ck_assert_msg(type != NULL, "%s: %s", d->name, row->message);
    cr_meaning meaning = cr_dialect_field(d, type, row->number);
    ck_assert_str_eq(meaning.name, row->name);
    if (!meaning.field)
        return;
    static const cr_wire_type wire[] = {CR_WIRE_VARINT, CR_WIRE_FIXED32, CR_WIRE_BYTES};
    cr_wire_field f = {.number = row->number, .type = wire[row->look], .bits = 0};
    bool fits = cr_dialect_fits(d, meaning.field, &f);
    ck_assert_msg(fits || meaning.field->type == PROTOBUF_C_TYPE_ENUM, "%s: %s %u", d->name, row->message,
                  row->number);
}

START_TEST(rows_agree_with_the_schema)
{
    ck_assert_str_eq(cr_dialects[0].name, "base");
    ck_assert_uint_eq(cr_dialects[0].n_rows, 0);
    for (size_t i = 0; i < cr_n_dialects; i++) {
        const cr_dialect *d = &cr_dialects[i];
        ck_assert_ptr_eq(cr_dialect_find(d->name, NULL), d);
        for (size_t k = 0; k < d->n_rows; k++) {
            check_row(d, &d->rows[k]);
            for (size_t j = 0; j < k; j++)
                ck_assert(d->rows[j].number != d->rows[k].number ||
                          strcmp(d->rows[j].message, d->rows[k].message) != 0);
        }
    }
}
END_TEST

START_TEST(names)
{
    const char *nearest = NULL;
    ck_assert_str_eq(cr_dialect_find("INTEL", NULL)->name, "intel");
    ck_assert_ptr_null(cr_dialect_find("intell", &nearest));
    ck_assert_str_eq(nearest, "intel");
    ck_assert_ptr_null(cr_dialect_find("something else", &nearest));
    ck_assert_ptr_null(nearest);
}
END_TEST

START_TEST(lookups)
{
    const cr_dialect *base = &cr_dialects[0], *intel = cr_dialect_find("intel", NULL);
    ck_assert_str_eq(cr_dialect_field(base, LAYER, 147).name, "swish_param");
    ck_assert_str_eq(cr_dialect_field(intel, LAYER, 147).name, "swish_param");
    ck_assert_str_eq(cr_dialect_field(base, LAYER, 148).name, "clip_param");
    ck_assert_str_eq(cr_dialect_field(intel, LAYER, 148).name, "smooth_l1_loss_param");
    ck_assert_ptr_null(cr_dialect_field(base, LAYER, 158).name);
    cr_meaning stranger = cr_dialect_field(intel, LAYER, 155);
    ck_assert_ptr_null(stranger.field);
    ck_assert_str_eq(stranger.name, "spatial_dropout_param");
    // The same number by another wire type: relu in Intel's, pad_type in SYNOPSYS's.
    const ProtobufCMessageDescriptor *conv = &crema__convolution_parameter__descriptor;
    ck_assert_str_eq(cr_dialect_field(intel, conv, 19).field->name, "relu");
    ck_assert_str_eq(cr_dialect_field(cr_dialect_find("synopsys", NULL), conv, 26).field->name, "pad_left");
}
END_TEST

START_TEST(values_of_enums)
{
    const ProtobufCEnumDescriptor *op = &crema__eltwise_parameter__eltwise_op__descriptor;
    uint64_t ours;
    ck_assert(cr_dialect_enum(&cr_dialects[0], op, 2, &ours));
    ck_assert_uint_eq(ours, CREMA__ELTWISE_PARAMETER__ELTWISE_OP__MAX);
    ck_assert(!cr_dialect_enum(&cr_dialects[0], op, 3, &ours));
    ck_assert(!cr_dialect_enum(&cr_dialects[0], op, -1, &ours));
    ck_assert(!cr_dialect_enum(&cr_dialects[0], op, 1LL << 32, &ours));
    ck_assert(cr_dialect_enum(cr_dialect_find("happynear", NULL), op, 3, &ours));
    ck_assert_uint_eq(ours, CREMA__ELTWISE_PARAMETER__ELTWISE_OP__SORT);
}
END_TEST

static bool fits(const ProtobufCMessageDescriptor *type, const char *name, cr_wire_type wire, uint64_t bits)
{
    cr_wire_field f = {.number = 1, .type = wire, .bits = bits};
    return cr_dialect_fits(&cr_dialects[0], protobuf_c_message_descriptor_get_field_by_name(type, name), &f);
}

START_TEST(what_fits)
{
    const ProtobufCMessageDescriptor *conv = &crema__convolution_parameter__descriptor;
    const ProtobufCMessageDescriptor *blob = &crema__blob_proto__descriptor;
    ck_assert(fits(conv, "num_output", CR_WIRE_VARINT, UINT32_MAX));
    ck_assert(!fits(conv, "num_output", CR_WIRE_VARINT, 1ULL << 32));
    ck_assert(!fits(conv, "num_output", CR_WIRE_BYTES, 2));
    ck_assert(fits(conv, "pad", CR_WIRE_BYTES, 2));
    ck_assert(fits(conv, "axis", CR_WIRE_VARINT, (uint64_t)-1));
    ck_assert(!fits(conv, "axis", CR_WIRE_VARINT, 1ULL << 63));
    ck_assert(!fits(conv, "engine", CR_WIRE_VARINT, 99));
    ck_assert(!fits(conv, "engine", CR_WIRE_FIXED32, 1));
    ck_assert(fits(blob, "data", CR_WIRE_BYTES, 8) && !fits(blob, "data", CR_WIRE_BYTES, 6));
    ck_assert(fits(blob, "data", CR_WIRE_FIXED32, 8) && !fits(blob, "data", CR_WIRE_FIXED64, 8));
    ck_assert(fits(blob, "double_data", CR_WIRE_BYTES, 8) && !fits(blob, "double_data", CR_WIRE_BYTES, 4));
    ck_assert(fits(blob, "shape", CR_WIRE_BYTES, 3) && !fits(blob, "shape", CR_WIRE_VARINT, 3));
}
END_TEST

static void expect_guess(ww *w, const char *name)
{
    ww_done(w);
    cr_file file;
    const cr_dialect *guess;
    cr_file_open(&file, &(crema_file){.path = "n", .data = w->data, .size = w->size}, NULL);
    ck_assert_int_eq(cr_dialect_guess(&file, NET, &guess, NULL), CREMA_OK);
    ck_assert_str_eq(guess->name, name);
    ww_free(w);
}

// A layer with a block that has one small number as its first field.
static void layer(ww *w, const char *type, uint32_t number)
{
    ww_layer(w, "a", type);
    ww_begin(w, number);
    ww_int(w, 1, 2);
    ww_done(w);
}

START_TEST(guesses)
{
    ww w = {0};
    ww_net(&w, "nothing special");
    expect_guess(&w, "base");
    layer(&w, "Convolution", 106);
    layer(&w, "Crop", 144);
    layer(&w, "Permute", 202);
    expect_guess(&w, "base");
    layer(&w, "Convolution", 106);
    ww_layer(&w, "a", "ReLU");
    ww_int(&w, 145, 1);
    ww_int(&w, 146, 1);
    expect_guess(&w, "nvidia");
    layer(&w, "Reorg", 149);
    expect_guess(&w, "yolo");
    layer(&w, "Reorg", 159);
    expect_guess(&w, "intel");
    layer(&w, "ROIPooling", 8266711);
    layer(&w, "PSROIPooling", 10001);
    expect_guess(&w, "r-fcn");
    ww_layer(&w, "bn1", "BN");
    ww_begin(&w, 45);
    ww_begin(&w, 1);
    ww_end(&w);
    ww_int(&w, 3, 1);
    ww_end(&w);
    layer(&w, "Upsample", 137);
    expect_guess(&w, "segnet");
    ww_layer(&w, "a", "Correlation");
    ww_begin(&w, 150);
    ww_int(&w, 2, 20);
    ww_done(&w);
    layer(&w, "Resample", 155);
    expect_guess(&w, "flownet2");
    layer(&w, "Reverse", 160);
    layer(&w, "Lstm", 8266711);
    expect_guess(&w, "ocr");
    layer(&w, "ShuffleChannel", 164);
    expect_guess(&w, "shufflenet");
    ww_layer(&w, "s", "Scale");
    ww_begin(&w, 160);
    ww_int(&w, 4, 1);
    ww_done(&w);
    ww_layer(&w, "bn1", "BN");
    ww_begin(&w, 137);
    ww_float(&w, 3, 0.9f);
    expect_guess(&w, "tsn");
}
END_TEST

START_TEST(a_damaged_file_is_guessed_too)
{
    ww w = {0};
    layer(&w, "Reorg", 149);
    ww_tag(&w, 100, 2);
    ww_varint(&w, 1000);
    expect_guess(&w, "yolo");
}
END_TEST

TEST_MAIN("read/dialects", rows_agree_with_the_schema, names, lookups, values_of_enums, what_fits, guesses,
          a_damaged_file_is_guessed_too)
