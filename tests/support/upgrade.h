/*
 * upgrade.h - tests of the upgrade: a net before and after as text, and what was said on the way.
 */
#ifndef TESTS_SUPPORT_UPGRADE_H
#define TESTS_SUPPORT_UPGRADE_H

#include "tests/support/parse.h"
#include "upgrade/upgrade.h"

// `before`, read and upgraded, is the message that `after` is, and stays so when it is upgraded again; the upgrade
// gives exactly these warnings ("net.x:3:5: sentence", one in a line). The caller frees p.
void upgrade_to(parsed *p, cr_upgrade_report *report, const char *before, const char *after,
                const char *warnings);
// The same, for who needs no more.
void upgrades(const char *before, const char *after, const char *warnings);
// Reading or upgrading fails with that error.
void upgrade_fails(const char *text, const char *error);

#endif
