/*
 * wire_writer.h - makes protobuf bytes for tests, above all .caffemodels in memory.
 *
 *     ww w = {0};
 *     ww_net(&w, "tiny");
 *     ww_layer(&w, "conv1", "Convolution");
 *     ww_blob(&w, 4, (int64_t[]){2, 1, 3, 3}, weights);
 *     ww_blob(&w, 1, (int64_t[]){2}, bias);
 *     crema_file file = ww_file(&w); // closes what is open; the bytes live until ww_free
 *     ...
 *     ww_free(&w);
 *
 * The lower functions write single fields, valid or not, so that a test can make any bytes. Out of memory ends
 * the test program.
 */
#ifndef TESTS_SUPPORT_WIRE_WRITER_H
#define TESTS_SUPPORT_WIRE_WRITER_H

#include "crema.h"

typedef struct ww {
    unsigned char *data;
    size_t size, room;
    int depth;       // messages that are open
    size_t open[16]; // where their payloads begin
} ww;

void ww_free(ww *w);                   // w is empty again
void ww_done(ww *w);                   // ends all open messages
crema_file ww_file(ww *w);             // ww_done, and the bytes as a file named "test.caffemodel"
void ww_save(ww *w, const char *path); // ww_done, and the bytes as a file on disk

// A NetParameter: its name; a layer (ends the layer before); blobs of the layer that was begun last.
void ww_net(ww *w, const char *name);
void ww_layer(ww *w, const char *name, const char *type);
void ww_blob(ww *w, int rank, const int64_t *dims, const float *values); // shape and packed data
// The value of a blob field inside ww_begin(w, 7): packed floats; one field for each float.
void ww_floats(ww *w, uint32_t number, size_t n, const float *values);
void ww_floats_unpacked(ww *w, uint32_t number, size_t n, const float *values);
void ww_dims(ww *w, uint32_t number, int rank, const int64_t *dims); // a BlobShape with packed dims

// Single fields.
void ww_int(ww *w, uint32_t number, int64_t value);
void ww_float(ww *w, uint32_t number, float value);
void ww_double(ww *w, uint32_t number, double value);
void ww_string(ww *w, uint32_t number, const char *text);
void ww_bytes(ww *w, uint32_t number, const void *bytes, size_t n);
void ww_begin(ww *w, uint32_t number); // a message field; what follows is inside until ww_end
void ww_end(ww *w);

// Raw material.
void ww_tag(ww *w, uint32_t number, int wire_type);
void ww_varint(ww *w, uint64_t value);
void ww_raw(ww *w, const void *bytes, size_t n);

#endif
