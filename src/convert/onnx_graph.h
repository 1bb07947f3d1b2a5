/*
 * onnx_graph.h - an ONNX graph under construction: nodes, constants, names.
 *
 *     const char *y = cr_onnx_op(g, "Mul", NULL, x, cr_onnx_scalar(g, 2), NULL);     // y = x * 2, named for us
 *     cr_onnx_op(g, "Softmax", "prob", y, NULL);                                     // y -> "prob"
 *     cr_onnx_int(g, "axis", 1);                                                     // an attribute of the Softmax
 *
 * A value is its name. Running out of memory sets `no_memory` and makes all that follows do nothing, so code that
 * emits nodes does not check each call. All of it lives in the graph's arena; values of constants are the caller's
 * unless they are said to be copied, so weights are never held twice.
 */
#ifndef CR_CONVERT_ONNX_GRAPH_H
#define CR_CONVERT_ONNX_GRAPH_H

#include "base/names.h"
#include "base/tensor.h"

enum { CR_ONNX_OPSET = 17, CR_ONNX_IR = 8 };

// From onnx_subset.pb-c.h.
typedef struct Onnx__NodeProto Onnx__NodeProto;

// Numbers of TensorProto.DataType.
typedef enum cr_onnx_type { CR_ONNX_FLOAT = 1, CR_ONNX_INT64 = 7, CR_ONNX_BOOL = 9 } cr_onnx_type;

// A constant; in the file an initializer.
typedef struct cr_onnx_data {
    const char *name;
    cr_onnx_type type;
    cr_shape shape;
    const void *values;
    size_t bytes;
    const char *wish; // for the name that it gets in the end
} cr_onnx_data;

// The name and shape of a value, for inputs, outputs and readers of the file.
typedef struct cr_onnx_info {
    const char *name;
    cr_shape shape;
    const char *dynamic; // name of the axis whose size is known only while running, or NULL
    int dynamic_axis;
} cr_onnx_info;

typedef struct cr_onnx_infos {
    cr_onnx_info *item;
    size_t n, room;
} cr_onnx_infos;

typedef struct cr_onnx_graph {
    cr_arena arena;
    bool no_memory, finished;
    const char *name;
    Onnx__NodeProto **node;
    size_t n_nodes, node_room, attribute_room, output_room; // the rooms of the last node
    cr_onnx_data *data;
    size_t n_data, data_room;
    cr_onnx_infos input, output, inner;
    cr_names taken;
    const char *prefix; // of names that are made for nodes and values
} cr_onnx_graph;

void cr_onnx_graph_init(cr_onnx_graph *g);
void cr_onnx_graph_free(cr_onnx_graph *g);
// Gives constants their names, in the order in which nodes read them, which is then their order; those that nobody
// reads go. So a model does not depend on the order in which a compiler evaluates arguments.
void cr_onnx_graph_finish(cr_onnx_graph *g);

// `wish` if it is free and valid (UTF-8 without control characters, not empty), else something near it; taken then.
const char *cr_onnx_name(cr_onnx_graph *g, const char *wish);

// Appends a node. out: the name of its first output; NULL: one is made. Then the inputs ("": left out), then NULL.
// Returns the name of the output.
const char *cr_onnx_op(cr_onnx_graph *g, const char *op, const char *out, ...) __attribute__((sentinel));
const char *cr_onnx_op_list(cr_onnx_graph *g, const char *op, const char *out, size_t n,
                            const char *const *in);
// Of the last node: one more output (NULL: a name is made; "": left out), attributes.
const char *cr_onnx_more(cr_onnx_graph *g, const char *out);
void cr_onnx_int(cr_onnx_graph *g, const char *name, int64_t value);
void cr_onnx_ints(cr_onnx_graph *g, const char *name, size_t n, const int64_t *values); // copied
void cr_onnx_float(cr_onnx_graph *g, const char *name, float value);
void cr_onnx_text(cr_onnx_graph *g, const char *name, const char *value);

// Constants. The same values, by address, with the same shape are stored once. wish: a name for them, or NULL.
const char *cr_onnx_floats(cr_onnx_graph *g, const char *wish, const cr_shape *shape, const float *values);
const char *cr_onnx_scalar(cr_onnx_graph *g, float value);
const char *cr_onnx_index(cr_onnx_graph *g, int64_t value);                          // int64 scalar
const char *cr_onnx_indices(cr_onnx_graph *g, size_t n, const int64_t *values);      // int64, 1 axis; copied
const char *cr_onnx_indices_kept(cr_onnx_graph *g, size_t n, const int64_t *values); // the same, not copied
const char *cr_onnx_index_table(cr_onnx_graph *g, const cr_shape *shape, const int64_t *values); // not copied
// Room for values of a constant; NULL when out of memory, which is noted.
float *cr_onnx_room(cr_onnx_graph *g, int64_t n);
int64_t *cr_onnx_index_room(cr_onnx_graph *g, int64_t n);

void cr_onnx_add_info(cr_onnx_graph *g, cr_onnx_infos *list, const cr_onnx_info *info);

/* ---- short forms ---- */

const char *cr_onnx_reshape(cr_onnx_graph *g, const char *x, const char *out, const cr_shape *shape);
const char *cr_onnx_transpose(cr_onnx_graph *g, const char *x, const char *out, int rank, const int *order);
// [from, to) of one axis.
const char *cr_onnx_slice(cr_onnx_graph *g, const char *x, const char *out, int axis, int64_t from,
                          int64_t to);
const char *cr_onnx_gather(cr_onnx_graph *g, const char *x, const char *out, int axis, const char *indices);
const char *cr_onnx_concat(cr_onnx_graph *g, const char *out, int axis, size_t n, const char *const *in);
// ReduceMean, ReduceMax ...: axes [from, to) as an attribute; kept with length 1.
const char *cr_onnx_reduce(cr_onnx_graph *g, const char *op, const char *x, int from, int to);
// ReduceSum, whose axes are an input in this opset.
const char *cr_onnx_sum(cr_onnx_graph *g, const char *x, int from, int to);
const char *cr_onnx_cast(cr_onnx_graph *g, const char *x, const char *out, cr_onnx_type type);

#endif
