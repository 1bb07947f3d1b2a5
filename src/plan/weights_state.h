/*
 * weights_state.h - what weights.c (which blobs there are), weights_value.c (values of blobs) and weights_load.c (values and
 * packs of a plan) share.
 */
#ifndef CR_PLAN_WEIGHTS_STATE_H
#define CR_PLAN_WEIGHTS_STATE_H

#include "plan/weights.h"
#include "read/caffemodel.h"

#include <pthread.h>

// One blob of one layer; a blob that shares its values uses the owner's slot. It knows for good how its values are
// made, by reading or filling, so that they may come and go.
typedef struct cr_weights_slot {
    bool bound;
    int layer, blob; // that bound it first: messages and the fillers' seed go by them
    cr_blob_spec spec;
    const cr_stored_blob *stored; // NULL: filled
    int file;
    float *value; // NULL: not there
    int readers;  // plans that read the values as they are
    bool pinned;  // somebody may have the pointer for as long as the weights live
    bool counted; // by cr_weights_measure
} cr_weights_slot;

typedef struct cr_weights_slots {
    cr_weights_slot *at;
    int n;
} cr_weights_slots;

typedef struct cr_pack {
    int layer;
    const char *key;
    void *data; // in a block
    size_t bytes;
    struct cr_pack *next;
} cr_pack;

// The memory of all packs that were made in one go: one piece, which can consist of huge pages.
typedef struct cr_pack_block {
    char *data;
    struct cr_pack_block *next;
} cr_pack_block;

// Where a layer of the net stands in the files: in the last file that has it.
typedef struct cr_weights_source {
    int file; // -1: none
    const cr_stored_layer *layer;
} cr_weights_source;

typedef struct cr_weights_row {
    const char *layer;
    crema_weights_state state;
    const char *detail;
} cr_weights_row;

struct cr_weights {
    pthread_mutex_t lock;
    cr_arena arena;
    const cr_graph *graph;
    cr_weights_options options;
    int n_files;
    cr_stored *file;
    cr_weights_source *source; // per layer of the graph
    cr_weights_slots *slots;   // per layer of the graph
    bool *reported;            // per layer of the graph
    cr_pack *packs;
    cr_pack_block *blocks;
    cr_weights_row *row; // n_rows of room for rows_room
    int n_rows, rows_room;
    size_t bound_bytes;             // of all values, if they were there
    size_t value_bytes, pack_bytes; // that are there
};

// The slot of the blob that (layer, blob) has its values of; NULL: it is not bound.
cr_weights_slot *cr_weights_slot_of(const cr_weights *weights, int layer, int blob);

size_t cr_weights_slot_bytes(const cr_weights_slot *slot);
// Memory for so many bytes of values: kernels may read one vector past the end. NULL: there is none.
float *cr_weights_alloc(size_t bytes);
// Values [first, first + count) of a slot, which is all of it where they are filled. On any thread.
cr_status cr_weights_read(const cr_weights *weights, const cr_weights_slot *slot, int64_t first,
                          int64_t count, float *to, cr_err *err);
// Whether a step reads the blob's values as they are, so that they stay.
bool cr_weights_stay(const cr_step *step, int blob);
// cr_weights_release() with the lock held.
void cr_weights_drop(cr_weights *weights, const cr_weights_held *held, int n);

// Reads or fills a slot's values, if they are not there. The lock is held.
cr_status cr_weights_make(cr_weights *weights, cr_weights_slot *slot, cr_err *err);

#endif
