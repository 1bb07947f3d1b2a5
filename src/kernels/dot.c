/*
 * dot.c - inner products, cut along the rows of weights.
 *
 * The weights are read once, as they lie, which is all that counts for few columns: then memory sets the pace.
 * For many columns k is cut, so that the columns' part stays in the cache while all weights pass by.
 *
 * As a convolution algorithm it takes those with one output position whose window is the whole image: the
 * columns are the images. (Pooled features and the fully connected layers of converted nets are such.)
 */
#include "kernels/dot.h"
#include "kernels/conv.h"

enum {
    ITEM_WEIGHTS = 1 << 14,  // an item reads so many at least
    ITEMS = 64,              // at most
    ROWS = 16,               // items have a multiple of it
    FEW_COLUMNS = 4,         // k is not cut for them
    COLUMN_FLOATS = 1 << 16, // of one part of k
    SHORTEST_PART = 512
};

typedef struct job {
    const cr_kernels *kernels;
    const cr_dot_product *dot;
    int64_t rows;   // of an item
    int64_t k_step; // products of a part
} job;

// The rows of an item, which begin with channel `first`.
static void finish(const cr_kernels *kernels, const cr_dot_product *d, const cr_epilogue *epilogue,
                   int64_t first)
{
    if (!epilogue)
        return;
    cr_epilogue e = *epilogue;
    cr_epilogue_out out = {d->y, d->n, e.slopes ? d->m : 1, e.slopes ? 1 : d->m, d->y_step};
    if (e.add)
        e.add += first;
    if (e.slopes)
        e.slopes += first;
    cr_epilogue_apply(kernels, &e, &out, NULL);
}

static void run_rows(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cr_dot_product *whole = j->dot;
    cr_dot_product d = *whole;
    int64_t first = item * j->rows;
    d.m = whole->m - first < j->rows ? whole->m - first : j->rows;
    d.y += first;
    d.bias = whole->bias ? whole->bias + first : NULL;
    int64_t p = 0;
    do {
        d.w = whole->w + first * whole->w_step + p;
        d.x = whole->x + p;
        d.k = whole->k - p < j->k_step ? whole->k - p : j->k_step;
        j->kernels->dot->run(&d);
        d.add = true;
        p += j->k_step;
    } while (p < whole->k);
    finish(j->kernels, &d, whole->epilogue, first);
}

void cr_dot(const cr_kernels *kernels, const cr_dot_product *dot, cr_pool *pool)
{
    job j = {.kernels = kernels, .dot = dot, .k_step = dot->k > 0 ? dot->k : 1};
    if (dot->n > FEW_COLUMNS && dot->n * dot->k > COLUMN_FLOATS) {
        int64_t step = COLUMN_FLOATS / dot->n / ROWS * ROWS;
        j.k_step = step > SHORTEST_PART ? step : SHORTEST_PART;
    }
    int64_t work = dot->k * (dot->n > 0 ? dot->n : 1);
    int64_t least = 1 + ITEM_WEIGHTS / (work > 0 ? work : 1), fair = (dot->m + ITEMS - 1) / ITEMS;
    j.rows = ((least > fair ? least : fair) + ROWS - 1) / ROWS * ROWS;
    cr_parallel(pool, (dot->m + j.rows - 1) / j.rows, run_rows, &j);
}

/* ---- as a convolution ---- */

static const char *accepts(const cr_conv *conv)
{
    for (int a = 0; a < conv->window->n_axes; a++) {
        const cr_axis *x = &conv->window->axis[a];
        if (x->out != 1 || x->kernel != x->in || x->dilation != 1 || x->pad_before[0] != 0)
            return "a window is not the whole image";
    }
    if (conv->window->partial)
        return "it is a partial convolution";
    return NULL;
}

static void run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    int64_t m = conv->out_channels / conv->group, k = conv->in_channels / conv->group * conv->kernel_count;
    cr_dot_product d = {.m = m, .n = conv->images, .k = k, .w_step = k};
    d.x_step = conv->in_image_stride;
    d.y_step = conv->out_image_stride;
    for (int64_t g = 0; g < conv->group; g++) {
        d.w = buffers->weights + g * m * k;
        d.x = buffers->in + g * k;
        d.y = buffers->out + g * m;
        d.bias = buffers->bias ? buffers->bias + g * m : NULL;
        cr_dot(conv->kernels, &d, buffers->pool);
    }
}

static size_t scratch_bytes(const cr_conv *conv)
{
    (void)conv;
    return 0;
}

const cr_conv_algorithm cr_conv_dot = {
    .name = "dot", .accepts = accepts, .scratch_bytes = scratch_bytes, .run = run};
