// proto/crema.proto against Caffe's and the SSD fork's schema, row by row, and the house's own rules for it.
#include "crema.pb-c.h"
#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *label_name(ProtobufCLabel label)
{
    return label == PROTOBUF_C_LABEL_REPEATED   ? "repeated"
           : label == PROTOBUF_C_LABEL_REQUIRED ? "required"
                                                : "optional";
}

static const char *type_name(const ProtobufCFieldDescriptor *f)
{
    static const char *const name[] = {"int32",  "sint32",  "sfixed32", "int64",   "sint64", "sfixed64",
                                       "uint32", "fixed32", "uint64",   "fixed64", "float",  "double",
                                       "bool",   "enum",    "string",   "bytes",   "message"};
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return ((const ProtobufCMessageDescriptor *)f->descriptor)->name + strlen("crema.");
    if (f->type == PROTOBUF_C_TYPE_ENUM)
        return ((const ProtobufCEnumDescriptor *)f->descriptor)->name + strlen("crema.");
    return name[f->type];
}

// The message or enum of that name ("A.B" for B inside A) among all that a net or a solver reaches.
typedef struct seen {
    const ProtobufCMessageDescriptor *message[400];
    const ProtobufCEnumDescriptor *enumeration[400];
    int n_messages, n_enums;
} seen;

static void visit(seen *s, const ProtobufCMessageDescriptor *m)
{
    for (int i = 0; i < s->n_messages; i++)
        if (s->message[i] == m)
            return;
    ck_assert_int_lt(s->n_messages, 400);
    s->message[s->n_messages++] = m;
    for (unsigned i = 0; i < m->n_fields; i++) {
        if (m->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            visit(s, m->fields[i].descriptor);
        if (m->fields[i].type == PROTOBUF_C_TYPE_ENUM && s->n_enums < 400)
            s->enumeration[s->n_enums++] = m->fields[i].descriptor;
    }
}

static void visit_all(seen *s)
{
    memset(s, 0, sizeof *s);
    visit(s, &crema__solver_parameter__descriptor);
    visit(s, &crema__solver_state__descriptor);
    visit(s, &crema__blob_proto_vector__descriptor);
    visit(s, &crema__annotated_datum__descriptor);
    visit(s, &crema__label_map__descriptor);
}

static const ProtobufCMessageDescriptor *find_message(const seen *s, const char *name)
{
    for (int i = 0; i < s->n_messages; i++)
        if (strcmp(s->message[i]->name + strlen("crema."), name) == 0)
            return s->message[i];
    return NULL;
}

static const ProtobufCEnumDescriptor *find_enum(const seen *s, const char *name)
{
    for (int i = 0; i < s->n_enums; i++)
        if (strcmp(s->enumeration[i]->name + strlen("crema."), name) == 0)
            return s->enumeration[i];
    return NULL;
}

static void check_default(const ProtobufCFieldDescriptor *f, const char *want, const char *row)
{
    const void *d = f->default_value;
    if (!want[0]) {
        ck_assert_msg(d == NULL, "%s: has a default", row);
        return;
    }
    ck_assert_msg(d != NULL, "%s: has no default", row);
    bool same = false;
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        same = strcmp(d, want) == 0;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        same = *(const protobuf_c_boolean *)d == (strcmp(want, "true") == 0);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        same = *(const float *)d == strtof(want, NULL);
        break;
    case PROTOBUF_C_TYPE_INT32:
        same = *(const int32_t *)d == strtol(want, NULL, 10);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        same = *(const uint32_t *)d == strtoul(want, NULL, 10);
        break;
    case PROTOBUF_C_TYPE_INT64:
        same = *(const int64_t *)d == strtoll(want, NULL, 10);
        break;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(f->descriptor, want);
        same = v && v->value == *(const int *)d;
        break;
    }
    default:
        break;
    }
    ck_assert_msg(same, "%s: another default", row);
}

