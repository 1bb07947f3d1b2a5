/*
 * weights_file.h - weights in any of their formats, as a list of layers with blobs.
 *
 *     .caffemodel        the index of caffemodel.h
 *     .caffemodel.h5     HDF5, as Caffe's snapshots have it (hdf5.c)
 *     a folder           of .npy files, one for each blob (npy_folder.c)
 *
 * The format is told by what is there, not by the name. Values stay in the file until they are asked for.
 */
#ifndef CR_READ_WEIGHTS_FILE_H
#define CR_READ_WEIGHTS_FILE_H

#include "read/caffemodel.h"

typedef struct cr_weights_file cr_weights_file;

typedef struct cr_weights_format {
    const char *name; // for messages: "HDF5"
    // Fills net_name, layer, n_layers and own; memory comes from the arena. On failure close is called too.
    cr_status (*open)(cr_weights_file *file, const cr_log *log, cr_err *err);
    // All values of a blob, of which there are blob->count, in C order.
    cr_status (*read)(const cr_weights_file *file, const cr_stored_blob *blob, float *out, cr_err *err);
    void (*close)(cr_weights_file *file); // what is not in the arena
} cr_weights_format;

struct cr_weights_file {
    const char *path; // the caller's
    const cr_weights_format *format;
    cr_arena arena;
    const char *net_name; // "" where it is not known
    int n_layers;
    const cr_stored_layer *layer; // type "" where it is not known; of a blob, offset is the format's own
    void *own;
};

cr_status cr_weights_file_open(cr_weights_file *file, const char *path, const cr_log *log, cr_err *err);
void cr_weights_file_close(cr_weights_file *file); // all zero is fine
// Fails for a blob whose values are fewer than its shape's.
cr_status cr_weights_file_read(const cr_weights_file *file, const cr_stored_blob *blob, float *out,
                               cr_err *err);

extern const cr_weights_format cr_weights_hdf5, cr_weights_npy_folder;

#endif
