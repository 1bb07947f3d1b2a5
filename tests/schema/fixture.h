/*
 * fixture.h - a builder in a test, its last warning, and events by field name at line 2, column 3.
 */
#ifndef TESTS_SCHEMA_FIXTURE_H
#define TESTS_SCHEMA_FIXTURE_H

#include "crema.pb-c.h"
#include "schema/builder.h"
#include "tests/test.h"

#include <string.h>

typedef struct fixture {
    cr_arena arena;
    cr_builder *b;
    cr_err err;
    char warning[900]; // the last one
    int n_warnings;
    cr_log log;
} fixture;

static inline void keep(void *user, crema_log_level level, const char *sentence)
{
    fixture *f = user;
    (void)level;
    f->n_warnings++;
    strncpy(f->warning, sentence, sizeof f->warning - 1);
}

static inline void start(fixture *f, const ProtobufCMessageDescriptor *type, bool strict)
{
    memset(f, 0, sizeof *f);
    f->log = (cr_log){keep, f};
    f->b = cr_builder_create(&f->arena, type, "net", &f->log, strict);
    ck_assert_ptr_nonnull(f->b);
}

static inline const ProtobufCFieldDescriptor *field(fixture *f, const char *name)
{
    const ProtobufCFieldDescriptor *d = cr_builder_field(f->b, name, strlen(name));
    ck_assert_msg(d != NULL, "%s", name);
    return d;
}

static inline cr_status set(fixture *f, const char *name, cr_value_kind kind, const char *text)
{
    cr_value v = {.kind = kind, .text = text, .size = strlen(text)};
    return cr_builder_set(f->b, field(f, name), &v, 2, 3, &f->err);
}

static inline cr_status set_bits(fixture *f, const char *name, uint64_t bits)
{
    cr_value v = {.kind = CR_VALUE_U64, .bits = bits};
    return cr_builder_set(f->b, field(f, name), &v, 2, 3, &f->err);
}

static inline cr_status set_real(fixture *f, const char *name, double real)
{
    cr_value v = {.kind = CR_VALUE_F32, .real = real};
    return cr_builder_set(f->b, field(f, name), &v, 2, 3, &f->err);
}

static inline void *finish(fixture *f)
{
    cr_notes *notes;
    void *root = cr_builder_finish(f->b, &notes, &f->err);
    ck_assert_ptr_nonnull(root);
    return root;
}

#endif
