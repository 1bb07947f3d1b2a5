/*
 * roofline.c - the roofline of a machine and the layers of a net under it, drawn with cairo.
 *
 *     GFLOP/s |        ____________ multiply-adds on registers
 *             |       /  o    o
 *             |      /  O   o          one circle a layer, its area is its share of the time,
 *             |     / o                its colour says how it ran
 *             |    /
 *             |   memory
 *             +------------------------ operations by byte
 *
 * Both axes are logarithmic. The net's heaviest layers have their names beside them, where a place is free. The
 * legend stands beside the plot, kinds with the most time first; kinds beyond the palette share its last colour.
 */
#include "write/roofline.h"

#include "write/cairo_out.h"
#include <cairo-svg.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 900, HEIGHT = 560, LEFT = 64, RIGHT = 200, TOP = 48, BOTTOM = 52, KINDS = 9, NAMES = 8 };

typedef struct kind {
    const char *name;
    double share;
    int n;
} kind;

typedef struct box {
    double x0, y0, x1, y1;
} box;

typedef struct plot {
    cairo_t *cairo;
    const crema_limits *limits;
    const crema_roofline_point **point; // those that can be drawn, the one with the most time first
    int n;
    double x_min, x_max, y_min, y_max; // of the axes
    kind kind[KINDS];                  // the one with the most time first
    int n_kinds;
    box label[NAMES + 1]; // texts that others must keep clear of
    int n_labels;
} plot;

static const double colours[KINDS][3] = {{0.00, 0.45, 0.70}, {0.90, 0.62, 0.00}, {0.00, 0.62, 0.45},
                                         {0.80, 0.47, 0.65}, {0.84, 0.37, 0.00}, {0.34, 0.71, 0.91},
                                         {0.60, 0.55, 0.10}, {0.35, 0.20, 0.60}, {0.50, 0.50, 0.50}};

static void gray(const plot *p, double value)
{
    cairo_set_source_rgb(p->cairo, value, value, value);
}

/* ---- what is drawn ---- */

static bool drawable(const crema_roofline_point *p)
{
    return isfinite(p->intensity) && isfinite(p->gflops) && isfinite(p->share) && p->intensity > 0 &&
           p->gflops > 0 && p->share > 0;
}

static int by_share(const void *left, const void *right)
{
    double a = (*(const crema_roofline_point *const *)left)->share;
    double b = (*(const crema_roofline_point *const *)right)->share;
    return (a < b) - (a > b);
}

static int kind_by_share(const void *left, const void *right)
{
    double a = ((const kind *)left)->share, b = ((const kind *)right)->share;
    return (a < b) - (a > b);
}

static int find_kind(const plot *p, const char *name)
{
    int i = 0;
    while (i < p->n_kinds && strcmp(p->kind[i].name, name) != 0)
        i++;
    return i < p->n_kinds ? i : KINDS - 1;
}

static void count_kinds(plot *p)
{
    bool others = false;
    for (int i = 0; i < p->n; i++) {
        const char *name = p->point[i]->kind;
        int k = 0;
        while (k < p->n_kinds && strcmp(p->kind[k].name, name) != 0)
            k++;
        if (k == KINDS) {
            p->kind[k = KINDS - 1].name = "others";
            others = true;
        } else if (k == p->n_kinds) {
            p->kind[p->n_kinds++].name = name;
        }
        p->kind[k].share += p->point[i]->share;
        p->kind[k].n++;
    }
    qsort(p->kind, (size_t)(others ? KINDS - 1 : p->n_kinds), sizeof *p->kind, kind_by_share);
}

// Down or up to the next of 1, 2, 5, 10, ...
static double nice(double value, bool up)
{
    static const double steps[] = {1, 2, 5, 10};
    double decade = pow(10, floor(log10(value)));
    for (int i = 0; i < 4; i++)
        if (up ? steps[i] * decade >= value * 0.999 : steps[3 - i] * decade <= value * 1.001)
            return (up ? steps[i] : steps[3 - i]) * decade;
    return decade;
}

// The axes hold all points and the place where the two limits meet.
static void set_axes(plot *p)
{
    double ridge = p->limits->gflops / p->limits->read_gbs;
    p->x_min = ridge / 4, p->x_max = ridge * 4;
    p->y_min = p->limits->gflops / 6, p->y_max = p->limits->gflops;
    for (int i = 0; i < p->n; i++) {
        p->x_min = fmin(p->x_min, p->point[i]->intensity);
        p->x_max = fmax(p->x_max, p->point[i]->intensity);
        p->y_min = fmin(p->y_min, p->point[i]->gflops);
        p->y_max = fmax(p->y_max, p->point[i]->gflops);
    }
    p->x_min = nice(p->x_min / 1.2, false), p->x_max = nice(p->x_max * 1.2, true);
    p->y_min = nice(p->y_min / 1.2, false), p->y_max = nice(p->y_max * 1.3, true);
}

