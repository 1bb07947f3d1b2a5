/*
 * print.c - text for people.
 */
#include "cli/print.h"

#include "cli/args.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

// Bytes of the control character at p: ASCII's, and those that UTF-8 writes as C2 80 .. C2 9F. 0: none.
static int control_bytes(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    if (u[0] < 0x20 || u[0] == 0x7F)
        return 1;
    return u[0] == 0xC2 && u[1] >= 0x80 && u[1] < 0xA0 ? 2 : 0;
}

void cli_put_safe(FILE *f, const char *text)
{
    while (*text) {
        int n = control_bytes(text);
        if (n == 0)
            fputc(*text++, f);
        for (; n > 0; n--)
            fprintf(f, "\\x%02x", (unsigned char)*text++);
    }
}

// Columns that cli_put_safe fills, if every letter is one wide.
static size_t safe_width(const char *text)
{
    size_t width = 0;
    while (*text) {
        int n = control_bytes(text);
        if (n == 0)
            width += ((unsigned char)*text++ & 0xC0) != 0x80;
        for (; n > 0; n--, text++)
            width += 4;
    }
    return width;
}

static char *join(const int64_t *value, int n, const char *between, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = 0;
    for (int i = 0; i < n && i < CREMA_MAX_RANK && used < size; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s%lld", i ? between : "", (long long)value[i]);
    return buf;
}

char *cli_shape_text(const crema_shape *shape, char buf[CLI_SHAPE_TEXT])
{
    if (shape->rank < 0)
        return strcpy(buf, "?");
    if (shape->rank == 0)
        return strcpy(buf, "scalar");
    return join(shape->dim, shape->rank, "x", buf, CLI_SHAPE_TEXT);
}

char *cli_index_text(const int64_t *index, const crema_shape *shape, char buf[CLI_SHAPE_TEXT])
{
    return join(index, shape->rank, ",", buf, CLI_SHAPE_TEXT);
}

bool cli_parse_shape(const char *text, crema_shape *out)
{
    *out = (crema_shape){0};
    for (;;) {
        char digits[20];
        size_t n = strspn(text, "0123456789");
        if (n == 0 || n >= sizeof digits || out->rank == CREMA_MAX_RANK)
            return false;
        memcpy(digits, text, n);
        digits[n] = 0;
        if (!cli_parse_int(digits, &out->dim[out->rank++]))
            return false;
        text += n;
        if (!*text)
            return true;
        if (*text != ',' && *text != 'x')
            return false;
        text++;
    }
}

bool cli_shape_equal(const crema_shape *a, const crema_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

int64_t cli_count_of(const crema_shape *shape)
{
    int64_t n = 1;
    for (int i = 0; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

cli_range cli_range_of(const float *data, int64_t n)
{
    cli_range range = {.n = n};
    double sum = 0;
    int64_t numbers = 0;
    for (int64_t i = 0; i < n; i++) {
        double value = (double)data[i];
        if (isnan(value)) {
            range.n_nan++;
            continue;
        }
        if (numbers == 0 || value < range.min)
            range.min = value;
        if (numbers == 0 || value > range.max)
            range.max = value;
        sum += value;
        numbers++;
    }
    if (numbers)
        range.mean = sum / (double)numbers;
    return range;
}

// Lines between the rows, in their order.
typedef struct cli_note {
    size_t row;
    const char *text;
    struct cli_note *next;
} cli_note;

void cli_table_begin(cli_table *table, cli_mem *mem, const char *const *columns)
{
    *table = (cli_table){.mem = mem};
    for (; columns[table->n_columns] && table->n_columns < CLI_MAX_COLUMNS; table->n_columns++) {
        const char *title = columns[table->n_columns];
        table->left[table->n_columns] = title[0] == '<';
        table->title[table->n_columns] = title + (title[0] == '<');
    }
}

void cli_table_cell(cli_table *table, const char *fmt, ...)
{
    if (table->n_cells == table->size) {
        table->size = table->size ? table->size * 2 : 64;
        const char **larger = cli_array(table->mem, table->size, sizeof *larger);
        if (table->n_cells)
            memcpy(larger, table->cell, table->n_cells * sizeof *larger);
        table->cell = larger;
    }
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    table->cell[table->n_cells++] = cli_copy(table->mem, text, strlen(text));
}

void cli_table_note(cli_table *table, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_note *note = cli_array(table->mem, 1, sizeof *note);
    *note =
        (cli_note){table->n_cells / (size_t)table->n_columns, cli_copy(table->mem, text, strlen(text)), NULL};
    if (table->last_note)
        table->last_note->next = note;
    else
        table->first_note = note;
    table->last_note = note;
}

static void print_row(const cli_table *table, const char *const *cell, const size_t *width, FILE *f)
{
    for (int c = 0; c < table->n_columns; c++) {
        int pad = (int)(width[c] - safe_width(cell[c]));
        fputs(c ? "  " : "", f);
        if (!table->left[c])
            fprintf(f, "%*s", pad, "");
        cli_put_safe(f, cell[c]);
        if (table->left[c] && c + 1 < table->n_columns)
            fprintf(f, "%*s", pad, "");
    }
    fputc('\n', f);
}

void cli_table_print(const cli_table *table, FILE *f)
{
    size_t width[CLI_MAX_COLUMNS] = {0}, n = (size_t)table->n_columns;
    for (size_t c = 0; c < n; c++)
        width[c] = safe_width(table->title[c]);
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t w = safe_width(table->cell[i]);
        if (w > width[i % n])
            width[i % n] = w;
    }
    print_row(table, table->title, width, f);
    const cli_note *note = table->first_note;
    for (size_t i = 0; i + n <= table->n_cells; i += n) {
        print_row(table, &table->cell[i], width, f);
        for (; note && note->row == i / n + 1; note = note->next) {
            cli_put_safe(f, note->text);
            fputc('\n', f);
        }
    }
}
