#include "tests/support/net.h"
#include "tests/test.h"

#include <stdio.h>

#define X                               \
    {                                   \
        "x", SHAPE(1, 2), VALUES(-1, 1) \
    }
#define OUT .out = {{"out", SHAPE(1, 2), VALUES(0, 1)}}

START_TEST(they_load_and_are_not_run)
{
    static const char *const type[] = {"SmoothL1LossOHEM",
                                       "SoftmaxWithLossOHEM",
                                       "BoxAnnotatorOHEM",
                                       "MultiBoxLoss",
                                       "DetectionEvaluate",
                                       "RegionLoss",
                                       "Yolov3",
                                       "EvalDetection",
                                       "AssistedExcitation",
                                       "CtcLoss",
                                       "CTCLoss",
                                       "WarpCTCLoss",
                                       "LabelsequenceAccuracy",
                                       "SegAccuracy",
                                       "CenterLoss",
                                       "TripletLoss",
                                       "L1Loss",
                                       "LpqLoss"};
    for (size_t i = 0; i < sizeof type / sizeof *type; i++) {
        char net[300];
        snprintf(net, sizeof net,
                 "@layer { name: 't' type: '%s' bottom: 'x' bottom: 'x' bottom: 'x' top: 'a' top: 'b' } "
                 "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' }",
                 type[i]);
        NET_CHECK(.net = net, .in = {X}, OUT, .warns = "is a layer of training, which is not run");
    }
}
END_TEST

START_TEST(who_reads_their_tops_can_not_run)
{
    NET_FAILS("is made by layer \"t\" (MultiBoxLoss), which is not run",
              .net = "layer { name: 't' type: 'MultiBoxLoss' bottom: 'x' top: 'a' } "
                     "layer { name: 'r' type: 'ReLU' bottom: @'a' top: 'out' }",
              .in = {X});
}
END_TEST

TEST_MAIN("layers/train_only", they_load_and_are_not_run, who_reads_their_tops_can_not_run)
