/*
 * bench_machine.c - the limits of the machine, measured now: what a kernel could reach at best.
 *
 * usage: bench_machine THREADS       prints: GFLOPS READ_GBS COPY_GBS
 *
 * With the kernels of CREMA_ISA, or the best; crema_limits_measure in crema_tools.h says what is measured.
 */
#include "crema_tools.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    crema_error err = {0};
    crema_limits limits;
    char text[1024];
    int threads = argc == 2 ? atoi(argv[1]) : 0;
    if (threads < 1) {
        fprintf(stderr, "usage: bench_machine THREADS\n");
        return 2;
    }
    crema_context_options options = {.struct_size = sizeof options, .isa = getenv("CREMA_ISA")};
    crema_context *context = crema_context_create(&options, &err);
    if (!context || crema_limits_measure(context, threads, &limits, &err) != CREMA_OK) {
        fprintf(stderr, "bench_machine: %s\n", crema_error_text(&err, text, sizeof text));
        return 1;
    }
    printf("%.1f %.1f %.1f\n", limits.gflops, limits.read_gbs, limits.copy_gbs);
    crema_context_free(context);
    return 0;
}
