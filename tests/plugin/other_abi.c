/* A plugin for another version of the interface. It must not be called. */
#include <crema.h>

const int crema_plugin_abi = CREMA_PLUGIN_ABI + 1;

crema_status crema_plugin_init(crema_context *context, crema_error *err)
{
    (void)context, (void)err;
    __builtin_trap();
}
