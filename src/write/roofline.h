/*
 * roofline.h - a machine's limits and what layers reach of them, as an SVG file.
 */
#ifndef CR_WRITE_ROOFLINE_H
#define CR_WRITE_ROOFLINE_H

#include "base/err.h"
#include "crema_tools.h"

// crema_roofline_write in crema_tools.h is its contract.
cr_status cr_roofline_write(const char *path, const char *title, const crema_limits *limits,
                            const crema_roofline_point *points, int n, cr_err *err);

#endif
