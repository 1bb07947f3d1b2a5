/*
 * elementwise.c - cuts a tensor into pieces of rows and runs a layer's loop over them in parallel.
 *
 *     image 0: row 0 | row 1 | ... | row rows-1      a piece is some whole rows of one image, or a part of a row
 *     image 1: row 0 | ...                           where a row alone is longer than PIECE
 *
 * Where bottom and top have no gaps between images, all images count as one.
 */
#include "layers/elementwise.h"
#include "kernels/kernels.h"

enum { PIECE = 16384 }; // floats: large against the cost of handing out a piece, small against a cache

cr_rows cr_rows_plain(const cr_tensor *t)
{
    return (cr_rows){
        .images = cr_tensor_images(t), .rows = 1, .inner = cr_tensor_image_count(t), .channels = 1};
}

cr_rows cr_rows_of(const cr_tensor *t, int axis, int n_axes)
{
    if (n_axes == 0)
        return cr_rows_plain(t);
    int end = axis + n_axes;
    return (cr_rows){.images = cr_tensor_images(t),
                     .rows = cr_shape_range(&t->shape, 1, end),
                     .inner = cr_shape_range(&t->shape, end, t->shape.rank),
                     .channels = cr_shape_range(&t->shape, axis, end)};
}

typedef struct sweep {
    const float *in;
    float *out;
    int64_t in_stride, out_stride; // between images
    cr_rows rows;
    int64_t piece_rows;  // whole rows in a piece
    int64_t row_pieces;  // pieces of a row, 1 unless rows are long
    int64_t image_items; // pieces of an image
    cr_piece_fn fn;
    const void *arg;
} sweep;

static void sweep_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const sweep *s = ctx;
    int64_t image = item / s->image_items, part = item % s->image_items;
    int64_t row = part / s->row_pieces * s->piece_rows;
    int64_t from = part % s->row_pieces * PIECE; // in the row
    int64_t end = row + s->piece_rows < s->rows.rows ? row + s->piece_rows : s->rows.rows;
    const float *in = s->in + image * s->in_stride;
    float *out = s->out + image * s->out_stride;
    cr_piece piece = {.inner = s->rows.inner};
    if (s->row_pieces > 1)
        piece.inner = s->rows.inner - from < PIECE ? s->rows.inner - from : PIECE;
    // Channels go up within a piece: it ends with the last channel.
    for (; row < end; row += piece.n) {
        piece.channel = (image * s->rows.rows + row) % s->rows.channels;
        int64_t left = s->rows.channels - piece.channel;
        piece.n = s->rows.channels > 1 && left < end - row ? left : end - row;
        piece.in = in + row * s->rows.inner + from;
        piece.out = out + row * s->rows.inner + from;
        s->fn(s->arg, &piece);
    }
}

void cr_elementwise(const cr_step *step, cr_run *run, const cr_rows *rows, cr_piece_fn fn, const void *arg)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    sweep s = {.in = in->data, .out = out->data, .rows = *rows, .fn = fn, .arg = arg, .row_pieces = 1};
    s.in_stride = in->image_stride;
    s.out_stride = out->image_stride;
    if (cr_tensor_contiguous(in) && cr_tensor_contiguous(out)) {
        s.rows.rows *= s.rows.images;
        s.rows.images = 1;
    }
    if (s.rows.images == 0 || s.rows.rows == 0 || s.rows.inner == 0)
        return;
    s.piece_rows = s.rows.inner < PIECE ? PIECE / s.rows.inner : 1;
    if (s.rows.inner > PIECE)
        s.row_pieces = (s.rows.inner + PIECE - 1) / PIECE;
    s.image_items = (s.rows.rows + s.piece_rows - 1) / s.piece_rows * s.row_pieces;
    cr_parallel(run->pool, s.rows.images * s.image_items, sweep_item, &s);
}

void cr_elementwise_plain(const cr_step *step, cr_run *run, cr_piece_fn fn)
{
    cr_rows rows = cr_rows_plain(cr_in(step, run, 0));
    cr_elementwise(step, run, &rows, fn, step->layer->ctx);
}

typedef struct unary {
    const cr_kernels *kernels;
    const cr_unary *function;
} unary;