// dialect kind message name number label type default packed deprecated
static void check_row(const seen *s, char *row)
{
    char line[512], *column[10] = {0};
    snprintf(line, sizeof line, "%s", row);
    char *rest = row;
    for (int i = 0; i < 10 && rest; i++)
        column[i] = strsep(&rest, "\t\r\n");
    for (int i = 0; i < 10; i++)
        column[i] = column[i] ? column[i] : row + strlen(row);
    long number = strtol(column[4], NULL, 10);
    if (strcmp(column[1], "enum") == 0) {
        const ProtobufCEnumDescriptor *e = find_enum(s, column[2]);
        ck_assert_msg(e != NULL, "%s: no such enum", line);
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(e, column[3]);
        ck_assert_msg(v && v->value == number, "%s", line);
        return;
    }
    const ProtobufCMessageDescriptor *m = find_message(s, column[2]);
    ck_assert_msg(m != NULL, "%s: no such message", line);
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m, column[3]);
    ck_assert_msg(f != NULL, "%s: no such field", line);
    // Where the two dialects give one number to two fields, the SSD fork's has 3000 more.
    bool collides = strcmp(column[0], "ssd") == 0 && f->id == (unsigned)number + 3000 &&
                    protobuf_c_message_descriptor_get_field(m, (unsigned)number) != NULL;
    ck_assert_msg((long)f->id == number || collides, "%s: number %u", line, f->id);
    if (strcmp(column[5], "required") != 0) // ours requires nothing
        ck_assert_msg(strcmp(label_name(f->label), column[5]) == 0, "%s: label %s", line,
                      label_name(f->label));
    ck_assert_msg(strcmp(type_name(f), column[6]) == 0, "%s: type %s", line, type_name(f));
    ck_assert_msg(!(f->flags & PROTOBUF_C_FIELD_FLAG_PACKED) == (strcmp(column[8], "packed") != 0),
                  "%s: packed", line);
    check_default(f, column[7], line);
}

START_TEST(every_row_of_caffes_schema)
{
    const char *shared = getenv("CREMA_SHARED");
    char path[1024], line[512];
    int n = 0;
    seen s;
    snprintf(path, sizeof path, "%s/reference/schema.tsv", shared ? shared : "../shared");
    FILE *f = fopen(path, "r");
    if (!f) {
        printf("skipped: %s is not there\n", path);
        return;
    }
    visit_all(&s);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "dialect\t", 8) != 0) {
            check_row(&s, line);
            n++;
        }
    fclose(f);
    ck_assert_int_gt(n, 700);
}
END_TEST

START_TEST(nothing_is_required)
{
    seen s;
    visit_all(&s);
    for (int i = 0; i < s.n_messages; i++)
        for (unsigned j = 0; j < s.message[i]->n_fields; j++)
            ck_assert_msg(s.message[i]->fields[j].label != PROTOBUF_C_LABEL_REQUIRED, "%s.%s",
                          s.message[i]->name, s.message[i]->fields[j].name);
}
END_TEST

START_TEST(padding_fields_have_their_numbers_everywhere)
{
    static const struct {
        const char *name;
        unsigned number;
    } want[] = {{"pad_rule", 2001},   {"pad_mode", 2002}, {"pad_value", 2003}, {"pad_top", 2004},
                {"pad_bottom", 2005}, {"pad_left", 2006}, {"pad_right", 2007}};
    const ProtobufCMessageDescriptor *const in[] = {&crema__convolution_parameter__descriptor,
                                                    &crema__pooling_parameter__descriptor,
                                                    &crema__pad_parameter__descriptor};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        for (size_t j = 0; j < sizeof want / sizeof *want; j++) {
            const ProtobufCFieldDescriptor *f =
                protobuf_c_message_descriptor_get_field_by_name(in[i], want[j].name);
            ck_assert_msg(f && f->id == want[j].number, "%s.%s", in[i]->name, want[j].name);
        }
}
END_TEST

START_TEST(blocks_of_forks_are_known_by_name)
{
    static const char *const block[] = {"interp_param",
                                        "bn_param",
                                        "upsample_param",
                                        "roi_pooling_param",
                                        "psroi_pooling_param",
                                        "roi_align_param",
                                        "proposal_param",
                                        "shuffle_channel_param",
                                        "reorg_param",
                                        "region_loss_param",
                                        "yolo_detection_output_param",
                                        "yolov3_detection_output_param",
                                        "correlation_param",
                                        "flow_warp_param",
                                        "resample_param",
                                        "lstm_param",
                                        "reverse_param",
                                        "reverse_time_param",
                                        "transpose_param",
                                        "ctc_decoder_param",
                                        "st_param",
                                        "imresize_param",
                                        "nms_param",
                                        "relu6_param",
                                        "hard_sigmoid_param",
                                        "pad_param",
                                        "depth_to_space_param",
                                        "smooth_l1_loss_param",
                                        "box_annotator_ohem_param"};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++) {
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(&crema__layer_parameter__descriptor, block[i]);
        ck_assert_msg(f && f->type == PROTOBUF_C_TYPE_MESSAGE && f->id > 3000, "%s", block[i]);
    }
}
END_TEST

TEST_MAIN("schema/crema_proto", every_row_of_caffes_schema, nothing_is_required,
          padding_fields_have_their_numbers_everywhere, blocks_of_forks_are_known_by_name)
