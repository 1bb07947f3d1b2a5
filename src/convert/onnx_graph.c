/*
 * onnx_graph.c - nodes, constants and names of an ONNX graph.
 *
 * Nodes are the structs of protobuf-c, ready to be packed; arrays grow by doubling in the arena, where the smaller
 * ones stay behind (they are small: the values of constants are elsewhere).
 */
#include "convert/onnx_graph.h"
#include "onnx_subset.pb-c.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cr_onnx_graph_init(cr_onnx_graph *g)
{
    *g = (cr_onnx_graph){.prefix = ""};
    cr_names_init(&g->taken, &g->arena);
}

void cr_onnx_graph_free(cr_onnx_graph *g)
{
    cr_arena_free(&g->arena);
}

static void *get(cr_onnx_graph *g, size_t n, size_t bytes)
{
    void *p = g->no_memory ? NULL : cr_arena_array(&g->arena, n ? n : 1, bytes);
    if (!p)
        g->no_memory = true;
    return p;
}

// Makes room for one more entry behind n.
static bool grow(cr_onnx_graph *g, void *list, size_t n, size_t *room, size_t item_bytes)
{
    void **array = list;
    if (n < *room)
        return !g->no_memory;
    size_t more = *room ? *room * 2 : 4;
    void *larger = get(g, more, item_bytes);
    if (!larger)
        return false;
    if (n > 0)
        memcpy(larger, *array, n * item_bytes);
    *array = larger;
    *room = more;
    return true;
}

/* ---- names ---- */

// Bytes of the UTF-8 character at s, 0 if there is none.
static size_t character(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4;
    if (n == 4 && (s[0] < 0xf0 || s[0] > 0xf4))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return overlong || outside ? 0 : n;
}

static void make_valid(char *name)
{
    for (unsigned char *s = (unsigned char *)name; *s;) {
        size_t n = character(s);
        if (n == 0 || *s < 0x20 || *s == 0x7f) {
            *s = '_';
            n = 1;
        }
        s += n;
    }
}

const char *cr_onnx_name(cr_onnx_graph *g, const char *wish)
{
    char *name = g->no_memory ? NULL : cr_arena_strdup(&g->arena, *wish ? wish : "_");
    if (!name) {
        g->no_memory = true;
        return "";
    }
    make_valid(name);
    int64_t n = 1, unused;
    const char *base = name;
    cr_names_get(&g->taken, base, &n);
    while (name && cr_names_get(&g->taken, name, &unused))
        name = cr_arena_printf(&g->arena, "%s_%lld", base, (long long)++n);
    g->no_memory |= !name || !cr_names_put(&g->taken, base, n);
    g->no_memory |= g->no_memory || (name != base && !cr_names_put(&g->taken, name, 1));
    return g->no_memory ? "" : name;
}

static const char *made_name(cr_onnx_graph *g, const char *what)
{
    char wish[600];
    snprintf(wish, sizeof wish, "%s%s%s", g->prefix, *g->prefix ? "/" : "", what);
    return cr_onnx_name(g, wish);
}

/* ---- nodes ---- */

const char *cr_onnx_op_list(cr_onnx_graph *g, const char *op, const char *out, size_t n,
                            const char *const *in)
{
    Onnx__NodeProto *node = get(g, 1, sizeof *node);
    if (!node || !grow(g, &g->node, g->n_nodes, &g->node_room, sizeof *g->node))
        return "";
    onnx__node_proto__init(node);
    while (n > 0 && !*in[n - 1]) // inputs left out at the end
        n--;
    node->n_input = n;
    node->input = get(g, n, sizeof *node->input);
    node->op_type = (char *)op;
    for (size_t i = 0; i < n && !g->no_memory; i++)
        node->input[i] = (char *)in[i];
    g->node[g->n_nodes++] = node;
    g->attribute_room = g->output_room = 0;
    node->name = (char *)made_name(g, op);
    return cr_onnx_more(g, out);
}

const char *cr_onnx_op(cr_onnx_graph *g, const char *op, const char *out, ...)
{
    enum { MOST = 16 };
    const char *in[MOST];
    size_t n = 0;
    va_list args;
    va_start(args, out);
    for (const char *value; n < MOST && (value = va_arg(args, const char *));)
        in[n++] = value;
    va_end(args);
    return cr_onnx_op_list(g, op, out, n, in);
}

static Onnx__NodeProto *last_node(cr_onnx_graph *g)
{
    return g->no_memory || g->n_nodes == 0 ? NULL : g->node[g->n_nodes - 1];
}

