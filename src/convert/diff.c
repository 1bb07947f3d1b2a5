/*
 * diff.c - two nets side by side: which layers belong together, and the fields that differ.
 *
 * Layers are known by their names; of several with one name the first belongs to the first, and so on. What is
 * compared is the net as upgraded, whole: layers of all phases count. Unknown fields are compared by their trees of
 * names and values, so that spaces and comments do not matter.
 */
#include "convert/diff.h"

#include "crema.pb-c.h"
#include "read/raw.h"
#include "schema/equal.h"
#include "schema/field.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_BYTES = 512 };

typedef struct net_side {
    const char *path;
    cr_message message;
    const Crema__NetParameter *net;
} net_side;

typedef struct compare {
    cr_diff *diff;
    net_side side[2];
    const char *layer, *type; // NULL: the net itself
} compare;

void cr_diff_report(cr_diff *diff, const crema_diff_item *item)
{
    diff->n++;
    diff->report(diff->user, item);
}

/* ---- pairs ---- */

// The next of the same name, by index; -1: none. first_of gets the first of each name.
static bool chain(cr_arena *arena, const char *const *name, size_t n, cr_names *first_of, int64_t *next)
{
    cr_names_init(first_of, arena);
    for (size_t i = n; i-- > 0;) {
        next[i] = -1;
        int64_t later;
        if (cr_names_get(first_of, name[i], &later))
            next[i] = later;
        if (!cr_names_put(first_of, name[i], (int64_t)i))
            return false;
    }
    return true;
}

cr_layer_pair *cr_pair_names(cr_arena *arena, const char *const *a, size_t n_a, const char *const *b,
                             size_t n_b, size_t *n)
{
    cr_names first_of;
    int64_t *next = cr_arena_array(arena, n_b + 1, sizeof *next);
    bool *taken = cr_arena_array(arena, n_b + 1, sizeof *taken);
    cr_layer_pair *pair = cr_arena_array(arena, n_a + n_b + 1, sizeof *pair);
    *n = 0;
    if (!next || !taken || !pair || !chain(arena, b, n_b, &first_of, next))
        return NULL;
    for (size_t i = 0; i < n_a; i++) {
        int64_t found = -1;
        if (cr_names_get(&first_of, a[i], &found) && found >= 0) {
            taken[found] = true;
            if (!cr_names_put(&first_of, a[i], next[found]))
                return NULL;
        }
        pair[(*n)++] = (cr_layer_pair){(int64_t)i, found};
    }
    for (size_t i = 0; i < n_b; i++)
        if (!taken[i])
            pair[(*n)++] = (cr_layer_pair){-1, (int64_t)i};
    return pair;
}

/* ---- fields ---- */

static crema_diff_side place_of(const compare *c, int side, const void *message, const char *field,
                                size_t index)
{
    cr_pos pos = cr_notes_pos(c->side[side].message.notes, message, field, index);
    return (crema_diff_side){
        .file = c->side[side].path, .line = pos.line, .column = pos.column, .shape = {.rank = -1}};
}

static bool on_change(void *user, const cr_change *change)
{
    compare *c = user;
    char value[2][VALUE_BYTES];
    const ProtobufCMessage *message[2] = {change->a, change->b};
    crema_diff_side side[2];
    for (int i = 0; i < 2; i++) {
        side[i] = place_of(c, i, message[i], change->field->name, change->index);
        side[i].present = i == 0 ? change->in_a : change->in_b;
        if (side[i].present)
            side[i].value =
                cr_show_value(change->field, cr_field_value(message[i], change->field, change->index),
                              value[i], VALUE_BYTES);
    }
    cr_diff_report(c->diff, &(crema_diff_item){.kind = CREMA_DIFF_FIELD,
                                               .layer = c->layer,
                                               .type = c->type,
                                               .path = change->path,
                                               .a = side[0],
                                               .b = side[1]});
    return true;
}

/* ---- unknown fields ---- */

static bool same_raw(const cr_raw *a, const cr_raw *b)
{
    if (strcmp(a->name ? a->name : "", b->name ? b->name : "") != 0 || a->is_block != b->is_block)
        return false;
    if (!a->is_block)
        return a->value.kind == b->value.kind && a->value.size == b->value.size &&
               memcmp(a->value.text, b->value.text, a->value.size) == 0;
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = same_raw(a->child[i], b->child[i]);
    return same;
}

