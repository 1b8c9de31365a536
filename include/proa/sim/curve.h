/*
 * The few curves that chance needs: logarithm, exponential, cosine.
 *
 * Pure. Additions, multiplications and divisions of doubles in a fixed order, which IEEE 754 rounds
 * the same everywhere: a scenario and a seed give the same run on every machine. Those of the
 * system's library differ in their last bit with its version and with what the processor can do.
 * They stay within a few units of the last place of the true value.
 */
#ifndef PROA_SIM_CURVE_H
#define PROA_SIM_CURVE_H

/* The natural logarithm of a normal number above 0. */
double proa_curve_log(double x);
/* e to the x; never infinite: what is too large is 2^1023, and below 2^-1022 it is 0. */
double proa_curve_exp(double x);
/* The cosine of `turn` full turns, 0 to 1. */
double proa_curve_cos_turn(double turn);

#endif
