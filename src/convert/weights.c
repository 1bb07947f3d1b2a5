/*
 * weights.c - weights from any of their formats to any other; and single blobs (mean images).
 *
 *     .caffemodel, .caffemodel.h5, a folder of .npy  -->  .caffemodel.h5, folder/, .caffemodel
 *     .binaryproto  <-->  .npy
 *
 * Layers go one by one through memory: read/weights_file.h on one side, write/weights_writer.h on the other. A
 * .caffemodel holds a net as well. It comes from the first input: a net in any form, or the .caffemodel that the
 * weights come from, and is upgraded; blobs that stay as they are are copied (binary.c); weights from other formats alone make layers of names and types only.
 */
#include "convert/weights.h"
#include "convert/net.h"
#include "crema.pb-c.h"
#include "read/npy.h"
#include "schema/field.h"
#include "upgrade/types.h"
#include "write/npy.h"

#include <stdlib.h>
#include <string.h>

/* ---- layers ---- */

static cr_status copy_blobs(const cr_weights_file *from, const cr_stored_layer *layer, cr_weights_writer *to,
                            cr_err *err)
{
    cr_status status = CREMA_OK;
    for (int i = 0; i < layer->n_blobs && !status; i++) {
        size_t count = (size_t)cr_shape_count(&layer->blob[i].shape), bytes;
        float *values =
            cr_size_mul(count + 1, sizeof *values, &bytes) && cr_fits_machine(bytes) ? cr_alloc(bytes) : NULL;
        if (!values)
            return cr_no_memory(err);
        status = cr_weights_file_read(from, &layer->blob[i], values, err);
        if (!status)
            status = to->type->blob(to, values, err);
        cr_free(values);
    }
    return status;
}

// Today's name of a stored type: an old file has "V1:4", or a name of V0.
static const char *type_name(const char *stored)
{
    const ProtobufCEnumValue *v1 = NULL;
    if (strncmp(stored, "V1:", 3) == 0)
        v1 = protobuf_c_enum_descriptor_get_value(&crema__v1_layer_parameter__layer_type__descriptor,
                                                  atoi(stored + 3));
    const cr_type_names *names = v1 ? cr_type_by_v1(v1->name) : cr_type_by_v0(stored);
    return names ? names->v2 : stored;
}

// Axes of the weights of types that have more than one, as they were when shapes had four.
static int weight_axes(const char *type)
{
    static const struct {
        const char *type;
        int axes;
    } rows[] = {{"Convolution", 4}, {"Deconvolution", 4}, {"InnerProduct", 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(type, rows[i].type) == 0)
            return rows[i].axes;
    return 0;
}

cr_shape cr_convert_shape(const cr_stored_blob *blob, int index, const char *stored_type)
{
    const char *type = type_name(stored_type);
    const cr_shape *old = &blob->shape;
    int wanted = index == 0 ? weight_axes(type) : 1, ones = 0;
    while (ones < old->rank && old->dim[ones] == 1)
        ones++;
    if (wanted == 0) // not known: what can only be a row is one
        wanted = ones >= 3 ? 1 : old->rank;
    if (!blob->legacy_shape || old->rank - wanted > ones)
        return *old;
    cr_shape out = {.rank = wanted};
    memcpy(out.dim, old->dim + old->rank - wanted, (size_t)wanted * sizeof *out.dim);
    return out;
}

cr_status cr_convert_layer(const cr_weights_file *from, const cr_stored_layer *layer,
                           const Crema__LayerParameter *param, cr_weights_writer *to, cr_err *err)
{
    cr_arena arena = {0};
    size_t n = (size_t)layer->n_blobs;
    cr_shape *shape = cr_arena_array(&arena, n, sizeof *shape);
    bool *legacy = cr_arena_array(&arena, n, sizeof *legacy);
    const char *type = type_name(layer->type);
    cr_written_layer out = {layer->name, type, layer->n_blobs, shape, legacy, param};
    cr_status status = shape && legacy ? CREMA_OK : cr_no_memory(err);
    for (int i = 0; i < layer->n_blobs && !status; i++) {
        shape[i] = cr_convert_shape(&layer->blob[i], i, layer->type);
        legacy[i] = layer->blob[i].legacy_shape;
    }
    if (!status)
        status = to->type->layer(to, &out, err);
    if (!status)
        status = copy_blobs(from, layer, to, err);
    cr_arena_free(&arena);
    return status;
}

cr_status cr_convert_layers(const cr_weights_file *from, cr_weights_writer *to, cr_err *err)
{
    cr_status status = CREMA_OK;
    for (int i = 0; i < from->n_layers && !status; i++)
        if (from->layer[i].n_blobs > 0)
            status = cr_convert_layer(from, &from->layer[i], NULL, to, err);
    return status;
}

cr_status cr_convert_finish(cr_weights_writer *to, cr_status status, cr_err *err)
{
    if (!status)
        return to->type->commit(to, err);
    to->type->discard(to);
    return status;
}

static cr_status write_weights(const cr_convert_job *job,
                               cr_status (*open)(cr_weights_writer **w, const char *path,
                                                 const char *net_name, bool force, cr_err *err),
                               cr_err *err)
{
    cr_weights_file from;
    cr_weights_writer *to;
    cr_status status = cr_weights_file_open(&from, job->input[0], job->log, err);
    if (status)
        return status;
    status = open(&to, job->output, from.net_name, job->options.force != 0, err);
    if (!status)
        status = cr_convert_finish(to, cr_convert_layers(&from, to, err), err);
    cr_weights_file_close(&from);
    return status;
}

static cr_status to_hdf5(const cr_convert_job *job, cr_err *err)
{
    return write_weights(job, cr_hdf5_writer_open, err);
}

static cr_status to_folder(const cr_convert_job *job, cr_err *err)
{
    return write_weights(job, cr_npy_folder_writer_open, err);
}

/* ---- single blobs ---- */

static cr_status to_npy(const cr_convert_job *job, cr_err *err)
{
    cr_tensor blob;
    cr_status status = cr_read_binaryproto(&(crema_file){.path = job->input[0]}, &blob, err);
    if (status)
        return status;
    status = cr_npy_write(job->output, job->options.force != 0, &blob.shape, blob.data, err);
    cr_free(blob.data);
    return status;
}

static cr_status to_binaryproto(const cr_convert_job *job, cr_err *err)
{
    cr_shape shape;
    float *values;
    cr_status status = cr_npy_load(job->input[0], &shape, &values, err);
    if (status)
        return status;
    status = cr_binaryproto_write(job->output, job->options.force != 0, &shape, values, err);
    cr_free(values);
    return status;
}

const cr_converter cr_convert_to_hdf5 = {
    .suffixes = ".h5 .hdf5",
    .about = "weights as HDF5",
    .inputs = "one file or folder of weights",
    .min_inputs = 1,
    .max_inputs = 1,
    .run = to_hdf5,
};
const cr_converter cr_convert_to_folder = {
    .suffixes = "/",
    .about = "weights as a folder of .npy files",
    .inputs = "one file or folder of weights",
    .min_inputs = 1,
    .max_inputs = 1,
    .run = to_folder,
};
const cr_converter cr_convert_to_npy = {
    .suffixes = ".npy",
    .about = "one blob as an array",
    .inputs = "one .binaryproto",
    .min_inputs = 1,
    .max_inputs = 1,
    .run = to_npy,
};
const cr_converter cr_convert_to_binaryproto = {
    .suffixes = ".binaryproto",
    .about = "one blob, such as a mean image",
    .inputs = "one .npy",
    .min_inputs = 1,
    .max_inputs = 1,
    .run = to_binaryproto,
};
