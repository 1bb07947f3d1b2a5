// V0 nets: `layers { layer { ... } }`.
#include "tests/support/upgrade.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

START_TEST(fields_go_to_the_block_of_their_type)
{
    upgrades(
        "name: 'n' force_backward: true\n"
        "layers { layer { name: 'd' type: 'data' source: 's' batchsize: 4 rand_skip: 5 scale: 0.5 meanfile: "
        "'m'\n"
        "  cropsize: 7 mirror: true } top: 'x' top: 'y' }\n"
        "layers { layer { name: 'c' type: 'conv' num_output: 8 biasterm: false pad: 1 kernelsize: 3 group: 2 "
        "stride: 4\n"
        "  weight_filler { type: 'xavier' } bias_filler { value: 2 } blobs_lr: 1 blobs_lr: 2 weight_decay: "
        "3\n"
        "  blobs { data: 5 } } bottom: 'x' top: 'c' }\n"
        "layers { layer { name: 'p' type: 'pool' pool: STOCHASTIC pad: 1 kernelsize: 3 stride: 2 } bottom: "
        "'c' top: 'p' }\n"
        "layers { layer { name: 'l' type: 'lrn' local_size: 3 alpha: 4 beta: 5 k: 6 } bottom: 'p' top: 'l' "
        "}\n"
        "layers { layer { name: 'o' type: 'dropout' dropout_ratio: 0.25 } bottom: 'l' top: 'l' }\n"
        "layers { layer { name: 'i' type: 'innerproduct' num_output: 9 biasterm: true weight_filler { std: 1 "
        "}\n"
        "  bias_filler { value: 1 } } bottom: 'l' top: 'i' }\n"
        "layers { layer { name: 'k' type: 'concat' concat_dim: 2 } bottom: 'i' bottom: 'i' top: 'k' }\n",
        "name: 'n' force_backward: true\n"
        "layer { name: 'd' type: 'Data' top: 'x' top: 'y' data_param { source: 's' batch_size: 4 rand_skip: "
        "5 }\n"
        "  transform_param { scale: 0.5 mean_file: 'm' crop_size: 7 mirror: true } }\n"
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 8\n"
        "  bias_term: false pad: 1 kernel_size: 3 group: 2 stride: 4 weight_filler { type: 'xavier' }\n"
        "  bias_filler { value: 2 } } param { lr_mult: 1 decay_mult: 3 } param { lr_mult: 2 } blobs { data: "
        "5 } }\n"
        "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p'\n"
        "  pooling_param { pool: STOCHASTIC pad: 1 kernel_size: 3 stride: 2 } }\n"
        "layer { name: 'l' type: 'LRN' bottom: 'p' top: 'l' lrn_param { local_size: 3 alpha: 4 beta: 5 k: 6 "
        "} }\n"
        "layer { name: 'o' type: 'Dropout' bottom: 'l' top: 'l' dropout_param { dropout_ratio: 0.25 } }\n"
        "layer { name: 'i' type: 'InnerProduct' bottom: 'l' top: 'i' inner_product_param { num_output: 9\n"
        "  bias_term: true weight_filler { std: 1 } bias_filler { value: 1 } } }\n"
        "layer { name: 'k' type: 'Concat' bottom: 'i' bottom: 'i' top: 'k' concat_param { concat_dim: 2 } "
        "}\n",
        "");
}
END_TEST

