/*
 * recurrent_base.h - bottoms, tops, parameters and state of Caffe's own LSTM and RNN (recurrent_layer.cpp).
 *
 *     x (T, N, ...)    T steps of N streams; what is behind axis 1 is one input vector
 *     cont (T, N)      0 where a new sequence begins, else 1: it multiplies what is remembered
 *     static (N, ...)  may be left out: an input that is the same in every step
 *     h_0 (, c_0)      (1, N, H), only with expose_hidden, which also adds the tops h_T (, c_T)
 *
 * Without expose_hidden the runner keeps h (and c) of the last step and the next forward starts with them;
 * they are 0 at first and after a reset. New shapes reset too: Caffe refuses another T and leaves old values
 * in blobs of another N. debug_info only makes Caffe log; it is ignored.
 */
#ifndef CR_LAYERS_RECURRENT_BASE_H
#define CR_LAYERS_RECURRENT_BASE_H

#include "layers/layer.h"

typedef struct cr_recurrent_kind {
    int states;     // 2: h and c; 1: h
    int gates;      // vectors of H values that a step makes
    int more_blobs; // (H, H) and (H) behind the blobs that both have: the output of RNN
    int more_macs;  // matrices (H, H) among them
} cr_recurrent_kind;

typedef struct cr_recurrent {
    int64_t steps, streams, inputs, hidden; // T, N, values of an input vector, H
    int64_t n;                              // gates * H
    int static_in;                          // bottom of the static input, or -1
    int64_t statics;                        // its values for one stream
    int state_in, state_out;                // bottom and top of the first exposed state, or -1
} cr_recurrent;

// For setup(), shape() and prepare().
cr_status cr_recurrent_setup(const cr_layer *layer, const cr_recurrent_kind *kind, cr_err *err);
cr_status cr_recurrent_shape(const cr_layer *layer, const cr_recurrent_kind *kind, cr_shaping *s,
                             cr_err *err);
cr_status cr_recurrent_prepare(cr_step *step, const cr_recurrent_kind *kind, const cr_preparing *p,
                               cr_err *err);

// For run(). Buffers of one forward.
typedef struct cr_recurrent_run {
    cr_recurrent r;
    float *gates;            // (T, N, n): filled but for what depends on the state
    float *work;             // (N, H)
    const float *cont;       // of step 0
    int64_t cont_step;       // floats to the next step
    float *state[2];         // (N, H): holds the state before the first step, must hold that behind the last
    const float *weights[3]; // of h (n, H), and what more_blobs added
} cr_recurrent_run;

// False where there is nothing to compute.
bool cr_recurrent_begin(const cr_step *step, cr_run *run, const cr_recurrent_kind *kind,
                        cr_recurrent_run *out);

#endif
