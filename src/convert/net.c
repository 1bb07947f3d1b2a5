/*
 * net.c - nets and solvers from text to text.
 *
 * A net is read and upgraded as for running; a solver is known by its fields (read/sniff.h). Then the options have
 * their say, and a printer of write/ its turn.
 */
#include "convert/net.h"
#include "convert/deploy.h"

#include "crema.pb-c.h"
#include "read/raw.h"
#include "read/sniff.h"
#include "schema/field.h"
#include "upgrade/upgrade.h"
#include "write/json.h"
#include "write/prototxt.h"
#include "write/yaml.h"

#include <string.h>

/* ---- reading ---- */

static cr_status read_file(const cr_convert_job *job, const char *path, cr_convert_source *source,
                           cr_err *err)
{
    const crema_file file = {.path = path};
    const cr_loader *l = job->loader;
    cr_message *m = &source->message;
    source->blobs.type = &crema__blob_proto__descriptor;
    cr_read_options read = {.strict = l->strict,
                            .log = job->log,
                            .dialect = l->numbering,
                            .expected = l->params,
                            .left = &source->blobs};
    source->solver = cr_sniff_kind(&file) == CR_SNIFF_SOLVER;
    cr_status status = cr_read_message(job->arena, &file,
                                       source->solver ? &crema__solver_parameter__descriptor
                                                      : &crema__net_parameter__descriptor,
                                       &read, m, err);
    if (status != CREMA_OK)
        return status;
    return source->solver
               ? cr_upgrade_solver(job->arena, (Crema__SolverParameter *)m->root, m->notes, NULL, err)
               : cr_load_upgrade(l, job->arena, m, err);
}

/* ---- unknown fields ---- */

// Calls back for each message of the tree.
static cr_status each_message(const ProtobufCMessage *message,
                              cr_status (*fn)(void *user, const ProtobufCMessage *message), void *user)
{
    cr_status status = fn(user, message);
    for (unsigned i = 0; i < message->descriptor->n_fields && status == CREMA_OK; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n = field->type == PROTOBUF_C_TYPE_MESSAGE ? cr_field_count(message, field) : 0;
        for (size_t j = 0; j < n && status == CREMA_OK; j++)
            status = each_message(*(ProtobufCMessage *const *)cr_field_value(message, field, j), fn, user);
    }
    return status;
}

static cr_status drop_unknown(void *user, const ProtobufCMessage *message)
{
    cr_notes_drop_unknown(user, message);
    return CREMA_OK;
}

typedef struct unknown_check {
    const cr_message *message;
    cr_err *err;
} unknown_check;

// A key of YAML may be no name: then its text is not the one field that it should be.
static cr_status check_text(const cr_notes *notes, const cr_unknown *unknown, cr_err *err)
{
    cr_raw *block;
    cr_arena arena = {0};
    cr_unknown one = *unknown;
    one.next = NULL;
    cr_status status =
        cr_raw_parse(&arena, cr_notes_file(notes), &one, !cr_notes_rewritten(notes), &block, err);
    for (size_t i = 0; status == CREMA_OK && i < block->n; i++)
        if (strcmp(block->child[i]->name, unknown->name) != 0) {
            cr_pos pos = {cr_notes_file(notes), unknown->line, unknown->column};
            status = cr_fail(err, CREMA_ERR_INPUT, &pos, "%.80s can't be read as one field", unknown->name);
        }
    cr_arena_free(&arena);
    return status;
}

// A field of a binary file has no name that is known. An empty list of YAML has no text, and nothing to be written.
static cr_status check_unknown(void *user, const ProtobufCMessage *message)
{
    const unknown_check *c = user;
    const cr_message *m = c->message;
    cr_status status = CREMA_OK;
    for (const cr_unknown *u = cr_notes_unknown(m->notes, message); u && status == CREMA_OK; u = u->next)
        if (u->text)
            status = check_text(m->notes, u, c->err);
        else if (m->form == CR_FORM_WIRE)
            return cr_fail(c->err, CREMA_ERR_UNSUPPORTED, &(cr_pos){cr_notes_file(m->notes), 0, 0},
                           "%zu field%s not known (the first: %s of %s), so it can't be written",
                           m->n_skipped, m->n_skipped == 1 ? " is" : "s are", u->name,
                           message->descriptor->short_name);
    return status;
}

typedef struct unknown_search {
    const cr_notes *notes;
    const cr_unknown *found;
} unknown_search;

