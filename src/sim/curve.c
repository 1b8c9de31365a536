/*
 * Each is brought near 0 exactly, or with the error kept apart, and then is the sum of its power
 * series, of so many terms that the next one is below half a unit of the last place.
 */
#include "proa/sim/curve.h"

#include <stdint.h>
#include <string.h>

enum { MANTISSA_BITS = 52, BIAS = 1023 };

static const double PI = 3.14159265358979323846;
static const double SQRT_2 = 1.41421356237309504880;
/* ln 2 in two parts: a multiple of the first by a whole number of 11 bits is exact. */
static const double LN_2_HIGH = 0x1.62e42fefap-1;
static const double LN_2_LOW = 0x1.cf79abc9e3b39803p-40;
static const double LOG_2_E = 1.44269504088896340736;

static double power_of_two(int exponent)
{
    const uint64_t bits = (uint64_t)(exponent + BIAS) << MANTISSA_BITS;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* x = 2^k m with m from sqrt(1/2) to sqrt(2); log m = 2 artanh((m - 1) / (m + 1)). */
double proa_curve_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int k = (int)(bits >> MANTISSA_BITS) - BIAS;
    double m = x * power_of_two(-k);
    if (m > SQRT_2) {
        m *= 0.5;
        k++;
    }
    const double s = (m - 1.0) / (m + 1.0);
    const double square = s * s;
    double sum = 0;
    for (int i = 23; i > 1; i -= 2) {
        sum = (sum + 1.0 / i) * square;
    }
    return k * LN_2_HIGH + (2.0 * s + (2.0 * s * sum + k * LN_2_LOW));
}

/* x = k ln 2 + r with r within half a ln 2. */
double proa_curve_exp(double x)
{
    const double exponent = x * LOG_2_E;
    if (exponent >= BIAS) {
        return power_of_two(BIAS);
    }
    if (exponent < 1 - BIAS) {
        return 0;
    }
    const int k = (int)(exponent + (exponent < 0 ? -0.5 : 0.5));
    const double r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    double sum = 1;
    for (int i = 14; i > 0; i--) {
        sum = 1 + sum * r / i;
    }
    return sum * power_of_two(k);
}

/* One minus x^2 / (first (first + 1)) times one minus ...: cosine from 1 on, sine by x from 2 on.
 */
static double alternating(double x, int first)
{
    const double square = x * x;
    double sum = 1;
    for (int i = first + 16; i >= first; i -= 2) {
        sum = 1 - sum * square / (i * (i + 1));
    }
    return sum;
}

/* The half turn behind the middle is the one before it, a quarter behind the next is its negative,
 * and the second eighth of that quarter is the first of the sine, backwards: all exact. */
double proa_curve_cos_turn(double turn)
{
    const double half = turn > 0.5 ? 1.0 - turn : turn;
    const double quarter = half > 0.25 ? 0.5 - half : half;
    const double angle = 2.0 * PI * (quarter > 0.125 ? 0.25 - quarter : quarter);
    const double value = quarter > 0.125 ? angle * alternating(angle, 2) : alternating(angle, 1);
    return half > 0.25 ? -value : value;
}
