/*
 * sniff.c - magic numbers and the looks of text.
 *
 * A table of formats that begin with fixed bytes; then a few that need a look: text, and the binary messages
 * of Caffe, which have no magic number. Of those, the first field tells: a net begins with its name or a
 * layer, a BlobProto with num (a number) or data, a SolverState with iter and a path; an ONNX model begins
 * with ir_version (a number) and a producer.
 */
#include "read/sniff.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_BYTES = 4096 };

typedef struct magic {
    const char *bytes;
    size_t at, n;
    const char *sentence;
} magic;

static const magic magics[] = {
    {"\x89HDF\r\n\x1a\n", 0, 8,
     "is an HDF5 file; `crema convert` makes a .caffemodel of it if Caffe wrote it"},
    {"PK\x03\x04", 0, 4, "is a zip archive (or a PyTorch or Keras file); unpack or convert it first"},
    {"\x1f\x8b", 0, 2, "is compressed with gzip; unpack it first"},
    {"BZh", 0, 3, "is compressed with bzip2; unpack it first"},
    {"\xfd"
     "7zXZ",
     0, 5, "is compressed with xz; unpack it first"},
    {"\x28\xb5\x2f\xfd", 0, 4, "is compressed with zstd; unpack it first"},
    {"7z\xbc\xaf\x27\x1c", 0, 6, "is a 7z archive; unpack it first"},
    {"Rar!\x1a\x07", 0, 6, "is a rar archive; unpack it first"},
    {"ustar", 257, 5, "is a tar archive; unpack it first"},
    {"\x89PNG\r\n\x1a\n", 0, 8, "is a PNG image"},
    {"\xff\xd8\xff", 0, 3, "is a JPEG image"},
    {"GIF8", 0, 4, "is a GIF image"},
    {"%PDF-", 0, 5, "is a PDF document"},
    {"\x93NUMPY", 0, 6, "is a NumPy array (.npy)"},
    {"TFL3", 4, 4, "is a TensorFlow Lite model; only Caffe models are read here"},
    {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 0, 14,
     "is a PyTorch checkpoint; only Caffe models are read here"},
    {"7767517\n", 0, 8, "is an ncnn .param file; only Caffe nets are read here"},
    {"\x7f"
     "ELF",
     0, 4, "is a program or a library (ELF)"},
    {"MZ\x90", 0, 3, "is a Windows program"},
    {"\xff\xfe", 0, 2, "is text in UTF-16; save it as UTF-8"},
    {"\xfe\xff", 0, 2, "is text in UTF-16; save it as UTF-8"},
};

typedef struct head {
    const unsigned char *data;
    size_t n;
    uint64_t file_size;
} head;

static void say(cr_sniff *out, cr_sniffed kind, const char *sentence)
{
    out->kind = kind;
    snprintf(out->sentence, sizeof out->sentence, "%s", sentence);
}

static bool is_magic(const head *h, cr_sniff *out)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const magic *m = &magics[i];
        if (h->n >= m->at + m->n && memcmp(h->data + m->at, m->bytes, m->n) == 0) {
            say(out, CR_SNIFF_FOREIGN, m->sentence);
            return true;
        }
    }
    return false;
}

// Control characters, which text has no use for but binary data has at once.
static bool is_text(const head *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->data[i] < 0x20 && !(h->data[i] >= '\t' && h->data[i] <= '\r'))
            return false;
    return true;
}

static size_t skip_space(const head *h, size_t i)
{
    if (i == 0 && h->n >= 3 && memcmp(h->data, "\xef\xbb\xbf", 3) == 0)
        i = 3;
    while (i < h->n && isspace(h->data[i]))
        i++;
    return i;
}

static bool starts(const head *h, size_t at, const char *word)
{
    for (; *word; word++, at++)
        if (at >= h->n || tolower(h->data[at]) != *word)
            return false;
    return true;
}

// A field's name at the beginning of a line; in JSON, in quotes and behind a bracket or comma, too.
static bool has_field(const head *h, const char *name, bool json)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n < h->n; i++) {
        if (i != 0 && h->data[i - 1] != '\n' && !(json && strchr("{,", h->data[i - 1])))
            continue;
        while (i < h->n && (h->data[i] == ' ' || h->data[i] == '\t'))
            i++;
        if (json && i < h->n && h->data[i] == '"')
            i++;
        if (i + n < h->n && memcmp(h->data + i, name, n) == 0 && h->data[i + n] &&
            strchr(json ? "\"" : ": {", h->data[i + n]))
            return true;
    }
    return false;
}

static bool has_one_of(const head *h, const char *const *names, bool json)
{
    for (; *names; names++)
        if (has_field(h, *names, json))
            return true;
    return false;
}

static void look_at_pointer(const head *h, cr_sniff *out)
{
    char text[HEAD_BYTES + 1];
    memcpy(text, h->data, h->n);
    text[h->n] = 0;
    const char *size = strstr(text, "\nsize ");
    unsigned long long bytes;
    out->kind = CR_SNIFF_FOREIGN;
    if (size && sscanf(size, "\nsize %llu", &bytes) == 1)
        snprintf(
            out->sentence, sizeof out->sentence,
            "is a Git-LFS pointer, not the file itself, which has %llu bytes; fetch it with `git lfs pull`",
            bytes);
    else
        say(out, CR_SNIFF_FOREIGN, "is a Git-LFS pointer, not the file itself; fetch it with `git lfs pull`");
}

