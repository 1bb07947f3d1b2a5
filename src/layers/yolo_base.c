/*
 * yolo_base.c - the loop over cells, suppression and rows of the YOLO layers.
 */
#include "layers/yolo_base.h"

#include <math.h>

float cr_sigmoid(float x)
{
    return (float)(1 / (1 + exp(-(double)x)));
}

cr_box cr_yolo_box(float x, float y, float w, float h)
{
    return (cr_box){x - w / 2, y - h / 2, x + w / 2, y + h / 2};
}

// Boxes of one image, over all bottoms.
static int64_t boxes_of(const cr_yolo *y, const cr_shape *in)
{
    return y->boxes * in->dim[2] * in->dim[3];
}

cr_status cr_yolo_shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_yolo *y = layer->ctx;
    char text[CR_SHAPE_TEXT];
    int64_t all = 0, candidates, rows;
    for (int i = 0; i < layer->n_in; i++) {
        const cr_shape *in = &s->in[i];
        int64_t cells, boxes;
        if (in->rank != 4 || in->dim[0] != s->in[0].dim[0] || in->dim[1] != y->boxes * y->length)
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" is %s; it must have 4 axes and %lld * %lld channels (boxes, "
                                 "values of each)",
                                 layer->in_name[i], cr_shape_text(in, text, sizeof text), (long long)y->boxes,
                                 (long long)y->length);
        if (!cr_i64_mul(in->dim[2], in->dim[3], &cells) || !cr_i64_mul(cells, y->boxes, &boxes) ||
            !cr_i64_add(all, boxes, &all))
            return cr_layer_fail(layer, err, NULL, NULL, 0, "too many boxes");
    }
    if (!cr_i64_mul(all, y->per_box, &candidates) || candidates > INT32_MAX ||
        !cr_i64_mul(s->in[0].dim[0], candidates, &rows))
        return cr_layer_fail(layer, err, y->param, "num_classes", 0,
                             "%lld boxes of %lld classes are too many", (long long)all,
                             (long long)y->classes);
    cr_box_rows_shape(s, s->in[0].dim[0], rows);
    return CREMA_OK;
}

cr_status cr_yolo_prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    const cr_yolo *y = step->layer->ctx;
    size_t boxes = 0;
    for (int i = 0; i < step->n_in; i++)
        boxes += (size_t)boxes_of(y, &p->tensor[step->in[i]].shape);
    size_t per_box = (size_t)y->per_box;
    step->scratch_bytes = boxes * sizeof(cr_box) + (2 * boxes + 1) * per_box * sizeof(cr_scored) +
                          boxes * per_box * sizeof(int32_t);
    return CREMA_OK;
}

typedef struct work {
    const cr_yolo *y;
    cr_box *box;
    cr_scored *candidate, *temp, *of_box;
    int32_t *label; // of each possible candidate
    int64_t n_boxes, n;
} work;

// Candidates of one bottom's image, appended; a candidate's index is box * per_box + its place there.
static void gather(work *w, cr_yolo_cell *cell, const float *image)
{
    const cr_yolo *y = w->y;
    int64_t cells = cell->height * cell->width;
    cell->step = cells;
    for (int64_t at = 0; at < cells; at++)
        for (cell->b = 0; cell->b < y->boxes; cell->b++) {
            cell->row = at / cell->width;
            cell->column = at % cell->width;
            cell->in = image + cell->b * y->length * cells + at;
            int64_t got = y->decode(y, cell, &w->box[w->n_boxes], w->of_box);
            for (int64_t i = 0; i < got; i++) {
                int64_t index = w->n_boxes * y->per_box + i;
                w->label[index] = w->of_box[i].index;
                w->candidate[w->n++] = (cr_scored){w->of_box[i].score, (int32_t)index};
            }
            w->n_boxes++;
        }
}

// Writes the rows of the gathered candidates; returns how many.
static int64_t detect(work *w, int64_t image, float *rows)
{
    const cr_yolo *y = w->y;
    cr_nms nms = {.kind = CR_NMS_YOLO,
                  .threshold = y->nms_threshold,
                  .eta = 1,
                  .max_kept = INT64_MAX,
                  .per_box = y->per_box,
                  .box = w->box};
    cr_sort_scores(w->candidate, w->temp, w->n);
    int64_t n = cr_nms_run(&nms, w->candidate, w->n);
    for (int64_t i = 0; i < n; i++) {
        int32_t index = w->candidate[i].index;
        cr_box_row(rows + i * CR_BOX_ROW, image, w->label[index] + 1, w->candidate[i].score,
                   &w->box[index / y->per_box]);
    }
    return n;
}

void cr_yolo_run(const cr_step *step, cr_run *run)
{
    cr_tensor *out = cr_out(step, run, 0);
    work w = {.y = step->layer->ctx, .box = run->scratch};
    int64_t images = cr_in(step, run, 0)->shape.dim[0], boxes = 0, n = 0;
    for (int i = 0; i < step->n_in; i++)
        boxes += boxes_of(w.y, &cr_in(step, run, i)->shape);
    w.candidate = (cr_scored *)(void *)(w.box + boxes);
    w.temp = w.candidate + boxes * w.y->per_box;
    w.of_box = w.temp + boxes * w.y->per_box;
    w.label = (int32_t *)(void *)(w.of_box + w.y->per_box);
    for (int64_t i = 0; i < images; i++) {
        w.n_boxes = w.n = 0;
        for (int b = 0; b < step->n_in; b++) {
            const cr_tensor *in = cr_in(step, run, b);
            cr_yolo_cell cell = {.bottom = b, .height = in->shape.dim[2], .width = in->shape.dim[3]};
            gather(&w, &cell, in->data + i * in->image_stride);
        }
        n += detect(&w, i, out->data + n * CR_BOX_ROW);
    }
    cr_box_rows_end(out, images, n);
}
