/*
 * weights_writer.h - writing weights layer by layer, in several formats.
 *
 *     cr_weights_writer *w;
 *     cr_hdf5_writer_open(&w, "net.caffemodel.h5", false, err)
 *     w->type->layer(w, "conv1", "Convolution", 2, err)     then its blobs, in order
 *     w->type->blob(w, &shape, values, err)
 *     w->type->commit(w, err)                               or abort
 *
 * Nothing stands at the path until commit. A layer's blobs are as many as layer() was told.
 */
#ifndef CR_WRITE_WEIGHTS_WRITER_H
#define CR_WRITE_WEIGHTS_WRITER_H

#include "base/file.h"
#include "base/tensor.h"

typedef struct cr_weights_writer cr_weights_writer;

typedef struct cr_weights_writer_type {
    cr_status (*layer)(cr_weights_writer *w, const char *name, const char *type, int n_blobs, cr_err *err);
    cr_status (*blob)(cr_weights_writer *w, const cr_shape *shape, const float *values, cr_err *err);
    cr_status (*commit)(cr_weights_writer *w, cr_err *err); // frees the writer, also on error
    void (*abort)(cr_weights_writer *w);                    // frees it and leaves nothing behind
} cr_weights_writer_type;

struct cr_weights_writer {
    const cr_weights_writer_type *type;
};

// As Caffe's Net::ToHDF5: /data/LAYER/NUMBER, float32. Type and place of each layer stand beside as the attributes
// crema_type and crema_index, which Caffe does not look at. A name that HDF5 can't have as a path is an error.
cr_status cr_hdf5_writer_open(cr_weights_writer **w, const char *path, bool force, cr_err *err);

// A folder: LAYER.NUMBER.npy with layer names escaped (base/path.h), and the list layers.yaml, as read/npy_folder.c
// has them. With force a folder of that kind is replaced; any other is not.
cr_status cr_npy_folder_writer_open(cr_weights_writer **w, const char *path, bool force, cr_err *err);

#endif
