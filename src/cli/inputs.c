/*
 * inputs.c - from --input and the preprocessing options to arrays.
 *
 * Preprocessing comes from the net's transform_param, or whole from the --preprocess file; single options go
 * over either.
 */
#include "cli/inputs.h"

#include "cli/print.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

const cli_option cli_picture_options[] = {
    {OPT_PREPROCESS, 0, "preprocess", "FILE.yaml", "channels, size, fit, raw, mean, scale from a file"},
    {OPT_CHANNELS, 0, "channels", "rgb|bgr|gray",
     "order of the channels (default bgr; gray for one channel)"},
    {OPT_SIZE, 0, "size", "WxH|net", "scale pictures to this size, or to the net's"},
    {OPT_FIT, 0, "fit", "stretch|crop|letterbox", "how: stretch, cut the centre, or pad with the mean"},
    {OPT_RAW, 0, "raw", "0..255|0..1", "range of a picture's values before mean and scale (default 0..255)"},
    {OPT_MEAN, 0, "mean", "V,V,V|FILE", "is subtracted: a value a channel, or a .npy or .binaryproto file"},
    {OPT_SCALE, 0, "scale", "V", "is multiplied with after the mean"},
    {0}};

static int parse_size(cli_session *s, const char *text, crema_preprocess *out)
{
    crema_shape size;
    if (!text)
        return CLI_OK;
    out->width = out->height = 0;
    out->net_size = strcasecmp(text, "net") == 0;
    if (out->net_size)
        return CLI_OK;
    if (!cli_parse_shape(text, &size) || size.rank != 2 || size.dim[0] < 1 || size.dim[1] < 1 ||
        size.dim[0] > 65535 || size.dim[1] > 65535)
        return cli_fail(s, CLI_USAGE, "--size must be WIDTHxHEIGHT or \"net\", not \"%s\"", text);
    out->width = (int)size.dim[0];
    out->height = (int)size.dim[1];
    return CLI_OK;
}

static int parse_mean(cli_session *s, const char *text, crema_preprocess *out)
{
    if (!text)
        return CLI_OK;
    out->n_mean = 0;
    out->mean_file[0] = 0;
    const char *suffix = strrchr(text, '.');
    if (suffix && (strcmp(suffix, ".npy") == 0 || strcmp(suffix, ".binaryproto") == 0)) {
        if (strlen(text) >= sizeof out->mean_file)
            return cli_fail(s, CLI_USAGE, "--mean: the file's name is too long");
        strcpy(out->mean_file, text);
        return CLI_OK;
    }
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ",");
        float value;
        if (!cli_parse_float(cli_copy(&s->mem, p, n), &value))
            return cli_fail(
                s, CLI_USAGE,
                "--mean must be numbers with commas between, a .npy or a .binaryproto file, not \"%s\"",
                text);
        if (out->n_mean == CREMA_MAX_CHANNELS)
            return cli_fail(s, CLI_USAGE, "--mean: more than %d values", CREMA_MAX_CHANNELS);
        out->mean[out->n_mean++] = value;
        p += n;
        if (!*p)
            return CLI_OK;
    }
}

