/*
 * results.c - which kind an output is, and showing it.
 */
#include "cli/results.h"

#include "cli/json.h"
#include "cli/print.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TOP = 5, BOX_FLOATS = 7 };

const cli_option cli_result_options[] = {
    {OPT_TOP, 0, "top", "K", "best K classes or boxes for an image (default 5 classes, all boxes)"},
    {OPT_MIN_SCORE, 0, "min-score", "V", "leave out what scores less"},
    {OPT_LABELS, 0, "labels", "FILE",
     "names of the classes: one a line, or \"n01440764 tench\", or \"7 seven\""},
    {OPT_DRAW, 0, "draw", "OUT.png", "draw the boxes over the picture"},
    {OPT_OUTPUT, 0, "output", "BLOB=FILE.npy",
     "write any blob; may be repeated; then only --json, --top, --labels print"},
    {OPT_DUMP, 0, "dump", "DIR", "write every blob to DIR/BLOB.npy (special characters as %XX)"},
    {0}};

typedef enum kind { OTHER, CLASSES, BOXES } kind;

typedef struct scored {
    float score;
    int64_t index; // the class, or the row of boxes
} scored;

typedef struct found_box {
    crema_box box;
    int64_t image;
} found_box;

int cli_results_parse(cli_session *s, const cli_args *args, cli_results *out)
{
    *out = (cli_results){
        .min_score = -INFINITY, .draw = cli_value(args, OPT_DRAW), .json = cli_value(args, OPT_JSON) != NULL};
    int code;
    if ((code = cli_int_value(s, args, OPT_TOP, 1, INT32_MAX, &out->top)) ||
        (code = cli_float_value(s, args, OPT_MIN_SCORE, &out->min_score)))
        return code;
    const char *labels = cli_value(args, OPT_LABELS);
    return labels ? cli_labels_read(s, labels, &out->labels) : CLI_OK;
}

// Layers whose rows are [image, class, score, x0, y0, x1, y1] in parts of the picture.
static bool makes_boxes(const cli_results *r, const char *blob)
{
    static const char *const types[] = {"DetectionOutput", "YoloDetectionOutput", "Yolov3DetectionOutput"};
    const char *maker = cli_net_maker(r->net, blob);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(maker, types[i]) == 0)
            return true;
    return false;
}

int cli_results_check(cli_session *s, const cli_results *r)
{
    int n_boxes = 0;
    for (int i = 0; i < crema_net_n_outputs(r->net->net); i++)
        n_boxes += makes_boxes(r, crema_net_output(r->net->net, i));
    if (!r->draw)
        return CLI_OK;
    if (n_boxes == 0)
        return cli_fail(s, CLI_USAGE,
                        "--draw: the net has no output of boxes (a DetectionOutput layer, or one of YOLO's)");
    const cli_input *pictures = cli_inputs_pictures(r->inputs);
    if (!pictures || pictures->n_files != 1)
        return cli_fail(s, CLI_USAGE, "--draw needs an input of exactly one picture");
    return CLI_OK;
}

/* ---- what an output holds ---- */

static bool rows_sum_to_one(const crema_blob *blob)
{
    int64_t n = blob->shape.dim[0], classes = blob->shape.dim[1];
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t c = 0; c < classes; c++) {
            double value = (double)blob->data[i * classes + c];
            if (!(value >= 0))
                return false;
            sum += value;
        }
        if (!(fabs(sum - 1) < 1e-3))
            return false;
    }
    return true;
}

static kind kind_of(const cli_results *r, const crema_blob *blob)
{
    const crema_shape *shape = &blob->shape;
    int64_t n = cli_count_of(shape);
    if (makes_boxes(r, blob->name) && shape->rank > 0 && shape->dim[shape->rank - 1] == BOX_FLOATS)
        return BOXES;
    if (shape->rank < 2 || n == 0 || shape->dim[1] < 2 || shape->dim[0] * shape->dim[1] != n)
        return OTHER;
    return r->top > 0 || rows_sum_to_one(blob) ? CLASSES : OTHER;
}

