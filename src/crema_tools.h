/*
 * crema_tools.h - around running a net: pictures and .npy files as input, .npy files and drawings as output,
 * conversions of nets, and checking nets against stored outputs. Library libcrema-tools; see crema.h for the conventions.
 */
#ifndef CREMA_TOOLS_H
#define CREMA_TOOLS_H

#include "crema.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CREMA_MAX_CHANNELS 16
#define CREMA_MAX_PATH 1024

/* ---- arrays and .npy files ---- */

// Owned by the caller; free with crema_array_free.
typedef struct crema_array {
    crema_shape shape;
    float *data;
} crema_array;

CREMA_API void crema_array_free(crema_array *array);
// .npy of any real type, little- or big-endian, C or Fortran order; converted to float32.
CREMA_API crema_status crema_npy_read(const char *path, crema_array *out, crema_error *err);
// float32, C order. Written whole or not at all; an existing file is replaced.
CREMA_API crema_status crema_npy_write(const char *path, const crema_shape *shape, const float *data,
                                       crema_error *err);

/* ---- pictures ---- */

typedef enum crema_channels { CREMA_CHANNELS_AUTO, CREMA_BGR, CREMA_RGB, CREMA_GRAY } crema_channels;
typedef enum crema_fit { CREMA_STRETCH, CREMA_CROP, CREMA_LETTERBOX } crema_fit;

// How a picture becomes a blob: decode, fit to the size, order the channels, then (value * raw - mean) * scale.
// Zero everywhere means: BGR (gray for one channel), the picture's own size, values 0..255, no mean, scale 1.
// Scaling is bilinear with half-pixel centres and without antialiasing, as OpenCV's resize does by default, but not
// rounded to 8 bits. A rotation noted in EXIF data is not applied.
typedef struct crema_preprocess {
    size_t struct_size;
    crema_channels channels; // AUTO: BGR as Caffe's tools; gray where the input has one channel
    int width, height;       // 0: the picture's own size
    int net_size;            // take width and height from the net's input
    crema_fit fit;  // how to reach the size: stretch; fill and cut the centre; fit whole, pad with the mean
    int unit_range; // values are 0..1 instead of 0..255, before the mean
    int n_mean;     // 0, 1 (all channels) or one per channel, in the order of `channels`
    float mean[CREMA_MAX_CHANNELS];
    char
        mean_file[CREMA_MAX_PATH]; // .npy or .binaryproto: (channels) or (channels, height, width); "" : none
    float scale;                   // after the mean; 0 means 1
} crema_preprocess;

// Reads the options from a YAML file: channels, size, fit, raw, mean, scale. Unknown keys are errors.
CREMA_API crema_status crema_preprocess_read(const char *path, crema_preprocess *out, crema_error *err);
// From the transform_param of the layer that makes the input; all zero when there is none. A mean_file is
// looked for relative to the net's folder.
CREMA_API crema_status crema_preprocess_from_net(const crema_net *net, const char *input,
                                                 const char *net_path, crema_preprocess *out,
                                                 crema_error *err);

// Where a picture lies in the blob: blob x = picture x * scale_x + offset_x, the same for y.
typedef struct crema_placement {
    int width, height; // of the picture, in its own pixels
    float scale_x, scale_y, offset_x, offset_y;
} crema_placement;

// Reads files (.npy, JPEG, PNG, PNM, by content) into one batch along axis 0. `want` is the net's input shape
// (rank -1: unknown): pictures of another size than it wants are an error unless preprocess says what to do.
// placements: n entries, or NULL; zero for .npy files.
CREMA_API crema_status crema_input_read(const char *const *paths, int n, const crema_preprocess *preprocess,
                                        const crema_shape *want, crema_array *out,
                                        crema_placement *placements, crema_error *err);

typedef struct crema_box {
    float x0, y0, x1, y1; // picture pixels
    int label;
    const char *name; // NULL: the number
    float score;
} crema_box;

// Draws boxes with their names over a picture and writes a PNG.
CREMA_API crema_status crema_draw_boxes(const char *picture, const crema_box *boxes, int n,
                                        const char *out_path, crema_error *err);

/* ---- what a net is made of ---- */

typedef struct crema_summary crema_summary;

typedef struct crema_summary_blob {
    const char *name;
    crema_shape shape; // rank -1: can't be known
} crema_summary_blob;