// The single options, over what is there.
static int parse_picture_options(cli_session *s, const cli_args *args, crema_preprocess *out)
{
    static const char *const channels[] = {"bgr", "rgb", "gray", NULL};
    static const crema_channels channel[] = {CREMA_BGR, CREMA_RGB, CREMA_GRAY};
    static const char *const fits[] = {"stretch", "crop", "letterbox", NULL};
    static const crema_fit fit[] = {CREMA_STRETCH, CREMA_CROP, CREMA_LETTERBOX};
    static const char *const raws[] = {"0..255", "0..1", NULL};
    int code, c = -1, f = -1, raw = -1;
    if ((code = cli_word_value(s, args, OPT_CHANNELS, channels, &c)) ||
        (code = cli_word_value(s, args, OPT_FIT, fits, &f)) ||
        (code = cli_word_value(s, args, OPT_RAW, raws, &raw)) ||
        (code = cli_float_value(s, args, OPT_SCALE, &out->scale)) ||
        (code = parse_size(s, cli_value(args, OPT_SIZE), out)) ||
        (code = parse_mean(s, cli_value(args, OPT_MEAN), out)))
        return code;
    if (c >= 0)
        out->channels = channel[c];
    if (f >= 0)
        out->fit = fit[f];
    if (raw >= 0)
        out->unit_range = raw;
    if (cli_value(args, OPT_SCALE) && !(fabsf(out->scale) > 0)) // 0 would mean "not given" to the library
        return cli_fail(s, CLI_USAGE, "--scale must not be 0");
    if (f >= 0 && !out->net_size && out->width == 0)
        return cli_fail(s, CLI_USAGE, "--fit needs a size to fit to: --size WxH or --size net");
    return CLI_OK;
}

static int preprocessing(cli_session *s, const cli_args *args, const cli_net *net, const char *blob,
                         crema_preprocess *out)
{
    const char *file = cli_value(args, OPT_PREPROCESS);
    crema_error err = {0};
    *out = (crema_preprocess){.struct_size = sizeof *out};
    crema_status status = file ? crema_preprocess_read(file, out, &err)
                               : crema_preprocess_from_net(net->net, blob, args->operand[0], out, &err);
    if (status != CREMA_OK)
        return cli_fail_with(s, &err);
    return parse_picture_options(s, args, out);
}

// The input that --input's value names before a "=", and where the files start. Both names may have "=" in them, so
// that only a name of the net's counts; a net with one input needs none.
static int match(cli_session *s, const cli_net *net, const char *value, int *input, const char **files)
{
    for (const char *equals = strchr(value, '='); equals; equals = strchr(equals + 1, '=')) {
        *input = cli_net_find_input(net, value, (size_t)(equals - value));
        *files = equals + 1;
        if (*input >= 0 && **files)
            return CLI_OK;
        if (*input >= 0)
            return cli_fail(s, CLI_USAGE, "--input %s names no file", value);
    }
    const char *equals = strchr(value, '=');
    *input = 0;
    *files = value;
    if (crema_net_n_inputs(net->net) == 1 && *value && (!equals || access(value, F_OK) == 0))
        return CLI_OK;
    if (equals)
        return cli_fail(s, CLI_USAGE, "--input: the net has no input \"%.*s\"; its inputs: %s",
                        (int)(equals - value), value, cli_net_inputs_text(s, net));
    return cli_fail(s, CLI_USAGE, "--input must be BLOB=FILE; the net's inputs: %s",
                    cli_net_inputs_text(s, net));
}

// Adds the files of a list with commas; a file whose own name has a comma stands alone.
static void add_files(cli_session *s, const char *list, cli_input *input)
{
    size_t more = 1;
    for (const char *p = list; *p; p++)
        more += *p == ',';
    const char **file = cli_array(&s->mem, (size_t)input->n_files + more, sizeof *file);
    if (input->n_files)
        memcpy(file, input->file, (size_t)input->n_files * sizeof *file);
    input->file = file;
    if (access(list, F_OK) == 0) {
        file[input->n_files++] = list;
        return;
    }
    for (;; list++) {
        size_t n = strcspn(list, ",");
        if (n)
            file[input->n_files++] = cli_copy(&s->mem, list, n);
        list += n;
        if (!*list)
            return;
    }
}

// The library's sentence, its hint at a size as the option. A file that does not fit is a bad input, not a wrong
// use of the command.
static int read_failed(cli_session *s, crema_error *err)
{
    char *hint = strstr(err->message, "; give a size");
    if (hint)
        snprintf(hint, sizeof err->message - (size_t)(hint - err->message),
                 "; --size net scales it to the net's, --size WxH to any");
    int code = cli_fail_with(s, err);
    return code == CLI_USAGE ? CLI_FAILED : code;
}

