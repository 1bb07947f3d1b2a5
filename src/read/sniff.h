/*
 * sniff.h - what a file really is, by its first bytes.
 *
 * Weights and nets come from downloads, so what arrives is often something else: a web page, a Git-LFS
 * pointer, an archive, another framework's format. Then the error says that, and not that byte 1 is wrong.
 */
#ifndef CR_READ_SNIFF_H
#define CR_READ_SNIFF_H

#include "base/file.h"

typedef enum cr_sniffed {
    CR_SNIFF_UNKNOWN, // none of the others; may be anything
    CR_SNIFF_EMPTY,
    CR_SNIFF_FOREIGN, // a known format that is none of ours
    CR_SNIFF_TEXT,    // text that looks like a net
    CR_SNIFF_SOLVER,  // text that looks like a solver
    CR_SNIFF_NET,     // binary: looks like a NetParameter, so a .caffemodel
    CR_SNIFF_BLOB,    // binary: looks like a BlobProto, so a .binaryproto
    CR_SNIFF_STATE    // binary: looks like a SolverState
} cr_sniffed;

typedef struct cr_sniff {
    cr_sniffed kind;
    bool braces;        // text that begins with {, as JSON does
    char sentence[200]; // "is an HTML page, ...", to stand behind a file's name
} cr_sniff;

// Reads the first bytes of the file. Fails only when reading fails.
cr_status cr_sniff_file(const cr_file *file, cr_sniff *out, cr_err *err);
// The kind alone; CR_SNIFF_UNKNOWN too where the file can't be read: whoever reads it says why.
cr_sniffed cr_sniff_kind(const crema_file *what);
// Whether that can be read as weights, as a BlobProto, as a solver or net in text, or as a binary message; if
// not, fails with the sentence and what to do instead.
cr_status cr_sniff_want(const cr_file *file, cr_sniffed wanted, cr_err *err);

#endif
