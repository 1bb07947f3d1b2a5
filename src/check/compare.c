/*
 * compare.c - comparing blobs, in double arithmetic.
 *
 * A value passes when |got - expected| <= atol + rtol * |expected| + rms * RMS(expected). NaN equals NaN only, an
 * infinity equals only itself; the RMS is that of the finite expected values, or one infinity would let all
 * others pass. Where a value is wrong beyond numbers (NaN, infinity) its error is infinite.
 */
#include "check/compare.h"

#include <math.h>

static double rms_of_finite(const float *v, int64_t n)
{
    double sum = 0;
    int64_t n_finite = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(v[i])) {
            sum += (double)v[i] * (double)v[i];
            n_finite++;
        }
    return n_finite ? sqrt(sum / (double)n_finite) : 0;
}

static double error_of(double got, double expected)
{
    if (got == expected || (isnan(got) && isnan(expected)))
        return 0;
    return isfinite(got) && isfinite(expected) ? fabs(got - expected) : (double)INFINITY;
}

static double ratio_of(double error, double allowed)
{
    if (error == 0)
        return 0;
    return allowed > 0 ? error / allowed : (double)INFINITY;
}

void cr_compare(const float *got, const float *expected, int64_t n, const cr_tolerance *tolerance,
                cr_difference *out)
{
    double base = tolerance->atol + tolerance->rms * (tolerance->rms > 0 ? rms_of_finite(expected, n) : 0);
    *out = (cr_difference){.n_values = n, .ratio = -1};
    for (int64_t i = 0; i < n; i++) {
        double want = (double)expected[i];
        double error = error_of((double)got[i], want);
        double allowed = base + (isfinite(want) ? tolerance->rtol * fabs(want) : 0);
        double ratio = ratio_of(error, allowed);
        out->n_wrong += !(error <= allowed);
        if (ratio > out->ratio) {
            out->at = i;
            out->got = (double)got[i];
            out->expected = want;
            out->error = error;
            out->allowed = allowed;
            out->ratio = ratio;
        }
    }
    if (n == 0)
        out->ratio = 0;
}

void cr_unravel(const cr_shape *shape, int64_t at, int64_t *index)
{
    for (int i = shape->rank - 1; i >= 0; i--) {
        index[i] = shape->dim[i] > 0 ? at % shape->dim[i] : 0;
        at /= shape->dim[i] > 0 ? shape->dim[i] : 1;
    }
}
