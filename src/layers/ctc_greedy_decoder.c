/*
 * ctc_greedy_decoder.c - CTCGreedyDecoder: the best class of each step, without repeats and blanks.
 *
 * Semantics of ctc_decoder_layer.cpp. Bottom 0 is (T, N, C): scores of the classes. Of equal scores the first
 * wins. A class is left out when it is the blank, or, with ctc_merge_repeated, when it was the class of the
 * step before (so a blank between them keeps both). blank_index below 0 is the last class.
 *
 * Sequences are (N, T, 1, 1), the unused rest -1. What else there is depends on the fork:
 *
 *   caffe_ocr  scores -> sequences;  scores, labels (N, L) -> accuracy (1, 2, 1, 1): 1 - the mean edit
 *              distance, each over the longer length, and the share of sequences without any error
 *   ctc        (ChWick, TextBoxes++, OpenVINO's toolbox)
 *              scores, indicators (T, N) -> sequences, scores (N, 1, 1, 1)
 *              scores, indicators, targets (T, N) -> sequences, [scores,] accuracy (1, 1, 1, 1), the first of
 *              the two above. A sequence ends where the indicator of the next step is 0; the score is minus
 *              the sum of the best scores.
 *
 * Two bottoms with one top fit both: the shape of bottom 1 decides, indicators where it is (T, N). A label
 * below 0 ends a target; caffe_ocr leaves blanks out of labels, too.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

#include <string.h>

static const Crema__CTCDecoderParameter none = CREMA__CTCDECODER_PARAMETER__INIT;

// Bottoms and tops by their meaning, -1: there is none.
typedef struct roles {
    int indicators, targets;
    bool target_per_row; // (N, L), else (T, N)
    int sequences, scores, accuracy;
} roles;

typedef struct sizes {
    int64_t steps, streams, classes, labels; // labels: the longest target
} sizes;

static bool pair(const cr_shape *shape, int64_t a, int64_t b)
{
    return shape->rank >= 2 && shape->dim[0] == a && shape->dim[1] == b &&
           cr_shape_range(shape, 2, shape->rank) == 1;
}

static roles roles_of(const cr_layer *layer, const cr_shape *in)
{
    roles r = {-1, -1, false, 0, -1, -1};
    if (layer->n_in == 1)
        return r;
    if (layer->n_in == 2 && layer->n_out == 1 && !pair(&in[1], in[0].dim[0], in[0].dim[1]))
        return (roles){-1, 1, true, -1, -1, 0};
    r.indicators = 1;
    if (layer->n_in == 3)
        r.targets = 2;
    if (layer->n_in == 2 && layer->n_out == 2)
        r.scores = 1;
    if (layer->n_in == 3 && layer->n_out > 1)
        r.accuracy = layer->n_out - 1;
    if (layer->n_in == 3 && layer->n_out == 3)
        r.scores = 1;
    return r;
}

static sizes sizes_of(const roles *r, const cr_shape *in)
{
    sizes x = {in[0].dim[0], in[0].dim[1], in[0].dim[2], 0};
    if (r->targets >= 0 && r->accuracy >= 0)
        x.labels = in[r->targets].dim[r->target_per_row ? 1 : 0];
    return x;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    if (layer->n_out > layer->n_in)
        return cr_layer_fail(layer, err, layer->param, "top", (size_t)layer->n_in,
                             "%d tops need as many bottoms, it has %d", layer->n_out, layer->n_in);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    const cr_shape *in = s->in;
    if (in[0].rank < 3 || cr_shape_range(&in[0], 3, in[0].rank) != 1 || in[0].dim[0] == 0 ||
        in[0].dim[2] == 0)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" (%s) must be steps x streams x classes, at least 1 of steps and "
                             "classes",
                             layer->in_name[0], cr_shape_text(&in[0], text, sizeof text));
    roles r = roles_of(layer, in);
    int64_t steps = in[0].dim[0], streams = in[0].dim[1];
    for (int i = 1; i < layer->n_in; i++) {
        if (r.target_per_row && in[i].rank >= 2 && in[i].dim[0] == streams &&
            cr_shape_range(&in[i], 2, in[i].rank) == 1)
            continue;
        if (!r.target_per_row && pair(&in[i], steps, streams))
            continue;
        return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                             "bottom \"%s\" (%s) must be %lldx%lld: steps x streams%s", layer->in_name[i],
                             cr_shape_text(&in[i], text, sizeof text), (long long)steps, (long long)streams,
                             r.target_per_row ? ", or streams x labels" : "");
    }
    s->reading = r.target_per_row || layer->n_in == 1 ? "caffe_ocr" : "with sequence indicators";
    if (r.sequences >= 0)
        s->out[r.sequences] = (cr_shape){.rank = 4, .dim = {streams, steps, 1, 1}};
    if (r.scores >= 0)
        s->out[r.scores] = (cr_shape){.rank = 4, .dim = {streams, 1, 1, 1}};
    if (r.accuracy >= 0)
        s->out[r.accuracy] = (cr_shape){.rank = 4, .dim = {1, r.target_per_row ? 2 : 1, 1, 1}};
    return CREMA_OK;
}

// Scratch: classes (N, T), lengths (N); with accuracy a target (L) and a row of distances (L + 1).
static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    cr_shape in[3];
    for (int i = 0; i < step->n_in; i++)
        in[i] = p->tensor[step->in[i]].shape;
    roles r = roles_of(step->layer, in);
    sizes x = sizes_of(&r, in);
    size_t n, labels;
    if (!cr_size_mul((size_t)x.streams, (size_t)x.steps + 1, &n) ||
        !cr_size_mul((size_t)x.labels, 2, &labels) || !cr_size_add(n, labels, &n) || !cr_size_add(n, 1, &n) ||
        !cr_size_mul(n, sizeof(int64_t), &step->scratch_bytes))
        return cr_no_memory(err);
    return CREMA_OK;
}

typedef struct job {
    roles r;
    sizes x;
    int64_t blank;
    bool merge;
    const cr_tensor *scores, *indicators;
    float *score_sum;
    int64_t *classes, *lengths;
} job;

static int64_t best(const float *scores, int64_t n)
{
    int64_t at = 0;
    for (int64_t c = 1; c < n; c++)
        if (scores[c] > scores[at])
            at = c;
    return at;
}

static void decode(void *ctx, int64_t stream, int slot)
{
    (void)slot;
    const job *j = ctx;
    int64_t last = -1, length = 0, *classes = j->classes + stream * j->x.steps;
    float sum = 0;
    for (int64_t t = 0; t < j->x.steps; t++) {
        if (t > 0 && j->indicators && j->indicators->data[t * j->indicators->image_stride + stream] == 0)
            break;
        const float *scores = j->scores->data + t * j->scores->image_stride + stream * j->x.classes;
        int64_t c = best(scores, j->x.classes);
        sum += -scores[c];
        if (c != j->blank && !(j->merge && c == last))
            classes[length++] = c;
        last = c;
    }
    j->lengths[stream] = length;
    if (j->score_sum)
        j->score_sum[stream] = sum;
}

// The labels of a stream up to the first below 0, rounded; their number.
static int64_t target(const job *j, const cr_tensor *labels, int64_t stream, int64_t *out)
{
    int64_t n = 0;
    bool rows = j->r.target_per_row;
    for (int64_t i = 0; i < j->x.labels; i++) {
        float label =
            labels->data[(rows ? stream : i) * (labels->shape.dim[0] > 1 ? labels->image_stride : 0) +
                         (rows ? i : stream)];
        if (!(label >= 0))
            break;
        int64_t c = label < 1e9f ? (int64_t)(0.5 + (double)label) : INT32_MAX;
        if (!rows || c != j->blank)
            out[n++] = c;
    }
    return n;
}

// Levenshtein's, with one row of distances (m + 1).
static int64_t edit_distance(const int64_t *a, int64_t n, const int64_t *b, int64_t m, int64_t *row)
{
    for (int64_t k = 0; k <= m; k++)
        row[k] = k;
    for (int64_t i = 1; i <= n; i++) {
        int64_t diagonal = row[0];
        row[0] = i;
        for (int64_t k = 1; k <= m; k++) {
            int64_t change = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            int64_t shorter = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;
            row[k] = change < shorter ? change : shorter;
        }
    }
    return row[m];
}

static void accuracy(const job *j, const cr_tensor *labels, int64_t *scratch, float *out)
{
    float errors = 0;
    int64_t right = 0;
    for (int64_t i = 0; i < j->x.streams; i++) {
        int64_t n = j->lengths[i], m = target(j, labels, i, scratch), longer = n > m ? n : m;
        if (longer == 0)
            continue; // right, but caffe_ocr does not count it among the sequences without error
        int64_t distance = edit_distance(j->classes + i * j->x.steps, n, scratch, m, scratch + j->x.labels);
        errors = (float)((double)errors + (double)distance / (double)longer);
        right += distance == 0;
    }
    out[0] = 1 - errors / (float)j->x.streams;
    if (j->r.target_per_row)
        out[1] = (float)right / (float)j->x.streams;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__CTCDecoderParameter *p = step->layer->param->ctc_decoder_param;
    p = p ? p : &none;
    cr_shape in[3];
    for (int i = 0; i < step->n_in; i++)
        in[i] = cr_in(step, run, i)->shape;
    job j = {.r = roles_of(step->layer, in), .merge = p->ctc_merge_repeated};
    j.x = sizes_of(&j.r, in);
    j.blank = p->blank_index < 0 ? j.x.classes - 1 : p->blank_index;
    j.scores = cr_in(step, run, 0);
    j.indicators = j.r.indicators >= 0 ? cr_in(step, run, j.r.indicators) : NULL;
    j.score_sum = j.r.scores >= 0 ? cr_out(step, run, j.r.scores)->data : NULL;
    j.lengths = run->scratch;
    j.classes = j.lengths + j.x.streams;
    cr_parallel(run->pool, j.x.streams, decode, &j);
    if (j.r.sequences >= 0) {
        float *out = cr_out(step, run, j.r.sequences)->data;
        for (int64_t i = 0; i < j.x.streams * j.x.steps; i++) {
            bool used = i % j.x.steps < j.lengths[i / j.x.steps];
            out[i] = used ? (float)j.classes[i] : -1;
        }
    }
    if (j.r.accuracy >= 0)
        accuracy(&j, cr_in(step, run, j.r.targets), j.classes + j.x.streams * j.x.steps,
                 cr_out(step, run, j.r.accuracy)->data);
}

const cr_layer_type cr_layer_ctc_greedy_decoder = {
    .name = "CTCGreedyDecoder",
    .about = "the best label at each time, repeats and blanks taken out",
    .param = "ctc_decoder_param",
    .in_min = 1,
    .in_max = 3,
    .out_min = 1,
    .out_max = 3,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