START_TEST(fields_of_data_layers_and_losses)
{
    upgrades(
        "layers { layer { name: 'a' type: 'images' source: 's' batchsize: 2 rand_skip: 3 shuffle_images: "
        "true\n"
        "  new_height: 4 new_width: 5 } top: 'a' }\n"
        "layers { layer { name: 'b' type: 'window_data' source: 's' batchsize: 2 det_fg_threshold: 0.25\n"
        "  det_bg_threshold: 0.5 det_fg_fraction: 0.75 det_context_pad: 3 det_crop_mode: 'square' } top: 'b' "
        "}\n"
        "layers { layer { name: 'c' type: 'hdf5_data' source: 's' batchsize: 2 } top: 'c' }\n"
        "layers { layer { name: 'd' type: 'hdf5_output' hdf5_output_param { file_name: 'f' } } bottom: 'c' "
        "}\n"
        "layers { layer { name: 'e' type: 'infogain_loss' source: 's' } bottom: 'a' bottom: 'b' }\n",
        "layer { name: 'a' type: 'ImageData' top: 'a' image_data_param { source: 's' batch_size: 2 "
        "rand_skip: 3\n"
        "  shuffle: true new_height: 4 new_width: 5 } }\n"
        "layer { name: 'b' type: 'WindowData' top: 'b' window_data_param { source: 's' batch_size: 2\n"
        "  fg_threshold: 0.25 bg_threshold: 0.5 fg_fraction: 0.75 context_pad: 3 crop_mode: 'square' } }\n"
        "layer { name: 'c' type: 'HDF5Data' top: 'c' hdf5_data_param { source: 's' batch_size: 2 } }\n"
        "layer { name: 'd' type: 'HDF5Output' bottom: 'c' hdf5_output_param { file_name: 'f' } }\n"
        "layer { name: 'e' type: 'InfogainLoss' bottom: 'a' bottom: 'b' infogain_loss_param { source: 's' } "
        "}\n",
        "");
}
END_TEST

