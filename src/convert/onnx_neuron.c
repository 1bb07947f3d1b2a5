/*
 * onnx_neuron.c - activations: layers that look at one value at a time.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/python.h"

#include <math.h>

static void one(cr_onnx_layer *l, const char *op)
{
    cr_onnx_op(l->g, op, l->out[0], l->in[0], NULL);
}

void cr_onnx_abs_val(cr_onnx_layer *l)
{
    one(l, "Abs");
}

void cr_onnx_bnll(cr_onnx_layer *l)
{
    one(l, "Softplus");
}

void cr_onnx_sigmoid(cr_onnx_layer *l)
{
    one(l, "Sigmoid");
}

void cr_onnx_tanh(cr_onnx_layer *l)
{
    one(l, "Tanh");
}

static const char *times(cr_onnx_graph *g, const char *x, const char *out, double factor)
{
    if (factor == 1 && !out)
        return x;
    return cr_onnx_op(g, "Mul", out, x, cr_onnx_scalar(g, (float)factor), NULL);
}

static const char *plus(cr_onnx_graph *g, const char *x, const char *out, double term)
{
    if (term == 0 && !out)
        return x;
    return cr_onnx_op(g, "Add", out, x, cr_onnx_scalar(g, (float)term), NULL);
}

static const char *relu(cr_onnx_graph *g, const char *x, const char *out, float slope)
{
    if (slope == 0)
        return cr_onnx_op(g, "Relu", out, x, NULL);
    out = cr_onnx_op(g, "LeakyRelu", out, x, NULL);
    cr_onnx_float(g, "alpha", slope);
    return out;
}

void cr_onnx_relu(cr_onnx_layer *l)
{
    const Crema__ReLUParameter *p = l->layer->param->relu_param;
    relu(l->g, l->in[0], l->out[0], p ? p->negative_slope : 0);
}

void cr_onnx_relu6(cr_onnx_layer *l)
{
    const Crema__ReLUParameter *p = l->layer->param->relu6_param;
    const char *y = relu(l->g, l->in[0], NULL, p ? p->negative_slope : 0);
    cr_onnx_op(l->g, "Clip", l->out[0], y, "", cr_onnx_scalar(l->g, 6), NULL);
}

void cr_onnx_crelu(cr_onnx_layer *l)
{
    const char *both[2] = {l->in[0], cr_onnx_op(l->g, "Neg", NULL, l->in[0], NULL)};
    cr_onnx_op(l->g, "Relu", l->out[0], cr_onnx_concat(l->g, NULL, 1, 2, both), NULL);
}

// The slopes stand for axis 1; ONNX aligns shapes at their ends.
void cr_onnx_prelu(cr_onnx_layer *l)
{
    int64_t n = cr_shape_count(&l->step->blob_shape[0]);
    int rank = l->in_shape[0].rank;
    cr_shape shape = {.rank = 0};
    if (n > 1 || (rank > 1 && l->in_shape[0].dim[1] == 1)) {
        shape.rank = rank - 1;
        for (int i = 0; i < shape.rank; i++)
            shape.dim[i] = 1;
        shape.dim[0] = n;
    } else {
        shape.rank = 1;
        shape.dim[0] = 1;
    }
    cr_onnx_op(l->g, "PRelu", l->out[0], l->in[0], cr_onnx_blob_as(l, 0, &shape), NULL);
}

void cr_onnx_elu(cr_onnx_layer *l)
{
    const Crema__ELUParameter *p = l->layer->param->elu_param;
    one(l, "Elu");
    cr_onnx_float(l->g, "alpha", p ? p->alpha : 1);
}

void cr_onnx_selu(cr_onnx_layer *l)
{
    static const Crema__SeLuParameter none = {.lambda = 1.050700987f, .alpha = 1.67326324f};
    const Crema__SeLuParameter *p = l->layer->param->selu_param ? l->layer->param->selu_param : &none;
    one(l, "Selu");
    cr_onnx_float(l->g, "alpha", p->alpha);
    cr_onnx_float(l->g, "gamma", p->lambda);
}

void cr_onnx_swish(cr_onnx_layer *l)
{
    const Crema__SwishParameter *p = l->layer->param->swish_param;
    const char *gate = cr_onnx_op(l->g, "Sigmoid", NULL, times(l->g, l->in[0], NULL, p ? p->beta : 1), NULL);
    cr_onnx_op(l->g, "Mul", l->out[0], l->in[0], gate, NULL);
}

void cr_onnx_mish(cr_onnx_layer *l)
{
    const char *gate =
        cr_onnx_op(l->g, "Tanh", NULL, cr_onnx_op(l->g, "Softplus", NULL, l->in[0], NULL), NULL);
    cr_onnx_op(l->g, "Mul", l->out[0], l->in[0], gate, NULL);
}

void cr_onnx_hard_swish(cr_onnx_layer *l)
{
    one(l, "HardSwish");
}

void cr_onnx_hard_sigmoid(cr_onnx_layer *l)
{
    const Crema__HardSigmoidParameter *p = l->layer->param->hard_sigmoid_param;
    one(l, "HardSigmoid");
    cr_onnx_float(l->g, "alpha", p ? p->alpha : 0.2f);
    cr_onnx_float(l->g, "beta", p ? p->beta : 0.5f);
}

void cr_onnx_clip(cr_onnx_layer *l)
{
    const Crema__ClipParameter *p = l->layer->param->clip_param;
    float low = p->min, high = p->max > p->min ? p->max : p->min; // min above max: everything becomes min
    cr_onnx_op(l->g, "Clip", l->out[0], l->in[0], cr_onnx_scalar(l->g, low), cr_onnx_scalar(l->g, high),
               NULL);
}

void cr_onnx_threshold(cr_onnx_layer *l)
{
    const Crema__ThresholdParameter *p = l->layer->param->threshold_param;
    const char *above =
        cr_onnx_op(l->g, "Greater", NULL, l->in[0], cr_onnx_scalar(l->g, p ? p->threshold : 0), NULL);
    cr_onnx_cast(l->g, above, l->out[0], CR_ONNX_FLOAT);
}

void cr_onnx_exp(cr_onnx_layer *l)
{
    static const Crema__ExpParameter none = CREMA__EXP_PARAMETER__INIT;
    const Crema__ExpParameter *p = l->layer->param->exp_param ? l->layer->param->exp_param : &none;
    double log_base = p->base == -1 ? 1 : log((double)p->base);
    const char *x = times(l->g, l->in[0], NULL, (double)p->scale * log_base);
    bool outer = p->shift != 0;
    const char *y = cr_onnx_op(l->g, "Exp", outer ? NULL : l->out[0], x, NULL);
    if (outer)
        times(l->g, y, l->out[0], exp((double)p->shift * log_base));
}

void cr_onnx_log(cr_onnx_layer *l)
{
    static const Crema__LogParameter none = CREMA__LOG_PARAMETER__INIT;
    const Crema__LogParameter *p = l->layer->param->log_param ? l->layer->param->log_param : &none;
    const char *x = plus(l->g, times(l->g, l->in[0], NULL, (double)p->scale), NULL, (double)p->shift);
    bool natural = p->base == -1;
    const char *y = cr_onnx_op(l->g, "Log", natural ? l->out[0] : NULL, x, NULL);
    if (!natural)
        times(l->g, y, l->out[0], 1 / log((double)p->base));
}

void cr_onnx_power(cr_onnx_layer *l)
{
    static const Crema__PowerParameter none = CREMA__POWER_PARAMETER__INIT;
    const Crema__PowerParameter *p = l->layer->param->power_param ? l->layer->param->power_param : &none;
    cr_onnx_graph *g = l->g;
    if (p->power * p->scale == 0) {
        float constant = p->power == 0 ? 1 : powf(p->shift, p->power);
        const char *shape = cr_onnx_op(g, "Shape", NULL, l->in[0], NULL);
        cr_onnx_op(g, "Expand", l->out[0], cr_onnx_scalar(g, constant), shape, NULL);
        return;
    }
    bool raised = p->power != 1;
    bool shifted = p->shift != 0;
    const char *x = times(g, l->in[0], raised || shifted ? NULL : l->out[0], (double)p->scale);
    if (shifted)
        x = plus(g, x, raised ? NULL : l->out[0], (double)p->shift);
    if (raised)
        cr_onnx_op(g, "Pow", l->out[0], x, cr_onnx_scalar(g, p->power), NULL);
}

void cr_onnx_dropout(cr_onnx_layer *l)
{
    const Crema__DropoutParameter *p = l->layer->param->dropout_param;
    if (l->step->shaping->view)
        cr_onnx_emit_identity(l);
    else
        times(l->g, l->in[0], l->out[0], (double)(1 - p->dropout_ratio));
}

// Of the modules that are known, spatial_dropout alone.
void cr_onnx_python(cr_onnx_layer *l)
{
    if (l->layer->type == &cr_layer_spatial_dropout)
        times(l->g, l->in[0], l->out[0], (double)cr_spatial_dropout_factor(l->layer));
    else
        cr_onnx_refuse(l, "its module has none");
}

void cr_onnx_softmax(cr_onnx_layer *l)
{
    const Crema__SoftmaxParameter *p = l->layer->param->softmax_param;
    one(l, "Softmax");
    cr_onnx_int(l->g, "axis", cr_onnx_axis(p ? p->axis : 1, l->in_shape[0].rank));
}
