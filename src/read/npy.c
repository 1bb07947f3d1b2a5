/*
 * npy.c - reading .npy files.
 *
 * A file is: the magic "\x93NUMPY", two bytes of version, the header's length (2 bytes in version 1, 4 in 2 and
 * 3, little-endian), the header, the values. The header is a Python dict literal with the keys 'descr',
 * 'fortran_order' and 'shape', in any order, with spaces and a final newline for padding; Python 2 wrote sizes
 * as 3L. It is parsed by hand: exactly these keys, each once.
 * The size of the file must be what the header says, and is compared before any memory is taken. Values are
 * read through a small buffer and converted there, so memory is that of the result (twice that in Fortran
 * order, where the values are put in C order at the end).
 */
#include "read/npy.h"

#include "base/half.h"
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAX_HEADER 65536 // the longest that makes sense; rank 8 needs less than 300 bytes

typedef struct dtype {
    char kind; // f i u b
    int bytes;
    bool big_endian;
} dtype;

typedef struct header {
    const cr_file *file;
    const char *at; // ends in a 0 byte
    dtype type;
    bool fortran;
    cr_shape shape;
    uint64_t values_at; // offset in the file
} header;

bool cr_npy_is(const cr_file *file)
{
    unsigned char start[6];
    return cr_file_read(file, 0, start, sizeof start, NULL) == CREMA_OK &&
           memcmp(start, MAGIC, sizeof start) == 0;
}

static cr_status bad(const header *h, cr_err *err, const char *what)
{
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){h->file->name, 0, 0}, "%s", what);
}

static void skip_space(header *h)
{
    while (*h->at == ' ' || *h->at == '\t' || *h->at == '\n' || *h->at == '\r')
        h->at++;
}

static bool take(header *h, char c)
{
    skip_space(h);
    if (*h->at != c)
        return false;
    h->at++;
    return true;
}

static bool take_word(header *h, const char *word)
{
    skip_space(h);
    size_t n = strlen(word);
    if (strncmp(h->at, word, n) != 0)
        return false;
    h->at += n;
    return true;
}

// A quoted string of at most size - 1 characters without escapes.
static bool take_string(header *h, char *out, size_t size)
{
    skip_space(h);
    char quote = *h->at;
    if (quote != '\'' && quote != '"')
        return false;
    const char *end = strchr(h->at + 1, quote);
    if (!end || (size_t)(end - h->at) > size)
        return false;
    size_t n = (size_t)(end - h->at) - 1;
    memcpy(out, h->at + 1, n);
    out[n] = 0;
    h->at = end + 1;
    return !strchr(out, '\\');
}

static cr_status parse_descr(header *h, cr_err *err)
{
    skip_space(h);
    if (*h->at == '[')
        return bad(h, err, "holds records (a structured dtype), not an array of numbers");
    char text[64];
    if (!take_string(h, text, sizeof text))
        return bad(h, err, "the header's 'descr' is not a type name");
    const char *name = text;
    char order = strchr("<>|=", *name) && *name ? *name++ : '|';
    h->type.kind = *name ? *name++ : '?';
    h->type.bytes = *name >= '1' && *name <= '8' && !name[1] ? *name - '0' : 0;
    h->type.big_endian = order == '>';
    cr_pos pos = {h->file->name, 0, 0};
    if (h->type.kind == 'O')
        return bad(h, err, "holds Python objects, not an array of numbers");
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4", "i8",
                                        "u1", "u2", "u4", "u8", "b1", NULL};
    for (int i = 0; known[i]; i++)
        if (known[i][0] == h->type.kind && known[i][1] == '0' + h->type.bytes)
            return h->type.bytes > 1 && order == '|'
                       ? cr_fail(err, CREMA_ERR_INPUT, &pos, "type '%s' has no byte order", text)
                       : CREMA_OK;
    return cr_fail(err, CREMA_ERR_INPUT, &pos,
                   "type '%s' is not one of the real types f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1", text);
}

