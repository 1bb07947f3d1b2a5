/*
 * npy.h - .npy files (NumPy's array format, versions 1 to 3) as float32.
 *
 * Real types only: f2 f4 f8, i1 to i8, u1 to u8, b1, of either byte order, in C or Fortran order; the result
 * is in C order. Everything else (objects, records, text, complex numbers) is an error that says what it is.
 */
#ifndef CR_READ_NPY_H
#define CR_READ_NPY_H

#include "base/file.h"
#include "base/tensor.h"

// True if the file starts as every .npy file does; false if it can't be read.
bool cr_npy_is(const cr_file *file);
// The shape alone; the file's size must fit it.
cr_status cr_npy_shape(const cr_file *file, cr_shape *shape, cr_err *err);
// *data holds the values (never NULL on success); free it with cr_free. Nothing may stand behind the values.
cr_status cr_npy_read(const cr_file *file, cr_shape *shape, float **data, cr_err *err);
cr_status cr_npy_load(const char *path, cr_shape *shape, float **data, cr_err *err);

#endif
