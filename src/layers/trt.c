/*
 * trt.c - TRT: a whole net as an engine of NVIDIA's TensorRT, which its file names (trt_param of NVIDIA's Caffe).
 * What comes out is known to the engine alone. Nets that have one load; it is not run, its tops have neither shape
 * nor values, and a warning says so.
 */
#include "layers/layer.h"

const cr_layer_type cr_layer_trt = {.name = "TRT",
                                    .about = "an engine of NVIDIA's TensorRT",
                                    .in_max = CR_ANY,
                                    .out_max = CR_ANY,
                                    .not_run = "a TensorRT engine"};
