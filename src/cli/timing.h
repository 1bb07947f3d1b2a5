/*
 * timing.h - what `crema time` found, and its three forms: table, JSON, roofline.
 */
#ifndef CLI_TIMING_H
#define CLI_TIMING_H

#include "cli/session.h"
#include "crema_tools.h"

typedef struct cli_timing {
    const char *net, *title; // the net's name; for people: that of its file where it has none
    const crema_runner *runner;
    int n_steps;
    crema_step_info *step;
    double *ms;    // medians, by step
    double sum_ms; // of these
    double total_ms;
    int64_t iterations, macs;
    bool explain;
    crema_limits limits; // gflops 0: not measured
} cli_timing;

void cli_timing_print(cli_session *s, const cli_timing *timing);
void cli_timing_print_json(const cli_timing *timing);
// The exit code.
int cli_timing_roofline(cli_session *s, const cli_timing *timing, const char *path);

#endif