START_TEST(all_24_types)
{
    static const char *const names[][2] = {
        {"accuracy", "Accuracy"},
        {"bnll", "BNLL"},
        {"concat", "Concat"},
        {"conv", "Convolution"},
        {"data", "Data"},
        {"dropout", "Dropout"},
        {"euclidean_loss", "EuclideanLoss"},
        {"flatten", "Flatten"},
        {"hdf5_data", "HDF5Data"},
        {"hdf5_output", "HDF5Output"},
        {"im2col", "Im2col"},
        {"images", "ImageData"},
        {"infogain_loss", "InfogainLoss"},
        {"innerproduct", "InnerProduct"},
        {"lrn", "LRN"},
        {"multinomial_logistic_loss", "MultinomialLogisticLoss"},
        {"pool", "Pooling"},
        {"relu", "ReLU"},
        {"sigmoid", "Sigmoid"},
        {"softmax", "Softmax"},
        {"softmax_loss", "SoftmaxWithLoss"},
        {"split", "Split"},
        {"tanh", "TanH"},
        {"window_data", "WindowData"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char before[200], after[200];
        snprintf(before, sizeof before, "layers { layer { name: 'a' type: '%s' } }", names[i][0]);
        snprintf(after, sizeof after, "layer { name: 'a' type: '%s' }", names[i][1]);
        upgrades(before, after, "");
    }
}
END_TEST

START_TEST(what_does_not_belong_to_the_type_is_dropped)
{
    upgrades("layers { layer { name: 'r' type: 'relu'\n kernelsize: 3\n new_num: 5 } bottom: 'x' top: 'x' }",
             "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }",
             "net.x:2:14: layer \"r\" (relu): does not have kernelsize, which is dropped\n"
             "net.x:3:11: layer \"r\" (relu): does not have new_num, which is dropped\n");
    // of the V1 layer and the net around it
    upgrades("layers { layer { name: 'r' type: 'relu' } bottom: 'x' top: 'x'\n loss_weight: 2 }\n "
             "debug_info: true",
             "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }",
             "net.x:2:15: layer \"r\" (relu): loss_weight is dropped: the V0 format does not have it here\n"
             "net.x:3:14: debug_info is dropped: the V0 format does not have it here\n");
}
END_TEST

START_TEST(odd_types)
{
    upgrades("layers { layer { name: 'r' type: 'rely' } bottom: 'x' top: 'x' }",
             "layer { name: 'r' type: 'rely' bottom: 'x' top: 'x' }",
             "net.x:1:34: layer \"r\": type \"rely\" is none of the V0 format\n"
             "net.x:1:34: layer \"r\": type \"rely\" is none of the V1 format\n");
    upgrades("layers { layer { name: 'r' type: 'POOLING' kernelsize: 2 } bottom: 'x' top: 'x' }",
             "layer { name: 'r' type: 'Pooling' bottom: 'x' top: 'x' pooling_param { kernel_size: 2 } }",
             "net.x:1:34: layer \"r\": type \"POOLING\" is of a later format; it is read as \"pool\"\n");
    upgrades("layers { layer { name: 'r' } bottom: 'x' top: 'x' }",
             "layer { name: 'r' bottom: 'x' top: 'x' }", "");
}
END_TEST

START_TEST(padding_goes_into_the_layers_that_read_it)
{
    upgrades("layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'x' top: 'p' }\n"
             "layers { layer { name: 'c' type: 'conv' num_output: 1 } bottom: 'p' top: 'c' }\n"
             "layers { layer { name: 'm' type: 'pool' } bottom: 'p' top: 'm' }\n"
             "layers { layer { name: 'q' type: 'padding' } bottom: 'c' top: 'c' }\n" // in place, pad 0
             "layers { layer { name: 'd' type: 'conv'\n pad: 3 } bottom: 'c' top: 'd' }\n",
             "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 1 "
             "pad: 2 } }\n"
             "layer { name: 'm' type: 'Pooling' bottom: 'x' top: 'm' pooling_param { pad: 2 } }\n"
             "layer { name: 'd' type: 'Convolution' bottom: 'c' top: 'd' convolution_param { pad: 0 } }\n",
             "net.x:6:7: layer \"d\" (conv): pad 3 is replaced by the 0 of padding layer \"q\"\n");
    upgrades("layers { layer { name: 'c' type: 'conv' } bottom: 'x' top: 'c' }\n"
             "layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'c' top: 'p' }\n",
             "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' }\n",
             "net.x:2:1: layer \"p\" (padding): no layer reads it, so it is dropped\n");
    // the name means the newest blob: the relu's, not the padding's
    upgrades("layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'x' top: 'y' }\n"
             "layers { layer { name: 'c' type: 'conv' } bottom: 'y' top: 'y' }\n"
             "layers { layer { name: 'r' type: 'relu' } bottom: 'y' top: 'y' }\n",
             "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { pad: 2 } }\n"
             "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' }\n",
             "");
}
END_TEST

START_TEST(padding_that_can_not_be_merged)
{
    upgrade_fails(
        "layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'x' top: 'p' }\n"
        "layers { layer { name: 'r' type: 'relu' }\n bottom: 'p' top: 'r' }\n",
        "net.x:3:10: layer \"r\" (relu): reads the padding layer \"p\", which only a conv or pool with "
        "one bottom can do; this one has 1");
    upgrade_fails(
        "layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'x' top: 'p' }\n"
        "layers { layer { name: 'c' type: 'conv' }\n bottom: 'p' bottom: 'p' top: 'c' }\n",
        "net.x:3:10: layer \"c\" (conv): reads the padding layer \"p\", which only a conv or pool with "
        "one bottom can do; this one has 2");
    upgrade_fails("layers { layer { name: 'p' type: 'padding' pad: 2 } top: 'p' }\n"
                  "layers { layer { name: 'c' type: 'conv' } bottom: 'p' top: 'c' }\n",
                  "net.x:1:1: layer \"p\" (padding): has 0 bottoms and 1 tops; it takes one of each");
}
END_TEST

START_TEST(fields_without_the_inner_message)
{
    upgrades(
        "layers { name: 'p' type: 'padding' pad: 1 bottom: 'x' top: 'p' }\n"
        "layers { name: 'c' type: 'conv' num_output: 8 kernelsize: 3 blobs_lr: 2 bottom: 'p' top: 'c' }\n"
        "layers { name: 'q' type: POOLING kernelsize: 2 bottom: 'c' top: 'q' include { phase: TEST } }\n"
        "layers { name: 'r' type: RELU bottom: 'q' top: 'q' }\n",
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' param { lr_mult: 2 }\n"
        "  convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }\n"
        "layer { name: 'q' type: 'Pooling' bottom: 'c' top: 'q' pooling_param { kernel_size: 2 }\n"
        "  include { phase: TEST } }\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'q' top: 'q' }\n",
        "net.x:1:1: layer \"p\": has fields of a V0 layer, but no inner `layer` around them\n"
        "net.x:2:1: layer \"c\": has fields of a V0 layer, but no inner `layer` around them\n"
        "net.x:3:1: layer \"q\": has fields of a V0 layer, but no inner `layer` around them\n"
        "net.x:3:26: layer \"q\": type \"POOLING\" is of a later format; it is read as \"pool\"\n"
        "net.x:4:1: layer \"r\": is a V1 layer between V0 layers\n");
    // a V0 name alone needs no inner message either
    upgrades("layers { name: 'r' type: 'relu' bottom: 'q' top: 'q' }",
             "layer { name: 'r' type: 'ReLU' bottom: 'q' top: 'q' }",
             "net.x:1:26: layer \"r\": type \"relu\" is of another format; it is read as \"ReLU\"\n");
}
END_TEST

START_TEST(positions_and_comments_move_along)
{
    parsed p;
    cr_upgrade_report report;
    upgrade_to(&p, &report,
               "input: 'x'\n"                             // 1
               "input_dim: 1 input_dim: 2 input_dim: 3\n" // 2
               "input_dim: 4\n"                           // 3
               "# pads\n"                                 // 4
               "layers { layer { type: 'padding' pad: 7 } bottom: 'x' top: 'p' }\n"
               "# convolves\n"                      // 6
               "layers {\n"                         // 7
               "  # inside\n"                       // 8
               "  layer { name: 'c' type: 'conv'\n" // 9
               "    num_output: 8 # eight\n"        // 10
               "    blobs_lr: 1\n"                  // 11
               "    colour: 3 }\n"                  // 12
               "  bottom: 'p' top: 'c' }\n",
               "layer { name: 'input' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 dim: 3 dim: "
               "4 } } }\n"
               "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' param { lr_mult: 1 }\n"
               "  convolution_param { num_output: 8 pad: 7 } }",
               "");
    ck_assert(report.v0 && !report.v1 && report.inputs && report.n_problems == 0);
    const Crema__LayerParameter *c = p.net->layer[1];
    const Crema__ConvolutionParameter *conv = c->convolution_param;
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "layer", 1), "# inside\n# pads\n# convolves");
    ck_assert_int_eq(cr_notes_pos(p.notes, p.net, "layer", 1).line, 7);
    ck_assert_int_eq(cr_notes_pos(p.notes, c, NULL, 0).line, 7);
    ck_assert_int_eq(cr_notes_pos(p.notes, c, "type", 0).line, 9);
    ck_assert_int_eq(cr_notes_pos(p.notes, c, "type", 0).column, 27);
    ck_assert_int_eq(cr_notes_pos(p.notes, conv, "num_output", 0).line, 10);
    ck_assert_int_eq(cr_notes_pos(p.notes, conv, "kernel_size", 0).line, 9);
    ck_assert_int_eq(cr_notes_pos(p.notes, conv, "pad", 0).line, 5);
    ck_assert_str_eq(cr_notes_behind(p.notes, conv, "num_output", 0), "# eight");
    ck_assert_int_eq(cr_notes_pos(p.notes, c->param[0], "lr_mult", 0).line, 11);
    ck_assert_int_eq(cr_notes_pos(p.notes, c, "param", 0).line, 11);
    ck_assert_str_eq(cr_notes_unknown(p.notes, c)->text, "colour: 3");
    const Crema__LayerParameter *input = p.net->layer[0];
    ck_assert_int_eq(cr_notes_pos(p.notes, input, "top", 0).line, 1);
    ck_assert_int_eq(cr_notes_pos(p.notes, input->input_param->shape[0], "dim", 3).line, 3);
    parsed_free(&p);
}
END_TEST

TEST_MAIN("upgrade/v0", fields_go_to_the_block_of_their_type, fields_of_data_layers_and_losses, all_24_types,
          what_does_not_belong_to_the_type_is_dropped, odd_types, padding_goes_into_the_layers_that_read_it,
          padding_that_can_not_be_merged, fields_without_the_inner_message, positions_and_comments_move_along)
