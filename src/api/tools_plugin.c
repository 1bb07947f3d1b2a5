/*
 * tools_plugin.c - crema_plugin_load: a shared object that adds layer types to a context.
 *
 * The object is never unloaded: the context's types point into it until the last net is gone, and a library that
 * it brought along may have left threads or exit handlers. So a plugin that several contexts load is in memory once.
 * Its symbols stay its own (RTLD_LOCAL), so that two plugins may have the same entry points.
 */
#include "crema_tools.h"

#include "base/err.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef crema_status (*init_function)(crema_context *context, crema_error *err);

static cr_status fail(const char *path, cr_err *err, cr_status status, const char *what)
{
    cr_pos pos = {path, 0, 0};
    return cr_fail(err, status, &pos, "%s", what);
}

// The linker's sentence starts with the path as it was opened, which is said already.
static cr_status not_loaded(const char *path, const char *opened, cr_err *err)
{
    const char *why = dlerror();
    size_t n = strlen(opened);
    if (why && strncmp(why, opened, n) == 0 && strncmp(why + n, ": ", 2) == 0)
        why += n + 2;
    cr_pos pos = {path, 0, 0};
    return cr_fail(err, CREMA_ERR_INPUT, &pos, "can't be loaded as a plugin: %.300s", why ? why : "");
}

static cr_status find_entry(void *object, const char *path, init_function *init, cr_err *err)
{
    const int *abi = dlsym(object, "crema_plugin_abi");
    void *entry = dlsym(object, "crema_plugin_init");
    cr_pos pos = {path, 0, 0};
    if (!abi || !entry)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "is no plugin of crema: it does not define %s",
                       abi ? "crema_plugin_init" : "crema_plugin_abi");
    if (*abi != CREMA_PLUGIN_ABI)
        return cr_fail(err, CREMA_ERR_UNSUPPORTED, &pos,
                       "was built for version %d of the plugin interface; this crema (%s) has version %d",
                       *abi, CREMA_VERSION, CREMA_PLUGIN_ABI);
    memcpy(init, &entry, sizeof *init); // ISO C has no cast from an object's address to a function's
    return CREMA_OK;
}

static cr_status initialise(crema_context *context, const char *path, init_function init, cr_err *err)
{
    cr_err said = {0};
    cr_status status = init(context, &said);
    if (status == CREMA_OK)
        return CREMA_OK;
    if (status < CREMA_OK || status > CREMA_ERR_CANCELLED)
        status = CREMA_ERR_INPUT;
    said.message[sizeof said.message - 1] = 0;
    if (!said.message[0])
        return fail(path, err, status, "the plugin failed and does not say why");
    return fail(path, err, status, said.message);
}

crema_status crema_plugin_load(crema_context *context, const char *path, crema_error *err)
{
    cr_clear(err);
    char here[CREMA_MAX_PATH];
    init_function init = NULL;
    if (!context || !path)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "no context, or no path of a plugin, was given");
    // Without a slash the linker would look in its own folders.
    if (strlen(path) > sizeof here - 3)
        return fail(path, err, CREMA_ERR_USAGE, "the path of the plugin is too long");
    snprintf(here, sizeof here, "%s%s", strchr(path, '/') ? "" : "./", path);
    if (access(here, R_OK) != 0) {
        cr_pos pos = {path, 0, 0};
        return cr_fail(err, CREMA_ERR_IO, &pos, "can't open: %s", strerror(errno));
    }
    void *object = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        return not_loaded(path, here, err);
    cr_status status = find_entry(object, path, &init, err);
    if (status != CREMA_OK) {
        dlclose(object);
        return status;
    }
    return initialise(context, path, init, err);
}
