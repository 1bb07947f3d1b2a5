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
    const char *isa; // the kernels' instruction set: "zen4", "v4", "v3", "v2", "neon"; NULL: the best
    // What the largest error of a 3x3 convolution may be, by the root mean square of its outputs. From 1e-4 on, large
    // maps use Winograd tiles of 6x6, which are up to a sixth faster; without, errors stay within about 2e-5.
    float winograd_tolerance;
    // Only algorithms that want their weights packed in about the size that they have: with the activations, a net then
    // holds little more than its weights file. Many 3x3 convolutions take two to three times as long.
    int small_memory;
    int threads; // that read and pack weights while a net is loaded or a runner is made; 0: one per core
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
    const char
        *implementation; // "im2col"; "view" for a layer that costs nothing; "in conv1" for a part of conv1
    crema_shape shape;   // of the first top
    int64_t time_ns;
    int64_t macs;  // multiply-adds, 0 where not counted; of a convolution always those of the direct sum
    int64_t bytes; // of bottoms, weights and tops: what has to be moved at least; 0 for a view
    const char *part_of; // the layer whose step does this one's work, too; NULL: it has a step of its own
} crema_step_info;

// An algorithm that could have run a step and did not.
typedef struct crema_refusal {
    const char *algorithm, *reason;
} crema_refusal;

