/*
 * image_fit.c - where a picture comes to lie at another size, and its values there.
 *
 * The scaled picture is never made: each value of the target is taken from the four pixels around it, through a
 * table of columns. So a picture that is scaled to fill costs only what is kept of it.
 */
#include "read/image_fit.h"

#include <math.h>

// A coordinate in the picture: between pixel `at` and the next, `fraction` of the way.
typedef struct tap {
    int at, next;
    float fraction;
} tap;

static int64_t scaled(int size, double by)
{
    double s = floor(size * by + 0.5);
    return s < 1 ? 1 : (int64_t)s;
}

static void cover(int64_t at, int64_t size, int target, int *from, int *to)
{
    *from = at < 0 ? 0 : (int)at;
    *to = at + size < target ? (int)(at + size) : target;
}

void cr_image_fit(const cr_image *image, int width, int height, crema_fit fit, cr_fitted *out)
{
    double sx = (double)width / image->width, sy = (double)height / image->height;
    double s = fit == CREMA_CROP ? fmax(sx, sy) : fmin(sx, sy);
    // The side that decides has exactly the target's size, whatever the rounding.
    bool by_width = s == sx;
    out->scaled_width = fit == CREMA_STRETCH || by_width ? width : scaled(image->width, s);
    out->scaled_height = fit == CREMA_STRETCH || !by_width ? height : scaled(image->height, s);
    // Crop: -floor(surplus / 2); letterbox: floor(rest / 2). C's division does both.
    out->left = (width - out->scaled_width) / 2;
    out->top = (height - out->scaled_height) / 2;
    cover(out->left, out->scaled_width, width, &out->x0, &out->x1);
    cover(out->top, out->scaled_height, height, &out->y0, &out->y1);
}

static tap tap_at(int64_t target, int64_t scaled_size, int size)
{
    double at = ((double)target + 0.5) * size / (double)scaled_size - 0.5;
    if (at <= 0)
        return (tap){0, 0, 0};
    if (at >= size - 1)
        return (tap){size - 1, size - 1, 0};
    int low = (int)at;
    return (tap){low, low + 1, (float)(at - low)};
}

static float between(float a, float b, float fraction)
{
    return a + (b - a) * fraction;
}

cr_status cr_image_resample(const cr_image *image, const cr_fitted *fitted, int channel, float *plane,
                            int width, cr_err *err)
{
    tap *columns = cr_alloc((size_t)width * sizeof *columns);
    if (!columns)
        return cr_no_memory(err);
    for (int x = fitted->x0; x < fitted->x1; x++) {
        columns[x] = tap_at(x - fitted->left, fitted->scaled_width, image->width);
        columns[x].at = columns[x].at * image->channels + channel;
        columns[x].next = columns[x].next * image->channels + channel;
    }
    size_t row_bytes = (size_t)image->width * (size_t)image->channels;
    for (int y = fitted->y0; y < fitted->y1; y++) {
        tap row = tap_at(y - fitted->top, fitted->scaled_height, image->height);
        const unsigned char *upper = image->data + (size_t)row.at * row_bytes;
        const unsigned char *lower = image->data + (size_t)row.next * row_bytes;
        float *out = plane + (size_t)y * (size_t)width;
        for (int x = fitted->x0; x < fitted->x1; x++) {
            tap c = columns[x];
            out[x] = between(between(upper[c.at], upper[c.next], c.fraction),
                             between(lower[c.at], lower[c.next], c.fraction), row.fraction);
        }
    }
    cr_free(columns);
    return CREMA_OK;
}
