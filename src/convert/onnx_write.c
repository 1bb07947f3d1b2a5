/*
 * onnx_write.c - an ONNX graph as a file, without a second copy of its values.
 *
 * protobuf-c packs a message whole, into memory. So the model is packed without its initializers, whose headers are
 * packed one by one, and the values go from where they are straight into the file:
 *
 *     ModelProto:  ir_version, producer, opset | graph: length |                      fields in any order are
 *       GraphProto:  nodes, inputs, outputs | initializer: length |                   one message to a reader
 *         TensorProto:  name, dims, type | raw_data: length, VALUES
 *
 * A protobuf message ends at 2 GB. Above `most_inside` the values stand in PATH.data, each at a multiple of 4096
 * bytes as ONNX recommends, and the tensors say where. Values are little-endian in ONNX, and so are our machines.
 */
#include "convert/onnx_write.h"
#include "base/file.h"
#include "onnx_subset.pb-c.h"

#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ONNX stores little-endian values");

enum { ALIGN = 4096, SMALL = 1024 }; // values of up to SMALL bytes stay in the model
enum { LENGTH = 2, MODEL_GRAPH = 7, GRAPH_INITIALIZER = 5, TENSOR_RAW_DATA = 9 }; // wire type; field numbers

typedef struct writing {
    cr_onnx_graph *g;
    const char *path, *data_name; // data_name: of the file of values, as the model names it; NULL: inside
    cr_writer *model, *data;
    uint64_t offset; // in the file of values
    cr_err *err;
} writing;

static size_t varint_size(uint64_t x)
{
    size_t n = 1;
    for (; x >= 0x80; x >>= 7)
        n++;
    return n;
}

// A field's key and length.
static cr_status write_head(writing *w, int field, uint64_t length)
{
    unsigned char buf[16];
    size_t n = 0;
    buf[n++] = (unsigned char)(field << 3 | LENGTH); // all our fields are below 16
    for (; length >= 0x80; length >>= 7)
        buf[n++] = (unsigned char)(length | 0x80);
    buf[n++] = (unsigned char)length;
    return cr_writer_write(w->model, buf, n, w->err);
}

static cr_status write_message(writing *w, const ProtobufCMessage *message)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    unsigned char *buf = cr_alloc(n ? n : 1);
    if (!buf)
        return cr_no_memory(w->err);
    protobuf_c_message_pack(message, buf);
    cr_status status = cr_writer_write(w->model, buf, n, w->err);
    cr_free(buf);
    return status;
}

/* ---- tensors ---- */

static bool is_outside(const writing *w, const cr_onnx_data *d)
{
    return w->data_name && d->bytes > SMALL;
}

// The tensor without its values; `text` holds the numbers of external data.
typedef struct header {
    Onnx__TensorProto tensor;
    int64_t dims[CR_MAX_RANK];
    Onnx__StringStringEntryProto entry[3], *entries[3];
    char offset[24], length[24];
} header;

