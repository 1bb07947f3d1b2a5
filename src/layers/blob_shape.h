/*
 * blob_shape.h - shapes that a layer's parameters spell out (Input, DummyData, Parameter).
 */
#ifndef CR_LAYERS_BLOB_SHAPE_H
#define CR_LAYERS_BLOB_SHAPE_H

#include "layers/layer.h"

typedef struct Crema__BlobShape Crema__BlobShape;

// Fails at a dim that is negative, or one too many.
cr_status cr_blob_shape_check(const cr_layer *layer, const Crema__BlobShape *shape, cr_err *err);
cr_shape cr_blob_shape(const Crema__BlobShape *shape); // of one that is checked

#endif
