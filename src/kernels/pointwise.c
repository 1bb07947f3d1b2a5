/*
 * pointwise.c - 1x1 convolution: the product with the activations as they are, without a copy.
 *
 * Items are blocks of positions, and of panels of channels where these alone would be too few. Cuts depend on shapes
 * only; that they do not change the bits in any case is gemm.h's promise.
 */
#include "base/int.h"
#include "kernels/kernels.h"
#include "kernels/product.h"

enum {
    ITEMS = 16,         // a product is cut in so many items, if they are worth it
    ITEM_MACS = 1 << 18 // the least work that is
};

typedef struct cut {
    cr_product p;
    int64_t n_step, n_blocks, panel_step, panel_blocks;
} cut;

// Positions first, then panels, until there are enough items.
static cut cut_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = {.p = cr_product_of(conv, buffers)};
    const cr_product *p = &c.p;
    int64_t unit = cr_product_unit(conv);
    double macs = (double)p->m * (double)p->n * (double)p->k * (double)(conv->images * conv->group);
    int64_t wanted = cr_i64_min(ITEMS, 1 + (int64_t)(macs / ITEM_MACS));
    wanted = cr_div_up(wanted, conv->images * conv->group);
    c.n_step = cr_div_up(cr_div_up(p->n, wanted), unit) * unit;
    c.n_blocks = cr_div_up(p->n, c.n_step);
    c.panel_step = cr_div_up(p->panels, cr_div_up(wanted, c.n_blocks));
    c.panel_blocks = cr_div_up(p->panels, c.panel_step);
    return c;
}

static const char *pointwise_accepts(const cr_conv *conv)
{
    for (int a = 0; a < conv->window->n_axes; a++) {
        const cr_axis *x = &conv->window->axis[a];
        if (x->kernel != 1)
            return "the kernel is not 1x1";
        if (x->stride != 1)
            return "the stride is not 1";
        if (x->pad_before[0] != 0 || x->pad_after[0] != 0)
            return "it has padding";
    }
    if (conv->window->partial)
        return "it is a partial convolution";
    if (conv->in_channels / conv->group < 1)
        return "there are no channels";
    if (conv->in_blocked && conv->in_channels / conv->group % CR_BLOCK != 0)
        return "blocks of inputs would cross groups";
    if (conv->out_blocked && conv->out_channels / conv->group % CR_BLOCK != 0)
        return "blocks of outputs would cross groups";
    return NULL;
}

static void pointwise_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *c = ctx;
    const cr_product *p = &c->p;
    int64_t panel = item % c->panel_blocks * c->panel_step, rest = item / c->panel_blocks;
    int64_t position = rest % c->n_blocks * c->n_step;
    rest /= c->n_blocks;
    int64_t group = rest % p->conv->group, image = rest / p->conv->group;
    cr_epilogue epilogue;
    cr_gemm_block b = cr_product_block(p, &epilogue, image, group, position);
    b.n = cr_i64_min(c->n_step, p->n - position);
    b.panel_begin = panel;
    b.panel_end = cr_i64_min(panel + c->panel_step, p->panels);
    int64_t lanes = p->conv->in_blocked ? CR_BLOCK : 1;
    b.columns = p->buffers->in + image * p->conv->in_image_stride + group * p->k * p->n + position * lanes;
    b.column_step = p->n * lanes;
    p->layout->run(&b);
}

static void pointwise_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    if (conv->images == 0 || c.p.n == 0)
        return;
    cr_parallel(buffers->pool, conv->images * conv->group * c.n_blocks * c.panel_blocks, pointwise_item, &c);
}

static size_t no_bytes(const cr_conv *conv)
{
    (void)conv;
    return 0;
}

const cr_conv_algorithm cr_conv_pointwise = {.name = "pointwise",
                                             .blocked = CR_READS_BLOCKED | CR_WRITES_BLOCKED,
                                             .accepts = pointwise_accepts,
                                             .pack_bytes = cr_product_pack_bytes,
                                             .pack_kind = cr_product_pack_kind,
                                             .pack = cr_product_pack,
                                             .pack_unit = cr_product_pack_unit,
                                             .pack_rows = cr_product_pack_rows,
                                             .epilogue = true,
                                             .scratch_bytes = no_bytes,
                                             .run = pointwise_run};
