/*
 * winograd_layout.h - how winograd.c cuts a convolution: the size of its tiles, blocks of tiles, buffers, the pack.
 *
 * All of it depends on shapes and the ISA level alone.
 */
#ifndef CR_KERNELS_WINOGRAD_LAYOUT_H
#define CR_KERNELS_WINOGRAD_LAYOUT_H

#include "kernels/conv.h"
#include "kernels/winograd.h"

typedef struct cr_winograd_layout {
    const cr_conv *conv;
    const cr_winograd_kernels *kernels;
    int64_t channels, outputs; // of a group
    int64_t height, width;     // of the output
    int64_t blocks, panels;    // of input and output channels
    int taps, m, points;       // per axis
    int64_t rows, columns;     // of tiles, in an image
    int end_m[2];              // what is computed of the last one of each axis: m, or 2 outputs
    unsigned end_points[2];    // a bit for each point that it has
    unsigned all;              // of the others
    int64_t block_images, block_rows, block_columns;
    int64_t image_blocks, row_blocks, column_blocks;
    bool shared; // blocks are cut into panels
    bool pairs;  // of channels (winograd_product.h): v and u are scaled to a mean square of about 1
    // Floats.
    int64_t tiles;         // of a block, at most
    int64_t v_step, v_all; // per point; of a block
    int64_t y_step, y_all;
    int64_t slab_row, slab_all;
    int64_t strip_row, strip_all;
    int64_t slot_all;
    int64_t sums_all; // of pairs: tiles, per point
    int64_t
        block_all; // v, the sums, and for each image its scale, which comes from the squares of blocks of channels
    int64_t u_rows;    // per point of a panel: channels, and the sums of pairs
    int64_t panel_all; // of a panel with 2 vectors
} cr_winograd_layout;

// A rectangle of tiles in some images.
typedef struct cr_winograd_block {
    int64_t image, images, row, rows, column, columns;
    int64_t full_rows, full_columns; // without one at the end that lacks points
    int64_t n_a, n_b, n_c;           // tiles of these kinds
    int64_t tiles;
} cr_winograd_block;

// Outputs per axis of a tile: 2, 4 or 6.
int cr_winograd_m(const cr_conv *conv);
cr_winograd_layout cr_winograd_lay_out(const cr_conv *conv);
int64_t cr_winograd_blocks(const cr_winograd_layout *l);
cr_winograd_block cr_winograd_block_at(const cr_winograd_layout *l, int64_t index);
// Vectors of one panel: 2, but for the last perhaps.
int cr_winograd_panel_vectors(const cr_winograd_layout *l, int64_t panel);

// The scale of inputs with this mean square for pairs, a power of two; 0: it is too large or small for them.
float cr_winograd_input_scale(const cr_winograd_layout *l, double mean_square);

// The transformed weights of all groups: (group, panels); a panel is (points, u_rows, width), and for pairs a row more,
// by which outputs are multiplied, where inputs have scale 1.
size_t cr_winograd_pack_bytes(const cr_conv *conv);
void cr_winograd_pack(const cr_conv *conv, const float *weights, void *to);
int64_t cr_winograd_pack_unit(const cr_conv *conv);
void cr_winograd_pack_rows(const cr_conv *conv, const float *weights, int64_t first, int64_t n, void *to);

#endif
