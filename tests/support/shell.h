/*
 * shell.h - the command as a user meets it: build/crema ($CREMA_BIN) is run by a shell in a folder of its own, on
 * nets of a few values; what it writes and its exit status are compared.
 *
 *     shell_begin();
 *     shell_check(sh("$CREMA run pixel.prototxt --input nix.ppm"), 1, "", "crema: nix.ppm: ...\n");
 *     shell_end();
 *
 * The folder holds from the start: pixel.prototxt, whose classes are the channels b, g, r of a picture of one pixel
 * (red.ppm, blue.ppm; wide.ppm has two; names.txt has the labels), and ip.prototxt, which wants weights that no file
 * has. Each test runs in a process of its own, so the helpers may keep what they know in static variables.
 */
#ifndef TESTS_SUPPORT_SHELL_H
#define TESTS_SUPPORT_SHELL_H

#include "crema_tools.h"
#include "tests/test.h"

#include <stdbool.h>

typedef struct shell_outcome {
    int code;
    char out[40000], err[8000];
} shell_outcome;

void shell_begin(void); // makes the folder and goes there
void shell_end(void);   // removes it

// Runs a line of shell, in which $CREMA is the command. The outcome is valid until the next one.
shell_outcome *sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void shell_check(const shell_outcome *outcome, int code, const char *out, const char *err);
bool shell_has(const char *text, const char *part);

void shell_put(const char *name, const char *text);
void shell_get(const char *name, char *text, size_t size); // as much of the file as fits, terminated
void shell_put_npy(const char *path, int n, int c, const float *data);
void shell_check_npy(const char *path, int rank, int64_t count, const float *data);

#endif
