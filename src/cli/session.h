/*
 * session.h - one run of the command: what it tells the user, and how it is stopped.
 *
 * Everything on standard error goes through here, so that a progress line is erased before a sentence is
 * written. Sentences start with "crema: " (warnings with "crema: warning: "); control characters in names that
 * come from files are written as \xNN, so that a net can't send commands to a terminal.
 *
 * Warnings that differ only in positions, numbers and quoted names are one kind; after the first few of a kind
 * the rest is counted and told at the end.
 *
 * SIGINT and SIGTERM are blocked and taken by a thread of their own: the first one makes cli_stop() true, which
 * the library asks through its cancel callback; a second one ends the process at once.
 *
 * Exit codes: 0, 1 failed or bad input, 2 usage, 128 + signal when stopped.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/mem.h"
#include "crema.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };
enum { CLI_WARNING_KINDS = 64, CLI_WARNING_KIND_BYTES = 160, CLI_WARNINGS_SHOWN = 3 };

typedef struct cli_warning_kind {
    char text[CLI_WARNING_KIND_BYTES]; // without what may differ
    int64_t n;
    char hidden[CLI_WARNING_KIND_BYTES]; // the start of the last one that was not shown
} cli_warning_kind;

typedef struct cli_session {
    cli_mem mem;
    bool verbose;
    pthread_mutex_t lock; // over standard error
    cli_warning_kind kind[CLI_WARNING_KINDS];
    int n_kinds;
    bool progress_wanted; // standard error is a terminal
    bool progress_shown;
    int64_t start_ns, progress_ns; // when the command started, when the line was written last
    sigset_t signals;
    pthread_t watcher;
    bool watching;
    int stopped_by; // a signal's number; accessed atomically
} cli_session;

void cli_session_begin(cli_session *s);
// Flushes standard output and says so when that fails; frees everything. Returns the exit code.
int cli_session_end(cli_session *s, int code);

// Says what is wrong and returns the code. The second one takes the library's error.
int cli_fail(cli_session *s, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int cli_fail_with(cli_session *s, const crema_error *err);
void cli_warn(cli_session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Tells how many warnings were not shown so far.
void cli_flush_warnings(cli_session *s);

// Shows "what 42%" on a terminal once the command has run for a second. fraction < 0: not known.
void cli_progress(cli_session *s, const char *what, double fraction);

// Before something is written to standard output, which may be the same terminal.
void cli_erase_progress(cli_session *s);

// Callbacks for the library; user is the session.
void cli_on_log(void *user, crema_log_level level, const char *sentence);
void cli_on_progress(void *user, const char *what, double fraction);
int cli_stop(void *user);

int64_t cli_now_ns(void);

#endif
