/*
 * image_preprocess.c - preprocessing options from a YAML file:
 *
 *     channels: bgr            # rgb, bgr, gray
 *     size: 224x224            # width x height, or net: as the net's input
 *     fit: crop                # stretch, crop, letterbox
 *     raw: 0..255              # or 0..1: the range of values before the mean
 *     mean: [104, 117, 123]    # or one number, or a .npy or .binaryproto file beside this one
 *     scale: 0.017             # after the mean
 */
#include "read/image_input.h"

#include "base/path.h"
#include "read/yaml.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE ((uint64_t)1 << 20)
#define MAX_SIDE (1 << 28)

typedef struct reader {
    const char *file;
    const cr_yaml *root;
    crema_preprocess *out;
} reader;

static cr_status bad(const reader *r, const cr_yaml *node, cr_err *err, const char *what)
{
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){r->file, node->line, node->column}, "%s", what);
}

// The place of a key's value in a NULL-ended list of words; -1 where the key is absent.
static cr_status read_word(const reader *r, const char *key, const char *const *words, const char *error,
                           int *out, cr_err *err)
{
    *out = -1;
    const cr_yaml *node = cr_yaml_get(r->root, key);
    if (!node)
        return CREMA_OK;
    for (int i = 0; node->kind == CR_YAML_SCALAR && words[i]; i++)
        if (strcmp(words[i], node->text) == 0)
            *out = i;
    return *out < 0 ? bad(r, node, err, error) : CREMA_OK;
}

static cr_status read_words(const reader *r, cr_err *err)
{
    int channels, fit, raw;
    cr_status status = read_word(r, "channels", (const char *const[]){"rgb", "bgr", "gray", NULL},
                                 "channels must be rgb, bgr or gray", &channels, err);
    if (status == CREMA_OK)
        status = read_word(r, "fit", (const char *const[]){"stretch", "crop", "letterbox", NULL},
                           "fit must be stretch, crop or letterbox", &fit, err);
    if (status == CREMA_OK)
        status = read_word(r, "raw", (const char *const[]){"0..255", "0..1", NULL},
                           "raw must be 0..255 or 0..1", &raw, err);
    if (status != CREMA_OK)
        return status;
    static const crema_channels orders[] = {CREMA_RGB, CREMA_BGR, CREMA_GRAY};
    static const crema_fit fits[] = {CREMA_STRETCH, CREMA_CROP, CREMA_LETTERBOX};
    r->out->channels = channels < 0 ? CREMA_CHANNELS_AUTO : orders[channels];
    r->out->fit = fit < 0 ? CREMA_STRETCH : fits[fit];
    r->out->unit_range = raw == 1;
    return CREMA_OK;
}

// A positive number in front of `end`.
static bool take_side(const char **at, char end, int *out)
{
    int64_t n = 0;
    for (; **at >= '0' && **at <= '9' && n <= MAX_SIDE; (*at)++)
        n = n * 10 + (**at - '0');
    *out = (int)n;
    return n >= 1 && n <= MAX_SIDE && *(*at)++ == end;
}

static cr_status read_size(const reader *r, cr_err *err)
{
    const cr_yaml *node = cr_yaml_get(r->root, "size");
    if (!node)
        return CREMA_OK;
    const char *text = node->kind == CR_YAML_SCALAR ? node->text : "";
    r->out->net_size = strcmp(text, "net") == 0;
    if (!r->out->net_size && !(take_side(&text, 'x', &r->out->width) && take_side(&text, 0, &r->out->height)))
        return bad(r, node, err, "size must be WIDTHxHEIGHT in pixels, or net");
    return CREMA_OK;
}

static cr_status read_float(const reader *r, const cr_yaml *node, const char *what, float *out, cr_err *err)
{
    double value;
    cr_status status = cr_yaml_number(node, r->file, what, &value, err);
    if (status != CREMA_OK)
        return status;
    *out = (float)value;
    return isfinite(*out) ? CREMA_OK : bad(r, node, err, "a finite number is needed here");
}

static cr_status read_mean_list(const reader *r, const cr_yaml *list, cr_err *err)
{
    if (list->n < 1 || list->n > CREMA_MAX_CHANNELS)
        return bad(r, list, err, "mean must have one number per channel, 1 to 16");
    for (size_t i = 0; i < list->n; i++) {
        cr_status status = read_float(r, list->item[i], "mean", &r->out->mean[i], err);
        if (status != CREMA_OK)
            return status;
    }
    r->out->n_mean = (int)list->n;
    return CREMA_OK;
}

static cr_status read_mean(const reader *r, cr_err *err)
{
    const cr_yaml *node = cr_yaml_get(r->root, "mean");
    if (!node)
        return CREMA_OK;
    if (node->kind == CR_YAML_LIST)
        return read_mean_list(r, node, err);
    if (node->kind != CR_YAML_SCALAR || node->size == 0)
        return bad(r, node, err, "mean must be a number, a list of numbers or the name of a file");
    double number;
    if (cr_yaml_number(node, r->file, "mean", &number, NULL) == CREMA_OK) {
        r->out->n_mean = 1;
        return read_float(r, node, "mean", &r->out->mean[0], err);
    }
    if (!cr_path_beside(r->file, node->text, r->out->mean_file, sizeof r->out->mean_file))
        return bad(r, node, err, "the mean file's path is too long");
    return CREMA_OK;
}

static cr_status read_scale(const reader *r, cr_err *err)
{
    const cr_yaml *node = cr_yaml_get(r->root, "scale");
    if (!node)
        return CREMA_OK;
    cr_status status = read_float(r, node, "scale", &r->out->scale, err);
    return status == CREMA_OK && r->out->scale == 0 ? bad(r, node, err, "scale must not be 0") : status;
}

static cr_status read_root(const reader *r, cr_err *err)
{
    static const char *const known[] = {"channels", "size", "fit", "raw", "mean", "scale", NULL};
    if (r->root->kind != CR_YAML_MAP)
        return bad(r, r->root, err, "preprocessing must be a map with keys such as size and mean");
    cr_status status = cr_yaml_known_keys(r->root, r->file, known, err);
    if (status == CREMA_OK)
        status = read_words(r, err);
    if (status == CREMA_OK)
        status = read_size(r, err);
    if (status == CREMA_OK)
        status = read_mean(r, err);
    return status == CREMA_OK ? read_scale(r, err) : status;
}

cr_status cr_preprocess_read(const char *path, crema_preprocess *out, cr_err *err)
{
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = path}, err);
    if (status != CREMA_OK)
        return status;
    unsigned char *data;
    size_t size;
    status = cr_file_load(&file, MAX_FILE, &data, &size, err);
    cr_file_close(&file);
    if (status != CREMA_OK)
        return status;
    cr_arena arena = {0};
    reader r = {.file = path, .out = out};
    status = cr_yaml_parse(&arena, path, (const char *)data, size, &r.root, err);
    if (status == CREMA_OK)
        status = read_root(&r, err);
    cr_arena_free(&arena);
    cr_free(data);
    return status;
}
