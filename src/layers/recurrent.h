/*
 * recurrent.h - the parts of recurrent layers: LSTM, RNN and LSTMUnit of Caffe, and the older Lstm.
 *
 * Caffe unrolls a recurrent layer into a net of small layers; here the parts of that net are functions.
 *
 *     gates (T, N, G) = start + x W_x           all steps in one product: cr_steps_product_run
 *     for each step t:
 *         gates[t] += (cont[t] * h[t-1]) W_h    cr_recurrent_feed_run
 *         c[t], h[t] from gates[t], c[t-1]      cr_lstm_cells_run, or cr_tanh_run for RNN
 *
 * T is the number of steps, N that of the streams (independent sequences side by side), H that of the hidden
 * values, G = 4H for an LSTM and H for an RNN. The values of one step are contiguous; steps may lie apart.
 */
#ifndef CR_LAYERS_RECURRENT_H
#define CR_LAYERS_RECURRENT_H

#include "base/parallel.h"

#include <stdbool.h>

// y[t] (streams, n) = start + x[t] (streams, k) * W for each step t. W lies as (n, k).
typedef struct cr_steps_product {
    int64_t steps, streams, k, n;
    const float *x, *weights;
    int64_t x_step;     // floats from one step to the next
    const float *start; // (n), or (streams, n) with start_per_stream
    bool start_per_stream;
    float *y;
    int64_t y_step;
} cr_steps_product;

void cr_steps_product_run(const cr_steps_product *p, cr_pool *pool);

// gates (streams, n) += (cont * h) * W, with h (streams, hidden) and W as (n, hidden). cont has a value per
// stream.
typedef struct cr_recurrent_feed {
    int64_t streams, hidden, n;
    const float *h, *cont, *weights;
    float *work, *gates; // work: streams * hidden
} cr_recurrent_feed;

void cr_recurrent_feed_run(const cr_recurrent_feed *f, cr_pool *pool);

// One step of LSTM cells. gates (streams, 4 * hidden): input, forget and output gate and the new value,
// before their nonlinearities. The forget gate is multiplied by cont, and is 0 where cont is 0. c may be
// c_prev.
typedef struct cr_lstm_cells {
    int64_t streams, hidden;
    const float *gates, *cont, *c_prev;
    float *c, *h;
} cr_lstm_cells;

void cr_lstm_cells_run(const cr_lstm_cells *cells, cr_pool *pool);

void cr_tanh_run(float *x, int64_t n, cr_pool *pool); // in place

#endif
