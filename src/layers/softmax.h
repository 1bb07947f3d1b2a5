/*
 * softmax.h - the softmax itself, for the layers that have one inside (SoftmaxWithLoss, InfogainLoss).
 */
#ifndef CR_LAYERS_SOFTMAX_H
#define CR_LAYERS_SOFTMAX_H

#include "base/parallel.h"
#include "base/tensor.h"
#include "kernels/kernels.h"

// out = softmax of in along `axis`; equal shapes, any image_stride, out may be in.
void cr_softmax(const cr_kernels *kernels, const cr_tensor *in, const cr_tensor *out, int axis,
                cr_pool *pool);

#endif
