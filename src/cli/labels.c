/*
 * labels.c - reading names of classes.
 */
#include "cli/labels.h"

#include "cli/args.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { MAX_BYTES = 64 << 20, MAX_CLASS = 10000000 };

static int read_all(cli_session *s, const char *path, char **text, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return cli_fail(s, CLI_FAILED, "%s: %s", path, strerror(errno));
    size_t room = 1 << 14;
    char *data = cli_array(&s->mem, room + 1, 1);
    size_t n = 0, got;
    errno = 0;
    while ((got = fread(data + n, 1, room - n, f)) > 0) {
        n += got;
        if (n < room)
            continue;
        if (room >= MAX_BYTES)
            break;
        room *= 2;
        char *larger = cli_array(&s->mem, room + 1, 1);
        memcpy(larger, data, n);
        data = larger;
    }
    int error = ferror(f) ? errno : 0;
    bool more = !error && !feof(f) && fgetc(f) != EOF;
    fclose(f);
    if (error)
        return cli_fail(s, CLI_FAILED, "%s: %s", path, strerror(error));
    if (more)
        return cli_fail(s, CLI_FAILED, "%s: is too large for a file of labels", path);
    if (memchr(data, 0, n))
        return cli_fail(s, CLI_FAILED, "%s: is not a text file; labels are one a line", path);
    *text = data;
    *size = n;
    return CLI_OK;
}

// The line at *at without its end and the blanks around it, terminated in place; NULL after the last.
static char *next_line(char **at)
{
    char *line = *at;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    *at = end ? end + 1 : line + strlen(line);
    if (!end)
        end = *at;
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    *end = 0;
    while (isspace((unsigned char)*line))
        line++;
    return line;
}

// "7 seven", "7: seven", "7,seven": the class, and where the name starts; false for anything else.
static bool numbered(const char *line, int64_t *number, const char **name)
{
    char digits[12];
    size_t n = strspn(line, "0123456789");
    if (n == 0 || n >= sizeof digits || !strchr(" \t:,", line[n]) || !line[n])
        return false;
    memcpy(digits, line, n);
    digits[n] = 0;
    const char *rest = line + n + strspn(line + n, " \t:,");
    *name = rest;
    return *rest && cli_parse_int(digits, number) && *number < MAX_CLASS;
}

// The text behind a WordNet id: a letter and eight digits.
static const char *without_synset(const char *line)
{
    if (!isalpha((unsigned char)line[0]) || strspn(line + 1, "0123456789") != 8 || !strchr(" \t", line[9]))
        return line;
    const char *rest = line + 9 + strspn(line + 9, " \t");
    return *rest ? rest : line;
}

static void set(cli_session *s, cli_labels *labels, int64_t *room, int64_t index, const char *name)
{
    if (index >= *room) {
        *room = index * 2 + 16;
        const char **larger = cli_array(&s->mem, (size_t)*room, sizeof *larger);
        if (labels->n)
            memcpy(larger, labels->name, (size_t)labels->n * sizeof *larger);
        labels->name = larger;
    }
    labels->name[index] = name;
    if (index >= labels->n)
        labels->n = index + 1;
}

// The value behind `key:` in a line of a label map, without its quotes; NULL when the line has no such key.
static const char *field(cli_session *s, const char *line, const char *key)
{
    size_t n = strlen(key);
    if (strncmp(line, key, n) != 0)
        return NULL;
    line += n + strspn(line + n, " \t");
    if (*line++ != ':')
        return NULL;
    line += strspn(line, " \t");
    if (*line != '"' && *line != '\'')
        return line;
    const char *end = strchr(line + 1, *line);
    return end ? cli_copy(&s->mem, line + 1, (size_t)(end - line - 1)) : line + 1;
}

static void read_label_map(cli_session *s, char *text, cli_labels *labels)
{
    int64_t room = 0, number = -1;
    const char *name = NULL, *value;
    for (char *line; (line = next_line(&text));) {
        if ((value = field(s, line, "label"))) {
            if (!cli_parse_int(value, &number) || number >= MAX_CLASS)
                number = -1;
        } else if ((value = field(s, line, "display_name")) || (!name && (value = field(s, line, "name")))) {
            name = value;
        } else if (line[0] == '}') {
            if (number >= 0 && name)
                set(s, labels, &room, number, name);
            number = -1;
            name = NULL;
        }
    }
}

static void read_lines(cli_session *s, char *text, bool with_numbers, cli_labels *labels)
{
    int64_t room = 0, number = 0;
    for (char *line; (line = next_line(&text)); number++) {
        const char *name = line;
        if (with_numbers && !numbered(line, &number, &name))
            continue;
        if (*name)
            set(s, labels, &room, number, without_synset(name));
    }
}

// Numbers that do not grow are part of the names ("4 door", "2 door").
static bool all_numbered(cli_session *s, const char *text)
{
    char *copy = cli_copy(&s->mem, text, strlen(text));
    int64_t last = -1;
    for (char *line; (line = next_line(&copy));) {
        int64_t number;
        const char *name;
        if (!*line)
            continue;
        if (!numbered(line, &number, &name) || number <= last)
            return false;
        last = number;
    }
    return last >= 0;
}

int cli_labels_read(cli_session *s, const char *path, cli_labels *out)
{
    char *text = NULL;
    size_t size = 0;
    *out = (cli_labels){.path = path};
    int code = read_all(s, path, &text, &size);
    if (code != CLI_OK)
        return code;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    const char *start = text + strspn(text, " \t\r\n");
    size_t word = strncmp(start, "item", 4) == 0 ? 4 + strspn(start + 4, " \t") : 0;
    if (word && start[word] == '{')
        read_label_map(s, text, out);
    else
        read_lines(s, text, all_numbered(s, text), out);
    if (out->n == 0)
        return cli_fail(s, CLI_FAILED, "%s: has no labels", path);
    return CLI_OK;
}

const char *cli_label(const cli_labels *labels, int64_t class_index)
{
    return class_index >= 0 && class_index < labels->n ? labels->name[class_index] : NULL;
}
