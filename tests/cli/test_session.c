/*
 * test_session.c - what the command tells while it works, and how it stops: warnings of a kind are counted, a
 * signal ends it cleanly.
 */
#include "tests/support/shell.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(warnings_of_a_kind_are_counted)
{
    shell_begin();
    FILE *f = fopen("w.prototxt", "w");
    fputs("layer { name: 'x' type: 'Input' top: 'x0' input_param { shape { dim: 1 dim: 2 } } }\n", f);
    for (int i = 0; i < 300; i++)
        fprintf(f, "layer { name: 'r%d' type: 'ReLU' bottom: 'x%d' top: 'x%d' no_such_%s: 1 }\n", i, i, i + 1,
                "field");
    fclose(f);
    shell_outcome *o = sh("$CREMA time w.prototxt --iterations 1");
    ck_assert_int_eq(o->code, 0);
    int lines = 0;
    for (const char *p = o->err; (p = strstr(p, "crema: warning: ")); p++)
        lines++;
    ck_assert_int_eq(lines, 4);
    ck_assert(shell_has(o->err, "crema: warning: w.prototxt:2:"));
    ck_assert(shell_has(o->err, "crema: warning: 297 more like the last of them: w.prototxt:301:"));
    shell_end();
}
END_TEST

START_TEST(interrupt_stops_cleanly)
{
    shell_begin();
    // The warning says that the command is at work; then it is interrupted.
    shell_put("w.prototxt",
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
              "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' no_such_field: 1 }\n");
    int pipe_end[2];
    ck_assert_int_eq(pipe(pipe_end), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_end[1], 2);
        dup2(open("out.txt", O_WRONLY | O_CREAT, 0600), 1);
        execl(getenv("CREMA"), "crema", "time", "w.prototxt", "--iterations", "100000", "--input-shape",
              "x=1000,1000", (char *)NULL);
        _exit(127);
    }
    close(pipe_end[1]);
    char text[2000];
    size_t n = 0;
    ssize_t got;
    bool sent = false;
    while ((got = read(pipe_end[0], text + n, sizeof text - 1 - n)) > 0) {
        n += (size_t)got;
        if (!sent)
            kill(child, SIGINT);
        sent = true;
    }
    text[n] = 0;
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 130);
    ck_assert(shell_has(text, "crema: stopped\n"));
    struct stat st;
    ck_assert_int_eq(stat("out.txt", &st), 0);
    ck_assert_int_eq(st.st_size, 0);
    shell_end();
}
END_TEST

TEST_MAIN("cli/session", warnings_of_a_kind_are_counted, interrupt_stops_cleanly)
