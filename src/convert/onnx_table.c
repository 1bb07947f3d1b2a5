/*
 * onnx_table.c - which layer types have an equivalent in ONNX, and the function that writes it.
 *
 * A type that is not here has none: the layers of detection that choose boxes in ways of their own, those that
 * sample through positions that ONNX does not know, and what reads or writes files.
 */
#include "convert/onnx_rows.h"

#include <string.h>

const cr_onnx_row cr_onnx_table[] = {
    {"Convolution", cr_onnx_convolution, CR_ONNX_ANY_SIZE},
    {"DepthwiseConvolution", cr_onnx_convolution, 0},
    {"SeparableConvolution", cr_onnx_separable_convolution, 0},
    {"Deconvolution", cr_onnx_deconvolution, 0},
    {"Im2col", cr_onnx_im2col, 0},
    {"Pooling", cr_onnx_pooling, 0},
    {"SPP", cr_onnx_spp, 0},
    {"InnerProduct", cr_onnx_inner_product, CR_ONNX_ANY_SIZE},
    {"Eltwise", cr_onnx_eltwise, CR_ONNX_ANY_SIZE},
    {"Reduction", cr_onnx_reduction, 0},
    {"ArgMax", cr_onnx_argmax, 0},
    {"Embed", cr_onnx_embed, 0},
    {"BatchNorm", cr_onnx_batch_norm, CR_ONNX_ANY_SIZE},
    {"BN", cr_onnx_bn, 0},
    {"Scale", cr_onnx_scale, CR_ONNX_ANY_SIZE},
    {"Bias", cr_onnx_bias, CR_ONNX_ANY_SIZE},
    {"Axpy", cr_onnx_axpy, 0},
    {"LRN", cr_onnx_lrn, 0},
    {"MVN", cr_onnx_mvn, 0},
    {"Normalize", cr_onnx_normalize, 0},
    {"ChannelNorm", cr_onnx_channel_norm, 0},
    {"ReLU", cr_onnx_relu, CR_ONNX_ANY_SIZE},
    {"ReLU6", cr_onnx_relu6, CR_ONNX_ANY_SIZE},
    {"CReLU", cr_onnx_crelu, CR_ONNX_ANY_SIZE},
    {"PReLU", cr_onnx_prelu, CR_ONNX_ANY_SIZE},
    {"ELU", cr_onnx_elu, CR_ONNX_ANY_SIZE},
    {"SeLU", cr_onnx_selu, CR_ONNX_ANY_SIZE},
    {"Sigmoid", cr_onnx_sigmoid, CR_ONNX_ANY_SIZE},
    {"TanH", cr_onnx_tanh, CR_ONNX_ANY_SIZE},
    {"AbsVal", cr_onnx_abs_val, CR_ONNX_ANY_SIZE},
    {"BNLL", cr_onnx_bnll, CR_ONNX_ANY_SIZE},
    {"Power", cr_onnx_power, CR_ONNX_ANY_SIZE},
    {"Exp", cr_onnx_exp, CR_ONNX_ANY_SIZE},
    {"Log", cr_onnx_log, CR_ONNX_ANY_SIZE},
    {"Threshold", cr_onnx_threshold, CR_ONNX_ANY_SIZE},
    {"Clip", cr_onnx_clip, CR_ONNX_ANY_SIZE},
    {"Swish", cr_onnx_swish, CR_ONNX_ANY_SIZE},
    {"Mish", cr_onnx_mish, CR_ONNX_ANY_SIZE},
    {"HardSwish", cr_onnx_hard_swish, CR_ONNX_ANY_SIZE},
    {"HardSigmoid", cr_onnx_hard_sigmoid, CR_ONNX_ANY_SIZE},
    {"Softmax", cr_onnx_softmax, CR_ONNX_ANY_SIZE},
    {"Dropout", cr_onnx_dropout, CR_ONNX_ANY_SIZE},
    {"SeLuDropout", cr_onnx_emit_identity, CR_ONNX_ANY_SIZE},
    {"Concat", cr_onnx_concat_layer, 0},
    {"Slice", cr_onnx_slice_layer, 0},
    {"Split", cr_onnx_emit_identity, CR_ONNX_ANY_SIZE},
    {"Silence", cr_onnx_silence, CR_ONNX_ANY_SIZE},
    {"Crop", cr_onnx_crop, 0},
    {"Permute", cr_onnx_permute, 0},
    {"Transpose", cr_onnx_transpose_layer, 0},
    {"Flatten", cr_onnx_emit_reshape, 0},
    {"Reshape", cr_onnx_emit_reshape, 0},
    {"Tile", cr_onnx_tile, 0},
    {"Reverse", cr_onnx_reverse, 0},
    {"ReverseTime", cr_onnx_reverse_time, 0},
    {"ShuffleChannel", cr_onnx_shuffle_channel, 0},
    {"Reorg", cr_onnx_reorg, 0},
    {"DepthToSpace", cr_onnx_depth_to_space, 0},
    {"Pad", cr_onnx_pad_layer, 0},
    {"BatchReindex", cr_onnx_batch_reindex, 0},
    {"Filter", cr_onnx_filter, CR_ONNX_ANY_SIZE},
    {"Interp", cr_onnx_interp, 0},
    {"Upsample", cr_onnx_upsample, 0},
    {"Resample", cr_onnx_resample, 0},
    {"PriorBox", cr_onnx_emit_computed, 0},
    {"DummyData", cr_onnx_emit_computed, 0},
    {"Parameter", cr_onnx_emit_computed, 0},
    {"ContinuationIndicator", cr_onnx_emit_computed, 0},
    {"DetectionOutput", cr_onnx_detection_output, 0},
    {"ROIPooling", cr_onnx_roi_pooling, 0},
    {"LSTM", cr_onnx_lstm, 0},
    {"RNN", cr_onnx_rnn, 0},
    {"LSTMUnit", cr_onnx_lstm_unit, 0},
    {"Lstm", cr_onnx_lstm_junhyuk, 0},
    {"SoftmaxWithLoss", cr_onnx_softmax_loss, 0},
    {"InfogainLoss", cr_onnx_infogain_loss, 0},
    {"MultinomialLogisticLoss", cr_onnx_multinomial_logistic_loss, 0},
    {"HingeLoss", cr_onnx_hinge_loss, 0},
    {"EuclideanLoss", cr_onnx_euclidean_loss, 0},
    {"SigmoidCrossEntropyLoss", cr_onnx_sigmoid_cross_entropy_loss, 0},
    {"ContrastiveLoss", cr_onnx_contrastive_loss, 0},
    {"SmoothL1Loss", cr_onnx_smooth_l1_loss, 0},
    {"Accuracy", cr_onnx_accuracy, 0},
    {0},
};

const cr_onnx_row *cr_onnx_row_find(const char *type)
{
    for (const cr_onnx_row *row = cr_onnx_table; row->type; row++)
        if (!strcmp(row->type, type))
            return row;
    return NULL;
}
