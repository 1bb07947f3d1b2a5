/*
 * binary.c - one net in the binary form: an older .caffemodel in today's format, or a net without weights.
 *
 * Blobs have had one form through all ages, so their bytes go from file to file as they are, in pieces. Parameters
 * of forks get the numbers of proto/crema.proto, which the fork's own Caffe does not know.
 */
#include "convert/net.h"

#include "read/sniff.h"
#include "write/wire.h"

#include <string.h>

static cr_status write(const cr_convert_job *job, const cr_convert_source *source, const cr_file *from,
                       cr_err *err)
{
    cr_writer *writer;
    cr_status status = cr_writer_open(&writer, job->output, job->options.force != 0, err);
    if (status != CREMA_OK)
        return status;
    status = cr_write_wire(source->message.root, &source->blobs, from, writer, err);
    if (status == CREMA_OK)
        status = cr_file_unchanged(from, err);
    if (status == CREMA_OK)
        return cr_writer_commit(writer, err);
    cr_writer_abort(writer);
    return status;
}

cr_status cr_convert_only_known(const ProtobufCMessage *message, const cr_notes *notes, cr_err *err)
{
    const cr_unknown *u = cr_convert_unknown(notes, message);
    if (!u)
        return CREMA_OK;
    cr_pos pos = {cr_notes_file(notes), u->line, u->column};
    return cr_fail(err, CREMA_ERR_UNSUPPORTED, &pos,
                   "%.80s has no number in the binary form, so it can't be written", u->name);
}

bool cr_convert_is_net(const char *path)
{
    cr_sniffed kind = cr_sniff_kind(&(crema_file){.path = path});
    return kind == CR_SNIFF_NET || kind == CR_SNIFF_TEXT || kind == CR_SNIFF_SOLVER;
}

cr_status cr_convert_binary(const cr_convert_job *job, cr_err *err)
{
    cr_convert_source source;
    cr_file from;
    cr_status status = cr_file_open(&from, &(crema_file){.path = job->input[0]}, err);
    if (status != CREMA_OK)
        return status;
    status = cr_convert_read(job, 0, &source, err);
    if (status == CREMA_OK && source.solver)
        status = cr_fail(err, CREMA_ERR_UNSUPPORTED, &(cr_pos){from.name, 0, 0},
                         "is a solver, which has no binary form");
    if (status == CREMA_OK)
        status = cr_convert_only_known(source.message.root, source.message.notes, err);
    if (status == CREMA_OK)
        status = write(job, &source, &from, err);
    cr_file_close(&from);
    const char *numbers = source.message.dialect;
    if (status == CREMA_OK && numbers && strcmp(numbers, "base") != 0)
        cr_convert_note(
            job,
            "%s has the field numbers of %s; fields that only forks have are written with crema's own, "
            "which a fork's Caffe does not read",
            job->input[0], numbers);
    return status;
}
