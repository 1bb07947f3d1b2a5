/*
 * weights.h - the values of a net's weights, and packs made of them. One per loaded net, shared by its plans.
 *
 *   caffemodels (indexed) + fillers -> values of (layer, blob) -> packs of (layer, key)
 *
 * Matching is Caffe's Net::CopyTrainedLayersFrom: by layer name, the first layer of the net with that name;
 * the number of blobs must match, shapes exactly or by the legacy rule; a later file wins, and with shared
 * parameters the copy that stands last. Unlike Caffe, weights that are missing are an error unless allowed.
 *
 * All functions lock: plans may be made on several threads. Values and packs stay where they are until
 * cr_weights_free.
 */
#ifndef CR_PLAN_WEIGHTS_H
#define CR_PLAN_WEIGHTS_H

#include "graph/graph.h"

typedef struct cr_weights cr_weights;

typedef struct cr_weights_options {
    const crema_file *files;
    int n_files;
    bool allow_missing;
    uint64_t seed;
    const cr_log *log;
    void (*progress)(void *user, const char *what, double fraction);
    int (*cancel)(void *user);
    void *user;
} cr_weights_options;

// The graph must outlive the weights. Options are copied; what they point to must outlive them too.
cr_status cr_weights_open(cr_weights **weights, const cr_graph *graph, const cr_weights_options *options,
                          cr_err *err);
void cr_weights_free(cr_weights *weights);

// The shapes of the blobs that the files have for a layer; returns their number (0: none).
int cr_weights_stored(cr_weights *weights, int layer, cr_shape shape[CR_MAX_BLOBS]);

// Makes the values of a layer's blobs ready in the shapes that the layer wants: reads or fills them once.
cr_status cr_weights_bind(cr_weights *weights, int layer, int n_blobs, const cr_blob_spec *spec,
                          const float **value, cr_err *err);

// A blob that has been bound: false if it has not, or there is none.
bool cr_weights_value(cr_weights *weights, int layer, int blob, cr_shape *shape, const float **value);

// Finds or makes a pack. fill runs at most once for a (layer, key, bytes).
cr_status cr_weights_pack(cr_weights *weights, const cr_step *step, const char *key, size_t bytes,
                          void (*fill)(const void *arg, const float *const *values, void *pack),
                          const void *arg, const void **pack, cr_err *err);

// The seed of the fillers.
uint64_t cr_weights_seed(const cr_weights *weights);

// A row per layer that wants or has weights; false past the end.
int cr_weights_n_rows(cr_weights *weights);
bool cr_weights_report(cr_weights *weights, int index, crema_weights_info *info);
size_t cr_weights_bytes(cr_weights *weights);

#endif
