/*
 * custom.h - tests of layer types of the caller's own: one type whose callbacks do what the test says, a net that
 * uses it, and what became of both.
 */
#ifndef TESTS_SUPPORT_CUSTOM_H
#define TESTS_SUPPORT_CUSTOM_H

#include "crema.h"

typedef struct custom_net {
    crema_context *context;
    crema_net *net;
    crema_error err;
    char text[1024]; // of the error
    char warning[1024];
    int n_warnings;
} custom_net;

// A context with the type, and with it the net of two inputs x (1x2x2x2) and z (1x2x2x2) and the layers given.
// `file` names the net; its ending tells text from YAML. NULL: "net.prototxt".
void custom_open(custom_net *n, const crema_layer_type *type, const char *layers, const char *file,
                 int strict);
void custom_close(custom_net *n);

// Shape and run of a type that copies bottom 0 to top 0.
crema_status custom_copy_shape(void *user, const crema_layer *layer, const void *state,
                               crema_layer_shapes *shapes, crema_error *err);
crema_status custom_copy_run(void *user, const crema_layer *layer, const void *state,
                             const crema_layer_run *run, crema_error *err);
// The type "Mine" with my_param, 1 to 2 bottoms and 1 top, that copies.
crema_layer_type custom_type(void);

#endif
