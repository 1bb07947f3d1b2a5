/*
 * boxes.c - order by score, overlap, suppression, output rows.
 */
#include "layers/boxes.h"

#include <math.h>
#include <string.h>

enum { RUN = 8 }; // shorter pieces are sorted by insertion

static void insertion_sort(cr_scored *list, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        cr_scored item = list[i];
        int64_t at = i;
        for (; at > 0 && item.score > list[at - 1].score; at--)
            list[at] = list[at - 1];
        list[at] = item;
    }
}

// Two sorted neighbours; of equal ones the left comes first.
static void merge(const cr_scored *list, int64_t n_left, int64_t n, cr_scored *out)
{
    int64_t left = 0, right = n_left;
    for (int64_t i = 0; i < n; i++) {
        bool take_right = left == n_left || (right < n && list[right].score > list[left].score);
        out[i] = take_right ? list[right++] : list[left++];
    }
}

void cr_sort_scores(cr_scored *list, cr_scored *temp, int64_t n)
{
    for (int64_t i = 0; i < n; i += RUN)
        insertion_sort(list + i, n - i < RUN ? n - i : RUN);
    cr_scored *from = list, *to = temp;
    for (int64_t width = RUN; width < n; width *= 2) {
        for (int64_t i = 0; i < n; i += 2 * width) {
            int64_t all = n - i < 2 * width ? n - i : 2 * width;
            merge(from + i, all < width ? all : width, all, to + i);
        }
        cr_scored *swap = from;
        from = to;
        to = swap;
    }
    if (from != list)
        memcpy(list, from, (size_t)n * sizeof *list);
}

static float area(const cr_box *b, float edge)
{
    if (b->x1 < b->x0 || b->y1 < b->y0)
        return 0;
    return (b->x1 - b->x0 + edge) * (b->y1 - b->y0 + edge);
}

float cr_box_overlap(const cr_box *a, const cr_box *b, enum cr_nms_kind kind)
{
    float edge = kind == CR_NMS_PIXEL ? 1.0f : 0.0f;
    if (b->x0 > a->x1 || b->x1 < a->x0 || b->y0 > a->y1 || b->y1 < a->y0)
        return 0;
    float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0) + edge;
    float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0) + edge;
    if (width <= 0 || height <= 0)
        return 0;
    float both = width * height;
    return both / (area(a, edge) + area(b, edge) - both);
}

static bool drops(const cr_nms *nms, float overlap, float threshold)
{
    switch (nms->kind) {
    case CR_NMS_PIXEL:
        return overlap > threshold;
    case CR_NMS_YOLO:
        return overlap >= threshold;
    case CR_NMS_SSD:
        break;
    }
    return !(overlap <= threshold);
}

int64_t cr_nms_run(const cr_nms *nms, cr_scored *list, int64_t n)
{
    float threshold = nms->threshold;
    int64_t kept = 0;
    for (int64_t i = 0; i < n && kept < nms->max_kept; i++) {
        const cr_box *box = &nms->box[list[i].index / nms->per_box];
        bool keep = true;
        for (int64_t k = 0; k < kept && keep; k++)
            keep = !drops(nms, cr_box_overlap(box, &nms->box[list[k].index / nms->per_box], nms->kind),
                          threshold);
        if (!keep)
            continue;
        list[kept++] = list[i];
        if (nms->eta < 1 && threshold > 0.5f)
            threshold *= nms->eta;
    }
    return kept;
}

void cr_box_rows_shape(cr_shaping *s, int64_t images, int64_t max_rows)
{
    s->out[0] = (cr_shape){4, {1, 1, max_rows > images ? max_rows : images, CR_BOX_ROW}};
    s->dynamic |= 1;
}

void cr_box_row(float *row, int64_t image, int64_t label, float score, const cr_box *box)
{
    row[0] = (float)image;
    row[1] = (float)label;
    row[2] = score;
    row[3] = box->x0;
    row[4] = box->y0;
    row[5] = box->x1;
    row[6] = box->y1;
}

void cr_box_rows_end(cr_tensor *out, int64_t images, int64_t n)
{
    static const cr_box nowhere = {-1, -1, -1, -1};
    for (int64_t i = 0; n == 0 && i < images; i++)
        cr_box_row(out->data + i * CR_BOX_ROW, i, -1, -1, &nowhere);
    out->shape.dim[2] = n > 0 ? n : images;
    out->image_stride = cr_tensor_image_count(out);
}

int64_t cr_legacy_dim(const cr_shape *shape, int axis)
{
    return axis < shape->rank ? shape->dim[axis] : 1;
}

int64_t cr_box_pixel(float position)
{
    static const float limit = 1e9f;
    if (isnan(position))
        return 0;
    return (int64_t)(position < -limit ? -limit : position > limit ? limit : position);
}
