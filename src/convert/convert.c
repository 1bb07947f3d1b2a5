/*
 * convert.c - the table of formats, and the choice by suffix.
 */
#include "convert/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const cr_converter *const converters[] = {
    &cr_convert_to_prototxt,   &cr_convert_to_yaml,        &cr_convert_to_json,
    &cr_convert_to_caffemodel, &cr_convert_to_hdf5,        &cr_convert_to_folder,
    &cr_convert_to_onnx,       &cr_convert_to_binaryproto, &cr_convert_to_npy,
};
enum { N_CONVERTERS = sizeof converters / sizeof *converters };

// The longest suffix of the list that the path ends with, and something before it; 0: none.
static size_t match(const char *path, const char *suffixes)
{
    size_t n = strlen(path), best = 0;
    for (const char *s = suffixes; *s;) {
        size_t k = strcspn(s, " ");
        if (n > k && k > best && strncasecmp(path + n - k, s, k) == 0)
            best = k;
        s += k + (s[k] == ' ');
    }
    return best;
}

static cr_status no_converter(const char *output, cr_err *err)
{
    char known[256] = "";
    size_t n = 0;
    for (size_t i = 0; i < N_CONVERTERS && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s%s", i ? " " : "",
                              converters[i]->suffixes[0] == '/' ? "FOLDER" : "", converters[i]->suffixes);
    cr_pos pos = {output, 0, 0};
    return cr_fail(err, CREMA_ERR_USAGE, &pos,
                   "the suffix says what to write, and this is none that is known; there are: %s", known);
}

static cr_status check_options(const cr_convert_job *job, const cr_converter *to, cr_err *err)
{
    const crema_convert_options *o = &job->options;
    const struct {
        unsigned bit;
        bool given;
        const char *name;
    } option[] = {
        {CR_CONVERT_DROP_UNKNOWN, o->drop_unknown != 0, "dropping unknown fields"},
        {CR_CONVERT_TO_DEPLOY, o->to_deploy != 0, "making a net for deployment"},
        {CR_CONVERT_SIMPLIFY, o->fold != 0, "folding layers"},
        {CR_CONVERT_SIMPLIFY, o->prune_unused != 0, "leaving out what is not used"},
        {CR_CONVERT_HALF, o->half != 0, "half precision"},
        {CR_CONVERT_SHAPES, o->n_shapes != 0, "the shape of an input"},
        {CR_CONVERT_STATE, o->phase != CREMA_TEST || o->level != 0 || o->n_stages != 0,
         "a phase, level or stage"},
        {CR_CONVERT_WEIGHTS, o->allow_missing != 0 || o->seed != 0, "filling weights"},
    };
    unsigned takes = to->takes;
    if ((takes & CR_CONVERT_TO_DEPLOY) && !o->to_deploy) // which alone asks for them there
        takes &= ~(unsigned)(CR_CONVERT_SHAPES | CR_CONVERT_STATE);
    for (size_t i = 0; i < sizeof option / sizeof *option; i++)
        if (option[i].given && !(takes & option[i].bit))
            return cr_fail(err, CREMA_ERR_USAGE, NULL, "%s means nothing for %s", option[i].name, to->about);
    return CREMA_OK;
}

cr_status cr_convert(const cr_convert_job *job, cr_err *err)
{
    const cr_converter *to = NULL;
    size_t best = 0;
    for (size_t i = 0; i < N_CONVERTERS; i++) {
        size_t n = match(job->output, converters[i]->suffixes);
        if (n > best) {
            best = n;
            to = converters[i];
        }
    }
    if (!to)
        return no_converter(job->output, err);
    if (job->n_inputs < to->min_inputs || job->n_inputs > to->max_inputs)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "%s is made from %s, not from %d files", to->about,
                       to->inputs, job->n_inputs);
    cr_status status = check_options(job, to, err);
    return status == CREMA_OK ? to->run(job, err) : status;
}

void cr_convert_note(const cr_convert_job *job, const char *fmt, ...)
{
    char sentence[1024];
    va_list args;
    if (!job->options.note)
        return;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    job->options.note(job->options.user, sentence);
}

cr_status cr_convert_write_text(const cr_convert_job *job, const cr_text *text, cr_err *err)
{
    cr_writer *writer;
    cr_status status = cr_writer_open(&writer, job->output, job->options.force != 0, err);
    if (status != CREMA_OK)
        return status;
    status = text->n ? cr_writer_write(writer, text->s, text->n, err) : CREMA_OK;
    if (status == CREMA_OK)
        return cr_writer_commit(writer, err);
    cr_writer_abort(writer);
    return status;
}
