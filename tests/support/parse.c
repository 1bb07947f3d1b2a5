/*
 * parse.c - a net from text or YAML in a test. The bytes are given to the reader in a buffer of just their size
 * (and the 0 behind them that the contract promises), so that the sanitizer sees a read too far.
 */
#include "tests/support/parse.h"

#include <stdlib.h>
#include <string.h>

void parsed_keep(void *user, crema_log_level level, const char *sentence)
{
    parsed *p = user;
    (void)level;
    p->n_warnings++;
    size_t used = strlen(p->warnings), n = strlen(sentence);
    if (used + n + 2 <= sizeof p->warnings) {
        memcpy(p->warnings + used, sentence, n);
        memcpy(p->warnings + used + n, "\n", 2);
    }
}

static void parse(parsed *p, const char *bytes, size_t size, bool strict, bool yaml)
{
    memset(p, 0, sizeof *p);
    cr_log log = {parsed_keep, p};
    char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    copy[size] = 0;
    cr_builder *b = cr_builder_create(&p->arena, &crema__net_parameter__descriptor, "net.x", &log, strict);
    if (!b)
        p->status = cr_no_memory(&p->err);
    else if (yaml)
        p->status = cr_read_yaml(b, &p->arena, "net.x", copy, size, &p->err);
    else
        p->status = cr_read_text(b, "net.x", copy, size, &p->err);
    free(copy);
    if (p->status == CREMA_OK) {
        p->net = (Crema__NetParameter *)cr_builder_finish(b, &p->notes, &p->err);
        p->status = p->net ? CREMA_OK : p->err.status;
    }
    if (p->status != CREMA_OK)
        crema_error_text(&p->err, p->error, sizeof p->error);
}

void parse_text(parsed *p, const char *text, bool strict)
{
    parse(p, text, strlen(text), strict, false);
}

void parse_text_bytes(parsed *p, const char *text, size_t size, bool strict)
{
    parse(p, text, size, strict, false);
}

void parse_yaml(parsed *p, const char *yaml, bool strict)
{
    parse(p, yaml, strlen(yaml), strict, true);
}

void parsed_free(parsed *p)
{
    cr_arena_free(&p->arena);
}
