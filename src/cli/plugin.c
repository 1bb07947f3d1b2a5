/*
 * plugin.c - loading what --plugin names.
 */
#include "cli/plugin.h"

#include "crema_tools.h"

crema_status cli_plugins_load(const cli_args *args, crema_context *context, crema_error *err)
{
    const char *name;
    crema_status status = CREMA_OK;
    for (int at = 0; status == CREMA_OK && (name = cli_next_value(args, OPT_PLUGIN, &at));)
        status = crema_plugin_load(context, name, err);
    return status;
}
