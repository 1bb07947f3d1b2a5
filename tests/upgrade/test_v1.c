// V1 nets: `layers { type: CONVOLUTION ... }`, and transformation fields in their data layers.
#include "tests/support/upgrade.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

START_TEST(all_40_types)
{
    static const char *const names[][2] = {
        {"NONE", ""},
        {"ABSVAL", "AbsVal"},
        {"ACCURACY", "Accuracy"},
        {"ARGMAX", "ArgMax"},
        {"BNLL", "BNLL"},
        {"CONCAT", "Concat"},
        {"CONTRASTIVE_LOSS", "ContrastiveLoss"},
        {"CONVOLUTION", "Convolution"},
        {"DATA", "Data"},
        {"DECONVOLUTION", "Deconvolution"},
        {"DROPOUT", "Dropout"},
        {"DUMMY_DATA", "DummyData"},
        {"EUCLIDEAN_LOSS", "EuclideanLoss"},
        {"ELTWISE", "Eltwise"},
        {"EXP", "Exp"},
        {"FLATTEN", "Flatten"},
        {"HDF5_DATA", "HDF5Data"},
        {"HDF5_OUTPUT", "HDF5Output"},
        {"HINGE_LOSS", "HingeLoss"},
        {"IM2COL", "Im2col"},
        {"IMAGE_DATA", "ImageData"},
        {"INFOGAIN_LOSS", "InfogainLoss"},
        {"INNER_PRODUCT", "InnerProduct"},
        {"LRN", "LRN"},
        {"MEMORY_DATA", "MemoryData"},
        {"MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
        {"MVN", "MVN"},
        {"POOLING", "Pooling"},
        {"POWER", "Power"},
        {"RELU", "ReLU"},
        {"SIGMOID", "Sigmoid"},
        {"SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
        {"SILENCE", "Silence"},
        {"SOFTMAX", "Softmax"},
        {"SOFTMAX_LOSS", "SoftmaxWithLoss"},
        {"SPLIT", "Split"},
        {"SLICE", "Slice"},
        {"TANH", "TanH"},
        {"WINDOW_DATA", "WindowData"},
        {"THRESHOLD", "Threshold"},
        // forks
        {"BN", "BN"},
        {"CROP", "Crop"},
        {"IMAGE_SEG_DATA", "ImageSegData"},
        {"INTERP", "Interp"},
        {"MAT_WRITE", "MatWrite"},
        {"NORMALIZE", "Normalize"},
        {"PERMUTE", "Permute"},
        {"PRELU", "PReLU"},
        {"RELU6", "ReLU6"},
        {"SEG_ACCURACY", "SegAccuracy"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char before[200], after[200];
        snprintf(before, sizeof before, "layers { name: 'a' type: %s }", names[i][0]);
        snprintf(after, sizeof after, "layer { name: 'a' type: '%s' }", names[i][1]);
        upgrades(before, after, "");
    }
}
END_TEST

START_TEST(every_number_of_the_enum_has_its_string)
{
    const ProtobufCEnumDescriptor *e = &crema__v1_layer_parameter__layer_type__descriptor;
    for (unsigned i = 0; i < e->n_values; i++) {
        parsed p;
        char text[100];
        snprintf(text, sizeof text, "layers { type: %d }", e->values[i].value);
        parse_text(&p, text, false);
        ck_assert_int_eq(cr_upgrade_net(&p.arena, p.net, p.notes, NULL, NULL, &p.err), CREMA_OK);
        const char *type = p.net->layer[0]->type;
        ck_assert_msg(strchr(type, '_') == NULL && (type[0] || e->values[i].value == 0), "%s",
                      e->values[i].name);
        parsed_free(&p);
    }
}
END_TEST

START_TEST(rates_names_and_modes_become_param)
{
    upgrades("layers { name: 'a' type: INNER_PRODUCT bottom: 'x' top: 'y' blobs_lr: 1 blobs_lr: 2 "
             "weight_decay: 3\n"
             "  param: 'w' param: '' param: 'v' blob_share_mode: PERMISSIVE blob_share_mode: STRICT }",
             "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
             "  param { name: 'w' share_mode: PERMISSIVE lr_mult: 1 decay_mult: 3 }\n"
             "  param { name: '' share_mode: STRICT lr_mult: 2 } param { name: 'v' } }",
             "");
    upgrades("layers { type: RELU blobs_lr: 0 }", "layer { type: 'ReLU' param { lr_mult: 0 } }", "");
}
END_TEST

START_TEST(what_both_formats_have_stays_as_it_is)
{
    static const char *const block[] = {
        "accuracy_param { top_k: 5 }",
        "argmax_param { top_k: 5 }",
        "concat_param { concat_dim: 2 }",
        "contrastive_loss_param { margin: 2 }",
        "convolution_param { num_output: 2 pad: 1 }",
        "data_param { batch_size: 2 }",
        "dropout_param { dropout_ratio: 0.25 }",
        "dummy_data_param { num: 2 num: 3 }",
        "eltwise_param { operation: MAX coeff: 1 }",
        "exp_param { base: 2 }",
        "hdf5_data_param { source: 'a' }",
        "hdf5_output_param { file_name: 'a' }",
        "hinge_loss_param { norm: L2 }",
        "image_data_param { source: 'a' }",
        "infogain_loss_param { source: 'a' }",
        "inner_product_param { num_output: 2 }",
        "lrn_param { k: 2 }",
        "memory_data_param { width: 2 }",
        "mvn_param { across_channels: true }",
        "pooling_param { pool: AVE }",
        "power_param { power: 2 }",
        "relu_param { negative_slope: 2 }",
        "sigmoid_param { engine: CAFFE }",
        "softmax_param { engine: CAFFE }",
        "slice_param { slice_point: 2 }",
        "tanh_param { engine: CAFFE }",
        "threshold_param { threshold: 2 }",
        "window_data_param { source: 'a' }",
        "transform_param { mirror: true }",
        "loss_param { ignore_label: 255 }",
        "interp_param { zoom_factor: 8 }",
        "mat_write_param { prefix: 'a' }",
        "seg_accuracy_param { ignore_label: 255 }",
        "loss_weight: 1 loss_weight: 0",
        "include { phase: TRAIN min_level: 2 } include { stage: 's' }",
        "exclude { phase: TRAIN }",
        "blobs { num: 1 data: 2 } blobs { data: 3 }",
        "relu_param {}",
    };
    for (size_t i = 0; i < sizeof block / sizeof *block; i++) {
        char before[300], after[300];
        snprintf(before, sizeof before, "layers { name: 'a' type: SILENCE bottom: 'x' top: 'y' top: 'z' %s }",
                 block[i]);
        snprintf(after, sizeof after, "layer { name: 'a' type: 'Silence' bottom: 'x' top: 'y' top: 'z' %s }",
                 block[i]);
        upgrades(before, after, "");
    }
    upgrades("name: 'n' force_backward: true debug_info: true state { level: 2 } layers { type: RELU }",
             "name: 'n' force_backward: true debug_info: true state { level: 2 } layer { type: 'ReLU' }", "");
}
END_TEST

START_TEST(what_v2_does_not_have_is_dropped)
{
    upgrades("layers { name: 'a' type: CONVOLUTION\n strict_dim: false }",
             "layer { name: 'a' type: 'Convolution' }",
             "net.x:2:14: layer \"a\" (Convolution): strict_dim is dropped: `layer` does not have it\n");
    upgrade_fails("layers { name: 'a' type: RELU }\nlayer { name: 'b' type: 'ReLU' }",
                  "net.x:1:1: a net has either `layers` (V0 and V1) or `layer` (V2), not both");
}
END_TEST

START_TEST(types_spelled_as_elsewhere)
{
    upgrades("layers { name: 'a' type: 'Convolution' }", "layer { name: 'a' type: 'Convolution' }",
             "net.x:1:26: layer \"a\": type \"Convolution\" is of another format; it is read as "
             "\"Convolution\"\n");
    upgrades("layers { name: 'a' type: Convolution }", "layer { name: 'a' type: 'Convolution' }",
             "net.x:1:26: layer \"a\": type \"Convolution\" is of another format; it is read as "
             "\"Convolution\"\n");
    upgrades("layers { name: 'a' type: 'CONVOLUTION' }", "layer { name: 'a' type: 'Convolution' }", "");
    upgrades("layers { name: 'a' type: SPP }", "layer { name: 'a' type: 'SPP' }", "");
    upgrades("layers { name: 'a' type: MY_LAYER }", "layer { name: 'a' type: 'MY_LAYER' }",
             "net.x:1:26: layer \"a\": type \"MY_LAYER\" is none of the V1 format\n");
    upgrades("layer { name: 'a' type: 'INNER_PRODUCT' } layer { name: 'b' type: 'LRN' } layer { name: 'c' "
             "type: 'conv' }",
             "layer { name: 'a' type: 'InnerProduct' } layer { name: 'b' type: 'LRN' } layer { name: 'c' "
             "type: 'conv' }",
             "net.x:1:25: layer \"a\": type \"INNER_PRODUCT\" is of the V1 format; it is read as "
             "\"InnerProduct\"\n");
}
END_TEST

START_TEST(transformations_move_in_v1_nets)
{
    upgrades("layers { name: 'a' type: DATA data_param { source: 's' scale: 2 mean_file: 'm' crop_size: 3 "
             "mirror: true } }\n"
             "layers { name: 'b' type: IMAGE_DATA image_data_param { scale: 2 } transform_param { crop_size: "
             "5 } }\n"
             "layers { name: 'c' type: WINDOW_DATA window_data_param { mirror: false } }\n"
             "layers { name: 'd' type: HDF5_DATA }\n"
             "layers { name: 'e' type: DATA }\n",
             "layer { name: 'a' type: 'Data' data_param { source: 's' }\n"
             "  transform_param { scale: 2 mean_file: 'm' crop_size: 3 mirror: true } }\n"
             "layer { name: 'b' type: 'ImageData' image_data_param {} transform_param { scale: 2 crop_size: "
             "5 } }\n"
             "layer { name: 'c' type: 'WindowData' window_data_param {} transform_param { mirror: false } }\n"
             "layer { name: 'd' type: 'HDF5Data' }\n"
             "layer { name: 'e' type: 'Data' data_param {} transform_param {} }\n", // as Caffe does
             "");
    upgrades("layers { name: 'e' type: DATA }", "layer { name: 'e' type: 'Data' }", "");
    upgrades("layers { name: 'a' type: DATA data_param { scale: 2 }\n transform_param { scale: 3 } }",
             "layer { name: 'a' type: 'Data' data_param {} transform_param { scale: 2 } }",
             "net.x:2:27: layer \"a\": scale of transform_param is replaced by that of data_param\n");
    // not in V2, and not in blocks of other layers
    upgrades("layer { name: 'a' type: 'Data' data_param { scale: 2 } }",
             "layer { name: 'a' type: 'Data' data_param { scale: 2 } }", "");
    upgrades("layers { name: 'a' type: SILENCE data_param { scale: 2 } }",
             "layer { name: 'a' type: 'Silence' data_param { scale: 2 } }", "");
}
END_TEST

START_TEST(positions_and_comments_move_along)
{
    parsed p;
    cr_upgrade_report report;
    upgrade_to(
        &p, &report,
        "# a net\n"
        "name: 'n'\n"
        "# first\n"
        "layers { name: 'a' type: DATA\n"
        "  data_param { source: 's'\n"
        "    scale: 2 } } # of a\n"
        "layers { name: 'b'\n"
        "  type: RELU # max\n"
        "  bottom: 'a'\n"
        "  blobs_lr: 1\n"
        "  weight_decay: 2\n"
        "  shape: 3\n"
        "}\n",
        "name: 'n' layer { name: 'a' type: 'Data' data_param { source: 's' } transform_param { scale: 2 } }\n"
        "layer { name: 'b' type: 'ReLU' bottom: 'a' param { lr_mult: 1 decay_mult: 2 } }",
        "");
    ck_assert(!report.v0 && report.v1 && report.data_transform);
    const Crema__LayerParameter *a = p.net->layer[0], *b = p.net->layer[1];
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "name", 0), "# a net");
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "layer", 0), "# first");
    ck_assert_str_eq(cr_notes_behind(p.notes, a, NULL, 0), "# of a");
    ck_assert_int_eq(cr_notes_pos(p.notes, p.net, "layer", 1).line, 7);
    ck_assert_int_eq(cr_notes_pos(p.notes, a->transform_param, "scale", 0).line, 6);
    ck_assert_int_eq(cr_notes_pos(p.notes, a->data_param, "source", 0).line, 5);
    ck_assert_int_eq(cr_notes_pos(p.notes, b, "type", 0).line, 8);
    ck_assert_str_eq(cr_notes_behind(p.notes, b, "type", 0), "# max");
    ck_assert_int_eq(cr_notes_pos(p.notes, b, "bottom", 0).line, 9);
    ck_assert_int_eq(cr_notes_pos(p.notes, b->param[0], NULL, 0).line, 10);
    ck_assert_int_eq(cr_notes_pos(p.notes, b->param[0], "decay_mult", 0).line, 11);
    ck_assert_str_eq(cr_notes_unknown(p.notes, b)->name, "shape");
    ck_assert_ptr_null(cr_notes_unknown(p.notes, b)->next);
    parsed_free(&p);
}
END_TEST

TEST_MAIN("upgrade/v1", all_40_types, every_number_of_the_enum_has_its_string,
          rates_names_and_modes_become_param, what_both_formats_have_stays_as_it_is,
          what_v2_does_not_have_is_dropped, types_spelled_as_elsewhere, transformations_move_in_v1_nets,
          positions_and_comments_move_along)
