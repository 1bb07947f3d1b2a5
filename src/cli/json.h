/*
 * json.h - writing one JSON document straight to a stream: a blob of millions of values needs no tree.
 *
 * Numbers are written in the shortest form that reads back equal. JSON has no NaN and no infinities: they are
 * written as the strings "NaN", "Infinity" and "-Infinity". Names that are not valid UTF-8 get U+FFFD in place
 * of the bytes that are wrong.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "crema.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct cli_json {
    FILE *f;
    int depth;
    bool comma; // something stands before the next value in this object or list
} cli_json;

// key: NULL in a list and for the document itself.
void cli_json_begin(cli_json *j, const char *key, char bracket); // '{' or '['
void cli_json_end(cli_json *j, char bracket);                    // '}' or ']'; the last one ends the line
void cli_json_string(cli_json *j, const char *key, const char *value); // NULL: null
void cli_json_int(cli_json *j, const char *key, int64_t value);
void cli_json_bool(cli_json *j, const char *key, bool value);
void cli_json_double(cli_json *j, const char *key, double value);
void cli_json_float(cli_json *j, const char *key, float value);              // shortest as a float
void cli_json_shape(cli_json *j, const char *key, const crema_shape *shape); // null when not known
void cli_json_ints(cli_json *j, const char *key, const int64_t *value, int n);
void cli_json_floats(cli_json *j, const char *key, const float *value, int64_t n);

#endif
