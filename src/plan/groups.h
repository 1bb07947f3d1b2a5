/*
 * groups.h - which tensors share bytes.
 *
 * A group is a set of tensors with the very same bytes (views, in-place layers). A group may be part of
 * another one (a Concat's bottom in its top, a Slice's top in its bottom), so groups form trees; a tree's root
 * is one buffer. Along axis 1 or later the parts of a batch are strided: image_stride is that of the root.
 */
#ifndef CR_PLAN_GROUPS_H
#define CR_PLAN_GROUPS_H

#include "plan/layout.h"

typedef struct cr_group {
    int parent; // -1: a root
    int first_child, next_sibling;
    int first_member; // tensor id; the next is cr_groups.next[id]
    int64_t at;       // floats into the parent
    bool across;      // part of every image of the parent, which has several; else one run of it
    int64_t stride;   // across: floats from image to image of the parent
    bool dense;       // its members disagree on what an image is, so it can't be strided
    int input;        // the net input that this is, or -1
} cr_group;

// Who makes and reads a tensor, by place in the order.
typedef struct cr_life {
    int producer;
    int n_readers;
    int *reader; // once per use
} cr_life;

typedef struct cr_groups {
    cr_layout *layout;
    const cr_life *life; // by tensor id
    cr_group *group;     // as many as tensors; one per tensor at first
    int *of;             // tensor id -> group
    int *next;           // tensor id -> next member of its group, or -1
} cr_groups;

cr_status cr_groups_make(cr_groups *groups, cr_layout *layout, const cr_life *life, cr_arena *scratch,
                         cr_err *err);

int cr_groups_root(const cr_groups *groups, int group);
int64_t cr_groups_stride(const cr_groups *groups, int group); // floats from image to image
int64_t cr_groups_offset(const cr_groups *groups, int group); // floats from the start of its root
int64_t cr_groups_count(const cr_groups *groups, int group);  // floats of the group itself

#endif
