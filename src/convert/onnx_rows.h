/*
 * onnx_rows.h - the functions of the table's rows (onnx_table.c), each in the file of its kind.
 */
#ifndef CR_CONVERT_ONNX_ROWS_H
#define CR_CONVERT_ONNX_ROWS_H

#include "convert/onnx_emit.h"

void cr_onnx_convolution(cr_onnx_layer *l);
void cr_onnx_separable_convolution(cr_onnx_layer *l);
void cr_onnx_deconvolution(cr_onnx_layer *l);
void cr_onnx_im2col(cr_onnx_layer *l);
void cr_onnx_pooling(cr_onnx_layer *l);
void cr_onnx_spp(cr_onnx_layer *l);
void cr_onnx_inner_product(cr_onnx_layer *l);
void cr_onnx_eltwise(cr_onnx_layer *l);
void cr_onnx_reduction(cr_onnx_layer *l);
void cr_onnx_argmax(cr_onnx_layer *l);
void cr_onnx_embed(cr_onnx_layer *l);
void cr_onnx_batch_norm(cr_onnx_layer *l);
void cr_onnx_bn(cr_onnx_layer *l);
void cr_onnx_scale(cr_onnx_layer *l);
void cr_onnx_bias(cr_onnx_layer *l);
void cr_onnx_axpy(cr_onnx_layer *l);
void cr_onnx_lrn(cr_onnx_layer *l);
void cr_onnx_mvn(cr_onnx_layer *l);
void cr_onnx_normalize(cr_onnx_layer *l);
void cr_onnx_channel_norm(cr_onnx_layer *l);
void cr_onnx_relu(cr_onnx_layer *l);
void cr_onnx_relu6(cr_onnx_layer *l);
void cr_onnx_crelu(cr_onnx_layer *l);
void cr_onnx_prelu(cr_onnx_layer *l);
void cr_onnx_elu(cr_onnx_layer *l);
void cr_onnx_selu(cr_onnx_layer *l);
void cr_onnx_sigmoid(cr_onnx_layer *l);
void cr_onnx_tanh(cr_onnx_layer *l);
void cr_onnx_abs_val(cr_onnx_layer *l);
void cr_onnx_bnll(cr_onnx_layer *l);
void cr_onnx_power(cr_onnx_layer *l);
void cr_onnx_exp(cr_onnx_layer *l);
void cr_onnx_log(cr_onnx_layer *l);
void cr_onnx_threshold(cr_onnx_layer *l);
void cr_onnx_clip(cr_onnx_layer *l);
void cr_onnx_swish(cr_onnx_layer *l);
void cr_onnx_mish(cr_onnx_layer *l);
void cr_onnx_hard_swish(cr_onnx_layer *l);
void cr_onnx_hard_sigmoid(cr_onnx_layer *l);
void cr_onnx_softmax(cr_onnx_layer *l);
void cr_onnx_dropout(cr_onnx_layer *l);
void cr_onnx_concat_layer(cr_onnx_layer *l);
void cr_onnx_slice_layer(cr_onnx_layer *l);
void cr_onnx_silence(cr_onnx_layer *l);
void cr_onnx_crop(cr_onnx_layer *l);
void cr_onnx_permute(cr_onnx_layer *l);
void cr_onnx_transpose_layer(cr_onnx_layer *l);
void cr_onnx_tile(cr_onnx_layer *l);
void cr_onnx_reverse(cr_onnx_layer *l);
void cr_onnx_reverse_time(cr_onnx_layer *l);
void cr_onnx_shuffle_channel(cr_onnx_layer *l);
void cr_onnx_reorg(cr_onnx_layer *l);
void cr_onnx_depth_to_space(cr_onnx_layer *l);
void cr_onnx_pad_layer(cr_onnx_layer *l);
void cr_onnx_batch_reindex(cr_onnx_layer *l);
void cr_onnx_filter(cr_onnx_layer *l);
void cr_onnx_interp(cr_onnx_layer *l);
void cr_onnx_upsample(cr_onnx_layer *l);
void cr_onnx_resample(cr_onnx_layer *l);
void cr_onnx_detection_output(cr_onnx_layer *l);
void cr_onnx_roi_pooling(cr_onnx_layer *l);
void cr_onnx_lstm(cr_onnx_layer *l);
void cr_onnx_rnn(cr_onnx_layer *l);
void cr_onnx_lstm_unit(cr_onnx_layer *l);
void cr_onnx_lstm_junhyuk(cr_onnx_layer *l);
void cr_onnx_softmax_loss(cr_onnx_layer *l);
void cr_onnx_infogain_loss(cr_onnx_layer *l);
void cr_onnx_multinomial_logistic_loss(cr_onnx_layer *l);
void cr_onnx_hinge_loss(cr_onnx_layer *l);
void cr_onnx_euclidean_loss(cr_onnx_layer *l);
void cr_onnx_sigmoid_cross_entropy_loss(cr_onnx_layer *l);
void cr_onnx_contrastive_loss(cr_onnx_layer *l);
void cr_onnx_smooth_l1_loss(cr_onnx_layer *l);
void cr_onnx_accuracy(cr_onnx_layer *l);
void cr_onnx_python(cr_onnx_layer *l);

#endif