const char *cr_onnx_more(cr_onnx_graph *g, const char *out)
{
    Onnx__NodeProto *node = last_node(g);
    if (!node || !grow(g, &node->output, node->n_output, &g->output_room, sizeof *node->output))
        return "";
    const char *name = out ? out : made_name(g, node->op_type);
    node->output[node->n_output++] = (char *)name;
    return name;
}

static Onnx__AttributeProto *attribute(cr_onnx_graph *g, const char *name, int type)
{
    Onnx__NodeProto *node = last_node(g);
    Onnx__AttributeProto *a = node ? get(g, 1, sizeof *a) : NULL;
    if (!a || !grow(g, &node->attribute, node->n_attribute, &g->attribute_room, sizeof *node->attribute))
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = (char *)name;
    a->has_type = true;
    a->type = (Onnx__AttributeProto__AttributeType)type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

void cr_onnx_int(cr_onnx_graph *g, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return;
    a->has_i = true;
    a->i = value;
}

void cr_onnx_ints(cr_onnx_graph *g, const char *name, size_t n, const int64_t *values)
{
    int64_t *copy = get(g, n, sizeof *copy);
    Onnx__AttributeProto *a = attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (!a || !copy)
        return;
    memcpy(copy, values, n * sizeof *copy);
    a->n_ints = n;
    a->ints = copy;
}

void cr_onnx_float(cr_onnx_graph *g, const char *name, float value)
{
    Onnx__AttributeProto *a = attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return;
    a->has_f = true;
    a->f = value;
}

void cr_onnx_text(cr_onnx_graph *g, const char *name, const char *value)
{
    Onnx__AttributeProto *a = attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (!a)
        return;
    a->has_s = true;
    a->s.data = (uint8_t *)value;
    a->s.len = strlen(value);
}

/* ---- constants ---- */

static const char *constant(cr_onnx_graph *g, const char *wish, cr_onnx_type type, const cr_shape *shape,
                            const void *values)
{
    for (size_t i = 0; i < g->n_data; i++)
        if (g->data[i].values == values && g->data[i].type == type &&
            cr_shape_equal(&g->data[i].shape, shape))
            return g->data[i].name;
    if (!grow(g, &g->data, g->n_data, &g->data_room, sizeof *g->data))
        return "";
    cr_onnx_data *d = &g->data[g->n_data++];
    *d = (cr_onnx_data){.type = type, .shape = *shape, .values = values};
    d->bytes = (size_t)cr_shape_count(shape) * (type == CR_ONNX_INT64 ? sizeof(int64_t) : sizeof(float));
    // Until the graph is finished, a name that no other value can have.
    d->name = cr_arena_printf(&g->arena, "\1%zu", g->n_data);
    d->wish = cr_arena_printf(&g->arena, "%s%s%s", g->prefix, *g->prefix ? "/" : "", wish ? wish : "const");
    g->no_memory |= !d->name || !d->wish;
    return g->no_memory ? "" : d->name;
}

void cr_onnx_graph_finish(cr_onnx_graph *g)
{
    cr_names index = {0};
    cr_names_init(&index, &g->arena);
    cr_onnx_data *used = get(g, g->n_data, sizeof *used);
    size_t n = 0;
    for (size_t i = 0; i < g->n_data && !g->no_memory; i++)
        g->no_memory |= !cr_names_put(&index, g->data[i].name, (int64_t)i);
    for (size_t i = 0; i < g->n_nodes && !g->no_memory && !g->finished; i++)
        for (size_t k = 0; k < g->node[i]->n_input && !g->no_memory; k++) {
            int64_t at;
            if (!cr_names_get(&index, g->node[i]->input[k], &at))
                continue;
            cr_onnx_data *d = &g->data[at];
            if (d->wish) {
                d->name = cr_onnx_name(g, d->wish);
                d->wish = NULL;
                used[n++] = *d;
            }
            g->node[i]->input[k] = (char *)d->name;
        }
    if (g->no_memory || g->finished)
        return;
    g->finished = true;
    g->data = used;
    g->n_data = n;
}

const char *cr_onnx_floats(cr_onnx_graph *g, const char *wish, const cr_shape *shape, const float *values)
{
    return values ? constant(g, wish, CR_ONNX_FLOAT, shape, values) : "";
}

const char *cr_onnx_scalar(cr_onnx_graph *g, float value)
{
    float *copy = cr_onnx_room(g, 1);
    if (!copy)
        return "";
    *copy = value;
    return constant(g, NULL, CR_ONNX_FLOAT, &(cr_shape){0}, copy);
}

const char *cr_onnx_index_table(cr_onnx_graph *g, const cr_shape *shape, const int64_t *values)
{
    return values ? constant(g, NULL, CR_ONNX_INT64, shape, values) : "";
}

const char *cr_onnx_index(cr_onnx_graph *g, int64_t value)
{
    int64_t *copy = cr_onnx_index_room(g, 1);
    if (copy)
        *copy = value;
    return cr_onnx_index_table(g, &(cr_shape){0}, copy);
}

const char *cr_onnx_indices_kept(cr_onnx_graph *g, size_t n, const int64_t *values)
{
    return cr_onnx_index_table(g, &(cr_shape){.rank = 1, .dim = {(int64_t)n}}, values);
}

const char *cr_onnx_indices(cr_onnx_graph *g, size_t n, const int64_t *values)
{
    int64_t *copy = cr_onnx_index_room(g, (int64_t)n);
    if (copy && n > 0)
        memcpy(copy, values, n * sizeof *copy);
    return cr_onnx_indices_kept(g, n, copy);
}

float *cr_onnx_room(cr_onnx_graph *g, int64_t n)
{
    return get(g, (size_t)n, sizeof(float));
}

int64_t *cr_onnx_index_room(cr_onnx_graph *g, int64_t n)
{
    return get(g, (size_t)n, sizeof(int64_t));
}

void cr_onnx_add_info(cr_onnx_graph *g, cr_onnx_infos *list, const cr_onnx_info *info)
{
    if (grow(g, &list->item, list->n, &list->room, sizeof *list->item))
        list->item[list->n++] = *info;
}

/* ---- short forms ---- */

const char *cr_onnx_reshape(cr_onnx_graph *g, const char *x, const char *out, const cr_shape *shape)
{
    bool empty = false;
    for (int i = 0; i < shape->rank; i++)
        empty = empty || shape->dim[i] == 0;
    out = cr_onnx_op(g, "Reshape", out, x, cr_onnx_indices(g, (size_t)shape->rank, shape->dim), NULL);
    if (empty) // else 0 would copy the input's size
        cr_onnx_int(g, "allowzero", 1);
    return out;
}

const char *cr_onnx_transpose(cr_onnx_graph *g, const char *x, const char *out, int rank, const int *order)
{
    int64_t perm[CR_MAX_RANK];
    for (int i = 0; i < rank; i++)
        perm[i] = order[i];
    out = cr_onnx_op(g, "Transpose", out, x, NULL);
    cr_onnx_ints(g, "perm", (size_t)rank, perm);
    return out;
}

const char *cr_onnx_slice(cr_onnx_graph *g, const char *x, const char *out, int axis, int64_t from,
                          int64_t to)
{
    return cr_onnx_op(g, "Slice", out, x, cr_onnx_indices(g, 1, &from), cr_onnx_indices(g, 1, &to),
                      cr_onnx_indices(g, 1, &(int64_t){axis}), NULL);
}

const char *cr_onnx_gather(cr_onnx_graph *g, const char *x, const char *out, int axis, const char *indices)
{
    out = cr_onnx_op(g, "Gather", out, x, indices, NULL);
    cr_onnx_int(g, "axis", axis);
    return out;
}

const char *cr_onnx_concat(cr_onnx_graph *g, const char *out, int axis, size_t n, const char *const *in)
{
    out = cr_onnx_op_list(g, "Concat", out, n, in);
    cr_onnx_int(g, "axis", axis);
    return out;
}

const char *cr_onnx_reduce(cr_onnx_graph *g, const char *op, const char *x, int from, int to)
{
    int64_t axes[CR_MAX_RANK];
    for (int i = from; i < to; i++)
        axes[i - from] = i;
    const char *out = cr_onnx_op(g, op, NULL, x, NULL);
    cr_onnx_ints(g, "axes", (size_t)(to - from), axes);
    cr_onnx_int(g, "keepdims", 1);
    return out;
}

const char *cr_onnx_sum(cr_onnx_graph *g, const char *x, int from, int to)
{
    int64_t axes[CR_MAX_RANK];
    for (int i = from; i < to; i++)
        axes[i - from] = i;
    const char *out =
        cr_onnx_op(g, "ReduceSum", NULL, x, cr_onnx_indices(g, (size_t)(to - from), axes), NULL);
    cr_onnx_int(g, "keepdims", 1);
    return out;
}

const char *cr_onnx_cast(cr_onnx_graph *g, const char *x, const char *out, cr_onnx_type type)
{
    out = cr_onnx_op(g, "Cast", out, x, NULL);
    cr_onnx_int(g, "to", type);
    return out;
}
