/*
 * session.c - messages, progress, signals.
 */
#include "cli/session.h"

#include "cli/print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t cli_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// A closed standard stream would give its number to the next file that is opened, and a table would be written
// into it. /dev/null opened the wrong way round takes its place: every write fails, as it would have.
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
                return;
}

static void *watch(void *arg)
{
    cli_session *s = arg;
    int number = 0;
    if (sigwait(&s->signals, &number) != 0)
        return NULL;
    __atomic_store_n(&s->stopped_by, number, __ATOMIC_SEQ_CST);
    if (sigwait(&s->signals, &number) == 0)
        _exit(128 + number);
    return NULL;
}

// Signals that the parent has switched off (nohup, a shell's background job) stay off.
static void start_watcher(cli_session *s)
{
    const int number[] = {SIGINT, SIGTERM};
    sigemptyset(&s->signals);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        struct sigaction now;
        if (sigaction(number[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&s->signals, number[i]);
    }
    pthread_sigmask(SIG_BLOCK, &s->signals, NULL);
    s->watching = pthread_create(&s->watcher, NULL, watch, s) == 0;
    if (!s->watching)
        pthread_sigmask(SIG_UNBLOCK, &s->signals, NULL);
}

void cli_session_begin(cli_session *s)
{
    memset(s, 0, sizeof *s);
    hold_standard_streams();
    signal(SIGPIPE, SIG_IGN); // a closed pipe is a write error like any other
    pthread_mutex_init(&s->lock, NULL);
    s->start_ns = cli_now_ns();
    s->progress_wanted = isatty(2);
    start_watcher(s);
}

static void erase_progress(cli_session *s)
{
    if (s->progress_shown)
        fputs("\r\033[K", stderr);
    s->progress_shown = false;
}

void cli_erase_progress(cli_session *s)
{
    pthread_mutex_lock(&s->lock);
    erase_progress(s);
    pthread_mutex_unlock(&s->lock);
}

int cli_session_end(cli_session *s, int code)
{
    cli_flush_warnings(s);
    cli_erase_progress(s);
    bool failed = ferror(stdout);
    errno = 0;
    if (fclose(stdout) != 0 || failed) {
        if (code == CLI_OK || code == CLI_FAILED)
            code = cli_fail(s, CLI_FAILED, "can't write to standard output%s%s", errno ? ": " : "",
                            errno ? strerror(errno) : "");
    }
    if (s->watching) {
        pthread_cancel(s->watcher);
        pthread_join(s->watcher, NULL);
    }
    pthread_mutex_destroy(&s->lock);
    cli_mem_free(&s->mem);
    return code;
}

static void say(cli_session *s, const char *prefix, const char *sentence)
{
    pthread_mutex_lock(&s->lock);
    erase_progress(s);
    fputs(prefix, stderr);
    cli_put_safe(stderr, sentence);
    fputc('\n', stderr);
    pthread_mutex_unlock(&s->lock);
}

int cli_fail(cli_session *s, int code, const char *fmt, ...)
{
    char text[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    say(s, "crema: ", text);
    return code;
}

int cli_fail_with(cli_session *s, const crema_error *err)
{
    int number = __atomic_load_n(&s->stopped_by, __ATOMIC_SEQ_CST);
    if (err->status == CREMA_ERR_CANCELLED && number) {
        say(s, "crema: ", "stopped");
        return 128 + number;
    }
    char text[1024];
    say(s, "crema: ", crema_error_text(err, text, sizeof text));
    return err->status == CREMA_ERR_USAGE ? CLI_USAGE : CLI_FAILED;
}

void cli_warn(cli_session *s, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_on_log(s, CREMA_LOG_WARNING, text);
}

// What two warnings of one kind share: quoted names and digits are left out, and the file's name, which stands
// before ":12:3: ".
static void kind_of(const char *sentence, char *out, size_t size)
{
    const char *p = sentence;
    const char *colon = strstr(sentence, ": ");
    if (colon && colon > sentence && strchr("0123456789", colon[-1]))
        p = colon;
    size_t n = 0;
    for (bool quoted = false; *p && n + 1 < size; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p < '0' || *p > '9'))
            out[n++] = *p;
    }
    out[n] = 0;
}

// Whether to show this one. Beyond the table's size the last kind stands for all others.
static bool count_warning(cli_session *s, const char *sentence)
{
    char text[CLI_WARNING_KIND_BYTES];
    kind_of(sentence, text, sizeof text);
    int i = 0;
    while (i < s->n_kinds && strcmp(s->kind[i].text, text) != 0)
        i++;
    if (i == s->n_kinds && i < CLI_WARNING_KINDS)
        snprintf(s->kind[s->n_kinds++].text, sizeof text, "%s", text);
    if (i == CLI_WARNING_KINDS)
        i--;
    cli_warning_kind *kind = &s->kind[i];
    if (++kind->n <= CLI_WARNINGS_SHOWN)
        return true;
    snprintf(kind->hidden, sizeof kind->hidden, "%s", sentence);
    return false;
}

void cli_flush_warnings(cli_session *s)
{
    for (int i = 0; i < s->n_kinds; i++) {
        cli_warning_kind *kind = &s->kind[i];
        if (kind->n <= CLI_WARNINGS_SHOWN)
            continue;
        char text[CLI_WARNING_KIND_BYTES + 64];
        bool cut = strlen(kind->hidden) + 1 == sizeof kind->hidden;
        snprintf(text, sizeof text, "%lld more like the last of them: %s%s",
                 (long long)(kind->n - CLI_WARNINGS_SHOWN), kind->hidden, cut ? "..." : "");
        say(s, "crema: warning: ", text);
        kind->n = CLI_WARNINGS_SHOWN;
    }
}

void cli_on_log(void *user, crema_log_level level, const char *sentence)
{
    cli_session *s = user;
    if (level == CREMA_LOG_INFO) {
        if (s->verbose)
            say(s, "crema: note: ", sentence);
        return;
    }
    pthread_mutex_lock(&s->lock);
    bool show = s->verbose || count_warning(s, sentence);
    pthread_mutex_unlock(&s->lock);
    if (show)
        say(s, "crema: warning: ", sentence);
}

void cli_progress(cli_session *s, const char *what, double fraction)
{
    enum { SECOND = 1000000000 };
    if (!s->progress_wanted)
        return;
    pthread_mutex_lock(&s->lock);
    int64_t now = cli_now_ns();
    if (now - s->start_ns >= SECOND && now - s->progress_ns >= SECOND / 10) {
        fputs("\r\033[K", stderr);
        char text[70]; // short, so that it stays on one line and can be erased
        snprintf(text, sizeof text, "%s", what);
        cli_put_safe(stderr, text);
        if (fraction >= 0 && fraction <= 1)
            fprintf(stderr, " %d%%", (int)(fraction * 100));
        fflush(stderr);
        s->progress_ns = now;
        s->progress_shown = true;
    }
    pthread_mutex_unlock(&s->lock);
}

void cli_on_progress(void *user, const char *what, double fraction)
{
    cli_progress(user, what, fraction);
}

int cli_stop(void *user)
{
    const cli_session *s = user;
    return __atomic_load_n(&s->stopped_by, __ATOMIC_SEQ_CST) != 0;
}
