/*
 * draw.c - drawing boxes with cairo.
 *
 * One colour a label: hues a golden ratio of the circle apart, so that neighbouring labels differ. All frames
 * come first, then the texts, each from the lowest score to the highest, so that the best stay readable. A text
 * stands on a plate in the box's colour: above the box, or inside it where the picture ends above; it never
 * leaves the picture. Sizes go with the picture, down to the smallest letters that can be read.
 */
#include "write/draw.h"

#include "write/cairo_out.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE 32767 // cairo's
#define MAX_TEXT 80

typedef struct canvas {
    cairo_surface_t *surface;
    cairo_t *cairo;
    double width, height; // of the picture
    double line, font, padding;
} canvas;

typedef struct colour {
    double r, g, b;
} colour;

static colour label_colour(int label)
{
    double hue = fmod(0.98 + fabs((double)label) * 0.61803398875, 1) * 6;
    double rgb[3];
    for (int i = 0; i < 3; i++) { // HSV with saturation 0.8 and value 1
        double k = fmod(5 - 2 * i + hue, 6);
        rgb[i] = 1 - 0.8 * fmax(0, fmin(fmin(k, 4 - k), 1));
    }
    return (colour){rgb[0], rgb[1], rgb[2]};
}

// Black or white, whichever can be read on c.
static double ink(colour c)
{
    return 0.299 * c.r + 0.587 * c.g + 0.114 * c.b > 0.55 ? 0 : 1;
}