// Best first; equal ones in their order; what is not a number last.
static int by_score(const void *left, const void *right)
{
    const scored *a = left, *b = right;
    if (isnan(a->score) != isnan(b->score))
        return isnan(a->score) ? 1 : -1;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

// Sorts and cuts to what is wanted; returns how many remain.
static int64_t keep_best(scored *list, int64_t n, int64_t top, float min_score)
{
    qsort(list, (size_t)n, sizeof *list, by_score);
    if (n > top)
        n = top;
    bool all = min_score < -FLT_MAX;
    while (n > 0 && !all && !(list[n - 1].score >= min_score))
        n--;
    return n;
}

static scored *best_classes(cli_session *s, const cli_results *r, const crema_blob *blob, int64_t row,
                            int64_t *n)
{
    int64_t classes = blob->shape.dim[1];
    scored *list = cli_array(&s->mem, (size_t)classes, sizeof *list);
    for (int64_t c = 0; c < classes; c++)
        list[c] = (scored){blob->data[row * classes + c], c};
    *n = keep_best(list, classes, r->top ? r->top : DEFAULT_TOP, r->min_score);
    return list;
}

static int64_t n_images(const cli_results *r)
{
    const cli_input *input = cli_inputs_pictures(r->inputs);
    if (!input && r->inputs->n > 0)
        input = &r->inputs->input[0];
    return input && input->array.shape.rank > 0 ? input->array.shape.dim[0] : 1;
}

// Where normalised places lie in the image's picture; without a picture, in the net's input.
static crema_placement placement_of(const cli_results *r, int64_t image, float *width, float *height)
{
    crema_placement place = {.scale_x = 1, .scale_y = 1};
    const cli_input *input = cli_inputs_pictures(r->inputs);
    const crema_shape *shape = input              ? &input->array.shape
                               : r->inputs->n > 0 ? &r->inputs->input[0].array.shape
                                                  : &(crema_shape){0};
    *width = shape->rank == 4 ? (float)shape->dim[3] : 1;
    *height = shape->rank == 4 ? (float)shape->dim[2] : 1;
    if (input && input->n_files == shape->dim[0] && input->placement[image].width > 0)
        place = input->placement[image];
    return place;
}

static bool read_row(const cli_results *r, const float *row, int64_t images, found_box *out)
{
    for (int i = 0; i < BOX_FLOATS; i++)
        if (!isfinite(row[i]))
            return false;
    // A row of -1 says that nothing was found.
    if (row[0] < 0 || row[0] >= (float)images || row[1] < 0 || row[1] > 1e6f || row[2] < r->min_score)
        return false;
    float width, height;
    out->image = (int64_t)row[0];
    crema_placement place = placement_of(r, out->image, &width, &height);
    out->box = (crema_box){.x0 = (row[3] * width - place.offset_x) / place.scale_x,
                           .y0 = (row[4] * height - place.offset_y) / place.scale_y,
                           .x1 = (row[5] * width - place.offset_x) / place.scale_x,
                           .y1 = (row[6] * height - place.offset_y) / place.scale_y,
                           .label = (int)row[1],
                           .score = row[2]};
    out->box.name = cli_label(&r->labels, out->box.label);
    return true;
}

static int by_image(const void *left, const void *right)
{
    const found_box *a = left, *b = right;
    if (a->image != b->image)
        return a->image < b->image ? -1 : 1;
    if (a->box.score > b->box.score || a->box.score < b->box.score)
        return a->box.score > b->box.score ? -1 : 1;
    return 0;
}

// The boxes to show, image by image, best first.
static found_box *find_boxes(cli_session *s, const cli_results *r, const crema_blob *blob, int64_t *n)
{
    int64_t rows = cli_count_of(&blob->shape) / BOX_FLOATS, images = n_images(r), found = 0;
    found_box *list = cli_array(&s->mem, (size_t)rows, sizeof *list);
    for (int64_t i = 0; i < rows; i++)
        found += read_row(r, blob->data + i * BOX_FLOATS, images, &list[found]);
    qsort(list, (size_t)found, sizeof *list, by_image);
    int64_t of_image = 0;
    *n = 0;
    for (int64_t i = 0; i < found; i++) {
        of_image = i > 0 && list[i].image == list[i - 1].image ? of_image + 1 : 1;
        if (r->top == 0 || of_image <= r->top)
            list[(*n)++] = list[i];
    }
    return list;
}

/* ---- text ---- */

static void print_heading(cli_session *s, const cli_results *r, const crema_blob *blob, int64_t i, int64_t n,
                          bool *first)
{
    if (!*first)
        putchar('\n');
    *first = false;
    cli_put_safe(stdout, cli_inputs_row_name(s, r->inputs, i, n));
    fputs(": ", stdout);
    cli_put_safe(stdout, blob->name);
    putchar('\n');
}

static void print_classes(cli_session *s, const cli_results *r, const crema_blob *blob, bool *first)
{
    static const char *const with[] = {"rank", "score", "class", "<label", NULL};
    static const char *const without[] = {"rank", "score", "class", NULL};
    for (int64_t row = 0; row < blob->shape.dim[0]; row++) {
        int64_t n;
        const scored *best = best_classes(s, r, blob, row, &n);
        cli_table table;
        cli_table_begin(&table, &s->mem, r->labels.path ? with : without);
        for (int64_t i = 0; i < n; i++) {
            cli_table_cell(&table, "%lld", (long long)i + 1);
            cli_table_cell(&table, "%.6f", (double)best[i].score);
            cli_table_cell(&table, "%lld", (long long)best[i].index);
            const char *label = cli_label(&r->labels, best[i].index);
            if (r->labels.path)
                cli_table_cell(&table, "%s", label ? label : "");
        }
        print_heading(s, r, blob, row, blob->shape.dim[0], first);
        cli_table_print(&table, stdout);
    }
}

static void print_boxes(cli_session *s, const cli_results *r, const crema_blob *blob, bool *first)
{
    static const char *const with[] = {"score", "x0", "y0", "x1", "y1", "class", "<label", NULL};
    static const char *const without[] = {"score", "x0", "y0", "x1", "y1", "class", NULL};
    int64_t n, images = n_images(r), at = 0;
    const found_box *found = find_boxes(s, r, blob, &n);
    for (int64_t image = 0; image < images; image++) {
        print_heading(s, r, blob, image, images, first);
        if (at == n || found[at].image != image) {
            puts("nothing found");
            continue;
        }
        cli_table table;
        cli_table_begin(&table, &s->mem, r->labels.path ? with : without);
        for (; at < n && found[at].image == image; at++) {
            const crema_box *box = &found[at].box;
            cli_table_cell(&table, "%.4f", (double)box->score);
            const float corner[] = {box->x0, box->y0, box->x1, box->y1};
            for (int i = 0; i < 4; i++)
                cli_table_cell(&table, "%.1f", (double)corner[i]);
            cli_table_cell(&table, "%d", box->label);
            if (r->labels.path)
                cli_table_cell(&table, "%s", box->name ? box->name : "");
        }
        cli_table_print(&table, stdout);
    }
}

static void add_range(cli_table *table, const crema_blob *blob)
{
    char shape[CLI_SHAPE_TEXT];
    cli_range range = cli_range_of(blob->data, cli_count_of(&blob->shape));
    cli_table_cell(table, "%s", blob->name);
    cli_table_cell(table, "%s", cli_shape_text(&blob->shape, shape));
    const double value[] = {range.min, range.max, range.mean};
    for (int i = 0; i < 3; i++)
        if (range.n > range.n_nan)
            cli_table_cell(table, "%.6g", value[i]);
        else
            cli_table_cell(table, "-");
    cli_table_cell(table, "%lld", (long long)range.n_nan);
}

/* ---- JSON ---- */

static void json_classes(cli_session *s, const cli_results *r, const crema_blob *blob, cli_json *j)
{
    int64_t rows = blob->shape.dim[0];
    cli_json_begin(j, "images", '[');
    for (int64_t row = 0; row < rows; row++) {
        int64_t n;
        const scored *best = best_classes(s, r, blob, row, &n);
        cli_json_begin(j, NULL, '{');
        cli_json_string(j, "image", cli_inputs_row_name(s, r->inputs, row, rows));
        cli_json_begin(j, "classes", '[');
        for (int64_t i = 0; i < n; i++) {
            cli_json_begin(j, NULL, '{');
            cli_json_int(j, "class", best[i].index);
            cli_json_string(j, "label", cli_label(&r->labels, best[i].index));
            cli_json_float(j, "score", best[i].score);
            cli_json_end(j, '}');
        }
        cli_json_end(j, ']');
        cli_json_end(j, '}');
    }
    cli_json_end(j, ']');
}

static void json_boxes(cli_session *s, const cli_results *r, const crema_blob *blob, cli_json *j)
{
    int64_t n, images = n_images(r), at = 0;
    const found_box *found = find_boxes(s, r, blob, &n);
    cli_json_begin(j, "images", '[');
    for (int64_t image = 0; image < images; image++) {
        cli_json_begin(j, NULL, '{');
        cli_json_string(j, "image", cli_inputs_row_name(s, r->inputs, image, images));
        cli_json_begin(j, "boxes", '[');
        for (; at < n && found[at].image == image; at++) {
            const crema_box *box = &found[at].box;
            cli_json_begin(j, NULL, '{');
            cli_json_int(j, "class", box->label);
            cli_json_string(j, "label", box->name);
            cli_json_float(j, "score", box->score);
            cli_json_floats(j, "box", (const float[]){box->x0, box->y0, box->x1, box->y1}, 4);
            cli_json_end(j, '}');
        }
        cli_json_end(j, ']');
        cli_json_end(j, '}');
    }
    cli_json_end(j, ']');
}

static void json_output(cli_session *s, const cli_results *r, const crema_blob *blob, cli_json *j)
{
    int64_t n = cli_count_of(&blob->shape);
    cli_range range = cli_range_of(blob->data, n);
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "name", blob->name);
    cli_json_shape(j, "shape", &blob->shape);
    if (range.n > range.n_nan) {
        cli_json_float(j, "min", (float)range.min);
        cli_json_float(j, "max", (float)range.max);
        cli_json_double(j, "mean", range.mean);
    }
    cli_json_int(j, "nan", range.n_nan);
    kind what = kind_of(r, blob);
    if (what == CLASSES)
        json_classes(s, r, blob, j);
    else if (what == BOXES)
        json_boxes(s, r, blob, j);
    cli_json_floats(j, "data", blob->data, n);
    cli_json_end(j, '}');
}

