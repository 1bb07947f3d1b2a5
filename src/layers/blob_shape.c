/*
 * blob_shape.c - see blob_shape.h.
 */
#include "layers/blob_shape.h"
#include "crema.pb-c.h"

cr_status cr_blob_shape_check(const cr_layer *layer, const Crema__BlobShape *shape, cr_err *err)
{
    if (shape->n_dim > CR_MAX_RANK)
        return cr_layer_fail(layer, err, shape, "dim", CR_MAX_RANK,
                             "a shape of %zu axes is too long; at most %d work", shape->n_dim, CR_MAX_RANK);
    for (size_t i = 0; i < shape->n_dim; i++)
        if (shape->dim[i] < 0)
            return cr_layer_fail(layer, err, shape, "dim", i, "dim %lld is negative",
                                 (long long)shape->dim[i]);
    return CREMA_OK;
}

cr_shape cr_blob_shape(const Crema__BlobShape *shape)
{
    cr_shape s = {.rank = (int)shape->n_dim};
    for (size_t i = 0; i < shape->n_dim; i++)
        s.dim[i] = shape->dim[i];
    return s;
}
