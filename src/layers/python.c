/*
 * python.c - Python: a layer whose code stands in a Python module, which we don't run.
 *
 * Modules that nets in the wild need at test time have a row here that does the same; `readings` names them. Any
 * other layer is a source: its tops are inputs of the net, which the caller feeds, and its bottoms are read by
 * nobody.
 */
#include "layers/python.h"
#include "crema.pb-c.h"
#include "layers/python_param.h"

#include <string.h>

// A module name that ends in '.' stands for all modules of that package.
static const struct reading {
    const char *module;
    const cr_layer_type *type;
} readings[] = {
    {"rpn.proposal_layer", &cr_layer_python_proposal},
    {"spatial_dropout", &cr_layer_spatial_dropout},
};

static bool is_module(const char *name, const char *pattern)
{
    size_t n = strlen(pattern);
    return pattern[n - 1] == '.' ? strncmp(name, pattern, n) == 0 : strcmp(name, pattern) == 0;
}

static const cr_layer_type *choose(const Crema__LayerParameter *param)
{
    const Crema__PythonParameter *p = param->python_param;
    for (size_t i = 0; p && p->module && i < sizeof readings / sizeof *readings; i++)
        if (is_module(p->module, readings[i].module))
            return readings[i].type;
    return &cr_layer_python;
}

bool cr_python_field(const cr_layer *layer, const char *name, char *value, size_t size)
{
    const Crema__PythonParameter *p = layer->param->python_param;
    cr_python_value found;
    if (cr_python_get(p ? p->param_str : NULL, name, &found) != CR_PYTHON_FOUND || found.size >= size)
        return false;
    memcpy(value, found.text, found.size);
    value[found.size] = 0;
    return true;
}

/* ---- layers that are not known ---- */

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__PythonParameter *p = layer->param->python_param;
    layer->reading = "fed by the caller";
    cr_layer_warn(layer, p, p && p->module ? "module" : NULL, 0,
                  "module \"%s\", layer \"%s\" is not known, so its tops are inputs that have to be given",
                  p && p->module ? p->module : "", p && p->layer ? p->layer : "");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    for (int i = 0; i < layer->n_out; i++)
        s->out[i].rank = -1;
    return CREMA_OK;
}

const cr_layer_type cr_layer_python = {
    .name = "Python",
    .about = "the layers of py-faster-rcnn by their class names",
    .param = "python_param",
    .in_max = CR_ANY,
    .out_max = CR_ANY,
    .flags = CR_SOURCE,
    .choose = choose,
    .setup = setup,
    .shape = shape,
};