static cr_status parse_shape(header *h, cr_err *err)
{
    static const char *const not_sizes = "the header's 'shape' is not a tuple of sizes";
    if (!take(h, '('))
        return bad(h, err, not_sizes);
    h->shape.rank = 0;
    while (!take(h, ')')) {
        if (h->shape.rank == CR_MAX_RANK)
            return bad(h, err, "has more than 8 axes");
        if (*h->at < '0' || *h->at > '9')
            return bad(h, err, not_sizes);
        int64_t size = 0;
        for (; *h->at >= '0' && *h->at <= '9'; h->at++)
            if (!cr_i64_mul(size, 10, &size) || !cr_i64_add(size, *h->at - '0', &size))
                return bad(h, err, "the header's 'shape' is too large");
        if (*h->at == 'L')
            h->at++;
        h->shape.dim[h->shape.rank++] = size;
        // (5) is a number in Python: one axis is written (5,).
        if (!take(h, ',') && (h->shape.rank == 1 || (skip_space(h), *h->at != ')')))
            return bad(h, err, not_sizes);
    }
    return cr_shape_valid(&h->shape) ? CREMA_OK : bad(h, err, "the header's 'shape' is too large");
}

static cr_status parse_value(header *h, int key, cr_err *err)
{
    if (key == 0)
        return parse_descr(h, err);
    if (key == 2)
        return parse_shape(h, err);
    h->fortran = take_word(h, "True");
    return h->fortran || take_word(h, "False") ? CREMA_OK
                                               : bad(h, err, "the header's 'fortran_order' is not a boolean");
}

static cr_status parse_dict(header *h, cr_err *err)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    int seen = 0;
    if (!take(h, '{'))
        return bad(h, err, "the header is not a Python dict");
    while (!take(h, '}')) {
        char name[32];
        if (!take_string(h, name, sizeof name) || !take(h, ':'))
            return bad(h, err, "the header is not a Python dict");
        int key = 0;
        while (key < 3 && strcmp(name, keys[key]) != 0)
            key++;
        if (key == 3)
            return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){h->file->name, 0, 0},
                           "the header has an unknown key '%s'", name);
        if (seen & 1 << key)
            return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){h->file->name, 0, 0},
                           "the header has the key '%s' twice", name);
        seen |= 1 << key;
        cr_status status = parse_value(h, key, err);
        if (status != CREMA_OK)
            return status;
        if (!take(h, ',') && (skip_space(h), *h->at != '}'))
            return bad(h, err, "the header is not a Python dict");
    }
    skip_space(h);
    if (*h->at)
        return bad(h, err, "something stands behind the dict in the header");
    if (seen != 7)
        return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){h->file->name, 0, 0}, "the header lacks the key '%s'",
                       keys[!(seen & 1)   ? 0
                            : !(seen & 2) ? 1
                                          : 2]);
    return CREMA_OK;
}

static cr_status read_header(header *h, cr_err *err)
{
    unsigned char start[12];
    size_t n = h->file->size < sizeof start ? (size_t)h->file->size : sizeof start;
    cr_status status = cr_file_read(h->file, 0, start, n, err);
    if (status != CREMA_OK)
        return status;
    if (!cr_npy_is(h->file))
        return bad(h, err, "is not a .npy file");
    if (n < sizeof start)
        return bad(h, err, "is cut short: a .npy file's header is longer");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){h->file->name, 0, 0},
                       ".npy version %d.%d is not known; 1.0, 2.0 and 3.0 are", start[6], start[7]);
    size_t length = (size_t)start[8] | (size_t)start[9] << 8;
    if (start[6] > 1)
        length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    uint64_t text_at = start[6] > 1 ? 12 : 10;
    if (length > h->file->size - text_at)
        return bad(h, err, "is cut short: the file ends inside its header");
    if (length > MAX_HEADER)
        return bad(h, err, "the header is longer than 64 KiB");
    h->values_at = text_at + length;
    char *text = cr_alloc(length + 1);
    if (!text)
        return cr_no_memory(err);
    status = cr_file_read(h->file, text_at, text, length, err);
    text[length] = 0;
    h->at = text;
    if (status == CREMA_OK)
        status = strlen(text) < length ? bad(h, err, "the header holds a 0 byte") : parse_dict(h, err);
    cr_free(text);
    h->at = NULL;
    return status;
}

