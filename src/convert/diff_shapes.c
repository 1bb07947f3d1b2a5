/*
 * diff_shapes.c - blobs of one name that have other shapes in the two nets.
 *
 * As far as shapes can be known, in the phase that is asked for. A net that has no graph there, such as the solver's
 * half of a training net, or with shapes that do not fit together, has no shapes to compare; the log says why.
 */
#include "convert/diff.h"

static bool open(cr_diff *diff, int side, cr_shaped_net *net)
{
    const crema_diff_options *o = &diff->options;
    const char *weights = side == 0 ? o->weights_a : o->weights_b;
    crema_file file = {.path = weights};
    crema_net_options options = {.struct_size = sizeof options,
                                 .net = {.path = diff->path[side]},
                                 .weights = &file,
                                 .n_weights = weights != NULL,
                                 .phase = o->phase,
                                 .level = o->level,
                                 .stages = o->stages,
                                 .n_stages = o->n_stages};
    cr_loader quiet = *diff->loader; // its warnings were given when the nets were compared
    cr_err why;
    quiet.log = NULL;
    cr_clear(&why);
    if (cr_shaped_net_open(net, &quiet, &options, o->shapes, o->n_shapes, &why) == CREMA_OK)
        return true;
    cr_info(diff->loader->log, &(cr_pos){diff->path[side], 0, 0}, "shapes are not compared: %s", why.message);
    return false;
}

static void compare(cr_diff *diff, const cr_shaped_net net[2])
{
    const cr_graph *a = &net[0].graph, *b = &net[1].graph;
    for (int i = 0; i < a->n_tensors; i++) {
        const char *name = a->tensor[i].name;
        if (a->tensor[i].automatic || cr_graph_find(a, name) != i)
            continue;
        int j = cr_graph_find(b, name);
        if (j < 0)
            continue;
        const cr_shape *x = &net[0].shapes.tensor[i], *y = &net[1].shapes.tensor[j];
        if (x->rank < 0 || y->rank < 0 || cr_shape_equal(x, y))
            continue;
        cr_diff_report(diff, &(crema_diff_item){.kind = CREMA_DIFF_SHAPE,
                                                .path = name,
                                                .a = {.file = diff->path[0], .present = 1, .shape = *x},
                                                .b = {.file = diff->path[1], .present = 1, .shape = *y}});
    }
}

cr_status cr_diff_shapes(cr_diff *diff)
{
    cr_shaped_net net[2] = {{.weights = NULL}, {.weights = NULL}};
    if (open(diff, 0, &net[0]) && open(diff, 1, &net[1]))
        compare(diff, net);
    cr_shaped_net_close(&net[0]);
    cr_shaped_net_close(&net[1]);
    return CREMA_OK;
}
