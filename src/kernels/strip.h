/*
 * strip.h - the input lines of a few output lines, padded, so that a convolution reads its windows where they are.
 *
 *     padded line, stride 2    0 1 2 3 4 5 6 7 8 ..      planes: columns 0 2 4 6 8 .. and 1 3 5 7 ..
 *     (lines likewise)                                   tap 3 of outputs 0, 1, 2: plane 1 from its second on
 *
 * A plane has every stride-th line and column, so that what one tap reads at all outputs of a line lies side by
 * side. All planes have lines of one length, `pitch`: output (y, x) is position y * pitch + x of every tap. Next to a
 * part of the im2col matrix, which has each input once for every tap, a strip is small and is made quickly.
 */
#ifndef CR_KERNELS_STRIP_H
#define CR_KERNELS_STRIP_H

#include "kernels/conv.h"

enum { CR_STRIP_PHASES = 4, CR_STRIP_SLACK = 32 };

typedef struct cr_strip {
    const cr_conv *conv; // of two axes
    int64_t lines;       // of the output, at most
    int64_t pitch;
    int planes[CR_STRIP_PHASES][CR_STRIP_PHASES]; // number of the plane of each phase; -1: no tap reads it
    int64_t shift[CR_STRIP_PHASES];               // where a plane's position 0 is, by phase of the columns
    int64_t plane_floats, channel_floats;
} cr_strip;

// Two axes, strides up to CR_STRIP_PHASES, and no more padding than is usual.
bool cr_strip_serves(const cr_conv *conv);
// Only where it does. The strip of n channels takes n * channel_floats + CR_STRIP_SLACK.
cr_strip cr_strip_of(const cr_conv *conv, int64_t lines);

// Channels [begin, end) of the image for output lines [line, line + lines).
typedef struct cr_strip_part {
    const float *image; // its channel 0
    int64_t begin, end;
    int64_t line, lines;
} cr_strip_part;
void cr_strip_fill(const cr_strip *strip, const cr_strip_part *part, float *to);

// Where position 0 of every tap of so many channels is, in floats from the strip's begin: (channels, taps).
void cr_strip_rows(const cr_strip *strip, int64_t channels, int64_t *rows);

#endif
