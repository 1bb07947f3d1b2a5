/*
 * python.h - readings of the type Python: rows for modules that we know. They are not in list.h, since their name
 * is Python's; python.c chooses them.
 */
#ifndef CR_LAYERS_PYTHON_H
#define CR_LAYERS_PYTHON_H

#include "layers/layer.h"

extern const cr_layer_type cr_layer_python;
extern const cr_layer_type cr_layer_python_proposal;
extern const cr_layer_type cr_layer_spatial_dropout;

// What a spatial_dropout multiplies its values by.
float cr_spatial_dropout_factor(const cr_layer *layer);

// What stands behind 'name': in python_param.param_str, a dict as Python or YAML write it, quoted or not, into
// value, without quotes. False: it is not there, or too long.
bool cr_python_field(const cr_layer *layer, const char *name, char *value, size_t size);

#endif
