/*
 * wire_writer.c - protobuf bytes for tests. A message's length is put in front of it when it ends.
 */
#include "tests/support/wire_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(ww *w, size_t n)
{
    if (w->room - w->size >= n)
        return;
    w->room = (w->size + n) * 2;
    w->data = realloc(w->data, w->room);
    if (!w->data)
        abort();
}

void ww_raw(ww *w, const void *bytes, size_t n)
{
    need(w, n);
    if (n > 0)
        memcpy(w->data + w->size, bytes, n);
    w->size += n;
}

static size_t put_varint(unsigned char *to, uint64_t value)
{
    size_t n = 0;
    for (; value > 127; value >>= 7)
        to[n++] = (unsigned char)(value | 128);
    to[n++] = (unsigned char)value;
    return n;
}

void ww_varint(ww *w, uint64_t value)
{
    unsigned char bytes[10];
    ww_raw(w, bytes, put_varint(bytes, value));
}

void ww_tag(ww *w, uint32_t number, int wire_type)
{
    ww_varint(w, (uint64_t)number << 3 | (uint64_t)wire_type);
}

void ww_int(ww *w, uint32_t number, int64_t value)
{
    ww_tag(w, number, 0);
    ww_varint(w, (uint64_t)value);
}

static void put_little_endian(ww *w, uint64_t bits, int n)
{
    unsigned char bytes[8];
    for (int i = 0; i < n; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
    ww_raw(w, bytes, (size_t)n);
}

static void put_float(ww *w, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_little_endian(w, bits, 4);
}

void ww_float(ww *w, uint32_t number, float value)
{
    ww_tag(w, number, 5);
    put_float(w, value);
}

void ww_double(ww *w, uint32_t number, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    ww_tag(w, number, 1);
    put_little_endian(w, bits, 8);
}

void ww_bytes(ww *w, uint32_t number, const void *bytes, size_t n)
{
    ww_tag(w, number, 2);
    ww_varint(w, n);
    ww_raw(w, bytes, n);
}

void ww_string(ww *w, uint32_t number, const char *text)
{
    ww_bytes(w, number, text, strlen(text));
}

void ww_begin(ww *w, uint32_t number)
{
    if (w->depth == (int)(sizeof w->open / sizeof *w->open))
        abort();
    ww_tag(w, number, 2);
    w->open[w->depth++] = w->size;
}

void ww_end(ww *w)
{
    if (w->depth == 0)
        abort();
    size_t begin = w->open[--w->depth], n = w->size - begin;
    unsigned char length[10];
    size_t bytes = put_varint(length, n);
    need(w, bytes);
    memmove(w->data + begin + bytes, w->data + begin, n);
    memcpy(w->data + begin, length, bytes);
    w->size += bytes;
}

void ww_done(ww *w)
{
    while (w->depth > 0)
        ww_end(w);
}

void ww_free(ww *w)
{
    free(w->data);
    memset(w, 0, sizeof *w);
}

crema_file ww_file(ww *w)
{
    ww_done(w);
    need(w, 1); // an empty file still has an address
    return (crema_file){.path = "test.caffemodel", .data = w->data, .size = w->size};
}

void ww_save(ww *w, const char *path)
{
    ww_done(w);
    FILE *stream = fopen(path, "wb");
    if (!stream || fwrite(w->data, 1, w->size, stream) != w->size || fclose(stream) != 0)
        abort();
}

void ww_net(ww *w, const char *name)
{
    ww_string(w, 1, name);
}

void ww_layer(ww *w, const char *name, const char *type)
{
    ww_done(w);
    ww_begin(w, 100);
    ww_string(w, 1, name);
    ww_string(w, 2, type);
}

void ww_floats(ww *w, uint32_t number, size_t n, const float *values)
{
    ww_tag(w, number, 2);
    ww_varint(w, n * 4);
    for (size_t i = 0; i < n; i++)
        put_float(w, values[i]);
}

void ww_floats_unpacked(ww *w, uint32_t number, size_t n, const float *values)
{
    for (size_t i = 0; i < n; i++)
        ww_float(w, number, values[i]);
}

void ww_dims(ww *w, uint32_t number, int rank, const int64_t *dims)
{
    ww_begin(w, number);
    ww_begin(w, 1);
    for (int i = 0; i < rank; i++)
        ww_varint(w, (uint64_t)dims[i]);
    ww_end(w);
    ww_end(w);
}

void ww_blob(ww *w, int rank, const int64_t *dims, const float *values)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dims[i];
    ww_begin(w, 7);
    ww_floats(w, 5, (size_t)n, values);
    ww_dims(w, 7, rank, dims);
    ww_end(w);
}
