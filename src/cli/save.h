/*
 * save.h - blobs of `crema run` into files: --output for some, --dump for all.
 */
#ifndef CLI_SAVE_H
#define CLI_SAVE_H

#include "cli/net.h"

typedef struct cli_save {
    int n;
    const char **blob, **file;
    const char *folder; // --dump, or NULL
} cli_save;

// Before the net runs: every blob must be in the net.
int cli_save_parse(cli_session *s, const cli_args *args, const cli_net *net, cli_save *out);
int cli_save_write(cli_session *s, const cli_save *save, crema_runner *runner);

// A blob's name as the name of a file, ".npy" included. Letters, digits, "_", "-" and "." stay (not a "." in
// front), other bytes become %XX: names that differ give files that differ. index: of the blob, for names that
// are too long.
const char *cli_file_name(cli_session *s, const char *blob, int index);

#endif
