/*
 * weights_writer.h - writing weights layer by layer, in several formats.
 *
 *     cr_weights_writer *w;
 *     cr_hdf5_writer_open(&w, "net.caffemodel.h5", "my net", false, err)
 *     w->type->layer(w, &(cr_written_layer){"conv1", "Convolution", 2, shapes}, err)    then its blobs, in order
 *     w->type->blob(w, values, err)
 *     w->type->commit(w, err)                               or discard
 *
 * Nothing stands at the path until commit. A layer's blobs are as many as layer() was told, in these shapes.
 */
#ifndef CR_WRITE_WEIGHTS_WRITER_H
#define CR_WRITE_WEIGHTS_WRITER_H

#include "base/file.h"
#include "base/tensor.h"

typedef struct cr_weights_writer cr_weights_writer;

typedef struct cr_written_layer {
    const char *name, *type; // type "": not known
    int n_blobs;
    const cr_shape *shape; // of each blob; until the next layer
    // Of each blob: its shape came as num, channels, height, width, and a .caffemodel says it so again. NULL: none.
    const bool *legacy;
    // For .caffemodel: all of the layer but its blobs; NULL: not known.
    const struct Crema__LayerParameter *param;
} cr_written_layer;

typedef struct cr_weights_writer_type {
    cr_status (*layer)(cr_weights_writer *w, const cr_written_layer *layer, cr_err *err);
    cr_status (*blob)(cr_weights_writer *w, const float *values, cr_err *err);
    cr_status (*commit)(cr_weights_writer *w, cr_err *err); // frees the writer, also on error
    void (*discard)(cr_weights_writer *w);                  // frees it and leaves nothing behind
} cr_weights_writer_type;

struct cr_weights_writer {
    const cr_weights_writer_type *type;
};

// As Caffe's Net::ToHDF5: /data/LAYER/NUMBER, float32. Type and place of each layer stand beside as the attributes
// crema_type and crema_index, which Caffe does not look at. A name that HDF5 can't have as a path is an error.
// The net's name is the attribute crema_net of /data; "": not known.
cr_status cr_hdf5_writer_open(cr_weights_writer **w, const char *path, const char *net_name, bool force,
                              cr_err *err);

// A folder: LAYER.NUMBER.npy with layer names escaped (base/path.h), and the list layers.yaml, as read/npy_folder.c
// has them. With force a folder of that kind is replaced; any other is not.
cr_status cr_npy_folder_writer_open(cr_weights_writer **w, const char *path, const char *net_name, bool force,
                                    cr_err *err);

// A .caffemodel of today's format (V2): net, without its layers, then layer after layer. net may be NULL. half:
// values as NVIDIA's raw_data of half precision; one that is finite and too large for that is an error.
typedef struct cr_caffemodel_options {
    bool force, half;
    const char *name; // of the net, where net is NULL
    const struct Crema__NetParameter *net;
} cr_caffemodel_options;
cr_status cr_caffemodel_writer_open(cr_weights_writer **w, const char *path,
                                    const cr_caffemodel_options *options, cr_err *err);

// A .binaryproto: one blob. Up to four axes as num, channels, height, width, which Caffe's readers of mean images
// want; more as a shape.
cr_status cr_binaryproto_write(const char *path, bool force, const cr_shape *shape, const float *values,
                               cr_err *err);

#endif
