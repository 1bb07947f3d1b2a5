/*
 * save.c - blobs into .npy files.
 */
#include "cli/save.h"

#include "crema_tools.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

// Blob names may have "=" in them: the first split whose left side is a blob counts. A net with one output needs
// no name.
static int parse_output(cli_session *s, const char *value, const cli_net *net, cli_save *out)
{
    const char *equals = strchr(value, '=');
    for (const char *at = equals; at; at = strchr(at + 1, '=')) {
        if (!cli_net_has_blob(net, value, (size_t)(at - value)))
            continue;
        if (!at[1])
            return cli_fail(s, CLI_USAGE, "--output %s names no file", value);
        out->blob[out->n] = cli_copy(&s->mem, value, (size_t)(at - value));
        out->file[out->n++] = at + 1;
        return CLI_OK;
    }
    if (equals)
        return cli_fail(s, CLI_USAGE, "--output: the net has no blob \"%.*s\"", (int)(equals - value), value);
    if (crema_net_n_outputs(net->net) != 1 || !*value)
        return cli_fail(s, CLI_USAGE, "--output must be BLOB=FILE.npy, not \"%s\"", value);
    out->blob[out->n] = crema_net_output(net->net, 0);
    out->file[out->n++] = value;
    return CLI_OK;
}

int cli_save_parse(cli_session *s, const cli_args *args, const cli_net *net, cli_save *out)
{
    size_t n = (size_t)cli_count(args, OPT_OUTPUT);
    *out = (cli_save){.folder = cli_value(args, OPT_DUMP)};
    out->blob = cli_array(&s->mem, n, sizeof *out->blob);
    out->file = cli_array(&s->mem, n, sizeof *out->file);
    const char *value;
    for (int at = 0; (value = cli_next_value(args, OPT_OUTPUT, &at));) {
        int code = parse_output(s, value, net, out);
        if (code != CLI_OK)
            return code;
        for (int i = 0; i + 1 < out->n; i++)
            if (strcmp(out->file[i], out->file[out->n - 1]) == 0)
                return cli_fail(s, CLI_USAGE, "--output: %s is named twice", out->file[i]);
    }
    if (out->folder && !*out->folder)
        return cli_fail(s, CLI_USAGE, "--dump needs the name of a folder");
    return CLI_OK;
}

const char *cli_file_name(cli_session *s, const char *blob, int index)
{
    enum { LONGEST = 200 }; // file systems take 255, of which a temporary name wants a few
    size_t n = strlen(blob);
    char *name = cli_array(&s->mem, 3 * n + 1, 1), *to = name;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)blob[i];
        if ((isascii(c) && isalnum(c)) || c == '_' || c == '-' || (c == '.' && i > 0))
            *to++ = (char)c;
        else
            to += snprintf(to, 4, "%%%02X", c);
    }
    // "%~" and a "%" alone stand in no encoded name.
    if (n == 0)
        return "%.npy";
    if (to - name > LONGEST)
        return cli_text(&s->mem, "%.*s%%~%d.npy", LONGEST - 20, name, index);
    return cli_text(&s->mem, "%s.npy", name);
}

static int write_blob(cli_session *s, crema_runner *runner, const char *name, const char *path)
{
    crema_blob blob = {0};
    crema_error err = {0};
    if (cli_stop(s)) {
        err.status = CREMA_ERR_CANCELLED;
        return cli_fail_with(s, &err);
    }
    if (crema_runner_blob(runner, name, &blob, &err) != CREMA_OK ||
        crema_npy_write(path, &blob.shape, blob.data, &err) != CREMA_OK)
        return cli_fail_with(s, &err);
    return CLI_OK;
}

static int dump(cli_session *s, const char *folder, crema_runner *runner)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return cli_fail(s, CLI_FAILED, "%s: %s", folder, strerror(errno));
    int n = crema_runner_n_blobs(runner);
    for (int i = 0; i < n; i++) {
        const char *name = crema_runner_blob_name(runner, i);
        const char *path = cli_text(&s->mem, "%s/%s", folder, cli_file_name(s, name, i));
        int code = write_blob(s, runner, name, path);
        if (code != CLI_OK)
            return code;
        cli_progress(s, "writing", (double)i / n);
    }
    return CLI_OK;
}

int cli_save_write(cli_session *s, const cli_save *save, crema_runner *runner)
{
    for (int i = 0; i < save->n; i++) {
        int code = write_blob(s, runner, save->blob[i], save->file[i]);
        if (code != CLI_OK)
            return code;
    }
    return save->folder ? dump(s, save->folder, runner) : CLI_OK;
}
