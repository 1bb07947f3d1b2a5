/*
 * npy.h - writing .npy files: float32, little-endian, C order, with the very header that NumPy writes.
 */
#ifndef CR_WRITE_NPY_H
#define CR_WRITE_NPY_H

#include "base/file.h"
#include "base/tensor.h"

// The whole file or nothing; an existing file is an error, or with force replaced. data: contiguous.
cr_status cr_npy_write(const char *path, bool force, const cr_shape *shape, const float *data, cr_err *err);

#endif
