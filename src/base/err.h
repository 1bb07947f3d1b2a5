/*
 * err.h - error values and warnings.
 *
 * An error is a struct on the caller's stack (crema_error), so that it can report "out of memory" too.
 * Functions that can fail return a cr_status and take a cr_err * last, which may be NULL. Messages are one
 * sentence; the position stands in its own fields. Warnings go to the context's log callback (cr_log).
 */
#ifndef CR_BASE_ERR_H
#define CR_BASE_ERR_H

#include "crema.h"

typedef crema_status cr_status;
typedef crema_error cr_err;

// A place in a file. file NULL: no file; line 0: the whole file.
typedef struct cr_pos {
    const char *file;
    int line, column;
} cr_pos;

typedef struct cr_log {
    void (*fn)(void *user, crema_log_level level, const char *sentence);
    void *user;
} cr_log;

// Fills err (if not NULL) and returns status. pos may be NULL.
cr_status cr_fail(cr_err *err, cr_status status, const cr_pos *pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
cr_status cr_no_memory(cr_err *err);
void cr_clear(cr_err *err);

// A warning: "file:line:col: sentence". log may be NULL or have no function.
void cr_warn(const cr_log *log, const cr_pos *pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void cr_info(const cr_log *log, const cr_pos *pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