static void fill_header(const writing *w, const cr_onnx_data *d, uint64_t offset, header *h)
{
    onnx__tensor_proto__init(&h->tensor);
    h->tensor.name = (char *)d->name;
    h->tensor.has_data_type = true;
    h->tensor.data_type = (int32_t)d->type;
    h->tensor.n_dims = (size_t)d->shape.rank;
    h->tensor.dims = h->dims;
    memcpy(h->dims, d->shape.dim, sizeof h->dims);
    if (!is_outside(w, d))
        return;
    snprintf(h->offset, sizeof h->offset, "%llu", (unsigned long long)offset);
    snprintf(h->length, sizeof h->length, "%zu", d->bytes);
    const char *const pair[3][2] = {{"location", w->data_name}, {"offset", h->offset}, {"length", h->length}};
    for (int i = 0; i < 3; i++) {
        onnx__string_string_entry_proto__init(&h->entry[i]);
        h->entry[i].key = (char *)pair[i][0];
        h->entry[i].value = (char *)pair[i][1];
        h->entries[i] = &h->entry[i];
    }
    h->tensor.n_external_data = 3;
    h->tensor.external_data = h->entries;
    h->tensor.has_data_location = true;
    h->tensor.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static uint64_t aligned(uint64_t offset)
{
    return (offset + ALIGN - 1) / ALIGN * ALIGN;
}

// Bytes of the message; *next is where the values behind these may stand in their file.
static uint64_t tensor_size(const writing *w, const cr_onnx_data *d, uint64_t offset, uint64_t *next)
{
    header h;
    fill_header(w, d, offset, &h);
    uint64_t n = onnx__tensor_proto__get_packed_size(&h.tensor);
    *next = is_outside(w, d) ? aligned(offset + d->bytes) : offset;
    return is_outside(w, d) ? n : n + 1 + varint_size(d->bytes) + d->bytes;
}

static cr_status write_outside(writing *w, const cr_onnx_data *d)
{
    static const char zero[ALIGN];
    size_t pad = (size_t)(aligned(w->offset + d->bytes) - w->offset - d->bytes);
    cr_status status = cr_writer_write(w->data, d->values, d->bytes, w->err);
    return status ? status : cr_writer_write(w->data, zero, pad, w->err);
}

static cr_status write_tensor(writing *w, const cr_onnx_data *d)
{
    header h;
    uint64_t next, size = tensor_size(w, d, w->offset, &next);
    fill_header(w, d, w->offset, &h);
    cr_status status = write_head(w, GRAPH_INITIALIZER, size);
    if (!status)
        status = write_message(w, &h.tensor.base);
    if (!status && is_outside(w, d)) {
        status = write_outside(w, d);
    } else if (!status) {
        status = write_head(w, TENSOR_RAW_DATA, d->bytes);
        if (!status && d->bytes > 0)
            status = cr_writer_write(w->model, d->values, d->bytes, w->err);
    }
    w->offset = next;
    return status;
}

/* ---- the graph without its tensors ---- */

static void *get(cr_onnx_graph *g, size_t n, size_t bytes)
{
    void *p = g->no_memory ? NULL : cr_arena_array(&g->arena, n ? n : 1, bytes);
    g->no_memory |= !p;
    return p;
}

static Onnx__TypeProto *type_of(cr_onnx_graph *g, const cr_onnx_info *info)
{
    size_t rank = (size_t)info->shape.rank;
    Onnx__TypeProto *type = get(g, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = get(g, 1, sizeof *tensor);
    Onnx__TensorShapeProto *shape = get(g, 1, sizeof *shape);
    Onnx__TensorShapeProto__Dimension *dim = get(g, rank, sizeof *dim), **dims = get(g, rank, sizeof *dims);
    if (g->no_memory)
        return NULL;
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    for (size_t i = 0; i < rank; i++) {
        onnx__tensor_shape_proto__dimension__init(&dim[i]);
        if (info->dynamic && info->dynamic_axis == (int)i) {
            dim[i].dim_param = (char *)info->dynamic;
        } else {
            dim[i].has_dim_value = true;
            dim[i].dim_value = info->shape.dim[i];
        }
        dims[i] = &dim[i];
    }
    shape->n_dim = rank;
    shape->dim = dims;
    tensor->has_elem_type = true;
    tensor->elem_type = CR_ONNX_FLOAT;
    tensor->shape = shape;
    type->tensor_type = tensor;
    return type;
}

static Onnx__ValueInfoProto **infos(cr_onnx_graph *g, const cr_onnx_infos *list)
{
    Onnx__ValueInfoProto **out = get(g, list->n, sizeof *out);
    for (size_t i = 0; i < list->n && !g->no_memory; i++) {
        out[i] = get(g, 1, sizeof **out);
        Onnx__TypeProto *type = type_of(g, &list->item[i]);
        if (g->no_memory)
            return NULL;
        onnx__value_info_proto__init(out[i]);
        out[i]->name = (char *)list->item[i].name;
        out[i]->type = type;
    }
    return out;
}

static cr_status write_graph(writing *w)
{
    cr_onnx_graph *g = w->g;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    graph.name = (char *)g->name;
    graph.n_node = g->n_nodes;
    graph.node = g->node;
    graph.n_input = g->input.n;
    graph.input = infos(g, &g->input);
    graph.n_output = g->output.n;
    graph.output = infos(g, &g->output);
    graph.n_value_info = g->inner.n;
    graph.value_info = infos(g, &g->inner);
    if (g->no_memory)
        return cr_no_memory(w->err);
    uint64_t length = onnx__graph_proto__get_packed_size(&graph), offset = 0;
    for (size_t i = 0; i < g->n_data; i++) {
        uint64_t n = tensor_size(w, &g->data[i], offset, &offset);
        length += 1 + varint_size(n) + n;
    }
    cr_status status = write_head(w, MODEL_GRAPH, length);
    if (!status)
        status = write_message(w, &graph.base);
    for (size_t i = 0; i < g->n_data && !status; i++)
        status = write_tensor(w, &g->data[i]);
    return status;
}

static cr_status write_model(writing *w, const char *version)
{
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[] = {&opset};
    opset.domain = (char *)"";
    opset.has_version = true;
    opset.version = CR_ONNX_OPSET;
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    model.has_ir_version = true;
    model.ir_version = CR_ONNX_IR;
    model.producer_name = (char *)"crema";
    model.producer_version = (char *)version;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    cr_status status = write_message(w, &model.base);
    return status ? status : write_graph(w);
}

/* ---- files ---- */

static cr_status commit(writing *w)
{
    // The values first: a model that is there can be read.
    cr_status status = w->data ? cr_writer_commit(w->data, w->err) : CREMA_OK;
    w->data = NULL;
    if (!status)
        status = cr_writer_commit(w->model, w->err);
    else
        cr_writer_abort(w->model);
    w->model = NULL;
    return status;
}

static cr_status open_files(writing *w, bool force)
{
    cr_status status = cr_writer_open(&w->model, w->path, force, w->err);
    if (status || !w->data_name)
        return status;
    const char *data_path = cr_arena_printf(&w->g->arena, "%s.data", w->path);
    return data_path ? cr_writer_open(&w->data, data_path, force, w->err) : cr_no_memory(w->err);
}

cr_status cr_onnx_write(cr_onnx_graph *g, const char *path, bool force, uint64_t most_inside,
                        const char *version, cr_err *err)
{
    writing w = {.g = g, .path = path, .err = err};
    uint64_t bytes = 0;
    cr_onnx_graph_finish(g);
    for (size_t i = 0; i < g->n_data; i++)
        bytes += g->data[i].bytes;
    if (bytes > most_inside) {
        const char *slash = strrchr(path, '/');
        w.data_name = cr_arena_printf(&g->arena, "%s.data", slash ? slash + 1 : path);
        g->no_memory |= !w.data_name;
    }
    cr_status status = g->no_memory ? cr_no_memory(err) : open_files(&w, force);
    if (!status)
        status = write_model(&w, version);
    if (!status)
        return commit(&w);
    cr_writer_abort(w.data);
    cr_writer_abort(w.model);
    return status;
}
