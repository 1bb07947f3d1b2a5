/*
 * verify_onnx.c - whether an ONNX model computes what its net computes.
 *
 * The net runs here, on random values between -1 and 1 that are the same every time; inputs and outputs go into .npy
 * files of a folder that is removed again, and a Python with onnxruntime runs the model on the same values and
 * compares. It is another process, so a model that kills the runtime does not kill us.
 */
#include "cli/verify.h"

#include "cli/print.h"
#include "crema_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Arguments: the model, the number of inputs, then pairs of names and files, the inputs' first.
static const char script[] =
    "import sys, numpy, onnxruntime\n"
    "model, n, *rest = sys.argv[1:]\n"
    "blobs = [(k, numpy.load(f)) for k, f in zip(rest[::2], rest[1::2])]\n"
    "given, want = dict(blobs[:int(n)]), dict(blobs[int(n):])\n"
    "options = onnxruntime.SessionOptions()\n"
    "options.log_severity_level = 3\n"
    "session = onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])\n"
    "feed = {i.name: given[i.name] for i in session.get_inputs()}\n"
    "names = [o.name for o in session.get_outputs()]\n"
    "bad = False\n"
    "for name, got in zip(names, session.run(names, feed)):\n"
    "    shown = name.encode('unicode_escape').decode()\n"
    "    if name not in want or got.shape != want[name].shape:\n"
    "        print(f'{shown}: shape {got.shape}, the net has {name in want and want[name].shape}')\n"
    "        bad = True\n"
    "        continue\n"
    "    most = lambda x: numpy.max(numpy.abs(x.astype('f8')), initial=0)\n"
    "    close = numpy.isclose(got, want[name], rtol=1e-3, atol=1e-4, equal_nan=True).all()\n"
    "    bad = bad or not close\n"
    "    print(f'{shown}: largest difference {most(got - want[name]):.3g}, values up to "
    "{most(want[name]):.3g}'\n"
    "          + ('' if close else '  <- too large'))\n"
    "sys.exit(9 if bad else 0)\n";
enum { DIFFERS = 9 };

extern char **environ;

static const char *python(void)
{
    const char *given = getenv("CREMA_PYTHON");
    return given && *given ? given : "python3";
}

// Runs Python; *status is what it exits with. SIGINT reaches it as usual.
static int run_python(cli_session *s, char *const *arguments, bool quiet, int *status)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t child;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (quiet)
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    fflush(stdout);
    int error = posix_spawnp(&child, python(), &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error)
        return cli_fail(s, CLI_FAILED, "--verify: can't run %s: %s (CREMA_PYTHON names another Python)",
                        python(), strerror(error));
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return cli_fail(s, CLI_FAILED, "--verify: %s", strerror(errno));
    return CLI_OK;
}

int cli_verify_onnx_check(cli_session *s)
{
    char *arguments[] = {(char *)python(), (char *)"-c", (char *)"import onnxruntime, numpy", NULL};
    int status, code = run_python(s, arguments, true, &status);
    if (code == CLI_OK && status != 0)
        return cli_fail(
            s, CLI_FAILED,
            "--verify needs onnxruntime and numpy, which %s does not have: install them with pip, or name "
            "a Python that has them in CREMA_PYTHON",
            python());
    return code;
}

/* ---- the net ---- */

typedef struct verification {
    cli_session *s;
    crema_net *net;
    crema_runner *runner;
    const char *folder;
    char **argument; // of Python
    int n_arguments;
    crema_error err;
} verification;

static crema_status save(verification *v, const char *name, const crema_blob *blob)
{
    char *path = cli_text(&v->s->mem, "%s/%d.npy", v->folder, v->n_arguments);
    v->argument[v->n_arguments++] = cli_text(&v->s->mem, "%s", name);
    v->argument[v->n_arguments++] = path;
    return crema_npy_write(path, &blob->shape, blob->data, &v->err);
}

static crema_status run_net(verification *v)
{
    uint64_t state = CLI_VERIFY_SEED;
    crema_blob blob;
    crema_status status = CREMA_OK;
    for (int i = 0; i < crema_net_n_inputs(v->net) && !status; i++) {
        const char *name = crema_net_input(v->net, i, NULL);
        if ((status = crema_runner_input(v->runner, name, &blob, &v->err)))
            return status;
        cli_verify_fill(blob.data, cli_count_of(&blob.shape), &state);
        status = save(v, name, &blob);
    }
    if (!status)
        status = crema_runner_forward(v->runner, &v->err);
    for (int i = 0; i < crema_net_n_outputs(v->net) && !status; i++) {
        const char *name = crema_net_output(v->net, i);
        if (!(status = crema_runner_blob(v->runner, name, &blob, &v->err)))
            status = save(v, name, &blob);
    }
    return status;
}

static crema_status load(verification *v, const cli_net_request *request)
{
    crema_net_options net = request->options;
    crema_runner_options run = {
        .struct_size = sizeof run, .shapes = request->shape, .n_shapes = request->n_shapes};
    v->net = crema_net_load(request->context, &net, &v->err);
    v->runner = v->net ? crema_runner_create(v->net, &run, &v->err) : NULL;
    return v->runner ? CREMA_OK : v->err.status;
}

static int compare(verification *v, const char *output)
{
    cli_session *s = v->s;
    int n_blobs = crema_net_n_inputs(v->net) + crema_net_n_outputs(v->net), status;
    enum { FIRST = 5 };
    v->argument = cli_array(&s->mem, (size_t)(FIRST + 2 * n_blobs + 1), sizeof *v->argument);
    v->argument[0] = (char *)python();
    v->argument[1] = (char *)"-c";
    v->argument[2] = (char *)script;
    v->argument[3] = (char *)output;
    v->argument[4] = cli_text(&s->mem, "%d", crema_net_n_inputs(v->net));
    v->n_arguments = FIRST;
    if (run_net(v) != CREMA_OK)
        return cli_fail_with(s, &v->err);
    int code = run_python(s, v->argument, false, &status);
    if (code != CLI_OK || status == 0)
        return code;
    if (WIFEXITED(status) && WEXITSTATUS(status) == DIFFERS)
        return cli_fail(s, CLI_FAILED, "%s: the model gives other values than the net", output);
    return cli_fail(s, CLI_FAILED, "%s: onnxruntime could not run the model", output);
}

static void remove_folder(const verification *v)
{
    for (int i = 0; v->argument && i < v->n_arguments; i++)
        if (strncmp(v->argument[i], v->folder, strlen(v->folder)) == 0)
            unlink(v->argument[i]);
    rmdir(v->folder);
}

int cli_verify_onnx(cli_session *s, const cli_net_request *request, const char *output)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = cli_text(&s->mem, "%s/crema-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return cli_fail(s, CLI_FAILED, "%s: %s", folder, strerror(errno));
    verification v = {.s = s, .folder = folder};
    crema_status status = load(&v, request);
    int code = status == CREMA_OK ? compare(&v, output) : cli_fail_with(s, &v.err);
    remove_folder(&v);
    crema_runner_free(v.runner);
    crema_net_free(v.net);
    return code;
}
