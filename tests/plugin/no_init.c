/* A shared object that is no plugin: half of what one defines. */
#include <crema.h>

const int crema_plugin_abi = CREMA_PLUGIN_ABI;
