/*
 * graph.h - who feeds whom: layers in file order, tensors, parameter sharing. Says WHAT; no buffers.
 *
 * Every top makes a NEW tensor id, and the name then means the newest: so "Split" and "in place" are not
 * notions of the graph. Many readers are normal; `top == bottom` is a wish that the planner grants when safe.
 */
#ifndef CR_GRAPH_GRAPH_H
#define CR_GRAPH_GRAPH_H

#include "base/names.h"
#include "layers/layer.h"

typedef struct Crema__NetParameter Crema__NetParameter;

typedef struct cr_edge {
    const char *name; // of the blob; several tensors may have it (in-place layers)
    int producer;     // layer index
    int top;          // which top of the producer
    int n_readers;
    const int *reader; // layer indices, once per use
    bool automatic;    // a top that the file leaves out: has no name that anybody can use
    bool output;       // nobody reads the name
} cr_edge;

typedef struct cr_node {
    cr_layer *layer;
    const int *in, *out; // tensor ids
    int n_share;         // weight i < n_share belongs to (share[i].layer, share[i].blob); layer -1: its own
    const struct cr_share {
        int layer, blob;
        bool permissive; // equal counts are enough
    } * share;
} cr_node;

typedef struct cr_graph {
    cr_arena arena;
    const char *name;
    cr_notes *notes;
    int n_layers;
    cr_node *node;
    int n_tensors;
    cr_edge *tensor;
    int n_inputs; // tops of CR_SOURCE layers, in file order
    const int *input;
    cr_shape *input_shape; // declared; rank -1: not known
    int n_outputs;         // alphabetical, as Caffe gives them
    const int *output;
    const Crema__NetParameter *net;
} cr_graph;

typedef struct cr_graph_options {
    bool train;
    int level;
    const char *const *stages;
    int n_stages;
    const cr_layer_type *const *types; // of the caller, NULL-ended, before the built-in ones; may be NULL
    bool unknown_ok; // layers of unknown types are kept (CR_UNKNOWN); else they are an error
    const cr_log *log;
} cr_graph_options;

// net and notes must live in graph->arena's lifetime: the caller read them into graph->arena, and upgraded the
// net (upgrade/upgrade.h); `layers` and `input` are not looked at. Refuses unknown layer types (with the nearest
// known one), unknown bottoms, tops made twice.
cr_status cr_graph_build(cr_graph *graph, Crema__NetParameter *net, cr_notes *notes,
                         const cr_graph_options *options, cr_err *err);
void cr_graph_free(cr_graph *graph);
// The newest tensor of that name, or -1.
int cr_graph_find(const cr_graph *graph, const char *name);

#endif
