/*
 * run.h - running the cases of a manifest; crema_check_manifest in crema_tools.h is its contract.
 */
#ifndef CR_CHECK_RUN_H
#define CR_CHECK_RUN_H

#include "base/err.h"
#include "crema_tools.h"

cr_status cr_check_run(const char *path, const crema_check_options *options,
                       void (*report)(void *user, const crema_check_result *result), void *user, cr_err *err);

#endif
