/*
 * labels.h - names of classes.
 *
 * One name a line, the first line is class 0; or with the class before the name ("7 seven", "7: seven",
 * "7,seven") when every line has one and they grow; or ImageNet's synsets ("n01440764 tench, Tinca tinca": the text behind
 * the id is shown). A label map of SSD (`item { name: ".." label: 1 display_name: ".." }`) works too.
 */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include "cli/session.h"

typedef struct cli_labels {
    const char *path; // NULL: no labels
    int64_t n;        // the highest class with a name, and one
    const char **name;
} cli_labels;

// Fails with CLI_FAILED.
int cli_labels_read(cli_session *s, const char *path, cli_labels *out);
// The name of a class, or NULL.
const char *cli_label(const cli_labels *labels, int64_t class_index);

#endif