static void unary_piece(const void *arg, const cr_piece *p)
{
    const unary *u = arg;
    cr_unary job = *u->function;
    job.in = p->in;
    job.out = p->out;
    job.n = p->n * p->inner;
    u->kernels->unary->run(&job);
}

void cr_elementwise_unary(const cr_step *step, cr_run *run, const cr_unary *function)
{
    cr_rows rows = cr_rows_plain(cr_in(step, run, 0));
    cr_elementwise(step, run, &rows, unary_piece, &(unary){step->kernels, function});
}

cr_status cr_shape_like_bottom(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)layer;
    (void)err;
    s->out[0] = s->in[0];
    return CREMA_OK;
}

cr_status cr_operand_shape(const cr_layer *layer, const void *message, const cr_shaping *s, int64_t axis,
                           int64_t num_axes, cr_shape *operand, cr_err *err)
{
    const cr_shape *x = &s->in[0], *bottom = layer->n_in > 1 ? &s->in[1] : NULL;
    *operand = (cr_shape){0};
    if (bottom && bottom->rank == 0)
        return CREMA_OK; // one number fits everywhere, whatever axis says
    int first;
    cr_status status = cr_layer_axis(layer, message, "axis", axis, x->rank, 0, &first, err);
    if (status != CREMA_OK)
        return status;
    int n_axes = bottom ? bottom->rank : num_axes == -1 ? x->rank - first : (int)num_axes;
    char x_text[CR_SHAPE_TEXT], text[CR_SHAPE_TEXT];
    if (n_axes > x->rank - first)
        return cr_layer_fail(layer, err, message, bottom ? "axis" : "num_axes", 0,
                             "%d axes from axis %d reach beyond bottom \"%s\" (%s)", n_axes, first,
                             layer->in_name[0], cr_shape_text(x, x_text, sizeof x_text));
    operand->rank = n_axes;
    for (int i = 0; i < n_axes; i++) {
        operand->dim[i] = x->dim[first + i];
        if (bottom && bottom->dim[i] != operand->dim[i])
            return cr_layer_fail(layer, err, message, "axis", 0,
                                 "bottom \"%s\" (%s) does not match bottom \"%s\" (%s) from axis %d",
                                 layer->in_name[1], cr_shape_text(bottom, text, sizeof text),
                                 layer->in_name[0], cr_shape_text(x, x_text, sizeof x_text), first);
    }
    return CREMA_OK;
}

cr_rows cr_operand_rows(const cr_step *step, const cr_run *run, int64_t axis, int64_t num_axes)
{
    const cr_tensor *x = cr_in(step, run, 0);
    int first = (int)(axis < 0 ? axis + x->shape.rank : axis);
    int n_axes = step->n_in > 1   ? cr_in(step, run, 1)->shape.rank
                 : num_axes == -1 ? x->shape.rank - first
                                  : (int)num_axes;
    return cr_rows_of(x, first, n_axes);
}

bool cr_operand_is_by_channel(const cr_step *step, const cr_preparing *p, int64_t axis)
{
    int rank = p->tensor[step->in[0]].shape.rank, n_axes = step->n_blobs > 0 ? step->blob_shape[0].rank : 0;
    return step->n_in == 1 && (n_axes == 0 || (n_axes == 1 && (axis < 0 ? axis + rank : axis) == 1));
}

cr_operand cr_operand_blob(const float *data, const cr_rows *rows)
{
    return (cr_operand){.data = data, .scalar = rows->channels == 1, .image_count = INT64_MAX};
}

cr_operand cr_operand_bottom(const cr_tensor *t)
{
    cr_operand operand = {.data = t->data, .image_count = INT64_MAX};
    operand.scalar = cr_shape_count(&t->shape) == 1;
    if (!cr_tensor_contiguous(t)) {
        operand.image_count = cr_tensor_image_count(t);
        operand.image_stride = t->image_stride;
    }
    return operand;
}

float cr_operand_at(const cr_operand *operand, int64_t channel)
{
    if (operand->scalar)
        return operand->data[0];
    if (channel < operand->image_count)
        return operand->data[channel];
    return operand
        ->data[channel / operand->image_count * operand->image_stride + channel % operand->image_count];
}
