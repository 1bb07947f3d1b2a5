/*
 * net.c - nets and solvers from text to text.
 *
 * A net is read and upgraded as for running; a solver is known by its fields (read/sniff.h). Then the options have
 * their say, and a printer of write/ its turn.
 */
#include "convert/net.h"

#include "crema.pb-c.h"
#include "read/sniff.h"
#include "schema/field.h"
#include "upgrade/upgrade.h"
#include "write/json.h"
#include "write/prototxt.h"
#include "write/yaml.h"

#include <string.h>

/* ---- reading ---- */

static cr_status is_solver(const char *path, bool *solver, cr_err *err)
{
    cr_file file;
    cr_sniff sniff = {0};
    cr_status status = cr_file_open(&file, &(crema_file){.path = path}, err);
    if (status != CREMA_OK)
        return status;
    status = cr_sniff_file(&file, &sniff, err);
    cr_file_close(&file);
    *solver = sniff.kind == CR_SNIFF_SOLVER;
    return status;
}

static cr_status read_solver(const cr_convert_job *job, const crema_file *file, cr_message *m, cr_err *err)
{
    cr_read_options read = {.strict = job->loader->strict, .log = job->log};
    cr_status status = cr_read_message(job->arena, file, &crema__solver_parameter__descriptor, &read, m, err);
    if (status != CREMA_OK)
        return status;
    return cr_upgrade_solver(job->arena, (Crema__SolverParameter *)m->root, m->notes, NULL, err);
}

/* ---- unknown fields ---- */

static void drop_unknown(const ProtobufCMessage *message, cr_notes *notes)
{
    cr_notes_drop_unknown(notes, message);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n = field->type == PROTOBUF_C_TYPE_MESSAGE ? cr_field_count(message, field) : 0;
        for (size_t j = 0; j < n; j++)
            drop_unknown(*(ProtobufCMessage *const *)cr_field_value(message, field, j), notes);
    }
}

cr_status cr_convert_net(const cr_convert_job *job, int index, cr_message *message, cr_err *err)
{
    crema_file file = {.path = job->input[index]};
    bool solver;
    cr_status status = is_solver(file.path, &solver, err);
    if (status == CREMA_OK)
        status = solver ? read_solver(job, &file, message, err)
                        : cr_load_net(job->loader, job->arena, &file, message, err);
    if (status == CREMA_OK && job->options.drop_unknown)
        drop_unknown(message->root, message->notes);
    return status;
}

/* ---- writing ---- */

typedef enum format { PROTOTXT, YAML, JSON } format;

static cr_status print(const cr_convert_job *job, format as, cr_err *err)
{
    cr_message m;
    cr_text text = {0};
    cr_status status = cr_convert_net(job, 0, &m, err);
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
    .takes = CR_CONVERT_DROP_UNKNOWN,
    .run = to_prototxt,
};
const cr_converter cr_convert_to_yaml = {
    .suffixes = ".yaml .yml",
    .about = "a net or solver as YAML",
    .inputs = "one net or solver",
    .min_inputs = 1,
    .max_inputs = 1,
    .takes = CR_CONVERT_DROP_UNKNOWN,
    .run = to_yaml,
};
const cr_converter cr_convert_to_json = {
    .suffixes = ".json",
    .about = "a net or solver as JSON",
    .inputs = "one net or solver",
    .min_inputs = 1,
    .max_inputs = 1,
    .takes = CR_CONVERT_DROP_UNKNOWN,
    .run = to_json,
};