typedef struct crema_memory_info {
    size_t activation_bytes; // the arena of one runner
    size_t input_bytes;
    size_t scratch_bytes;
    size_t weight_bytes; // values and packs of the net that are in memory, shared by its runners
    size_t pack_bytes;   // of these, weights as the chosen algorithms want them
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

// A layer type. Pointers live as long as the program.
typedef struct crema_layer_type_info {
    const char *name;
    const char *aliases[4];       // ended by NULL where fewer
    const char *params;           // its parameter blocks, with spaces between; NULL: none
    int min_bottoms, max_bottoms; // max -1: any number
    int min_tops, max_tops;
    const char *about;   // a line: what it computes
    const char *not_run; // "a layer of training": nets that have it load, but it is not run; NULL: it runs
} crema_layer_type_info;

CREMA_API const char *crema_version(void);

// All layer types, in the order of the house; CREMA_ERR_USAGE past the last one.
CREMA_API crema_status crema_layer_type_at(int index, crema_layer_type_info *info);

// Writes "file:line:col: message" (as much of it as is known) to buf, always terminated. Returns buf.
CREMA_API char *crema_error_text(const crema_error *err, char *buf, size_t size);

// options may be NULL. Returns NULL when out of memory or options are bad. A context that is freed before its nets
// goes with the last of them; its callbacks are called until then.
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

// A weight blob of a layer (what pycaffe calls net.params): shape and values, owned by the net. Values that no layer
// needs in memory any more are read again: CREMA_ERR_IO when the file is not the same any more.
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
// Why the step does not run one of the algorithms that come before its own; CREMA_ERR_USAGE past the last one.
// Layers that have no choice of algorithms have none.
CREMA_API crema_status crema_runner_refusal(const crema_runner *runner, int step, int index,
                                            crema_refusal *out);
CREMA_API void crema_runner_memory(const crema_runner *runner, crema_memory_info *info);

/*
 * Layer types of your own. A type is a name and some callbacks; it belongs to the context that it was added to and
 * counts for the nets that are loaded from then on.
 *
 *   setup  once per layer while a net is loaded: reads and checks the parameters (crema_field_*)
 *   shape  for each new set of input shapes: the tops' shapes, the weights that are wanted, memory; pure
 *   run    once per forward: computes; should not allocate, so that forward does not
 *   free   when the net is freed: what setup made
 *
 * Each takes the type's `user` first. A callback that fails returns a status and a sentence in err; the layer's name
 * and place are put before it. crema_field_fail does that at a parameter's own place. A layer's callbacks may be
 * called by several threads at once (but for setup and free), so what setup made must not be changed by them.
 */
typedef struct crema_layer crema_layer;

#define CREMA_MAX_WEIGHTS 8 // blobs of one layer

typedef struct crema_weight_spec {
    const char *name; // "weights", "bias": for messages; must stay valid as long as the layer
    crema_shape shape;
    float fill; // the value without a weights file
} crema_weight_spec;

// The work sheet of `shape`. What is to be filled is zero before the call, but for the tops' rank, which is -1.
typedef struct crema_layer_shapes {
    size_t struct_size;
    int n_bottoms;
    const crema_shape *bottoms;
    int n_stored; // blobs that the weights file has for this layer; 0: none, or no file
    const crema_shape *stored;
    int n_tops;
    // To be filled:
    crema_shape *tops; // n_tops
    int n_weights;
    crema_weight_spec weights[CREMA_MAX_WEIGHTS];
    size_t scratch_bytes; // for run, undefined at its start
    size_t memory_bytes;  // kept from one forward to the next; zero at first and after crema_runner_reset
    int64_t macs;         // multiply-adds
    unsigned dynamic;     // bit i: axis 0 of top i is an upper bound, and run sets the real number
} crema_layer_shapes;

typedef struct crema_const_blob {
    const char *name;
    crema_shape shape;
    const float *data; // contiguous, n c h w
} crema_const_blob;

// What `run` gets. Nothing of it is valid after the call.
typedef struct crema_layer_run {
    size_t struct_size;
    int n_bottoms, n_tops, n_weights;
    const crema_const_blob *bottoms;
    crema_blob *tops; // a dynamic top's shape.dim[0] may be made smaller
    const crema_const_blob *weights;
    void *scratch; // 64-byte aligned; of this call alone
    void *memory;  // 64-byte aligned; of this layer in this runner
} crema_layer_run;

enum {
    CREMA_LAYER_IN_PLACE = 1,        // run works where top 0 is the very memory of bottom 0
    CREMA_LAYER_TOPS_AS_BOTTOMS = 2, // as many tops as bottoms
    CREMA_LAYER_OVERRIDE = 4         // may have the name of a built-in type, which it then replaces
};

typedef struct crema_layer_type {
    size_t struct_size;
    const char *name;             // what a net writes as type: "LocalContrast"
    const char *param;            // its block of parameters: "local_contrast_param"; NULL: none
    int min_bottoms, max_bottoms; // max -1: any number
    int min_tops, max_tops;       // -1: any number
    unsigned flags;               // CREMA_LAYER_*
    void *user;                   // for the callbacks
    void (*release)(void *user);  // when the type is gone with its context; may be NULL
    // *state is the layer's own, NULL at first. May be NULL: there is nothing to set up.
    crema_status (*setup)(void *user, crema_layer *layer, void **state, crema_error *err);
    crema_status (*shape)(void *user, const crema_layer *layer, const void *state, crema_layer_shapes *shapes,
                          crema_error *err);
    crema_status (*run)(void *user, const crema_layer *layer, const void *state, const crema_layer_run *run,
                        crema_error *err);
    // Called once if setup left a state, even where it then failed. May be NULL.
    void (*free)(void *user, void *state);
} crema_layer_type;

// Copies the type. Not while nets are being loaded with the context. When it fails, `release` is not called.
CREMA_API crema_status crema_context_add_layer_type(crema_context *context, const crema_layer_type *type,
                                                    crema_error *err);

// Name, type, bottoms and tops of the layer; the phase it runs in.
CREMA_API void crema_layer_describe(const crema_layer *layer, crema_layer_info *info);
CREMA_API crema_phase crema_layer_phase(const crema_layer *layer);

/*
 * Parameters by path, from the layer down: "my_param.kernel_size", "scale_param.axis", "name". It does not matter
 * whether crema knows such a field. A part with a number in brackets means that one of a repeated block:
 * "my_param.stage[1].stride"; without one all blocks of that name (up to 256) count together. index: which value of a
 * repeated field, 0 for a single one.
 *
 * Where there is no such value, *out stays as it was, so put the default there first. A value of another type is an
 * error at its place. To be called in setup: fields of the type's own block that setup has not asked for
 * are warned about (misspelt ones, that is). A net in the binary format does not hold the names of fields that
 * crema does not know: asking for one is an error then.
 */
// How many values there are; of a block: how many blocks. -1: it can't be said (no path; a binary net; too many
// blocks), and getting a value says why.
CREMA_API int crema_field_count(const crema_layer *layer, const char *path);
CREMA_API crema_status crema_field_get_int(const crema_layer *layer, const char *path, int index,
                                           int64_t *out, crema_error *err);
CREMA_API crema_status crema_field_get_double(const crema_layer *layer, const char *path, int index,
                                              double *out, crema_error *err);
CREMA_API crema_status crema_field_get_bool(const crema_layer *layer, const char *path, int index, int *out,
                                            crema_error *err);
// A string, or an enum's name. Valid as long as the net.
CREMA_API crema_status crema_field_get_string(const crema_layer *layer, const char *path, int index,
                                              const char **out, crema_error *err);

#if defined(__GNUC__)
#define CREMA_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define CREMA_PRINTF(at, first)
#endif

// An error at a field: `net.prototxt:41:16: layer "x" (MyType): <your sentence>`. Where the field is not there the
// place is that of the block it would be in. path NULL: the layer. Returns CREMA_ERR_INPUT.
CREMA_API crema_status crema_field_fail(const crema_layer *layer, const char *path, int index,
                                        crema_error *err, const char *format, ...) CREMA_PRINTF(5, 6);

/*
 * A plugin is a shared object (`cc -shared -fPIC`) that defines these two and is loaded by crema_plugin_load
 * (crema_tools.h) or `crema run --plugin FILE.so`:
 *
 *     const int crema_plugin_abi = CREMA_PLUGIN_ABI;
 *     crema_status crema_plugin_init(crema_context *context, crema_error *err)
 *     {
 *         return crema_context_add_layer_type(context, &my_type, err);
 *     }
 */
#define CREMA_PLUGIN_ABI 1
CREMA_API extern const int crema_plugin_abi;
CREMA_API crema_status crema_plugin_init(crema_context *context, crema_error *err);

#ifdef __cplusplus
}
#endif
#endif
