/*
 * bench_net.c - one net in one process, run on demand: crema's side of bench_nets.py.
 *
 * usage: bench_net NET WEIGHTS|- THREADS INPUT|- BLOB|- OUTPUT
 *
 * INPUT and OUTPUT are bare float32 files, of the net's first input and of BLOB, by default the first output;
 * "-" as WEIGHTS takes the fillers' values, as INPUT leaves zeros. peer.py speaks the same protocol for the
 * other runtimes:
 *
 *     process:  ready LOAD_NS FIRST_NS BASE_KB PEAK_KB MACS      after the first forward; OUTPUT is written
 *     driver:   5                                                run six times, do not count the first
 *     process:  NS NS NS NS NS
 *
 * LOAD_NS is from main() to a net that can run, packs included, FIRST_NS from there to the first result: runtimes
 * differ in what they put off. With one thread the other times are the process's CPU time, which a busy machine
 * disturbs less; with more they are the wall's. The process ends when the driver closes its input. CREMA_ISA is
 * honoured.
 */
#include <crema.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_net: %s\n", what);
    exit(1);
}

static void fail_with(const crema_error *err)
{
    char text[1024];
    fail(crema_error_text(err, text, sizeof text));
}

static size_t count(const crema_shape *shape)
{
    size_t n = 1;
    for (int i = 0; i < shape->rank; i++)
        n *= (size_t)shape->dim[i];
    return n;
}

// A line of /proc/self/status, in kB. getrusage would count what the parent used before it became us.
static long memory_kb(const char *field)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0)
            sscanf(line + strlen(field), ": %ld", &kb);
    if (f)
        fclose(f);
    return kb;
}

static void read_input(const char *path, crema_blob *blob)
{
    size_t n = count(&blob->shape);
    FILE *f = fopen(path, "rb");
    if (!f || fread(blob->data, sizeof *blob->data, n, f) != n)
        fail("can't read the input");
    fclose(f);
}

static void write_output(const char *path, const crema_blob *blob)
{
    size_t n = count(&blob->shape);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(blob->data, sizeof *blob->data, n, f) != n || fclose(f) != 0)
        fail("can't write the output");
}

static int64_t macs_of(const crema_runner *runner)
{
    int64_t macs = 0;
    crema_step_info info;
    for (int i = 0; crema_runner_step(runner, i, &info) == CREMA_OK; i++)
        macs += info.macs;
    return macs;
}

static void forward(crema_runner *runner)
{
    crema_error err;
    if (crema_runner_forward(runner, &err) != CREMA_OK)
        fail_with(&err);
}

static crema_net *load(crema_context *context, char **argv)
{
    crema_error err;
    crema_file weights = {.path = argv[2]};
    int missing = strcmp(argv[2], "-") == 0;
    crema_net_options options = {.struct_size = sizeof options,
                                 .net = {.path = argv[1]},
                                 .weights = &weights,
                                 .n_weights = !missing,
                                 .allow_missing = missing};
    crema_net *net = crema_net_load(context, &options, &err);
    if (!net)
        fail_with(&err);
    return net;
}

static void serve(crema_runner *runner, int threads)
{
    clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
    int n;
    while (scanf("%d", &n) == 1) {
        forward(runner);
        for (int i = 0; i < n; i++) {
            int64_t start = now_ns(clock);
            forward(runner);
            printf("%lld ", (long long)(now_ns(clock) - start));
        }
        puts("");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    if (argc != 7)
        fail("usage: bench_net NET WEIGHTS|- THREADS INPUT|- BLOB|- OUTPUT");
    crema_error err;
    crema_blob in, out;
    long base = memory_kb("VmRSS");
    int64_t start = now_ns(CLOCK_MONOTONIC);
    crema_context_options options = {.struct_size = sizeof options, .isa = getenv("CREMA_ISA")};
    crema_context *context = crema_context_create(&options, &err);
    if (!context)
        fail_with(&err);
    crema_net *net = load(context, argv);
    const char *blob = strcmp(argv[5], "-") == 0 ? crema_net_output(net, 0) : argv[5];
    crema_runner_options runner_options = {
        .struct_size = sizeof runner_options, .threads = atoi(argv[3]), .keep = &blob, .n_keep = 1};
    crema_runner *runner = crema_runner_create(net, &runner_options, &err);
    if (!runner || crema_runner_input(runner, crema_net_input(net, 0, NULL), &in, &err) != CREMA_OK)
        fail_with(&err);
    int64_t loaded = now_ns(CLOCK_MONOTONIC);
    if (strcmp(argv[4], "-") != 0)
        read_input(argv[4], &in);
    forward(runner);
    int64_t first = now_ns(CLOCK_MONOTONIC);
    if (crema_runner_blob(runner, blob, &out, &err) != CREMA_OK)
        fail_with(&err);
    write_output(argv[6], &out);
    printf("ready %lld %lld %ld %ld %lld\n", (long long)(loaded - start), (long long)(first - start), base,
           memory_kb("VmHWM"), (long long)macs_of(runner));
    fflush(stdout);
    serve(runner, runner_options.threads);
    crema_runner_free(runner);
    crema_net_free(net);
    crema_context_free(context);
    return 0;
}
