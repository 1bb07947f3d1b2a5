/*
 * tools_speed.c - crema_tools.h: the machine's limits, and nets under them.
 */
#include "api/context.h"
#include "crema_tools.h"
#include "inspect/limits.h"
#include "write/roofline.h"

crema_status crema_limits_measure(const crema_context *context, int threads, crema_limits *out,
                                  crema_error *err)
{
    cr_clear(err);
    if (!context || threads < 0)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "no context was given, or a number of threads below 0");
    return cr_limits_measure(context->kernels, threads, out, err);
}

crema_status crema_roofline_write(const char *path, const char *title, const crema_limits *limits,
                                  const crema_roofline_point *points, int n, crema_error *err)
{
    cr_clear(err);
    return cr_roofline_write(path, title, limits, points, n, err);
}