// The first line of a value.
static const char *raw_text(const cr_raw *node, char *out)
{
    snprintf(out, VALUE_BYTES, "%s", node->is_block ? "{...}" : node->value.text);
    return out;
}

// Both lists are sorted by name.
static void compare_raw(compare *c, const ProtobufCMessage *const message[2], cr_raw *const raw[2])
{
    size_t at[2] = {0, 0};
    while (at[0] < raw[0]->n || at[1] < raw[1]->n) {
        const cr_raw *node[2];
        for (int i = 0; i < 2; i++)
            node[i] = at[i] < raw[i]->n ? raw[i]->child[at[i]] : NULL;
        int order = !node[0] ? 1 : !node[1] ? -1 : strcmp(node[0]->name, node[1]->name);
        if (order > 0)
            node[0] = NULL;
        if (order < 0)
            node[1] = NULL;
        at[0] += node[0] != NULL;
        at[1] += node[1] != NULL;
        if (node[0] && node[1] && same_raw(node[0], node[1]))
            continue;
        char value[2][VALUE_BYTES];
        crema_diff_side side[2];
        for (int i = 0; i < 2; i++) {
            side[i] = place_of(c, i, message[i], NULL, 0);
            side[i].present = node[i] != NULL;
            if (!node[i])
                continue;
            side[i].line = node[i]->line;
            side[i].column = node[i]->column;
            side[i].value = raw_text(node[i], value[i]);
        }
        cr_diff_report(c->diff, &(crema_diff_item){.kind = CREMA_DIFF_FIELD,
                                                   .layer = c->layer,
                                                   .type = c->type,
                                                   .path = node[0] ? node[0]->name : node[1]->name,
                                                   .a = side[0],
                                                   .b = side[1]});
    }
}

// The unknown fields of all messages that both have; without: a field of the message that does not count.
static cr_status compare_unknown(compare *c, const ProtobufCMessage *a, const ProtobufCMessage *b,
                                 const char *without)
{
    const ProtobufCMessage *const message[2] = {a, b};
    cr_raw *raw[2];
    cr_status status = CREMA_OK;
    bool any = false;
    for (int i = 0; i < 2 && status == CREMA_OK; i++) {
        const cr_notes *notes = c->side[i].message.notes;
        const cr_unknown *first = cr_notes_unknown(notes, message[i]);
        any |= first != NULL;
        status = cr_raw_parse(c->diff->arena, c->side[i].path, first, !cr_notes_rewritten(notes), &raw[i],
                              c->diff->err);
    }
    if (status == CREMA_OK && any)
        compare_raw(c, message, raw);
    for (unsigned i = 0; i < a->descriptor->n_fields && status == CREMA_OK; i++) {
        const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || (without && strcmp(field->name, without) == 0))
            continue;
        size_t n_a = cr_field_count(a, field), n_b = cr_field_count(b, field);
        for (size_t j = 0; j < n_a && j < n_b && status == CREMA_OK; j++)
            status = compare_unknown(c, *(ProtobufCMessage *const *)cr_field_value(a, field, j),
                                     *(ProtobufCMessage *const *)cr_field_value(b, field, j), NULL);
    }
    return status;
}

/* ---- layers ---- */

static const char *text_of(const char *s)
{
    return s ? s : "";
}

static void one_sided(compare *c, const Crema__LayerParameter *layer, int side)
{
    crema_diff_side has = place_of(c, side, layer, NULL, 0), lacks = {.file = c->side[!side].path};
    has.present = 1;
    lacks.shape.rank = -1;
    cr_diff_report(c->diff, &(crema_diff_item){.kind = CREMA_DIFF_LAYER,
                                               .layer = text_of(layer->name),
                                               .type = text_of(layer->type),
                                               .a = side == 0 ? has : lacks,
                                               .b = side == 0 ? lacks : has});
}

static void moved(compare *c, const Crema__LayerParameter *a, const Crema__LayerParameter *b)
{
    crema_diff_side side[2] = {place_of(c, 0, a, NULL, 0), place_of(c, 1, b, NULL, 0)};
    side[0].present = side[1].present = 1;
    cr_diff_report(c->diff, &(crema_diff_item){.kind = CREMA_DIFF_ORDER,
                                               .layer = text_of(a->name),
                                               .type = text_of(a->type),
                                               .a = side[0],
                                               .b = side[1]});
}

