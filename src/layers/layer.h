/*
 * layer.h - what a layer type is: one const row of functions at the end of its own file.
 *
 *   setup    once, when the graph is built: reads the typed parameters into ctx, checks what needs no shape
 *   shape    per plan: output shapes, the shapes of the weights, cost; pure
 *   prepare  per plan: picks the implementation, builds tables, asks for scratch and packs
 *   run      per inference: computes; never allocates, never fails (but where data decide, see cr_run.err)
 *   gives    per plan: what it does to each value, where the step before can do that on the way out
 *   takes    per plan: what of that its own step can do (plan/fuse.c joins the two)
 *   blocked  per plan: whether it can read and write blocked tensors (plan/blocked.c chooses)
 *
 * A layer sees shapes and buffers, never the graph. Semantics are Caffe's own; where they are odd, the layer's
 * file says so and names the source.
 *
 * A new layer is one new file with its row, one line in list.h, one test.
 */
#ifndef CR_LAYERS_LAYER_H
#define CR_LAYERS_LAYER_H

#include "base/parallel.h"
#include "base/tensor.h"
#include "kernels/epilogue.h"
#include "schema/notes.h"

// From crema.pb-c.h, which a layer's own file includes to read its fields.
typedef struct Crema__LayerParameter Crema__LayerParameter;
typedef struct Crema__FillerParameter Crema__FillerParameter;

#define CR_MAX_BLOBS 8 // of a layer without blob_at
#define CR_ANY (-1)    // no upper bound on the number of bottoms or tops

enum cr_layer_flags {
    CR_INPLACE = 1,   // run works when out[0] is the very buffer of in[0]
    CR_VIEW = 2,      // every top has the bytes of bottom 0, perhaps in another shape: no run at all
    CR_STRIDED = 4,   // run honours image_stride on every bottom and top
    CR_SOURCE = 8,    // makes net inputs (Input): its tops are fed by the caller; has no run
    CR_CONCAT = 16,   // out[0] is in[0], in[1], ... along view_axis: may become views (shape sets view_axis)
    CR_SLICE = 32,    // in[0] is out[0], out[1], ... along view_axis: may become views
    CR_AUTO_TOP = 64, // tops that the file leaves out are made, as Caffe does for losses (up to out_min)
    CR_UNKNOWN = 128  // no such type: loaded only where nothing has to run
};

enum cr_takes {
    CR_TAKES_AFFINE = 1,
    CR_TAKES_SUM = 2,
    CR_TAKES_ACTIVATION = 4,
    CR_TAKES_OPERAND = 8, // a sum's operand may be the very buffer of the top
    CR_TAKES_ALL = CR_TAKES_AFFINE | CR_TAKES_SUM | CR_TAKES_ACTIVATION | CR_TAKES_OPERAND
};

typedef struct cr_layer cr_layer;
typedef struct cr_step cr_step;
typedef struct cr_run cr_run;
typedef struct cr_shaping cr_shaping;
typedef struct cr_preparing cr_preparing;
typedef struct cr_fusion cr_fusion;

typedef struct cr_layer_type {
    const char *name;       // "Convolution"
    const char *about;      // a line without a full stop: what it computes, for the list of all types
    const char *aliases[4]; // other names for the same; NULL-ended if fewer
    // Its parameter block, "convolution_param", or several with spaces between, or NULL; other blocks are a warning.
    const char *param;
    int in_min, in_max;   // bottoms; CR_ANY
    int out_min, out_max; // tops
    bool out_equals_in;   // as many tops as bottoms
    unsigned flags;
    // "a layer of training": such layers load and are not run, their tops have neither shape nor values. NULL: runs.
    const char *not_run;
    size_t ctx_bytes;
    // Where forks gave one name to several layers: the row that this one really is, perhaps this very row.
    const struct cr_layer_type *(*choose)(const Crema__LayerParameter *param); // may be NULL
    cr_status (*setup)(cr_layer *layer, cr_err *err);                          // may be NULL
    cr_status (*shape)(const cr_layer *layer, cr_shaping *s, cr_err *err);
    cr_status (*prepare)(cr_step *step, const cr_preparing *p, cr_err *err); // may be NULL
    void (*run)(const cr_step *step, cr_run *run);
    // Fusion; neither is called in an exact plan. Shapes are final, strides are not. gives() is called once: false
    // (with CREMA_OK) where this instance is not of that kind. A layer that gives and is not taken may still run as
    // what it gives (layers/fused.h); then prepare() is not called.
    cr_status (*gives)(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err);
    unsigned (*takes)(const cr_step *step, const cr_preparing *p); // of cr_takes
    // What the step can do with a blocked bottom 0 and top 0, of kernels/conv.h's cr_blocked; a top goes with what is
    // added to it. NULL: all are plain. Not called in an exact plan, nor where no step may gain. prepare() finds the
    // choice in the tensors, and in step->data what blocked() left there.
    unsigned (*blocked)(cr_step *step, const cr_preparing *p);
    bool (*may_gain_blocked)(const cr_step *step, const cr_preparing *p); // a first look; NULL: no
    void (*release)(cr_layer *layer); // with the graph, also after setup failed; NULL: the arena has it all
} cr_layer_type;

