/*
 * net.h - tests of layers: a tiny net as text, its inputs and what must come out.
 *
 *     NET_CHECK(.net = "layer { name: 'c' type: 'Concat' bottom: 'a' bottom: 'b' top: 'out' }",
 *               .in = {{"a", SHAPE(1, 1, 2), VALUES(1, 2)}, {"b", SHAPE(1, 1, 2), VALUES(3, 4)}},
 *               .out = {{"out", SHAPE(1, 2, 2), VALUES(1, 2, 3, 4)}});
 *     NET_FAILS("axis 7 is out of range",
 *               .net = "layer { name: 'c' type: 'Concat' ... concat_param { axis: @7 } }",
 *               .in = {{"a", SHAPE(1, 1, 2), NO_VALUES}});
 *
 * The harness writes the Input layers, so `net` holds only the layers under test. An `@` in the text is taken
 * out before loading and marks the place that the error (or warning) must point at: a scalar's value, a
 * block's or layer's name.
 *
 * Layers that remember are run several times on one runner: `then` says what comes in and out after the first
 * run.
 *
 * NET_CHECK runs the net with 1, 2 and 3 threads and demands the same bits; then once more between a Slice
 * and a Concat along axis 1, so that the layers see bottoms and tops that are channel ranges of larger
 * tensors.
 */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include "crema.h"

#include <stdbool.h>

#define NET_MAX_BLOBS 8

#define N_ITEMS(type, ...) (sizeof((const type[]){__VA_ARGS__}) / sizeof(type))
#define SHAPE(...) ((crema_shape){(int)N_ITEMS(int64_t, __VA_ARGS__), {__VA_ARGS__}})
#define SCALAR ((crema_shape){0, {0}})
#define VALUES(...) (const float[]){__VA_ARGS__}, N_ITEMS(float, __VA_ARGS__)
#define NO_VALUES NULL, 0

typedef struct net_blob {
    const char *name;
    crema_shape shape;
    const float *values; // NULL: zeros for an input, only the shape counts for an output
    size_t n_values;     // must be the shape's count
} net_blob;

// One more forward on the same runner. Inputs that are not named keep their values.
typedef struct net_forward {
    bool reset; // before it
    net_blob in[NET_MAX_BLOBS], out[NET_MAX_BLOBS];
} net_forward;

typedef struct net_case {
    const char *net;
    net_blob in[NET_MAX_BLOBS], out[NET_MAX_BLOBS]; // ended by an entry without a name
    const net_forward
        *then;        // ended by an entry without outputs; NULL: no more; its outputs must be in `out`, too
    double tolerance; // |got - expected| <= tolerance * max(1, |expected|); 0: equal. NaN equals NaN only
    const void *weights; // a caffemodel (wire_writer.h), or NULL
    size_t weights_size;
    bool allow_missing; // fillers where the caffemodel has nothing; without a caffemodel always so
    uint64_t seed;
    bool train, exact, strict, factor_0_is_1;
    const char *conv_algorithm, *isa;
    bool when_run;     // NET_FAILS: the inputs' values make the forward fail
    const char *warns; // loading must log a warning that contains this (and points at the `@`)
    // No run between Slice and Concat: axis 1 is not free, or a top's batch depends on data.
    bool contiguous_only;
} net_case;

// Loads, runs and compares; fails the test with blob, index and values.
#define NET_CHECK(...) net_check_at(&(net_case){__VA_ARGS__}, __FILE__, __LINE__)
// Loading, or making a runner, must fail with a message that contains `text`.
#define NET_FAILS(text, ...) net_fails_at(&(net_case){__VA_ARGS__}, text, __FILE__, __LINE__)

void net_check_at(const net_case *c, const char *file, int line);
void net_fails_at(const net_case *c, const char *text, const char *file, int line);

#endif
