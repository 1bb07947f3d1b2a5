/*
 * train_only.c - layers of the forks that only training or its evaluation needs: losses over whole detectors,
 * hard example mining, scores against a ground truth. Nets that have them load; they are not run, their tops have
 * neither shape nor values, and a warning says so.
 *
 * Sources: OHEM of R-FCN and Intel; MultiBoxLoss and DetectionEvaluate of SSD; RegionLoss, Yolov3, EvalDetection
 * and AssistedExcitation of the YOLO forks; the CTC losses and LabelsequenceAccuracy of the OCR forks; SegAccuracy
 * of DeepLab; CenterLoss and TripletLoss of face recognition; L1Loss (NVIDIA's and FlowNet2's differ) and LpqLoss.
 */
#include "layers/layer.h"

#define TRAINING .in_max = CR_ANY, .out_max = CR_ANY, .not_run = "a layer of training"

const cr_layer_type cr_layer_smooth_l1_loss_ohem = {
    .name = "SmoothL1LossOHEM", .param = "smooth_l1_loss_param", TRAINING};
const cr_layer_type cr_layer_softmax_loss_ohem = {
    .name = "SoftmaxWithLossOHEM", .param = "softmax_param", TRAINING};
const cr_layer_type cr_layer_box_annotator_ohem = {
    .name = "BoxAnnotatorOHEM", .param = "box_annotator_ohem_param", TRAINING};
const cr_layer_type cr_layer_multibox_loss = {
    .name = "MultiBoxLoss", .param = "multibox_loss_param", TRAINING};
const cr_layer_type cr_layer_detection_evaluate = {
    .name = "DetectionEvaluate", .param = "detection_evaluate_param", TRAINING};
const cr_layer_type cr_layer_region_loss = {.name = "RegionLoss", .param = "region_loss_param", TRAINING};
const cr_layer_type cr_layer_yolov3 = {.name = "Yolov3", .param = "yolov3_param", TRAINING};
const cr_layer_type cr_layer_eval_detection = {
    .name = "EvalDetection", .param = "eval_detection_param", TRAINING};
const cr_layer_type cr_layer_assisted_excitation = {.name = "AssistedExcitation", TRAINING};
const cr_layer_type cr_layer_ctc_loss = {
    .name = "CtcLoss", .aliases = {"CTCLoss"}, .param = "ctc_loss_param", TRAINING};
const cr_layer_type cr_layer_warp_ctc_loss = {
    .name = "WarpCTCLoss", .aliases = {"WarpCtcLoss"}, .param = "ctc_loss_param", TRAINING};
const cr_layer_type cr_layer_labelsequence_accuracy = {.name = "LabelsequenceAccuracy", TRAINING};
const cr_layer_type cr_layer_seg_accuracy = {.name = "SegAccuracy", .param = "seg_accuracy_param", TRAINING};
const cr_layer_type cr_layer_center_loss = {.name = "CenterLoss", TRAINING};
const cr_layer_type cr_layer_triplet_loss = {.name = "TripletLoss", TRAINING};
const cr_layer_type cr_layer_l1_loss = {.name = "L1Loss", TRAINING};
const cr_layer_type cr_layer_lpq_loss = {.name = "LpqLoss", TRAINING};
