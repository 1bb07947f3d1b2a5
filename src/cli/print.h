/*
 * print.h - text for people: names that are safe on a terminal, shapes, ranges of values, tables.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "cli/mem.h"
#include "crema.h"

#include <stdbool.h>
#include <stdio.h>

// Writes the text with control characters as \xNN.
void cli_put_safe(FILE *f, const char *text);

enum { CLI_SHAPE_TEXT = 24 * CREMA_MAX_RANK };
// "1x3x224x224"; "scalar" for rank 0, "?" for an unknown shape. Returns buf.
char *cli_shape_text(const crema_shape *shape, char buf[CLI_SHAPE_TEXT]);
// "0,2,17,4": a position in a blob of that shape.
char *cli_index_text(const int64_t *index, const crema_shape *shape, char buf[CLI_SHAPE_TEXT]);
// "1,3,224,224" (or with x between) to a shape; false when it is anything else.
bool cli_parse_shape(const char *text, crema_shape *out);
bool cli_shape_equal(const crema_shape *a, const crema_shape *b);
int64_t cli_count_of(const crema_shape *shape);

typedef struct cli_range {
    int64_t n, n_nan;
    double min, max, mean; // of the values that are numbers; 0 when there are none
} cli_range;
cli_range cli_range_of(const float *data, int64_t n);

enum { CLI_MAX_COLUMNS = 9 };

// Columns as wide as their widest cell; numbers to the right, names to the left.
typedef struct cli_table {
    cli_mem *mem;
    int n_columns;
    const char *title[CLI_MAX_COLUMNS];
    bool left[CLI_MAX_COLUMNS];
    const char **cell;
    size_t n_cells, size;
    struct cli_note *first_note, *last_note;
} cli_table;

// columns: titles, those of names with a "<" before them; ended by NULL.
void cli_table_begin(cli_table *table, cli_mem *mem, const char *const *columns);
void cli_table_cell(cli_table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// A line of its own below the row that was filled last, as wide as it likes.
void cli_table_note(cli_table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_table_print(const cli_table *table, FILE *f);

#endif
