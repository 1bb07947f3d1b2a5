/*
 * limits.h - what the machine can do at best, measured now.
 */
#ifndef CR_INSPECT_LIMITS_H
#define CR_INSPECT_LIMITS_H

#include "base/err.h"
#include "crema_tools.h"
#include "kernels/kernels.h"

// crema_limits_measure in crema_tools.h is its contract.
cr_status cr_limits_measure(const cr_kernels *kernels, int threads, crema_limits *out, cr_err *err);

#endif
