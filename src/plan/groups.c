/*
 * groups.c - deciding views and in-place layers.
 *
 * In this order: 1. layers that are views by nature merge their tensors; 2. Concat and Slice make parts, in
 * file order; 3. in-place layers merge bottom and top, where nobody reads the overwritten bytes later.
 * Everything is refused when in doubt: the layer's own run then copies.
 */
#include "plan/groups.h"

static int64_t images(const cr_groups *g, int tensor)
{
    return cr_tensor_images(&g->layout->tensor[tensor]);
}

int64_t cr_groups_count(const cr_groups *g, int group)
{
    return cr_shape_count(&g->layout->tensor[g->group[group].first_member].shape);
}

static int64_t row(const cr_groups *g, int group)
{
    return cr_tensor_image_count(&g->layout->tensor[g->group[group].first_member]);
}

int cr_groups_root(const cr_groups *g, int group)
{
    while (g->group[group].parent >= 0)
        group = g->group[group].parent;
    return group;
}

int64_t cr_groups_stride(const cr_groups *g, int group)
{
    int64_t stride = row(g, group);
    for (; g->group[group].parent >= 0 && g->group[group].across; group = g->group[group].parent)
        stride = g->group[group].stride;
    return stride;
}

int64_t cr_groups_offset(const cr_groups *g, int group)
{
    int64_t at = 0;
    for (; group >= 0; group = g->group[group].parent)
        at += g->group[group].at;
    return at;
}

// Makes the members of b members of a. The caller has seen to parents and children.
static void merge(cr_groups *g, int a, int b)
{
    if (a == b)
        return;
    cr_group *ga = &g->group[a], *gb = &g->group[b];
    int last = -1;
    for (int t = gb->first_member; t >= 0; t = g->next[t]) {
        g->of[t] = a;
        last = t;
    }
    g->next[last] = ga->first_member;
    ga->first_member = gb->first_member;
    for (int c = gb->first_child, next; c >= 0; c = next) {
        next = g->group[c].next_sibling;
        g->group[c].parent = a;
        g->group[c].next_sibling = ga->first_child;
        ga->first_child = c;
    }
    if (gb->parent >= 0) { // a takes b's place in the tree
        ga->parent = gb->parent;
        ga->at = gb->at;
        ga->across = gb->across;
        ga->stride = gb->stride;
        int *link = &g->group[gb->parent].first_child;
        while (*link != b)
            link = &g->group[*link].next_sibling;
        *link = a;
        ga->next_sibling = gb->next_sibling;
    }
    ga->dense = ga->dense || gb->dense;
    if (ga->input < 0)
        ga->input = gb->input;
    gb->first_member = gb->first_child = gb->parent = -1;
}

/* ---- 1. views by nature ---- */

static void merge_views(cr_groups *g)
{
    for (int i = 0; i < g->layout->graph->n_layers; i++) {
        const cr_use *u = &g->layout->use[i];
        if (!u->view)
            continue;
        for (int j = 0; j < u->n_out; j++) {
            int a = g->of[u->in[0]];
            if (images(g, u->in[0]) != images(g, u->out[j]))
                g->group[a].dense = true;
            merge(g, a, g->of[u->out[j]]);
        }
        g->layout->no_run[i] = true;
    }
}

/* ---- 2. parts ---- */

static bool reads_strides(const cr_groups *g, int place)
{
    const cr_use *u = &g->layout->use[place];
    return (u->flags & CR_STRIDED) || u->view;
}

// Whether all that makes or reads the bytes of the group and of its parts can work with strides.
static bool can_be_strided(const cr_groups *g, int group)
{
    if (g->group[group].dense || g->group[group].input >= 0)
        return false;
    for (int t = g->group[group].first_member; t >= 0; t = g->next[t]) {
        const cr_life *life = &g->life[t];
        if (g->layout->kept[t])
            return false;
        if (!reads_strides(g, life->producer))
            return false;
        for (int r = 0; r < life->n_readers; r++)
            if (!reads_strides(g, life->reader[r]))
                return false;
    }
    for (int c = g->group[group].first_child; c >= 0; c = g->group[c].next_sibling)
        if (!can_be_strided(g, c))
            return false;
    return true;
}