static int read_input(cli_session *s, const cli_args *args, const cli_net *net, cli_input *input)
{
    crema_preprocess how;
    int code = preprocessing(s, args, net, input->blob, &how);
    if (code != CLI_OK)
        return code;
    crema_shape want = cli_net_input_shape(net, input->blob);
    input->placement = cli_array(&s->mem, (size_t)input->n_files, sizeof *input->placement);
    crema_error err = {0};
    if (crema_input_read(input->file, input->n_files, &how, &want, &input->array, input->placement, &err))
        return read_failed(s, &err);
    char given[CLI_SHAPE_TEXT], got[CLI_SHAPE_TEXT];
    if (cli_net_shape_given(net, input->blob) && !cli_shape_equal(&want, &input->array.shape))
        return cli_fail(s, CLI_FAILED, "input \"%s\": --input-shape asks for %s, %s gives %s", input->blob,
                        cli_shape_text(&want, given), input->file[0],
                        cli_shape_text(&input->array.shape, got));
    return CLI_OK;
}

int cli_inputs_read(cli_session *s, const cli_args *args, const cli_net *net, cli_inputs *out)
{
    *out = (cli_inputs){.n = crema_net_n_inputs(net->net)};
    out->input = cli_array(&s->mem, (size_t)out->n, sizeof *out->input);
    for (int i = 0; i < out->n; i++)
        out->input[i].blob = crema_net_input(net->net, i, NULL);
    const char *value;
    for (int at = 0; (value = cli_next_value(args, OPT_INPUT, &at));) {
        int i;
        const char *files;
        int code = match(s, net, value, &i, &files);
        if (code != CLI_OK)
            return code;
        add_files(s, files, &out->input[i]);
    }
    for (int i = 0; i < out->n; i++)
        if (out->input[i].n_files == 0)
            return cli_fail(s, CLI_USAGE, "input \"%s\" has no file: --input %s=FILE; the net's inputs: %s",
                            out->input[i].blob, out->input[i].blob, cli_net_inputs_text(s, net));
    for (int i = 0; i < out->n; i++) {
        int code = read_input(s, args, net, &out->input[i]);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

void cli_inputs_free(cli_inputs *inputs)
{
    for (int i = 0; i < inputs->n; i++)
        crema_array_free(&inputs->input[i].array);
    inputs->n = 0;
}

int cli_inputs_fill(cli_session *s, const cli_inputs *inputs, crema_runner *runner)
{
    for (int i = 0; i < inputs->n; i++) {
        const cli_input *input = &inputs->input[i];
        crema_blob blob = {0};
        crema_error err = {0};
        char given[CLI_SHAPE_TEXT], wanted[CLI_SHAPE_TEXT];
        if (crema_runner_input(runner, input->blob, &blob, &err) != CREMA_OK)
            return cli_fail_with(s, &err);
        if (!cli_shape_equal(&blob.shape, &input->array.shape))
            return cli_fail(s, CLI_FAILED, "input \"%s\" is %s, the files give %s", input->blob,
                            cli_shape_text(&blob.shape, wanted), cli_shape_text(&input->array.shape, given));
        memcpy(blob.data, input->array.data, (size_t)cli_count_of(&blob.shape) * sizeof(float));
    }
    return CLI_OK;
}

const cli_input *cli_inputs_pictures(const cli_inputs *inputs)
{
    for (int i = 0; i < inputs->n; i++)
        for (int f = 0; f < inputs->input[i].n_files; f++)
            if (inputs->input[i].placement[f].width > 0)
                return &inputs->input[i];
    return NULL;
}

const char *cli_inputs_row_name(cli_session *s, const cli_inputs *inputs, int64_t i, int64_t n)
{
    const cli_input *input = cli_inputs_pictures(inputs);
    if (!input && inputs->n > 0)
        input = &inputs->input[0];
    if (input && input->n_files == n)
        return input->file[i];
    return cli_text(&s->mem, "image %lld", (long long)i);
}
