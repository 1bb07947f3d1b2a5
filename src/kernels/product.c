/*
 * product.c - sizes, packs and blocks of convolutions that are matrix products.
 */
#include "kernels/product.h"
#include "base/int.h"
#include "kernels/kernels.h"

enum {
    DEEP_POSITIONS = 256, // maps up to here lie deep
    DEEP_UNIT = 112,
    PACK_FLOATS = 1 << 16 // weights that are packed at a time
};

static const cr_epilogue no_epilogue;

bool cr_product_is_deep(const cr_conv *conv)
{
    return conv->in_blocked || conv->out_blocked || conv->out_count <= DEEP_POSITIONS;
}

int64_t cr_product_unit(const cr_conv *conv)
{
    return cr_product_is_deep(conv) ? DEEP_UNIT : 2 * conv->kernels->vector;
}

cr_product cr_product_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    const cr_gemm_kernels *gemm = conv->kernels->gemm;
    cr_product p = {.conv = conv, .buffers = buffers};
    p.layout = cr_product_is_deep(conv) ? &gemm->deep : &gemm->wide;
    p.m = conv->out_channels / conv->group;
    p.n = conv->out_count;
    p.k = conv->in_channels / conv->group * conv->kernel_count;
    p.panels = p.layout->panels(p.m);
    p.pack_bytes = p.layout->pack_bytes(p.m, p.k);
    return p;
}

size_t cr_product_pack_bytes(const cr_conv *conv)
{
    return (size_t)conv->group * cr_product_of(conv, NULL).pack_bytes;
}

int cr_product_pack_kind(const cr_conv *conv)
{
    return cr_product_is_deep(conv);
}

// Panels of a group; all of them where they are not alike.
int64_t cr_product_pack_unit(const cr_conv *conv)
{
    int64_t m = conv->out_channels / conv->group, panel = 2 * conv->kernels->vector;
    int64_t row = conv->in_channels / conv->group * conv->kernel_count;
    return conv->group > 1 || !cr_product_is_deep(conv)
               ? m
               : cr_i64_max(PACK_FLOATS / cr_i64_max(row * panel, 1), 1) * panel;
}

void cr_product_pack_rows(const cr_conv *conv, const float *weights, int64_t first, int64_t n, void *to)
{
    cr_product p = cr_product_of(conv, NULL);
    float *pack = (float *)((char *)to + (size_t)(first / p.m) * p.pack_bytes) + first % p.m * p.k;
    p.layout->pack(weights, conv->scale ? conv->scale + first : NULL, n, p.k, pack);
}

void cr_product_pack(const cr_conv *conv, const float *weights, void *to)
{
    cr_product p = cr_product_of(conv, NULL);
    for (int64_t first = 0; first < conv->out_channels; first += p.m)
        cr_product_pack_rows(conv, weights + first * p.k, first, p.m, to);
}

cr_gemm_block cr_product_block(const cr_product *p, cr_epilogue *epilogue, int64_t image, int64_t group,
                               int64_t position)
{
    const cr_conv_buffers *b = p->buffers;
    int64_t lanes = p->conv->out_blocked ? CR_BLOCK : 1, at = group * p->m * p->n + position * lanes;
    cr_gemm_block block = {
        .m = p->m, .depth = p->k, .k_end = p->k, .panel_end = p->panels, .out_step = p->n * lanes};
    block.in_blocked = p->conv->in_blocked;
    block.out_blocked = p->conv->out_blocked;
    block.weights = (const float *)(const void *)((const char *)b->pack + (size_t)group * p->pack_bytes);
    block.bias = b->bias ? b->bias + group * p->m : NULL;
    block.out = b->out + image * p->conv->out_image_stride + at;
    *epilogue = b->epilogue ? *b->epilogue : no_epilogue;
    if (epilogue->add)
        epilogue->add += image * epilogue->add_image_stride + at;
    if (epilogue->slopes)
        epilogue->slopes += group * p->m;
    block.epilogue = epilogue;
    return block;
}
