/*
 * conv_layer.h - a layer with only a convolution_param or pooling_param, for tests that call window.h directly.
 */
#ifndef TESTS_SUPPORT_CONV_LAYER_H
#define TESTS_SUPPORT_CONV_LAYER_H

#include "crema.pb-c.h"
#include "layers/layer.h"

// Wires up the three structs; a block that is NULL is absent. The type's name is only for messages.
typedef struct conv_layer {
    cr_layer_type type;
    Crema__LayerParameter param;
    cr_layer layer;
} conv_layer;

static inline const cr_layer *conv_layer_init(conv_layer *l, Crema__ConvolutionParameter *conv,
                                              Crema__PoolingParameter *pool)
{
    *l = (conv_layer){.type = {.name = pool ? "Pooling" : "Convolution"}};
    crema__layer_parameter__init(&l->param);
    l->param.convolution_param = conv;
    l->param.pooling_param = pool;
    l->layer = (cr_layer){.type = &l->type, .name = "w", .param = &l->param};
    return &l->layer;
}

#endif
