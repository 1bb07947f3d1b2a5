/*
 * yaml.h - a YAML file as a tree with positions, over libyaml.
 *
 * Nets, manifests and preprocessing files all walk this tree. Aliases share nodes; a document whose expanded size is
 * out of proportion (a "billion laughs") is refused. Everything lives in the arena.
 */
#ifndef CR_READ_YAML_H
#define CR_READ_YAML_H

#include "base/err.h"
#include "base/mem.h"
#include "schema/builder.h"

typedef enum cr_yaml_kind { CR_YAML_SCALAR, CR_YAML_LIST, CR_YAML_MAP } cr_yaml_kind;

typedef struct cr_yaml {
    cr_yaml_kind kind;
    int line, column;
    int end_line, end_column; // of a list or map: where the next thing stands, behind comments
    size_t gap_behind;        // of a list or map: the gap of comments that follow it at once
    const char *text;         // scalar: terminated, may hold zero bytes inside
    size_t size;
    bool plain;                        // scalar: not quoted, so 1 and true are a number and a boolean
    size_t n;                          // list: items; map: pairs
    const struct cr_yaml *const *key;  // map, in file order
    const struct cr_yaml *const *item; // list: items; map: values
} cr_yaml;

// A comment from its # to the end of its line, in the bytes that were parsed.
typedef struct cr_yaml_comment {
    const char *text;
    size_t size;
    int line, column;
    bool own_line;   // nothing stands before it
    size_t gap;      // comments of one gap have nothing between them but space and dashes
    bool after_dash; // the dash of an item stands between it and what is before
} cr_yaml_comment;

typedef struct cr_yaml_comments {
    cr_yaml_comment *comment; // in file order; in the arena
    size_t n, room;
} cr_yaml_comments;

// The one document of data. Syntax errors, several documents and duplicate keys give file:line:col.
cr_status cr_yaml_parse(cr_arena *arena, const char *file, const char *data, size_t size,
                        const cr_yaml **root, cr_err *err);
// The same, with the comments.
cr_status cr_yaml_parse_all(cr_arena *arena, const char *file, const char *data, size_t size,
                            const cr_yaml **root, cr_yaml_comments *comments, cr_err *err);
// The value of a key, or NULL.
const cr_yaml *cr_yaml_get(const cr_yaml *map, const char *key);
// Typed scalars; each fails with the position and `what` ("rtol must be a number").
cr_status cr_yaml_number(const cr_yaml *node, const char *file, const char *what, double *out, cr_err *err);
cr_status cr_yaml_integer(const cr_yaml *node, const char *file, const char *what, int64_t *out, cr_err *err);
cr_status cr_yaml_string(const cr_yaml *node, const char *file, const char *what, const char **out,
                         cr_err *err);
// A plain scalar as a number or a word, with YAML's own spellings (+1, .inf, .nan) as the builder reads them; a
// quoted one as a string.
cr_value cr_yaml_value(const cr_yaml *node);
// Fails at the first key of the map that is not in the NULL-ended list, with the nearest one as a hint.
cr_status cr_yaml_known_keys(const cr_yaml *map, const char *file, const char *const *known, cr_err *err);

#endif