struct cr_layer {
    const cr_layer_type *type;
    const char *name;
    const Crema__LayerParameter *param;
    int index; // in the graph, file order
    int n_in, n_out;
    const char *const *in_name, *const *out_name;
    const char *reading; // set by setup: which of several dialects this is, in words; NULL: there is only one
    bool train;          // the phase it runs in is TRAIN (layer.phase over the net's)
    void *ctx;           // type->ctx_bytes, zeroed before setup
    cr_arena *arena;     // lives as long as the graph; for setup only
    const cr_notes *notes; // positions of the parameters
    const cr_log *log;
};

// A weight blob that a layer wants.
typedef struct cr_blob_spec {
    cr_shape shape;
    const char *what;                     // "weights", "bias", ... for messages
    const Crema__FillerParameter *filler; // NULL: constant `fill`
    float fill;
    bool late; // prepare() does not read the values: they come when all steps are prepared
} cr_blob_spec;

// The work sheet of shape().
struct cr_shaping {
    const cr_shape *in; // n_in, all known
    int n_stored; // blobs that the weights file has for this layer (0: none, or no file), up to CR_MAX_BLOBS
    const cr_shape *stored;
    // To be filled:
    cr_shape *out; // n_out
    int n_blobs;
    cr_blob_spec blob[CR_MAX_BLOBS];
    // A layer with more blobs gives them one by one, i < n_blobs, and blob[] does not count.
    cr_blob_spec (*blob_at)(const cr_layer *layer, const cr_shaping *s, int i);
    int64_t macs;
    // Top 0 where it is dynamic: what Caffe has there before a run, for summaries; rank 0: the bound.
    cr_shape declared;
    unsigned dynamic;     // bit i: the shape of top i is an upper bound, run sets the real one
    int view_axis;        // CR_CONCAT, CR_SLICE: the axis
    bool view;            // this instance has no run: as CR_VIEW (set from the flag before the call)
    size_t scratch_bytes; // for prepare() to take over, where the shapes decide
    size_t state_bytes;   // kept between forwards (recurrent layers), zeroed by a reset
    const char *reading;  // as layer.reading, where shapes or stored blobs decide; NULL: that of setup
};

// How a step's weights are packed. Packs with the same key on the same layer are shared by all plans.
typedef struct cr_pack_recipe {
    const char *key;
    size_t bytes;
    // Called on any thread when all steps are prepared; arg lives as long as the plan.
    void (*fill)(const void *arg, const float *const *weights, void *pack);
    const void *arg;
    // The same in parts, so that the weights need not be in memory all at once: blob 0 alone is packed, `rows` rows of
    // it, `unit` at a time. `weights` are the rows [first, first + n). NULL: can't be done.
    void (*fill_rows)(const void *arg, const float *weights, int64_t first, int64_t n, void *pack);
    int64_t rows, unit;
} cr_pack_recipe;

// What prepare() may use.
struct cr_preparing {
    cr_arena *arena;            // lives as long as the plan: tables go here
    cr_arena *scratch;          // lives until the packs are made
    const cr_tensor *tensor;    // by id: shapes and strides are final, data is not set
    const char *conv_algorithm; // forced, or NULL
    bool exact;
    float winograd_tolerance;         // as in crema_context_options
    bool small_memory;                // the same
    bool factor_0_is_1;               // of BatchNorm, as in crema_context_options
    const struct cr_kernels *kernels; // of the chosen ISA level
    uint64_t seed;                    // of the fillers
    // Asks for a pack of this step's weights; the recipe is copied. Blobs that run() reads through the pack alone are
    // to be marked in step->packed.
    cr_status (*pack)(const struct cr_preparing *p, cr_step *step, const cr_pack_recipe *recipe, cr_err *err);
    void *owner; // of pack()
};