static void set_colour(const canvas *v, colour c)
{
    cairo_set_source_rgb(v->cairo, c.r, c.g, c.b);
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static bool visible(const canvas *v, const crema_box *b)
{
    return isfinite(b->x0) && isfinite(b->y0) && isfinite(b->x1) && isfinite(b->y1) && b->x1 > b->x0 &&
           b->y1 > b->y0 && b->x1 > 0 && b->y1 > 0 && b->x0 < v->width && b->y0 < v->height;
}

// A frame as a path, inside the picture by half its line, so that it is seen at the picture's edges too.
static void frame_path(const canvas *v, const crema_box *b)
{
    double half = v->line / 2;
    double x0 = clamp(b->x0, half, v->width - half), x1 = clamp(b->x1, half, v->width - half);
    double y0 = clamp(b->y0, half, v->height - half), y1 = clamp(b->y1, half, v->height - half);
    cairo_rectangle(v->cairo, x0, y0, x1 - x0, y1 - y0);
}

static void draw_frame(const canvas *v, const crema_box *b)
{
    frame_path(v, b);
    cairo_set_source_rgba(v->cairo, 0, 0, 0, 0.45);
    cairo_set_line_width(v->cairo, v->line + 2);
    cairo_stroke(v->cairo);
    frame_path(v, b);
    set_colour(v, label_colour(b->label));
    cairo_set_line_width(v->cairo, v->line);
    cairo_stroke(v->cairo);
}

// "name 0.87"
static void box_text(const crema_box *b, char *out, size_t size)
{
    char number[16], score[32];
    snprintf(number, sizeof number, "%d", b->label);
    snprintf(score, sizeof score, " %.2f", (double)b->score);
    size_t n = cr_cairo_text(b->name ? b->name : number, out, size - sizeof score);
    memcpy(out + n, score, strlen(score) + 1);
}

static void draw_text(const canvas *v, const crema_box *b)
{
    char text[MAX_TEXT];
    box_text(b, text, sizeof text);
    cairo_font_extents_t font;
    cairo_text_extents_t extents;
    cairo_font_extents(v->cairo, &font);
    cairo_text_extents(v->cairo, text, &extents);
    double width = ceil(extents.x_advance + 2 * v->padding),
           height = ceil(font.ascent + font.descent + v->padding);
    double x = floor(clamp(b->x0 - v->line / 2, 0, fmax(0, v->width - width)));
    double above = b->y0 - v->line / 2 - height;
    double y = floor(clamp(above >= 0 ? above : b->y0, 0, fmax(0, v->height - height)));
    colour c = label_colour(b->label);
    set_colour(v, c);
    cairo_rectangle(v->cairo, x, y, width, height);
    cairo_fill(v->cairo);
    cairo_set_source_rgb(v->cairo, ink(c), ink(c), ink(c));
    cairo_move_to(v->cairo, x + v->padding, y + v->padding / 2 + font.ascent);
    cairo_show_text(v->cairo, text);
}

static int by_score(const void *a, const void *b)
{
    float x = (*(const crema_box *const *)a)->score, y = (*(const crema_box *const *)b)->score;
    return (x > y) - (x < y);
}

static cr_status draw_all(const canvas *v, const crema_box *boxes, int n, cr_err *err)
{
    const crema_box **order = cr_alloc((size_t)n * sizeof(*order) + 1);
    if (!order)
        return cr_no_memory(err);
    size_t n_visible = 0;
    for (int i = 0; i < n; i++)
        if (visible(v, &boxes[i]))
            order[n_visible++] = &boxes[i];
    qsort(order, n_visible, sizeof *order, by_score);
    for (size_t i = 0; i < n_visible; i++)
        draw_frame(v, order[i]);
    for (size_t i = 0; i < n_visible; i++)
        draw_text(v, order[i]);
    cr_free(order);
    return CREMA_OK;
}

static void copy_picture(cairo_surface_t *surface, const unsigned char *rgb, int width, int height)
{
    cairo_surface_flush(surface);
    unsigned char *to = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (size_t y = 0; y < (size_t)height; y++)
        for (size_t x = 0; x < (size_t)width; x++) {
            const unsigned char *p = rgb + 3 * (y * (size_t)width + x);
            uint32_t pixel = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
            memcpy(to + y * stride + 4 * x, &pixel, sizeof pixel);
        }
    cairo_surface_mark_dirty(surface);
}

static cr_status write_png(cairo_surface_t *surface, const char *path, cr_err *err)
{
    cr_cairo_out out;
    cr_status status = cr_cairo_open(&out, path, err);
    if (status != CREMA_OK)
        return status;
    return cr_cairo_close(&out, cairo_surface_write_to_png_stream(surface, cr_cairo_write, &out));
}

static cr_status draw_and_write(canvas *v, const crema_box *boxes, int n, const char *path, cr_err *err)
{
    double side = fmin(v->width, v->height);
    v->line = clamp(round(side / 200), 2, 6);
    v->font = clamp(round(side / 30), 10, 32);
    v->padding = ceil(v->font / 4);
    cairo_select_font_face(v->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(v->cairo, v->font);
    cr_status status = draw_all(v, boxes, n, err);
    if (status != CREMA_OK)
        return status;
    cairo_status_t drawn = cairo_status(v->cairo);
    return drawn == CAIRO_STATUS_SUCCESS ? write_png(v->surface, path, err)
                                         : cr_cairo_failed(drawn, path, err);
}

cr_status cr_draw_boxes(const unsigned char *rgb, int width, int height, const crema_box *boxes, int n,
                        const char *out_path, cr_err *err)
{
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE || n < 0)
        return cr_fail(err, CREMA_ERR_USAGE, &(cr_pos){out_path, 0, 0},
                       "can't draw on a picture of %dx%d pixels: 1 to %d a side are possible", width, height,
                       MAX_SIDE);
    canvas v = {.width = width, .height = height};
    v.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_status_t made = cairo_surface_status(v.surface);
    if (made == CAIRO_STATUS_SUCCESS) {
        copy_picture(v.surface, rgb, width, height);
        v.cairo = cairo_create(v.surface);
    }
    cr_status status = made == CAIRO_STATUS_SUCCESS ? draw_and_write(&v, boxes, n, out_path, err)
                                                    : cr_cairo_failed(made, out_path, err);
    cairo_destroy(v.cairo);
    cairo_surface_destroy(v.surface);
    return status;
}