// The longest run of pairs, in the order of A, whose places in B rise, too: all others were moved. A list of the
// best last pair for each length, and for each pair the one before it.
static bool mark_moved(cr_arena *arena, const cr_layer_pair *pair, size_t n, bool *stays)
{
    size_t *last = cr_arena_array(arena, n + 1, sizeof *last),
           *before = cr_arena_array(arena, n + 1, sizeof *before);
    size_t length = 0;
    if (!last || !before)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (pair[i].a < 0 || pair[i].b < 0)
            continue;
        size_t low = 0, high = length;
        while (low < high) {
            size_t mid = (low + high) / 2;
            if (pair[last[mid]].b < pair[i].b)
                low = mid + 1;
            else
                high = mid;
        }
        before[i] = low > 0 ? last[low - 1] : n;
        last[low] = i;
        length += low == length;
    }
    for (size_t i = length ? last[length - 1] : n; i < n; i = before[i])
        stays[i] = true;
    return true;
}

static cr_status compare_layers(compare *c)
{
    const Crema__NetParameter *net[2] = {c->side[0].net, c->side[1].net};
    const char **name[2];
    size_t n;
    for (int i = 0; i < 2; i++) {
        name[i] = cr_arena_array(c->diff->arena, net[i]->n_layer + 1, sizeof **name);
        for (size_t j = 0; name[i] && j < net[i]->n_layer; j++)
            name[i][j] = text_of(net[i]->layer[j]->name);
    }
    cr_layer_pair *pair = name[0] && name[1] ? cr_pair_names(c->diff->arena, name[0], net[0]->n_layer,
                                                             name[1], net[1]->n_layer, &n)
                                             : NULL;
    bool *stays = pair ? cr_arena_array(c->diff->arena, n + 1, sizeof *stays) : NULL;
    if (!stays || !mark_moved(c->diff->arena, pair, n, stays))
        return cr_no_memory(c->diff->err);
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n && status == CREMA_OK; i++) {
        const Crema__LayerParameter *a = pair[i].a < 0 ? NULL : net[0]->layer[pair[i].a];
        const Crema__LayerParameter *b = pair[i].b < 0 ? NULL : net[1]->layer[pair[i].b];
        if (!a || !b) {
            one_sided(c, a ? a : b, a ? 0 : 1);
            continue;
        }
        if (!stays[i])
            moved(c, a, b);
        c->layer = text_of(a->name);
        c->type = text_of(a->type);
        cr_message_compare(&a->base, &b->base, "blobs", on_change, c);
        status = compare_unknown(c, &a->base, &b->base, "blobs");
    }
    c->layer = c->type = NULL;
    return status;
}

cr_status cr_diff_run(cr_diff *diff)
{
    compare c = {.diff = diff};
    cr_left_list left = {.type = &crema__blob_proto__descriptor};
    for (int i = 0; i < 2; i++) {
        net_side *s = &c.side[i];
        s->path = diff->path[i];
        cr_status status = cr_load_net(diff->loader, diff->arena, &(crema_file){.path = s->path}, &left,
                                       &s->message, diff->err);
        if (status != CREMA_OK)
            return status;
        s->net = (const Crema__NetParameter *)s->message.root;
        if (s->message.form == CR_FORM_WIRE && i == 0 && !diff->options.weights_a)
            diff->options.weights_a = s->path;
        if (s->message.form == CR_FORM_WIRE && i == 1 && !diff->options.weights_b)
            diff->options.weights_b = s->path;
    }
    cr_message_compare(c.side[0].message.root, c.side[1].message.root, "layer", on_change, &c);
    cr_status status = compare_unknown(&c, c.side[0].message.root, c.side[1].message.root, "layer");
    if (status == CREMA_OK)
        status = compare_layers(&c);
    if (status == CREMA_OK)
        status = cr_diff_shapes(diff);
    if (status == CREMA_OK && diff->options.weights_a && diff->options.weights_b)
        status = cr_diff_weights(diff);
    return status;
}
