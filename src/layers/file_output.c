/*
 * file_output.c - layers that write their bottoms to files: HDF5Output, and MatWrite of DeepLab. They write nothing
 * here, and say so when the net is loaded; the caller gets any blob itself.
 */
#include "layers/layer.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    cr_layer_warn(layer, NULL, NULL, 0, "writes no file");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)layer;
    (void)s;
    (void)err;
    return CREMA_OK;
}

const cr_layer_type cr_layer_hdf5_output = {
    .name = "HDF5Output",
    .about = "wants its bottoms in a file, which is not written",
    .param = "hdf5_output_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .setup = setup,
    .shape = shape,
};

const cr_layer_type cr_layer_mat_write = {
    .name = "MatWrite",
    .about = "wants its bottom in a file, which is not written",
    .param = "mat_write_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .setup = setup,
    .shape = shape,
};
