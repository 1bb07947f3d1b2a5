/*
 * onnx_write.h - an ONNX graph as a file.
 */
#ifndef CR_CONVERT_ONNX_WRITE_H
#define CR_CONVERT_ONNX_WRITE_H

#include "convert/onnx_graph.h"

// most_inside: with more bytes of constants than this they go to PATH.data. version: of the program.
cr_status cr_onnx_write(cr_onnx_graph *g, const char *path, bool force, uint64_t most_inside,
                        const char *version, cr_err *err);

#endif