// Makes the group of a tensor a part of the group of another one, `before` entries along the axis behind its
// start. False: it must be copied. The shapes are those of the two tensors: other members of their groups may
// have the same bytes in another shape.
static bool embed(cr_groups *g, int part_tensor, int whole_tensor, int axis, int64_t before)
{
    int part = g->of[part_tensor], whole = g->of[whole_tensor];
    cr_group *p = &g->group[part];
    const cr_shape *all = &g->layout->tensor[whole_tensor].shape;
    if (g->layout->dynamic[part_tensor] || g->layout->dynamic[whole_tensor])
        return false; // the next part would stand at the wrong place
    if (part == whole || p->parent >= 0 || p->input >= 0 || cr_groups_root(g, whole) == part)
        return false;
    if (cr_shape_range(all, axis ? 1 : 0, axis) != 1)
        return false;
    bool across = axis > 0 && all->dim[0] > 1; // in one image every part is one run
    if (across && (!can_be_strided(g, part) || g->group[whole].dense))
        return false;
    if (!across && cr_groups_stride(g, whole) != row(g, whole))
        return false; // a run of images of something strided
    p->parent = whole;
    p->across = across;
    p->stride = cr_shape_range(all, 1, all->rank);
    p->at = before * cr_shape_range(all, axis + 1, all->rank);
    p->next_sibling = g->group[whole].first_child;
    g->group[whole].first_child = part;
    if (!across)
        g->group[whole].dense = true;
    return true;
}

static void embed_parts(cr_groups *g, int layer, const int *parts, int n, int whole)
{
    int axis = g->layout->use[layer].view_axis;
    int64_t before = 0;
    bool all = true;
    // A later user of the whole may not be able to read strides: the whole itself stays contiguous unless it
    // is embedded further, which checks its parts too.
    for (int i = 0; i < n; i++) {
        all = embed(g, parts[i], whole, axis, before) && all;
        before += g->layout->tensor[parts[i]].shape.dim[axis];
    }
    g->layout->no_run[layer] = all;
}

static void make_parts(cr_groups *g)
{
    for (int i = 0; i < g->layout->graph->n_layers; i++) {
        const cr_use *u = &g->layout->use[i];
        if (u->view)
            continue;
        if (u->flags & CR_CONCAT)
            embed_parts(g, i, u->in, u->n_in, u->out[0]);
        else if (u->flags & CR_SLICE)
            embed_parts(g, i, u->out, u->n_out, u->in[0]);
    }
}

/* ---- 3. in place ---- */

// Whether a tensor's value is needed after layer `now` has run.
static bool needed_after(const cr_groups *g, int tensor, int now)
{
    const cr_life *life = &g->life[tensor];
    if (life->producer >= now) // made later, or by this layer
        return false;
    if (g->layout->kept[tensor])
        return true;
    for (int r = 0; r < life->n_readers; r++)
        if (life->reader[r] > now)
            return true;
    return false;
}

static bool members_needed_after(const cr_groups *g, int group, int now)
{
    for (int t = g->group[group].first_member; t >= 0; t = g->next[t])
        if (needed_after(g, t, now))
            return true;
    return false;
}

// Two groups of one tree: whether they have a byte in common. Parts of images side by side do not.
static bool overlap(const cr_groups *g, int a, int b)
{
    int64_t at_a = cr_groups_offset(g, a), at_b = cr_groups_offset(g, b);
    int64_t stride = cr_groups_stride(g, a), row_a = row(g, a), row_b = row(g, b);
    int64_t span_a = cr_groups_count(g, a), span_b = cr_groups_count(g, b);
    bool same_images = stride == cr_groups_stride(g, b) && at_a + row_a <= stride && at_b + row_b <= stride;
    if (same_images) {
        span_a = row_a;
        span_b = row_b;
    } else {
        span_a += (stride - row_a) * images(g, g->group[a].first_member);
        span_b += (cr_groups_stride(g, b) - row_b) * images(g, g->group[b].first_member);
    }
    return at_a < at_b + span_b && at_b < at_a + span_a;
}

