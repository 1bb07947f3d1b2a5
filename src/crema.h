/*
 * crema.h - run Caffe nets.
 *
 * The idea: a context holds options and callbacks; a net is loaded once and is immutable; a runner is the
 * state of one thread (buffers, timers, its own threads) and runs the net forward. Many runners may use one
 * net at the same time; one runner must not be used by two threads at once.
 *
 *     crema_error err;
 *     crema_context *ctx = crema_context_create(NULL, &err);
 *     crema_net_options opt = {.struct_size = sizeof opt, .net = {.path = "deploy.prototxt"},
 *                              .weights = &(crema_file){.path = "net.caffemodel"}, .n_weights = 1};
 *     crema_net *net = crema_net_load(ctx, &opt, &err);
 *     crema_runner *run = crema_runner_create(net, NULL, &err);
 *     crema_blob in, out;
 *     crema_runner_input(run, "data", &in, &err);        // fill in.data
 *     crema_runner_forward(run, &err);
 *     crema_runner_blob(run, "prob", &out, &err);        // read out.data
 *
 * All tensors are float32 in n, c, h, w order. Errors come by value: every function that can fail takes a
 * crema_error last (NULL is allowed) and returns a status, or NULL for a pointer. The library never prints,
 * exits or aborts on input. Option structs start with struct_size, so that later versions can add fields;
 * fields that are zero mean the default.
 */
#ifndef CREMA_H
#define CREMA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CREMA_VERSION "0.1.0"
#define CREMA_MAX_RANK 8

#if defined(__GNUC__)
#define CREMA_API __attribute__((visibility("default")))
#else
#define CREMA_API
#endif

typedef enum crema_status {
    CREMA_OK = 0,
    CREMA_ERR_INPUT,       // a file or a net is wrong; line and column say where if that is known
    CREMA_ERR_IO,          // the system could not open, read or write
    CREMA_ERR_MEMORY,      // out of memory
    CREMA_ERR_USAGE,       // the caller's arguments are wrong (no such blob, wrong shape, ...)
    CREMA_ERR_UNSUPPORTED, // a valid net that this version can't run
    CREMA_ERR_CANCELLED    // the cancel callback said stop
} crema_status;

// One error: where and what. `message` is one sentence without the position.
typedef struct crema_error {
    crema_status status;
    int line, column; // 1-based; 0: unknown
    char file[256];   // "" : not about a file
    char message[512];
} crema_error;

typedef struct crema_shape {
    int rank; // 0..CREMA_MAX_RANK; a blob of rank 0 holds one number; -1: not known
    int64_t dim[CREMA_MAX_RANK];
} crema_shape;

// A blob as its runner sees it. Owned by the runner; valid until the runner is reshaped or freed.
typedef struct crema_blob {
    const char *name;
    crema_shape shape;
    float *data; // contiguous, n c h w
} crema_blob;

// A file on disk (data NULL), or in memory; then `path` only names it in messages.
// Memory given for weights must stay valid until the net is freed.
typedef struct crema_file {
    const char *path;
    const void *data;
    size_t size;
} crema_file;

typedef enum crema_log_level { CREMA_LOG_INFO, CREMA_LOG_WARNING } crema_log_level;

typedef struct crema_context crema_context;
typedef struct crema_net crema_net;
typedef struct crema_runner crema_runner;

typedef struct crema_context_options {
    size_t struct_size;
    void *user; // handed to the callbacks
    // One sentence, position included. May be called from any thread that uses the context.
    void (*log)(void *user, crema_log_level level, const char *sentence);
    // `what` is being done; fraction 0..1.
    void (*progress)(void *user, const char *what, double fraction);
    // Asked between files, layers and steps; non-zero stops the work with CREMA_ERR_CANCELLED.
    int (*cancel)(void *user);
    int strict;                 // unknown fields are errors, a singular field given twice too
    int exact;                  // direct algorithms only, nothing folded
    const char *conv_algorithm; // forces one by name ("im2col"); NULL: the first that accepts
    // A BatchNorm whose stored factor is 0 beside real variances, as NVIDIA's Caffe once saved them: take mean and
    // variance as they are. BVLC's Caffe takes both as 0 then, which is the default (with a warning).
    int factor_0_is_1;
    const char *isa; // the kernels' instruction set: "v4", "v3", "v2", "neon"; NULL: the best
} crema_context_options;

typedef enum crema_phase { CREMA_TEST = 0, CREMA_TRAIN = 1 } crema_phase;

typedef struct crema_net_options {
    size_t struct_size;
    crema_file net;            // .prototxt or .yaml
    const crema_file *weights; // .caffemodel; a later file wins over an earlier one
    int n_weights;
    crema_phase phase;
    int level;
    const char *const *stages;
    int n_stages;
    int allow_missing; // layers without stored weights take the values of their fillers
    uint64_t seed;     // of the fillers
} crema_net_options;

// A shape for an input, by the input's name.
typedef struct crema_input_shape {
    const char *name;
    crema_shape shape;
} crema_input_shape;

typedef struct crema_runner_options {
    size_t struct_size;
    int threads;                     // 0: one per core; the results have the same bits for any number
    const crema_input_shape *shapes; // inputs whose shape differs from the net's
    int n_shapes;
    const char *const *keep; // intermediate blobs to keep, by name
    int n_keep;
    int keep_all;
} crema_runner_options;

typedef struct crema_layer_info {
    const char *name, *type;
    int n_bottoms, n_tops;
    const char *const *bottoms, *const *tops;
} crema_layer_info;

