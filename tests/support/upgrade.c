/*
 * upgrade.c - tests of the upgrade: a net before and after as text, and what was said on the way.
 */
#include "tests/support/upgrade.h"

#include "schema/equal.h"

#include <check.h>
#include <string.h>

static void same(const parsed *got, const parsed *want, const char *when)
{
    cr_difference d;
    bool equal = cr_message_equal(&got->net->base, &want->net->base, &d);
    ck_assert_msg(equal, "%s: %s is %s, and should be %s", when, d.path, d.a, d.b);
}

void upgrade_to(parsed *p, cr_upgrade_report *report, const char *before, const char *after,
                const char *warnings)
{
    parsed want;
    cr_upgrade_report again;
    parse_text(p, before, false);
    ck_assert_msg(p->status == CREMA_OK, "%s", p->error);
    parse_text(&want, after, false);
    ck_assert_msg(want.status == CREMA_OK && want.n_warnings == 0, "%s%s", want.error, want.warnings);
    cr_log log = {parsed_keep, p};
    p->warnings[0] = 0;
    p->status = cr_upgrade_net(&p->arena, p->net, p->notes, &log, report, &p->err);
    ck_assert_msg(p->status == CREMA_OK, "%s", p->err.message);
    same(p, &want, "upgraded");
    ck_assert_str_eq(p->warnings, warnings);
    p->status = cr_upgrade_net(&p->arena, p->net, p->notes, &log, &again, &p->err);
    ck_assert_int_eq(p->status, CREMA_OK);
    same(p, &want, "upgraded again");
    ck_assert(!again.v0 && !again.v1 && !again.inputs && !again.data_transform && !again.type_names);
    parsed_free(&want);
}

void upgrades(const char *before, const char *after, const char *warnings)
{
    parsed p;
    cr_upgrade_report report;
    upgrade_to(&p, &report, before, after, warnings);
    parsed_free(&p);
}

void upgrade_fails(const char *text, const char *error)
{
    parsed p;
    char sentence[800];
    parse_text(&p, text, false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    p.status = cr_upgrade_net(&p.arena, p.net, p.notes, NULL, NULL, &p.err);
    ck_assert_int_eq(p.status, CREMA_ERR_INPUT);
    ck_assert_str_eq(crema_error_text(&p.err, sentence, sizeof sentence), error);
    parsed_free(&p);
}