// Whether any tensor of the tree under `top` that overlaps `group` is needed after layer `now` has run.
static bool bytes_needed_after(const cr_groups *g, int top, int group, int now)
{
    if (overlap(g, top, group) && members_needed_after(g, top, now))
        return true;
    for (int c = g->group[top].first_child; c >= 0; c = g->group[c].next_sibling)
        if (bytes_needed_after(g, c, group, now))
            return true;
    return false;
}

// The step reads input k twice or more, under this or another name that has the same bytes.
static bool reads_twice(const cr_groups *g, const cr_use *u, int k)
{
    int root = cr_groups_root(g, g->of[u->in[k]]);
    for (int i = 0; i < u->n_in; i++)
        if (i != k && cr_groups_root(g, g->of[u->in[i]]) == root)
            return true;
    return false;
}

// Whether the top may have the bytes of input k, as far as others are concerned.
static bool can_be_in_place(const cr_groups *g, int layer, int k)
{
    const cr_use *u = &g->layout->use[layer];
    if (g->layout->no_run[layer] ||
        !cr_shape_equal(&g->layout->tensor[u->in[k]].shape, &g->layout->tensor[u->out[0]].shape))
        return false;
    int in = g->of[u->in[k]], out = g->of[u->out[0]];
    if (in == out || g->group[cr_groups_root(g, in)].input >= 0 || reads_twice(g, u, k))
        return false;
    if (g->group[in].parent >= 0 && g->group[out].parent >= 0)
        return false;
    if (cr_groups_root(g, out) == in || cr_groups_root(g, in) == out)
        return false;
    if (bytes_needed_after(g, cr_groups_root(g, in), in, layer))
        return false;
    // One of the two may be strided already; then the other must be able to be.
    bool in_strided = images(g, u->in[k]) > 1 && cr_groups_stride(g, in) != row(g, in);
    bool out_strided = images(g, u->in[k]) > 1 && cr_groups_stride(g, out) != row(g, out);
    return (!in_strided || can_be_strided(g, out)) && (!out_strided || can_be_strided(g, in));
}

static void merge_in_place(cr_groups *g)
{
    for (int i = 0; i < g->layout->graph->n_layers; i++) {
        const cr_use *u = &g->layout->use[i];
        if ((u->flags & CR_INPLACE) && u->n_in > 0 && can_be_in_place(g, i, 0))
            merge(g, g->of[u->in[0]], g->of[u->out[0]]);
        else if (u->over >= 0 && can_be_in_place(g, i, u->over))
            merge(g, g->of[u->in[u->over]], g->of[u->out[0]]);
    }
}

cr_status cr_groups_make(cr_groups *g, cr_layout *layout, const cr_life *life, cr_arena *scratch, cr_err *err)
{
    const cr_graph *graph = layout->graph;
    size_t n = (size_t)graph->n_tensors;
    g->layout = layout;
    g->life = life;
    g->group = cr_arena_array(scratch, n, sizeof *g->group);
    g->of = cr_arena_array(scratch, n, sizeof *g->of);
    g->next = cr_arena_array(scratch, n, sizeof *g->next);
    if (!g->group || !g->of || !g->next)
        return cr_no_memory(err);
    for (int t = 0; t < graph->n_tensors; t++) {
        g->of[t] = t;
        g->next[t] = -1;
        g->group[t] =
            (cr_group){.parent = -1, .first_child = -1, .next_sibling = -1, .first_member = t, .input = -1};
    }
    for (int i = 0; i < graph->n_inputs; i++)
        g->group[graph->input[i]].input = i;
    merge_views(g);
    make_parts(g);
    merge_in_place(g);
    return CREMA_OK;
}
