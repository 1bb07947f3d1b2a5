/*
 * tools_diff.c - crema_diff: the caller's options and a context, as a comparison in convert/.
 */
#include "api/load.h"
#include "convert/diff.h"

crema_status crema_diff(crema_context *context, const char *a, const char *b,
                        const crema_diff_options *options,
                        void (*report)(void *user, const crema_diff_item *item), void *user,
                        int64_t *n_differences, crema_error *err)
{
    cr_clear(err);
    crema_diff_options o = {0};
    if (options && !cr_copy_options(&o, sizeof o, options))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_diff_options.struct_size is not set");
    if (!context || !a || !b || !report)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "no context, no net, or nobody to report to was given");
    if (o.n_shapes < 0 || (o.n_shapes && !o.shapes) || o.n_stages < 0 || (o.n_stages && !o.stages))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_diff_options: a count does not fit its list");
    cr_arena arena = {0};
    cr_loader loader = cr_context_loader(context);
    loader.numbering = o.numbering;
    cr_diff diff = {.arena = &arena,
                    .loader = &loader,
                    .options = o,
                    .path = {a, b},
                    .report = report,
                    .user = user,
                    .err = err};
    cr_status status = cr_diff_run(&diff);
    cr_arena_free(&arena);
    if (n_differences)
        *n_differences = diff.n;
    return status;
}