static float to_float(dtype type, const unsigned char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < type.bytes; i++)
        bits |= (uint64_t)p[type.big_endian ? type.bytes - 1 - i : i] << 8 * i;
    if (type.kind == 'b')
        return bits != 0;
    if (type.kind == 'u')
        return (float)bits;
    if (type.kind == 'i') {
        int shift = 64 - 8 * type.bytes; // moves the sign to the top and back
        return (float)((int64_t)(bits << shift) >> shift);
    }
    if (type.bytes == 2)
        return cr_half_to_float((uint16_t)bits);
    if (type.bytes == 4) {
        float f;
        uint32_t low = (uint32_t)bits;
        memcpy(&f, &low, sizeof f);
        return f;
    }
    double d;
    memcpy(&d, &bits, sizeof d);
    return (float)d;
}

static cr_status read_values(const header *h, size_t count, float *out, cr_err *err)
{
    unsigned char buf[8192];
    size_t bytes = (size_t)h->type.bytes;
    size_t per_buf = sizeof buf / bytes;
    for (size_t i = 0; i < count; i += per_buf) {
        size_t n = count - i < per_buf ? count - i : per_buf;
        cr_status status = cr_file_read(h->file, h->values_at + i * bytes, buf, n * bytes, err);
        if (status != CREMA_OK)
            return status;
        for (size_t k = 0; k < n; k++)
            out[i + k] = to_float(h->type, buf + k * bytes);
    }
    return CREMA_OK;
}

// from is in Fortran order: axis 0 is the one whose neighbours are adjacent.
static void to_c_order(const cr_shape *shape, size_t count, const float *from, float *to)
{
    int64_t step[CR_MAX_RANK], index[CR_MAX_RANK] = {0};
    int64_t product = 1, at = 0;
    for (int i = 0; i < shape->rank; i++) {
        step[i] = product;
        product *= shape->dim[i];
    }
    for (size_t i = 0; i < count; i++) {
        to[i] = from[at];
        for (int axis = shape->rank - 1; axis >= 0; axis--) {
            at += step[axis];
            if (++index[axis] < shape->dim[axis])
                break;
            at -= step[axis] * shape->dim[axis];
            index[axis] = 0;
        }
    }
}

// The header, and the size of the file against it.
static cr_status open_array(header *h, cr_err *err)
{
    cr_status status = read_header(h, err);
    if (status != CREMA_OK)
        return status;
    size_t count = (size_t)cr_shape_count(&h->shape), bytes;
    uint64_t there = h->file->size - h->values_at;
    char text[CR_SHAPE_TEXT];
    if (cr_size_mul(count, (size_t)h->type.bytes, &bytes) && bytes == there)
        return CREMA_OK;
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){h->file->name, 0, 0},
                   "%s: %llu bytes follow the header, which says shape %s of type %c%d",
                   count > there / (size_t)h->type.bytes ? "is cut short" : "has bytes behind its values",
                   (unsigned long long)there, cr_shape_text(&h->shape, text, sizeof text), h->type.kind,
                   h->type.bytes);
}

cr_status cr_npy_shape(const cr_file *file, cr_shape *shape, cr_err *err)
{
    header h = {.file = file};
    cr_status status = open_array(&h, err);
    *shape = h.shape;
    return status;
}

cr_status cr_npy_read(const cr_file *file, cr_shape *shape, float **data, cr_err *err)
{
    *data = NULL;
    header h = {.file = file};
    cr_status status = open_array(&h, err);
    if (status != CREMA_OK)
        return status;
    size_t count = (size_t)cr_shape_count(&h.shape);
    float *values = cr_alloc(count ? count * sizeof(float) : 1);
    if (!values)
        return cr_no_memory(err);
    status = read_values(&h, count, values, err);
    if (status == CREMA_OK && h.fortran && h.shape.rank > 1) {
        float *ordered = cr_alloc(count ? count * sizeof(float) : 1);
        if (ordered)
            to_c_order(&h.shape, count, values, ordered);
        else
            status = cr_no_memory(err);
        cr_free(values);
        values = ordered;
    }
    if (status != CREMA_OK) {
        cr_free(values);
        return status;
    }
    *shape = h.shape;
    *data = values;
    return CREMA_OK;
}

cr_status cr_npy_load(const char *path, cr_shape *shape, float **data, cr_err *err)
{
    *data = NULL;
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = path}, err);
    if (status != CREMA_OK)
        return status;
    status = cr_npy_read(&file, shape, data, err);
    cr_file_close(&file);
    return status;
}
