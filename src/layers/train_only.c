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

const cr_layer_type cr_layer_smooth_l1_loss_ohem = {.name = "SmoothL1LossOHEM",
                                                    .about = "loss with hard example mining",
                                                    .param = "smooth_l1_loss_param",
                                                    TRAINING};
const cr_layer_type cr_layer_softmax_loss_ohem = {.name = "SoftmaxWithLossOHEM",
                                                  .about = "loss with hard example mining",
                                                  .param = "softmax_param",
                                                  TRAINING};
const cr_layer_type cr_layer_box_annotator_ohem = {.name = "BoxAnnotatorOHEM",
                                                   .about = "picks hard examples (R-FCN)",
                                                   .param = "box_annotator_ohem_param",
                                                   TRAINING};
const cr_layer_type cr_layer_multibox_loss = {
    .name = "MultiBoxLoss", .about = "the loss of SSD", .param = "multibox_loss_param", TRAINING};
const cr_layer_type cr_layer_detection_evaluate = {.name = "DetectionEvaluate",
                                                   .about = "scores boxes of SSD against a ground truth",
                                                   .param = "detection_evaluate_param",
                                                   TRAINING};
const cr_layer_type cr_layer_region_loss = {
    .name = "RegionLoss", .about = "the loss of YOLO 2", .param = "region_loss_param", TRAINING};
const cr_layer_type cr_layer_yolov3 = {
    .name = "Yolov3", .about = "the loss of YOLO 3", .param = "yolov3_param", TRAINING};
const cr_layer_type cr_layer_eval_detection = {.name = "EvalDetection",
                                               .about = "scores boxes of YOLO against a ground truth",
                                               .param = "eval_detection_param",
                                               TRAINING};
const cr_layer_type cr_layer_assisted_excitation = {
    .name = "AssistedExcitation", .about = "shows training where objects are (YOLO)", TRAINING};
const cr_layer_type cr_layer_ctc_loss = {.name = "CtcLoss",
                                         .about = "connectionist temporal classification",
                                         .aliases = {"CTCLoss"},
                                         .param = "ctc_loss_param",
                                         TRAINING};
const cr_layer_type cr_layer_warp_ctc_loss = {.name = "WarpCTCLoss",
                                              .about = "connectionist temporal classification",
                                              .aliases = {"WarpCtcLoss"},
                                              .param = "ctc_loss_param",
                                              TRAINING};
const cr_layer_type cr_layer_labelsequence_accuracy = {
    .name = "LabelsequenceAccuracy", .about = "share of label sequences that are right", TRAINING};
const cr_layer_type cr_layer_seg_accuracy = {.name = "SegAccuracy",
                                             .about = "share of pixels that are right",
                                             .param = "seg_accuracy_param",
                                             TRAINING};
const cr_layer_type cr_layer_center_loss = {
    .name = "CenterLoss", .about = "distance to the centers of classes", TRAINING};
const cr_layer_type cr_layer_triplet_loss = {
    .name = "TripletLoss", .about = "distances within triplets", TRAINING};
const cr_layer_type cr_layer_l1_loss = {.name = "L1Loss", .about = "sum of absolute differences", TRAINING};
const cr_layer_type cr_layer_lpq_loss = {
    .name = "LpqLoss", .about = "a loss of powers of differences (FlowNet2)", TRAINING};
