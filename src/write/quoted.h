/*
 * quoted.h - strings and comments in the letters that YAML and JSON may have.
 */
#ifndef CR_WRITE_QUOTED_H
#define CR_WRITE_QUOTED_H

#include "base/text.h"

// "..." with JSON's escapes, which YAML has, too; what libyaml does not take as it is is written as \uXXXX. False:
// it is not UTF-8, which neither can hold; nothing was added then.
bool cr_put_quoted(cr_text *out, const char *s, size_t n);
// The letters as they are; U+FFFD stands for those that a YAML file can't have. True when there were such.
bool cr_put_letters(cr_text *out, const char *s, size_t n);

#endif