typedef struct crema_summary_layer {
    const char *name, *type;
    const char *reading; // which of several dialects this is taken for, in words; NULL: there is only one
    int unknown;         // the type is not known, so what depends on it can't be known either
    int not_run;         // a layer of training
    int line;            // in the net's file; 0: not known
    int n_bottoms, n_tops, n_params;
    const crema_summary_blob *bottoms, *tops;
    const crema_shape *params;
    int64_t n_values; // of all params
    int64_t macs;     // multiply-adds, 0 where not counted
} crema_summary_layer;

typedef struct crema_summary_totals {
    int64_t n_values; // learned values; those that layers share count once
    int64_t macs;
    int64_t n_activations;    // values of all tops
    int n_unknown, n_not_run; // layers
    // Memory of a net loaded and run with these shapes and this context's options; all 0 where not all is known.
    int64_t weight_bytes;     // weights that are used as they are
    int64_t pack_bytes;       // and such as the chosen algorithms want them
    int64_t activation_bytes; // of a runner
    int64_t live_bytes;       // the least that any placement of the activations would take
    int64_t scratch_bytes;    // of a runner, and of each of its threads
    int64_t thread_scratch_bytes;
} crema_summary_totals;

// Reads a net and infers all shapes that can be known: unknown layer types and inputs without a shape leave what
// depends on them unknown. Weights are optional; where forks disagree, their blobs help to tell which layer is
// meant. shapes: of inputs, over what the net declares. NULL on error.
CREMA_API crema_summary *crema_summary_create(crema_context *context, const crema_net_options *options,
                                              const crema_input_shape *shapes, int n, crema_error *err);
CREMA_API void crema_summary_free(crema_summary *summary);
CREMA_API const char *crema_summary_name(const crema_summary *summary);
CREMA_API int crema_summary_n_layers(const crema_summary *summary);
CREMA_API crema_status crema_summary_get_layer(const crema_summary *summary, int index,
                                               crema_summary_layer *layer);
// Inputs in file order, outputs alphabetically; false (0) past the end.
CREMA_API int crema_summary_get_input(const crema_summary *summary, int index, crema_summary_blob *blob);
CREMA_API int crema_summary_get_output(const crema_summary *summary, int index, crema_summary_blob *blob);
CREMA_API void crema_summary_get_totals(const crema_summary *summary, crema_summary_totals *totals);

/* ---- conversions ---- */

typedef struct crema_convert_options {
    size_t struct_size;
    int force;        // an existing output is replaced
    int drop_unknown; // fields that the schema does not know are left out
    int to_deploy;    // a net for training becomes one for deployment
    // Of inputs, where the net does not say them (to_deploy, formats that need shapes).
    const crema_input_shape *shapes;
    int n_shapes;
    // The state whose layers count, where layers are chosen.
    crema_phase phase;
    int level;
    const char *const *stages;
    int n_stages;
    int allow_missing; // weights that no file has come from the net's fillers, where a format holds weights
    uint64_t seed;     // of the fillers
    int half;          // weights of a .caffemodel in half precision (raw_data of NVIDIA's fork)
    // A .caffemodel of NET and WEIGHTS in which BatchNorm, Scale and Bias are part of the convolution or inner product
    // before them; its net is written beside it, as .prototxt. Inputs must have shapes.
    int fold;
    int prune_unused; // layers that no output comes from are left out, and weights that the net has no layer for
    const char *numbering; // of a binary input: whose field numbers, as told when it is read; NULL: guessed
    // Gets sentences on what was done that is worth knowing, such as what was left out. May be NULL.
    void (*note)(void *user, const char *sentence);
    void *user;
} crema_convert_options;

// Converts files to another format, chosen by the output's suffix. The output appears whole or not at all, and an
// existing file is not replaced unless `force` says so. What can't be said in the new format is an error; what was
// changed on the way is told to the context's log. options may be NULL.
CREMA_API crema_status crema_convert(crema_context *context, const char *const *inputs, int n,
                                     const char *output, const crema_convert_options *options,
                                     crema_error *err);

/* ---- where two nets differ ---- */

typedef enum crema_diff_kind {
    CREMA_DIFF_LAYER,  // a layer that only one of the nets has
    CREMA_DIFF_ORDER,  // a layer that stands elsewhere among those that both have
    CREMA_DIFF_FIELD,  // a field of a layer, or of the net
    CREMA_DIFF_SHAPE,  // a blob's shape, where both nets make a blob of that name
    CREMA_DIFF_WEIGHTS // one weight blob of a layer
} crema_diff_kind;

typedef struct crema_diff_side {
    const char *file;
    int line, column;  // 0: not known
    int present;       // has the layer, the field or the weights
    const char *value; // of a field, in a line
    crema_shape shape; // of a blob or of weights; rank -1: not known
} crema_diff_side;

