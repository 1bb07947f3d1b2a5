/*
 * layer_weights.h - a caffemodel in memory with the blobs of one layer.
 *
 *     ww w = layer_weights("s", "Scale", (net_blob[]){{"scale", SHAPE(2), VALUES(2, 3)}, {0}});
 *     NET_CHECK(..., .weights = w.data, .weights_size = w.size);
 *     ww_free(&w);
 */
#ifndef TESTS_SUPPORT_LAYER_WEIGHTS_H
#define TESTS_SUPPORT_LAYER_WEIGHTS_H

#include "tests/support/net.h"
#include "tests/support/wire_writer.h"

// blobs end with an entry without a name; the names are for the reader only.
ww layer_weights(const char *layer, const char *type, const net_blob *blobs);

#endif
