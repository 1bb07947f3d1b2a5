/* A plugin that fails with a status that there is not, and no sentence. */
#include <crema.h>

const int crema_plugin_abi = CREMA_PLUGIN_ABI;

crema_status crema_plugin_init(crema_context *context, crema_error *err)
{
    (void)context, (void)err;
    return (crema_status)99;
}