typedef enum crema_weights_state {
    CREMA_WEIGHTS_LOADED,
    CREMA_WEIGHTS_MISSING,   // the net wants them, no file has them: filled (allow_missing)
    CREMA_WEIGHTS_UNUSED,    // a file has them, no layer takes them
    CREMA_WEIGHTS_MISMATCHED // a file has them in another shape or number: filled (allow_missing)
} crema_weights_state;

typedef struct crema_weights_info {
    const char *layer;
    crema_weights_state state;
    const char *detail; // a sentence; "" when loaded
} crema_weights_info;

// How one layer ran. Times are of the last forward.
typedef struct crema_step_info {
    const char *layer, *type;
    const char *implementation; // "im2col"; "view" for a layer that costs nothing
    crema_shape shape;          // of the first top
    int64_t time_ns;
    int64_t macs; // multiply-adds, 0 where not counted
} crema_step_info;

typedef struct crema_memory_info {
    size_t activation_bytes; // the arena of one runner
    size_t input_bytes;
    size_t scratch_bytes;
    size_t weight_bytes; // values and packs of the net, shared by its runners
} crema_memory_info;

// What a net's transform_param asks for, for one of its inputs. Pointers live as long as the net.
typedef struct crema_transform {
    float scale; // 1 when not given
    int n_mean_values;
    const float *mean_values;
    const char *mean_file; // NULL when not given; as written in the net
    int crop_size;         // 0: none
    int force_color, force_gray;
} crema_transform;

CREMA_API const char *crema_version(void);

// Writes "file:line:col: message" (as much of it as is known) to buf, always terminated. Returns buf.
CREMA_API char *crema_error_text(const crema_error *err, char *buf, size_t size);

// options may be NULL. The context must outlive its nets. Returns NULL when out of memory or options are bad.
CREMA_API crema_context *crema_context_create(const crema_context_options *options, crema_error *err);
CREMA_API void crema_context_free(crema_context *context);

// Loads a net and its weights, plans it for its declared input shapes. NULL on error.
CREMA_API crema_net *crema_net_load(crema_context *context, const crema_net_options *options,
                                    crema_error *err);
CREMA_API void crema_net_free(crema_net *net); // after its runners
CREMA_API const char *crema_net_name(const crema_net *net);

// Inputs in file order; outputs in Caffe's order, which is alphabetical. Out of range gives NULL.
// The shape's rank is -1 when the net does not declare it.
CREMA_API int crema_net_n_inputs(const crema_net *net);
CREMA_API const char *crema_net_input(const crema_net *net, int index, crema_shape *declared);
CREMA_API int crema_net_n_outputs(const crema_net *net);
CREMA_API const char *crema_net_output(const crema_net *net, int index);
CREMA_API int crema_net_n_layers(const crema_net *net);
CREMA_API crema_status crema_net_layer(const crema_net *net, int index, crema_layer_info *info);

// A weight blob of a layer (what pycaffe calls net.params): shape and values, owned by the net.
// CREMA_ERR_USAGE past a layer's last blob, and before the net has been planned for any input shapes.
CREMA_API crema_status crema_net_param(const crema_net *net, int layer, int index, crema_shape *shape,
                                       const float **values);

// A row per layer that wants or has weights.
CREMA_API int crema_net_n_weights(const crema_net *net);
CREMA_API crema_status crema_net_weights(const crema_net *net, int index, crema_weights_info *info);

// The transform_param of the layer that makes the given input; CREMA_ERR_USAGE when there is none.
CREMA_API crema_status crema_net_transform(const crema_net *net, const char *input, crema_transform *out);

// A runner with a plan of its own, or one more runner on the plan of another. options may be NULL.
CREMA_API crema_runner *crema_runner_create(const crema_net *net, const crema_runner_options *options,
                                            crema_error *err);
CREMA_API crema_runner *crema_runner_share(const crema_runner *other, int threads, crema_error *err);
CREMA_API void crema_runner_free(crema_runner *runner);

// New input shapes: inputs that are not named keep theirs. On error the runner stays as it was.
CREMA_API crema_status crema_runner_reshape(crema_runner *runner, const crema_input_shape *shapes, int n,
                                            crema_error *err);

// The buffer of an input, for the caller to fill. What is written stays until it is overwritten.
CREMA_API crema_status crema_runner_input(crema_runner *runner, const char *name, crema_blob *blob,
                                          crema_error *err);
// Runs the net. Does not allocate; fails only where the cancel callback or a layer's data says so.
CREMA_API crema_status crema_runner_forward(crema_runner *runner, crema_error *err);
// Forgets what recurrent layers keep from one forward to the next.
CREMA_API void crema_runner_reset(crema_runner *runner);
// Any input, output or kept blob, with the values of the last forward.
CREMA_API crema_status crema_runner_blob(crema_runner *runner, const char *name, crema_blob *blob,
                                         crema_error *err);

// Blobs that crema_runner_blob can give, in the order in which they are made.
CREMA_API int crema_runner_n_blobs(const crema_runner *runner);
CREMA_API const char *crema_runner_blob_name(const crema_runner *runner, int index);

CREMA_API int crema_runner_n_steps(const crema_runner *runner);
CREMA_API crema_status crema_runner_step(const crema_runner *runner, int index, crema_step_info *info);
CREMA_API void crema_runner_memory(const crema_runner *runner, crema_memory_info *info);

#ifdef __cplusplus
}
#endif
#endif