// What a value of one channel becomes: (x - center) * scale + shift. Near a large mean as center nothing is lost.
typedef struct cr_channel {
    double center, scale, shift;
} cr_channel;

// What is done to the values of top 0 before they are stored, channels being axis 1:
//     activation(channel(x) + add)
// As a layer gives it, x is bottom 0 and `add` is bottom 1. As a step has it, it is what all the layers do that the
// step took; x is then what the step computes by itself, or bottom 0 in layers/fused.h.
typedef struct cr_fusion {
    const cr_channel *channel; // NULL: none. There until the packs are made, or keep_folds (plan.h)
    int affine;                // the last layer (its index) that `channel` comes from: names a fold in keys
    int add;                   // tensor id of the operand; -1: none
    bool over_add;             // the top may be the operand's buffer
    cr_epilogue epilogue;      // activation with its parameters; its add is set when running
} cr_fusion;

// One entry of a plan; immutable while running.
struct cr_step {
    const cr_layer *layer;
    const char *implementation;       // "im2col"; the default is "plain"
    const struct cr_kernels *kernels; // of the chosen ISA level
    void (*run)(const cr_step *step, cr_run *run);
    int n_in, n_out;
    const int *in, *out; // tensor ids
    int n_blobs;
    const float *const
        *blob;    // values of the weights; NULL for late ones before all is prepared, and for packed ones
    bool *packed; // by blob: run() reads it through the pack alone; set by prepare()
    const cr_shape *blob_shape;
    const void *data; // what prepare() left
    const void *pack;
    size_t scratch_bytes; // set by prepare(); one buffer for all steps of a runner
    size_t slot_bytes;    // the same for scratch that each thread has of its own
    size_t state_bytes, state_offset;
    int64_t macs;
    const cr_shaping *shaping; // what shape() said
    int n_refusals; // algorithms that come before the one that runs, and why they do not; set by prepare()
    const crema_refusal *refusal;
    bool dynamic; // some bottom's shape is known only while running: shape() is asked again before run()
    const cr_fusion *fusion; // NULL: nothing; it never comes with more than one top, nor with dynamic shapes
    const cr_step *part_of;  // the step that took this layer and does its work; NULL: this one
};

// What a run function gets: one runner's buffers.
struct cr_run {
    cr_tensor *tensor; // by id
    void *scratch;     // 64-byte aligned
    // Scratch of the threads: slot s of cr_parallel has its own at slot_scratch + s * slot_bytes, 64-byte aligned.
    char *slot_scratch;
    size_t slot_bytes;
    char *state;
    cr_pool *pool;
    cr_err *err; // status CREMA_OK; only for what data decide
};

const cr_tensor *cr_in(const cr_step *step, const cr_run *run, int i);
cr_tensor *cr_out(const cr_step *step, const cr_run *run, int i);

// The epilogue of a step that runs: `room` filled for this run, or NULL where there is nothing to do.
const cr_epilogue *cr_step_epilogue(const cr_step *step, const cr_run *run, cr_epilogue *room);

// Blob i of those that shape() asked for.
cr_blob_spec cr_shaping_blob(const cr_layer *layer, const cr_shaping *s, int i);

// The type of that name or alias, or NULL; all types, NULL-ended; the nearest known name, or NULL.
const cr_layer_type *cr_layer_type_find(const char *name);
extern const cr_layer_type *const cr_layer_types[];
const char *cr_layer_type_nearest(const char *name);

// An error at a field of the layer: `net.prototxt:41:16: layer "conv1" (Convolution): <sentence>`.
// message: the block that holds the field (layer->param->convolution_param), field NULL: the message itself.
cr_status cr_layer_fail(const cr_layer *layer, cr_err *err, const void *message, const char *field,
                        size_t index, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void cr_layer_warn(const cr_layer *layer, const void *message, const char *field, size_t index,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

// axis as Caffe writes it (negative counts from the end) to 0..rank-1. `extra` is 1 where the end itself is
// allowed. Fails naming the field.
cr_status cr_layer_axis(const cr_layer *layer, const void *message, const char *field, int64_t axis, int rank,
                        int extra, int *out, cr_err *err);

#endif