/* ---- all outputs ---- */

static void warn_of_labels(cli_session *s, const cli_results *r, const crema_blob *blob)
{
    if (r->labels.path && r->labels.n != blob->shape.dim[1])
        cli_warn(s, "%s names %lld classes, but \"%s\" has %lld", r->labels.path, (long long)r->labels.n,
                 blob->name, (long long)blob->shape.dim[1]);
}

int cli_results_print(cli_session *s, const cli_results *r, crema_runner *runner)
{
    static const char *const columns[] = {"<output", "<shape", "min", "max", "mean", "NaN", NULL};
    int n = crema_net_n_outputs(r->net->net);
    crema_blob *blob = cli_array(&s->mem, (size_t)n, sizeof *blob);
    for (int i = 0; i < n; i++) {
        crema_error err = {0};
        if (crema_runner_blob(runner, crema_net_output(r->net->net, i), &blob[i], &err) != CREMA_OK)
            return cli_fail_with(s, &err);
        if (kind_of(r, &blob[i]) == CLASSES)
            warn_of_labels(s, r, &blob[i]);
    }
    cli_erase_progress(s);
    if (r->json) {
        cli_json j = {.f = stdout};
        cli_json_begin(&j, NULL, '{');
        cli_json_string(&j, "net", crema_net_name(r->net->net));
        cli_json_begin(&j, "outputs", '[');
        for (int i = 0; i < n; i++)
            json_output(s, r, &blob[i], &j);
        cli_json_end(&j, ']');
        cli_json_end(&j, '}');
        return CLI_OK;
    }
    bool first = true;
    cli_table ranges;
    cli_table_begin(&ranges, &s->mem, columns);
    for (int i = 0; i < n; i++) {
        kind what = kind_of(r, &blob[i]);
        if (what == CLASSES)
            print_classes(s, r, &blob[i], &first);
        else if (what == BOXES)
            print_boxes(s, r, &blob[i], &first);
        else
            add_range(&ranges, &blob[i]);
    }
    if (ranges.n_cells) {
        fputs(first ? "" : "\n", stdout);
        cli_table_print(&ranges, stdout);
    }
    return CLI_OK;
}

int cli_results_draw(cli_session *s, const cli_results *r, crema_runner *runner)
{
    int n = crema_net_n_outputs(r->net->net);
    for (int i = 0; r->draw && i < n; i++) {
        crema_blob blob = {0};
        crema_error err = {0};
        const char *name = crema_net_output(r->net->net, i);
        if (!makes_boxes(r, name))
            continue;
        if (crema_runner_blob(runner, name, &blob, &err) != CREMA_OK)
            return cli_fail_with(s, &err);
        int64_t n_found;
        const found_box *found = find_boxes(s, r, &blob, &n_found);
        crema_box *box = cli_array(&s->mem, (size_t)n_found, sizeof *box);
        for (int64_t b = 0; b < n_found; b++)
            box[b] = found[b].box;
        const char *picture = cli_inputs_pictures(r->inputs)->file[0];
        if (crema_draw_boxes(picture, box, (int)n_found, r->draw, &err) != CREMA_OK)
            return cli_fail_with(s, &err);
        return CLI_OK;
    }
    return CLI_OK;
}