static cr_status find_unknown(void *user, const ProtobufCMessage *message)
{
    unknown_search *s = user;
    if (!s->found)
        s->found = cr_notes_unknown(s->notes, message);
    return CREMA_OK;
}

const cr_unknown *cr_convert_unknown(const cr_notes *notes, const ProtobufCMessage *message)
{
    unknown_search search = {.notes = notes};
    each_message(message, find_unknown, &search);
    return search.found;
}

static cr_status read_checked(const cr_convert_job *job, int index, cr_convert_source *source, cr_err *err)
{
    *source = (cr_convert_source){0};
    const cr_message *m = &source->message;
    cr_status status = read_file(job, job->input[index], source, err);
    if (status != CREMA_OK)
        return status;
    if (job->options.drop_unknown)
        return each_message(m->root, drop_unknown, m->notes);
    unknown_check check = {.message = m, .err = err};
    return each_message(m->root, check_unknown, &check);
}

static cr_status for_deployment(const cr_convert_job *job, const cr_convert_source *source, cr_err *err)
{
    const cr_message *m = &source->message;
    if (source->solver)
        return cr_fail(err, CREMA_ERR_USAGE, &(cr_pos){cr_notes_file(m->notes), 0, 0},
                       "is a solver; only a net can be made one for deployment");
    return cr_deploy(job, (Crema__NetParameter *)m->root, m->notes, err);
}

cr_status cr_convert_read(const cr_convert_job *job, int index, cr_convert_source *source, cr_err *err)
{
    cr_status status = read_checked(job, index, source, err);
    return status == CREMA_OK && job->options.to_deploy ? for_deployment(job, source, err) : status;
}

/* ---- writing ---- */

// A net that is inside of a .caffemodel: its weights have no place in text.
static void drop_blobs(const cr_convert_job *job, const cr_convert_source *source)
{
    const cr_message *m = &source->message;
    if (m->form != CR_FORM_WIRE)
        return;
    Crema__NetParameter *net = (Crema__NetParameter *)m->root;
    for (size_t i = 0; i < net->n_layer; i++)
        cr_field_clear(&net->layer[i]->base, cr_field_find(&net->layer[i]->base, "blobs"));
    cr_convert_note(job, "%s is binary, with the field numbers of %s; %zu weight blob%s left out",
                    job->input[0], m->dialect, source->blobs.n, source->blobs.n == 1 ? " is" : "s are");
}

typedef enum format { PROTOTXT, YAML, JSON } format;

static cr_status print(const cr_convert_job *job, format as, cr_err *err)
{
    cr_convert_source source;
    cr_text text = {0};
    cr_status status = cr_convert_read(job, 0, &source, err);
    const cr_message m = source.message;
    if (status == CREMA_OK)
        drop_blobs(job, &source);
    if (status == CREMA_OK)
        status = as == PROTOTXT ? cr_write_prototxt(m.root, m.notes, &text, err)
                 : as == YAML   ? cr_write_yaml(m.root, m.notes, job->log, &text, err)
                                : cr_write_json(m.root, m.notes, job->log, &text, err);
    if (status == CREMA_OK)
        status = cr_convert_write_text(job, &text, err);
    cr_text_free(&text);
    return status;
}

static cr_status to_prototxt(const cr_convert_job *job, cr_err *err)
{
    return print(job, PROTOTXT, err);
}

static cr_status to_yaml(const cr_convert_job *job, cr_err *err)
{
    return print(job, YAML, err);
}

static cr_status to_json(const cr_convert_job *job, cr_err *err)
{
    return print(job, JSON, err);
}

const cr_converter cr_convert_to_prototxt = {
    .suffixes = ".prototxt .pbtxt .txt",
    .about = "a net or solver as text",
    .inputs = "one net or solver",
    .min_inputs = 1,
    .max_inputs = 1,
    .takes = CR_CONVERT_NET_OPTIONS,
    .run = to_prototxt,
};
const cr_converter cr_convert_to_yaml = {
    .suffixes = ".yaml .yml",
    .about = "a net or solver as YAML",
    .inputs = "one net or solver",
    .min_inputs = 1,
    .max_inputs = 1,
    .takes = CR_CONVERT_NET_OPTIONS,
    .run = to_yaml,
};
const cr_converter cr_convert_to_json = {
    .suffixes = ".json",
    .about = "a net or solver as JSON",
    .inputs = "one net or solver",
    .min_inputs = 1,
    .max_inputs = 1,
    .takes = CR_CONVERT_NET_OPTIONS,
    .run = to_json,
};
