/*
 * weights.h - the values of a net's weights, and packs made of them. One per loaded net, shared by its plans.
 *
 *   caffemodels (indexed) + fillers -> which blobs there are -> values of (layer, blob), packs of (layer, key)
 *
 * Matching is Caffe's Net::CopyTrainedLayersFrom: by layer name, the first layer of the net with that name;
 * the number of blobs must match, shapes exactly or by the legacy rule; a later file wins, and with shared
 * parameters the copy that stands last. Unlike Caffe, weights that are missing are an error unless allowed.
 *
 * Values come and go. Binding checks a layer's blobs and tells what is wrong with them; it reads only what preparing
 * a step looks at. A plan then says in one go what it wants: values that its steps read as they are, which stay while
 * a plan has them, and packs, for which values are read into a buffer, packed and forgotten. When another plan wants
 * such values, they are read again from the file, which must still be the same, or filled again with the same seed.
 *
 * All functions lock: plans may be made on several threads. Packs stay until cr_weights_free.
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
    bool measure; // nothing is read or missed, all values are 0: for plans that only measure
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

// Finds a layer's blobs in the shapes that the layer wants. value: of those that are not late; the others are NULL.
cr_status cr_weights_bind(cr_weights *weights, int layer, int n_blobs, const cr_blob_spec *spec,
                          const float **value, cr_err *err);

// The values of a step's late blobs, except those that it reads through its pack only.
typedef struct cr_value_wanted {
    cr_step *step;
    const float **value; // step->blob, where the values go
    struct cr_value_wanted *next;
} cr_value_wanted;

// A pack of a step's weights, found or made. What preparing another step may look at is there by then, and so are the
// step's own blobs.
typedef struct cr_pack_wanted {
    cr_step *step; // step->pack gets it
    cr_pack_recipe recipe;
    struct cr_pack_wanted *next;
} cr_pack_wanted;

typedef struct cr_weights_held {
    int layer, blob;
} cr_weights_held;

typedef struct cr_weights_wanted {
    cr_value_wanted *values;
    cr_pack_wanted *packs;
    // Results: what is to be handed to cr_weights_release one day; in the arena.
    cr_weights_held *held;
    int n_held;
} cr_weights_wanted;

// The bytes of all values and packs that are wanted, whether they are there or not.
void cr_weights_measure(cr_weights *weights, const cr_weights_wanted *wanted, size_t *values, size_t *packs);

// Makes all that is wanted, on so many threads (0: one per core). On failure nothing of it is held. `arena` lives as
// long as the plan.
cr_status cr_weights_load(cr_weights *weights, cr_weights_wanted *wanted, int threads, cr_arena *arena,
                          cr_err *err);
void cr_weights_release(cr_weights *weights, const cr_weights_held *held, int n);

// A blob that has been bound, whose values then stay until cr_weights_free. CREMA_ERR_USAGE: there is none.
cr_status cr_weights_value(cr_weights *weights, int layer, int blob, cr_shape *shape, const float **value,
                           cr_err *err);

// The seed of the fillers.
uint64_t cr_weights_seed(const cr_weights *weights);

// A row per layer that wants or has weights; false past the end.
int cr_weights_n_rows(cr_weights *weights);
bool cr_weights_report(cr_weights *weights, int index, crema_weights_info *info);

// What is in memory now.
void cr_weights_bytes(cr_weights *weights, size_t *values, size_t *packs);

#endif
