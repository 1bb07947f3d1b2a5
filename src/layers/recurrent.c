/*
 * recurrent.c - the arithmetic of recurrent layers.
 *
 * Products go to the matrix kernels, which cut them for the threads by size alone; the nonlinearities are cut
 * into blocks of one stream's hidden values. Nothing here depends on the number of threads.
 */
#include "layers/recurrent.h"
#include "base/int.h"
#include "kernels/blas.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 512, TANH_ITEM = 2048 }; // values

void cr_steps_product_run(const cr_steps_product *p, cr_pool *pool)
{
    int64_t step = p->streams * p->n;
    if (p->steps == 0 || step == 0)
        return;
    for (int64_t t = 0; t < p->steps; t++)
        for (int64_t i = 0; i < p->streams; i++)
            memcpy(p->y + t * p->y_step + i * p->n, p->start + (p->start_per_stream ? i * p->n : 0),
                   (size_t)p->n * sizeof(float));
    bool together = p->x_step == p->streams * p->k && p->y_step == step;
    cr_gemm g = {.trans_b = true, .n = p->n, .k = p->k, .alpha = 1, .beta = 1};
    g.m = together ? p->steps * p->streams : p->streams;
    g.lda = g.ldb = p->k;
    g.ldc = p->n;
    g.b = p->weights;
    for (int64_t t = 0; t < (together ? 1 : p->steps); t++) {
        g.a = p->x + t * p->x_step;
        g.c = p->y + t * p->y_step;
        cr_sgemm(&g, pool);
    }
}

void cr_recurrent_feed_run(const cr_recurrent_feed *f, cr_pool *pool)
{
    for (int64_t i = 0; i < f->streams; i++)
        for (int64_t d = i * f->hidden; d < (i + 1) * f->hidden; d++)
            f->work[d] = f->cont[i] * f->h[d];
    cr_gemm g = {.trans_b = true, .m = f->streams, .n = f->n, .k = f->hidden, .alpha = 1, .beta = 1};
    g.lda = g.ldb = f->hidden;
    g.ldc = f->n;
    g.a = f->work;
    g.b = f->weights;
    g.c = f->gates;
    cr_sgemm(&g, pool);
}

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static void cells_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cr_lstm_cells *x = ctx;
    int64_t blocks = (x->hidden + BLOCK - 1) / BLOCK, stream = item / blocks;
    int64_t first = item % blocks * BLOCK, end = cr_i64_min(first + BLOCK, x->hidden);
    const float *in = x->gates + 4 * stream * x->hidden;
    const float *forget = in + x->hidden, *out = forget + x->hidden, *value = out + x->hidden;
    float cont = x->cont[stream];
    int64_t base = stream * x->hidden;
    for (int64_t d = first; d < end; d++) {
        float f = cont == 0 ? 0 : cont * sigmoid(forget[d]);
        float c = f * x->c_prev[base + d] + sigmoid(in[d]) * tanhf(value[d]);
        x->c[base + d] = c;
        x->h[base + d] = sigmoid(out[d]) * tanhf(c);
    }
}

void cr_lstm_cells_run(const cr_lstm_cells *cells, cr_pool *pool)
{
    cr_lstm_cells x = *cells;
    cr_parallel(pool, x.streams * ((x.hidden + BLOCK - 1) / BLOCK), cells_item, &x);
}

typedef struct tanh_job {
    float *x;
    int64_t n;
} tanh_job;

static void tanh_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const tanh_job *j = ctx;
    int64_t end = cr_i64_min((item + 1) * TANH_ITEM, j->n);
    for (int64_t i = item * TANH_ITEM; i < end; i++)
        j->x[i] = tanhf(j->x[i]);
}

void cr_tanh_run(float *x, int64_t n, cr_pool *pool)
{
    tanh_job j = {x, n};
    cr_parallel(pool, (n + TANH_ITEM - 1) / TANH_ITEM, tanh_item, &j);
}
