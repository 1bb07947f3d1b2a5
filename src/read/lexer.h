/*
 * lexer.h - a cursor over protobuf's text format: white space, comments, strings, words and numbers.
 */
#ifndef CR_READ_LEXER_H
#define CR_READ_LEXER_H

#include "schema/builder.h"

typedef struct cr_lexer {
    cr_builder *b; // gets the comments
    const char *file;
    const char *p, *end; // the cursor
    const char *line_start;
    int line;
    int depth;         // of blocks, known or not
    bool any;          // a field was read
    bool raw;          // inside an unknown field: its comments stay in its text
    bool warned_space; // of a non-breaking space
    char *scratch;     // of a string with escapes or in several parts, or of a number with its sign apart
    size_t scratch_size, scratch_room;
    cr_err *err;
} cr_lexer;

// What a comment on the line of the token before it belongs to.
typedef enum cr_comment_owner { CR_LAST_FIELD, CR_NEXT_FIELD } cr_comment_owner;

enum { CR_LETTER = 1, CR_DIGIT = 2, CR_SPACE = 4 };
bool cr_lex_is(const char *p, int some_of);

// At the first byte, behind a byte order mark. The scratch is freed by cr_lex_end.
void cr_lex_start(cr_lexer *s, cr_builder *b, const char *file, const char *data, size_t size, cr_err *err);
void cr_lex_end(cr_lexer *s);

cr_pos cr_lex_here(const cr_lexer *s);
bool cr_lex_at(const cr_lexer *s, char c); // the cursor is on c
// Over white space and comments; the latter go to the builder.
cr_status cr_lex_skip(cr_lexer *s, cr_comment_owner owner);
// A scalar at the cursor: strings (adjacent ones joined), a word, a number. The value lasts until the next call.
// `of` names the field, for the message.
cr_status cr_lex_scalar(cr_lexer *s, const char *of, size_t of_size, cr_value *value);

// What stands at the cursor, to be read behind "found".
const char *cr_lex_found(const cr_lexer *s, char buf[96]);
// Fails: "expected <what>, found <what is there>".
cr_status cr_lex_expected(const cr_lexer *s, const char *what);

#endif
