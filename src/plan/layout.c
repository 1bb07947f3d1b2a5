/*
 * layout.c - offsets: every root of groups.c gets a range of the arena for as long as any of its bytes live.
 *
 * Roots are placed one by one, each in the smallest gap that is free during its life: once in the order of
 * their sizes, once in the order in which they are made, and the smaller result is kept.
 */
#include "plan/layout.h"
#include "plan/groups.h"

#include <stdlib.h>
#include <string.h>

typedef struct root {
    int group;
    int first, last; // layers between which it lives
    uint64_t bytes;
    uint64_t offset;
} root;

enum { ALIGN = 64 };

static uint64_t round_up(uint64_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

// Who makes and reads what, from the uses. What nobody makes there comes from the layer that the graph says.
static cr_life *list_lives(const cr_layout *l, cr_arena *scratch)
{
    const cr_graph *graph = l->graph;
    size_t n_tensors = (size_t)graph->n_tensors, n_readers = 0;
    for (int i = 0; i < graph->n_layers; i++)
        n_readers += (size_t)l->use[i].n_in;
    cr_life *life = cr_arena_array(scratch, n_tensors, sizeof *life);
    int *reader = cr_arena_array(scratch, n_readers, sizeof *reader);
    if (!life || !reader)
        return NULL;
    for (int t = 0; t < graph->n_tensors; t++)
        life[t].producer = graph->tensor[t].producer;
    for (int i = 0; i < graph->n_layers; i++) {
        for (int j = 0; j < l->use[i].n_in; j++)
            life[l->use[i].in[j]].n_readers++;
        for (int j = 0; j < l->use[i].n_out; j++)
            life[l->use[i].out[j]].producer = i;
    }
    for (int t = 0; t < graph->n_tensors; reader += life[t++].n_readers)
        life[t].reader = reader;
    for (int t = 0; t < graph->n_tensors; t++)
        life[t].n_readers = 0;
    for (int i = 0; i < graph->n_layers; i++)
        for (int j = 0; j < l->use[i].n_in; j++) {
            cr_life *of = &life[l->use[i].in[j]];
            of->reader[of->n_readers++] = i;
        }
    return life;
}

static void widen(const cr_layout *l, const cr_life *life, root *r, int tensor)
{
    const cr_life *of = &life[tensor];
    if (of->producer < r->first)
        r->first = of->producer;
    if (of->producer > r->last)
        r->last = of->producer;
    for (int i = 0; i < of->n_readers; i++)
        if (of->reader[i] > r->last)
            r->last = of->reader[i];
    if (l->kept[tensor])
        r->last = l->graph->n_layers;
}

static int list_roots(const cr_layout *l, const cr_groups *g, root *roots, int *root_of)
{
    int n = 0;
    for (int t = 0; t < l->graph->n_tensors; t++)
        root_of[t] = -1; // by group
    for (int t = 0; t < l->graph->n_tensors; t++) {
        int group = cr_groups_root(g, g->of[t]);
        if (g->group[group].input >= 0 || l->gone[t])
            continue;
        if (root_of[group] < 0) {
            root_of[group] = n;
            uint64_t bytes = (uint64_t)cr_groups_count(g, group) * sizeof(float);
            roots[n++] = (root){group, l->graph->n_layers, -1, round_up(bytes), 0};
        }
        widen(l, g->life, &roots[root_of[group]], t);
    }
    return n;
}

static int by_size(const void *a, const void *b)
{
    const root *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->first != y->first ? (x->first > y->first ? 1 : -1) : x->group - y->group;
}

static int by_life(const void *a, const void *b)
{
    const root *x = a, *y = b;
    if (x->first != y->first)
        return x->first > y->first ? 1 : -1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->group - y->group;
}

// Places roots[i] in the smallest gap that fits between the placed ones that live at the same time.
// `placed` holds the indices of those before i, sorted by offset.
static void place_one(root *roots, int i, int *placed)
{
    root *r = &roots[i];
    uint64_t at = 0, best = UINT64_MAX, best_gap = UINT64_MAX;
    for (int j = 0; j < i; j++) {
        const root *o = &roots[placed[j]];
        if (o->last < r->first || o->first > r->last)
            continue;
        if (o->offset > at && o->offset - at >= r->bytes && o->offset - at < best_gap) {
            best = at;
            best_gap = o->offset - at;
        }
        if (o->offset + o->bytes > at)
            at = o->offset + o->bytes;
    }
    r->offset = best != UINT64_MAX ? best : at;
    int j = i;
    for (; j > 0 && roots[placed[j - 1]].offset > r->offset; j--)
        placed[j] = placed[j - 1];
    placed[j] = i;
}

static uint64_t place_all(root *roots, int n, int *placed, int (*order)(const void *, const void *))
{
    uint64_t end = 0;
    qsort(roots, (size_t)n, sizeof *roots, order);
    for (int i = 0; i < n; i++) {
        place_one(roots, i, placed);
        if (roots[i].offset + roots[i].bytes > end)
            end = roots[i].offset + roots[i].bytes;
    }
    return end;
}

static uint64_t peak(const root *roots, int n, int n_layers)
{
    uint64_t best = 0;
    for (int now = 0; now <= n_layers; now++) {
        uint64_t sum = 0;
        for (int i = 0; i < n; i++)
            if (roots[i].first <= now && roots[i].last >= now)
                sum += roots[i].bytes;
        best = sum > best ? sum : best;
    }
    return best;
}

static void set_places(cr_layout *l, const cr_groups *g, const root *roots, int n, int *root_of)
{
    for (int i = 0; i < n; i++)
        root_of[roots[i].group] = i;
    for (int t = 0; t < l->graph->n_tensors; t++) {
        if (l->gone[t]) {
            l->place[t] = (cr_place){.input = -1};
            continue;
        }
        int group = g->of[t], top = cr_groups_root(g, group);
        int input = g->group[top].input;
        uint64_t base = input >= 0 ? 0 : roots[root_of[top]].offset / sizeof(float);
        l->place[t] = (cr_place){input, base + (uint64_t)cr_groups_offset(g, group)};
        // Members of a dense group differ in what an image is; each is contiguous.
        bool across = g->group[group].parent >= 0 && g->group[group].across;
        l->tensor[t].image_stride =
            across ? cr_groups_stride(g, group) : cr_tensor_image_count(&l->tensor[t]);
    }
}

cr_status cr_layout_make(cr_layout *l, cr_arena *scratch, cr_err *err)
{
    cr_groups groups;
    cr_life *life = list_lives(l, scratch);
    cr_status status = life ? cr_groups_make(&groups, l, life, scratch, err) : cr_no_memory(err);
    if (status != CREMA_OK)
        return status;
    size_t n_tensors = (size_t)l->graph->n_tensors;
    root *roots = cr_arena_array(scratch, n_tensors, sizeof *roots);
    int *root_of = cr_arena_array(scratch, n_tensors, sizeof *root_of);
    int *placed = cr_arena_array(scratch, n_tensors, sizeof *placed);
    if (!roots || !root_of || !placed)
        return cr_no_memory(err);
    int n = list_roots(l, &groups, roots, root_of);
    uint64_t total = 0;
    for (int i = 0; i < n; i++)
        if (__builtin_add_overflow(total, roots[i].bytes, &total) || total > INT64_MAX / 2)
            return cr_fail(err, CREMA_ERR_MEMORY, NULL,
                           "the activations of this net are too large for any memory");
    uint64_t life_end = place_all(roots, n, placed, by_life);
    uint64_t end = place_all(roots, n, placed, by_size);
    if (life_end < end)
        end = place_all(roots, n, placed, by_life);
    l->arena_bytes = (size_t)end + ALIGN;
    l->live_bytes = (size_t)peak(roots, n, l->graph->n_layers);
    set_places(l, &groups, roots, n, root_of);
    return CREMA_OK;
}
