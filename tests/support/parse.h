/*
 * parse.h - a net from text or YAML in a test, with all that was said on the way.
 */
#ifndef TESTS_SUPPORT_PARSE_H
#define TESTS_SUPPORT_PARSE_H

#include "crema.pb-c.h"
#include "read/message.h"

typedef struct parsed {
    cr_arena arena;
    Crema__NetParameter *net; // NULL on error
    cr_notes *notes;
    cr_status status;
    cr_err err;
    char error[800];     // "net.x:3:5: sentence", "" when there is none
    char warnings[4000]; // one in a line
    int n_warnings;
} parsed;

// The file is called "net.x". Free with parsed_free.
void parse_text(parsed *p, const char *text, bool strict);
void parse_text_bytes(parsed *p, const char *text, size_t size, bool strict);
void parse_yaml(parsed *p, const char *yaml, bool strict);
void parsed_free(parsed *p);
// A cr_log's function, with a parsed as its user: adds to the warnings.
void parsed_keep(void *user, crema_log_level level, const char *sentence);

#endif
