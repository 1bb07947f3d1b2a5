/*
 * aliases.c - names of fields in forks of Caffe that mean a field of ours.
 *
 * One row per name, asked only when a message has no field of that name. A row is right only where the fork's
 * field has the same type and the same meaning; everything else gets a field of its own in crema.proto.
 */
#include "schema/aliases.h"

#include <string.h>

static const struct {
    const char *message, *alias, *name;
} rows[] = {
    // Synopsys
    {"ConvolutionParameter", "pad_t", "pad_top"},
    {"ConvolutionParameter", "pad_b", "pad_bottom"},
    {"ConvolutionParameter", "pad_l", "pad_left"},
    {"ConvolutionParameter", "pad_r", "pad_right"},
    {"PoolingParameter", "pad_t", "pad_top"},
    {"PoolingParameter", "pad_b", "pad_bottom"},
    {"PoolingParameter", "pad_l", "pad_left"},
    {"PoolingParameter", "pad_r", "pad_right"},
    {"PadParameter", "pad_t", "pad_top"},
    {"PadParameter", "pad_b", "pad_bottom"},
    {"PadParameter", "pad_l", "pad_left"},
    {"PadParameter", "pad_r", "pad_right"},
    {"PadParameter", "constant_values", "value"},
    // DeepLab, before Caffe had dilation
    {"ConvolutionParameter", "hole", "dilation"},
    {"ConvolutionParameter", "hole_h", "dilation_h"},
    {"ConvolutionParameter", "hole_w", "dilation_w"},
};

const char *cr_alias(const char *message, const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].alias) == size && memcmp(rows[i].alias, name, size) == 0 &&
            strcmp(rows[i].message, message) == 0)
            return rows[i].name;
    return NULL;
}
