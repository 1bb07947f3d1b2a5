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
// All layers that have blobs: others have no place in a file of weights alone.
cr_status cr_convert_layers(const cr_weights_file *from, cr_weights_writer *to, cr_err *err);

// Ends what is begun: commits after CREMA_OK, leaves nothing after a failure.
cr_status cr_convert_finish(cr_weights_writer *to, cr_status status, cr_err *err);

// The shape that a blob has in formats of today.
cr_shape cr_convert_shape(const cr_stored_blob *blob, int index, const char *stored_type);

#endif