typedef struct crema_diff_item {
    crema_diff_kind kind;
    const char *layer, *type; // NULL: of the net itself, or a blob's shape
    const char *path;         // of a field; a blob's name
    crema_diff_side a, b;
    // Of weights that have one shape:
    int blob; // its index in the layer
    int64_t n_values, n_different;
    int64_t index; // of the value that differs most, and what it is
    double value_a, value_b;
    double rms; // of the differences
} crema_diff_item;

typedef struct crema_diff_options {
    size_t struct_size;
    const char *weights_a, *weights_b; // NULL: those in the net's file, if it is binary
    const crema_input_shape *shapes;   // of inputs, for both nets
    int n_shapes;
    crema_phase phase; // for shapes
    int level;
    const char *const *stages;
    int n_stages;
    const char *numbering; // of binary files; NULL: guessed
} crema_diff_options;

// Compares two nets in any forms, both upgraded first, and reports each difference; what an item points to is there
// until the callback returns. A field that is set to its
// default differs from one that is not set. Weights are compared when both sides have some.
CREMA_API crema_status crema_diff(crema_context *context, const char *a, const char *b,
                                  const crema_diff_options *options,
                                  void (*report)(void *user, const crema_diff_item *item), void *user,
                                  int64_t *n_differences, crema_error *err);

/* ---- what the machine can do, and how close a net comes ---- */

// Measured, with the kernels of a context: billions of operations a second on registers (a multiply-add is two), and
// GB/s of memory that no cache holds.
typedef struct crema_limits {
    int threads;
    const char *isa; // of the kernels: "zen4"
    double gflops, read_gbs;
    double copy_gbs; // read and written bytes together
} crema_limits;

// Takes about half a second. threads 0: one per core. On a busy machine the limits are those of what is left of it.
CREMA_API crema_status crema_limits_measure(const crema_context *context, int threads, crema_limits *out,
                                            crema_error *err);

// A layer under the roofline.
typedef struct crema_roofline_point {
    const char *name; // of the layer
    const char *kind; // how it ran: points of one kind have one colour
    double intensity; // operations by byte moved
    double gflops;    // reached
    double share;     // of the net's time, 0..1: the point's area
} crema_roofline_point;

// Draws the limits and the points as an SVG. Points without operations or time are left out. title: NULL for none.
CREMA_API crema_status crema_roofline_write(const char *path, const char *title, const crema_limits *limits,
                                            const crema_roofline_point *points, int n, crema_error *err);

/* ---- plugins ---- */

// Loads a shared object that adds layer types to the context (crema_plugin_init in crema.h). It stays loaded until
// the process ends. When it fails, some of its types may have been added.
CREMA_API crema_status crema_plugin_load(crema_context *context, const char *path, crema_error *err);

/* ---- checking against stored outputs ---- */

typedef struct crema_check_options {
    size_t struct_size;
    const char *root;   // paths in the manifest are relative to it; NULL: to the manifest's folder
    const char *filter; // only cases whose name contains this, or matches it as a shell pattern
    int exact;          // direct algorithms only, nothing folded
    int strict;         // rms = 0
    int threads;
    const char *conv_algorithm;
    int (*cancel)(void *user);
    void *user;
    const char *isa; // as in crema_context_options
    // Gets the context that the nets are loaded in, before the first: to add layer types. Its error ends the run.
    crema_status (*prepare)(void *user, crema_context *context, crema_error *err);
    float winograd_tolerance; // as in crema_context_options
    int small_memory;         // the same
} crema_check_options;

typedef struct crema_check_result {
    const char *name;
    int passed;
    // The value that is worst against its tolerance, of all steps and blobs. blob NULL: nothing was compared.
    const char *blob;
    int step; // 1-based; 0 for a case without steps
    int64_t index[CREMA_MAX_RANK];
    crema_shape shape;
    double got, expected, error, allowed;
    int64_t n_wrong, n_values; // in that blob
    const char *message;       // why it failed when no value did (a load error, a shape, ...); else ""
} crema_check_result;

// Runs the cases of a manifest (regression-format in the README) and reports each through `report`, in file
// order. Fails when the manifest or a file that it names can't be read.
CREMA_API crema_status crema_check_manifest(const char *path, const crema_check_options *options,
                                            void (*report)(void *user, const crema_check_result *result),
                                            void *user, crema_error *err);

#ifdef __cplusplus
}
#endif
#endif