static double at_x(const plot *p, double value)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * log(value / p->x_min) / log(p->x_max / p->x_min);
}

static double at_y(const plot *p, double value)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * log(value / p->y_min) / log(p->y_max / p->y_min);
}

/* ---- drawing ---- */

// Text at a point: align 0 begins there, 0.5 is centred, 1 ends there.
static void text(const plot *p, double x, double y, double align, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void text(const plot *p, double x, double y, double align, const char *fmt, ...)
{
    char raw[256], line[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(raw, sizeof raw, fmt, args);
    va_end(args);
    cr_cairo_text(raw, line, sizeof line);
    cairo_text_extents_t extents;
    cairo_text_extents(p->cairo, line, &extents);
    cairo_move_to(p->cairo, x - align * extents.x_advance, y);
    cairo_show_text(p->cairo, line);
}

static void line(const plot *p, double x0, double y0, double x1, double y1, double width)
{
    cairo_set_line_width(p->cairo, width);
    cairo_move_to(p->cairo, x0, y0);
    cairo_line_to(p->cairo, x1, y1);
    cairo_stroke(p->cairo);
}

// Lines and numbers at 1, 2, 5, 10, ...; only at 1, 10, 100 where these would stand too close.
static void draw_ticks(const plot *p, bool vertical)
{
    double low = vertical ? p->y_min : p->x_min, high = vertical ? p->y_max : p->x_max;
    bool dense = log10(high / low) < (vertical ? 4.5 : 5.5);
    static const double steps[] = {1, 2, 5};
    for (double decade = pow(10, floor(log10(low) + 1e-9)); decade <= high * 1.001; decade *= 10)
        for (int i = 0; i < (dense ? 3 : 1); i++) {
            double value = decade * steps[i];
            if (value < low * 0.999 || value > high * 1.001)
                continue;
            gray(p, 0.92);
            if (vertical)
                line(p, LEFT, at_y(p, value), WIDTH - RIGHT, at_y(p, value), 1);
            else
                line(p, at_x(p, value), TOP, at_x(p, value), HEIGHT - BOTTOM, 1);
            gray(p, 0.25);
            if (vertical)
                text(p, LEFT - 6, at_y(p, value) + 4, 1, "%g", value);
            else
                text(p, at_x(p, value), HEIGHT - BOTTOM + 16, 0.5, "%g", value);
        }
}

static void draw_axes(const plot *p, const char *title)
{
    draw_ticks(p, true);
    draw_ticks(p, false);
    gray(p, 0.25);
    line(p, LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, 1);
    line(p, LEFT, TOP, LEFT, HEIGHT - BOTTOM, 1);
    text(p, LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 16, 0.5,
         "operations by byte of inputs, weights and outputs");
    text(p, 12, TOP - 10, 0, "GFLOP/s; convolutions count as direct sums");
    if (title) {
        cairo_set_font_size(p->cairo, 14);
        text(p, 12, 20, 0, "%s", title);
        cairo_set_font_size(p->cairo, 11);
    }
}

static void draw_limits(plot *p)
{
    double peak = p->limits->gflops, gbs = p->limits->read_gbs, ridge = peak / gbs;
    double x0 = fmax(p->x_min, p->y_min / gbs), slope_x = sqrt(x0 * ridge);
    gray(p, 0);
    line(p, at_x(p, ridge), at_y(p, peak), WIDTH - RIGHT, at_y(p, peak), 1.5);
    line(p, at_x(p, x0), at_y(p, x0 * gbs), at_x(p, ridge), at_y(p, peak), 1.5);
    text(p, WIDTH - RIGHT - 4, at_y(p, peak) - 5, 1, "multiply-adds on registers: %.0f GFLOP/s", peak);
    p->label[p->n_labels++] =
        (box){WIDTH - RIGHT - 240, at_y(p, peak) - 18, WIDTH - RIGHT, at_y(p, peak) + 1};
    double angle = atan2(at_y(p, peak) - at_y(p, x0 * gbs), at_x(p, ridge) - at_x(p, x0));
    cairo_save(p->cairo);
    cairo_translate(p->cairo, at_x(p, slope_x), at_y(p, slope_x * gbs));
    cairo_rotate(p->cairo, angle);
    text(p, 0, -6, 0.5, "memory: %.0f GB/s", gbs);
    cairo_restore(p->cairo);
}

static double radius(const crema_roofline_point *point)
{
    return sqrt(6 + 1500 * fmin(point->share, 1) / 3.14159265);
}

static void draw_points(const plot *p)
{
    for (int i = 0; i < p->n; i++) {
        const crema_roofline_point *point = p->point[i];
        const double *c = colours[find_kind(p, point->kind)];
        cairo_new_sub_path(p->cairo);
        cairo_arc(p->cairo, at_x(p, point->intensity), at_y(p, point->gflops), radius(point), 0,
                  2 * 3.14159265358979);
        cairo_set_source_rgba(p->cairo, c[0], c[1], c[2], 0.6);
        cairo_fill_preserve(p->cairo);
        gray(p, 1);
        cairo_set_line_width(p->cairo, 0.6);
        cairo_stroke(p->cairo);
    }
}

static bool meet(box a, box b)
{
    return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

// Clear of the border, of other texts and of all circles.
static bool is_free(const plot *p, box b)
{
    if (b.x0 < LEFT || b.x1 > WIDTH - RIGHT || b.y0 < TOP || b.y1 > HEIGHT - BOTTOM)
        return false;
    for (int i = 0; i < p->n_labels; i++)
        if (meet(b, p->label[i]))
            return false;
    for (int i = 0; i < p->n; i++) {
        double x = at_x(p, p->point[i]->intensity), y = at_y(p, p->point[i]->gflops);
        double r = 0.8 * radius(p->point[i]);
        if (meet(b, (box){x - r, y - r, x + r, y + r}))
            return false;
    }
    return true;
}

// Right of the circle, left, above or below: the first place that is free, or none.
static void draw_name(plot *p, const crema_roofline_point *point)
{
    char name[64];
    cairo_text_extents_t e;
    cr_cairo_text(point->name, name, sizeof name);
    cairo_text_extents(p->cairo, name, &e);
    double x = at_x(p, point->intensity), y = at_y(p, point->gflops), r = radius(point) + 3, h = 11;
    double w = e.x_advance;
    const box places[] = {{x + r, y - h / 2, x + r + w, y + h / 2},
                          {x - r - w, y - h / 2, x - r, y + h / 2},
                          {x - w / 2, y - r - h, x + w / 2, y - r},
                          {x - w / 2, y + r, x + w / 2, y + r + h}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!is_free(p, places[i]))
            continue;
        p->label[p->n_labels++] = places[i];
        gray(p, 0.25);
        text(p, places[i].x0, places[i].y1 - 2, 0, "%s", name);
        return;
    }
}

static void draw_legend(const plot *p)
{
    double x = WIDTH - RIGHT + 18, y = TOP + 8;
    gray(p, 0.25);
    text(p, x, y, 0, "layers that multiply; area: time");
    for (int i = 0; i < p->n_kinds; i++) {
        const double *c = colours[i];
        y += 19;
        cairo_set_source_rgb(p->cairo, c[0], c[1], c[2]);
        cairo_arc(p->cairo, x + 5, y - 4, 5, 0, 2 * 3.14159265358979);
        cairo_fill(p->cairo);
        gray(p, 0.25);
        text(p, x + 16, y, 0, "%.40s: %d, %.0f%%", p->kind[i].name, p->kind[i].n, 100 * p->kind[i].share);
    }
}

static void draw(plot *p, const char *title)
{
    cairo_select_font_face(p->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(p->cairo, 11);
    gray(p, 1);
    cairo_paint(p->cairo);
    draw_axes(p, title);
    draw_points(p);
    draw_limits(p);
    for (int i = 0; i < p->n && i < NAMES; i++)
        draw_name(p, p->point[i]);
    draw_legend(p);
}

static cr_status write_svg(plot *p, const char *path, const char *title, cr_err *err)
{
    cr_cairo_out out;
    cr_status status = cr_cairo_open(&out, path, err);
    if (status != CREMA_OK)
        return status;
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(cr_cairo_write, &out, WIDTH, HEIGHT);
    p->cairo = cairo_create(surface);
    draw(p, title);
    cairo_status_t drawn = cairo_status(p->cairo);
    cairo_destroy(p->cairo);
    cairo_surface_finish(surface);
    if (drawn == CAIRO_STATUS_SUCCESS)
        drawn = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return cr_cairo_close(&out, drawn);
}

cr_status cr_roofline_write(const char *path, const char *title, const crema_limits *limits,
                            const crema_roofline_point *points, int n, cr_err *err)
{
    if (!(limits->gflops > 0 && limits->read_gbs > 0) || n < 0)
        return cr_fail(err, CREMA_ERR_USAGE, &(cr_pos){path, 0, 0},
                       "can't draw a roofline: limits must be above 0");
    plot p = {.limits = limits};
    p.point = cr_alloc((size_t)n * sizeof *p.point + 1);
    if (!p.point)
        return cr_no_memory(err);
    for (int i = 0; i < n; i++)
        if (drawable(&points[i]))
            p.point[p.n++] = &points[i];
    qsort(p.point, (size_t)p.n, sizeof *p.point, by_share);
    count_kinds(&p);
    set_axes(&p);
    cr_status status = write_svg(&p, path, title, err);
    cr_free(p.point);
    return status;
}