static void look_at_text(const head *h, cr_sniff *out)
{
    static const char *const of_net[] = {"layer", "layers", "input", NULL};
    static const char *const of_solver[] = {"base_lr",     "lr_policy",       "train_net",
                                            "solver_mode", "snapshot_prefix", NULL};
    size_t i = skip_space(h, 0);
    out->braces = i < h->n && h->data[i] == '{';
    if (starts(h, i, "version https://git-lfs")) {
        look_at_pointer(h, out);
    } else if (starts(h, i, "<!doctype") || starts(h, i, "<html") || starts(h, i, "<head")) {
        say(out, CR_SNIFF_FOREIGN, "is an HTML page: probably a download page or an error, not the file");
    } else if (starts(h, i, "<?xml")) {
        say(out, CR_SNIFF_FOREIGN, "is an XML file");
    } else if (i == h->n && h->n == h->file_size) {
        say(out, CR_SNIFF_EMPTY, "holds nothing but blank lines");
    } else if (!has_one_of(h, of_net, out->braces) && has_one_of(h, of_solver, out->braces)) {
        say(out, CR_SNIFF_SOLVER, "is a solver, not a net; the net is the file that its `net:` names");
    } else {
        say(out, CR_SNIFF_TEXT, "is text");
    }
}

// The number and length after a one-byte tag; false when it does not end soon.
static bool varint(const head *h, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 10 && *at < h->n; i++) {
        unsigned char byte = h->data[(*at)++];
        *value |= (uint64_t)(byte & 127) << 7 * i;
        if (byte < 128)
            return true;
    }
    return false;
}

static void look_at_message(const head *h, cr_sniff *out)
{
    size_t at = 0;
    uint64_t tag, value, next = 0, size = 0;
    if (!varint(h, &at, &tag) || !varint(h, &at, &value))
        return;
    if ((tag == (1 << 3 | 2) || tag == (2 << 3 | 2) || tag == (100 << 3 | 2)) && value <= h->file_size) {
        say(out, CR_SNIFF_NET, "looks like a binary .caffemodel");
        return;
    }
    if (tag == (5 << 3 | 2) || tag == (7 << 3 | 2) || tag == (5 << 3 | 5)) {
        say(out, CR_SNIFF_BLOB, "looks like a single blob (.binaryproto)");
        return;
    }
    if (tag != 1 << 3 || !varint(h, &at, &next))
        return;
    if (next == 2 << 3 || next == (5 << 3 | 2) || next == (5 << 3 | 5)) {
        say(out, CR_SNIFF_BLOB, "looks like a single blob (.binaryproto), for example a mean image");
        return;
    }
    bool more = varint(h, &at, &size) && size < h->n - at;
    bool path = more && size > 11 && memcmp(h->data + at + size - 11, ".caffemodel", 11) == 0;
    if (path || next == (3 << 3 | 2))
        say(out, CR_SNIFF_STATE,
            "looks like a .solverstate, which has no weights; take the .caffemodel of "
            "the same iteration");
    else if (value < 100 && (next == (2 << 3 | 2) || next == (7 << 3 | 2)))
        say(out, CR_SNIFF_FOREIGN, "looks like an ONNX model; only Caffe models are read here");
}

cr_status cr_sniff_file(const cr_file *file, cr_sniff *out, cr_err *err)
{
    unsigned char data[HEAD_BYTES];
    head h = {data, file->size < HEAD_BYTES ? (size_t)file->size : HEAD_BYTES, file->size};
    *out = (cr_sniff){0};
    cr_status status = cr_file_read(file, 0, data, h.n, err);
    if (status != CREMA_OK)
        return status;
    say(out, CR_SNIFF_UNKNOWN, "is in no known format");
    if (h.n == 0)
        say(out, CR_SNIFF_EMPTY, "is empty");
    else if (is_magic(&h, out))
        return CREMA_OK;
    else if (is_text(&h))
        look_at_text(&h, out);
    else
        look_at_message(&h, out);
    return CREMA_OK;
}

cr_sniffed cr_sniff_kind(const crema_file *what)
{
    cr_file file;
    cr_sniff sniff;
    if (cr_file_open(&file, what, NULL) != CREMA_OK)
        return CR_SNIFF_UNKNOWN;
    cr_status status = cr_sniff_file(&file, &sniff, NULL);
    cr_file_close(&file);
    return status == CREMA_OK ? sniff.kind : CR_SNIFF_UNKNOWN;
}

cr_status cr_sniff_want(const cr_file *file, cr_sniffed wanted, cr_err *err)
{
    cr_sniff found;
    cr_pos pos = {file->name, 0, 0};
    cr_status status = cr_sniff_file(file, &found, err);
    if (status != CREMA_OK || found.kind == CR_SNIFF_UNKNOWN || found.kind == wanted)
        return status;
    if (wanted == CR_SNIFF_NET && found.kind == CR_SNIFF_TEXT)
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "is text, not a binary .caffemodel; were the net and its weights swapped?");
    if (wanted == CR_SNIFF_NET && found.kind == CR_SNIFF_SOLVER)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "is a solver, not a binary .caffemodel");
    if (wanted == CR_SNIFF_TEXT && found.kind == CR_SNIFF_NET)
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "looks like a binary .caffemodel, not text; were the net and its weights swapped?");
    // Sentences that go on say themselves what to do.
    bool says_more = found.kind == CR_SNIFF_EMPTY || strpbrk(found.sentence, ":;,");
    return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s%s", found.sentence,
                   wanted == CR_SNIFF_NET && !says_more ? "; a .caffemodel is needed" : "");
}
