/*
 * tensor.c - counting and comparing shapes.
 */
#include "base/tensor.h"

#include <stdio.h>

int64_t cr_shape_range(const cr_shape *shape, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n *= shape->dim[i];
    return n;
}

int64_t cr_shape_count(const cr_shape *shape)
{
    return cr_shape_range(shape, 0, shape->rank);
}

bool cr_shape_valid(const cr_shape *shape)
{
    if (shape->rank < 0 || shape->rank > CR_MAX_RANK)
        return false;
    int64_t n = (int64_t)sizeof(float);
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 0)
            return false;
        // An empty axis must not hide an overflow of the others: partial products are used too.
        if (!cr_i64_mul(n, shape->dim[i] ? shape->dim[i] : 1, &n))
            return false;
    }
    return true;
}

bool cr_shape_equal(const cr_shape *a, const cr_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

char *cr_shape_text(const cr_shape *shape, char *buf, size_t size)
{
    if (shape->rank <= 0)
        snprintf(buf, size, "%s", shape->rank == 0 ? "scalar" : "?");
    size_t at = 0;
    for (int i = 0; i < shape->rank && at < size; i++)
        at += (size_t)snprintf(buf + at, size - at, i ? "x%lld" : "%lld", (long long)shape->dim[i]);
    return buf;
}

int64_t cr_tensor_image_count(const cr_tensor *t)
{
    return t->shape.rank == 0 ? 1 : cr_shape_range(&t->shape, 1, t->shape.rank);
}

int64_t cr_tensor_images(const cr_tensor *t)
{
    return t->shape.rank == 0 ? 1 : t->shape.dim[0];
}

bool cr_tensor_contiguous(const cr_tensor *t)
{
    return cr_tensor_images(t) <= 1 || t->image_stride == cr_tensor_image_count(t);
}
