/*
 * weights.h - weights on their way from one file to another.
 */
#ifndef CR_CONVERT_WEIGHTS_H
#define CR_CONVERT_WEIGHTS_H

#include "convert/convert.h"
#include "read/weights_file.h"
#include "write/weights_writer.h"

// One layer with its blobs, which are read one after the other. param: what a .caffemodel says of it, or NULL.
cr_status cr_convert_layer(const cr_weights_file *from, const cr_stored_layer *layer,
                           const Crema__LayerParameter *param, cr_weights_writer *to, cr_err *err);

#endif
