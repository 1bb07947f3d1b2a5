/*
 * layer_weights.c - a caffemodel in memory with the blobs of one layer.
 */
#include "tests/support/layer_weights.h"

ww layer_weights(const char *layer, const char *type, const net_blob *blobs)
{
    ww w = {0};
    ww_net(&w, "net");
    ww_layer(&w, layer, type);
    for (; blobs->name; blobs++)
        ww_blob(&w, blobs->shape.rank, blobs->shape.dim, blobs->values);
    ww_done(&w);
    return w;
}
