/*
 * python_param.h - reading param_str of a Python layer, for the layers that are known by name.
 *
 * Caffe hands param_str to Python code, and nearly all of that reads it as a YAML map with yaml.load. Read
 * here is what such maps hold in practice: `key: value` pairs, in braces or lines; keys perhaps in quotes;
 * values that are words, numbers, quoted texts, or flat lists of those in [] or (), perhaps behind a tag
 * (!!python/tuple).
 */
#ifndef CR_LAYERS_PYTHON_PARAM_H
#define CR_LAYERS_PYTHON_PARAM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cr_python_value {
    const char *text; // a piece of param_str; a list without its brackets
    size_t size;
    bool list;
} cr_python_value;

enum cr_python_found { CR_PYTHON_ABSENT, CR_PYTHON_FOUND, CR_PYTHON_BAD }; // BAD: not a map as above

enum cr_python_found cr_python_get(const char *param_str, const char *key, cr_python_value *value);

// The numbers of a value, at most max; returns how many there are, -1 where one is not a number.
int cr_python_numbers(const cr_python_value *value, double *numbers, int max);

#endif
