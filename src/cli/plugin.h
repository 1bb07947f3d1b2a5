/*
 * plugin.h - the option --plugin: shared objects with more layer types.
 */
#ifndef CLI_PLUGIN_H
#define CLI_PLUGIN_H

#include "cli/args.h"

// Loads all that the options name into the context, in their order.
crema_status cli_plugins_load(const cli_args *args, crema_context *context, crema_error *err);

#endif
