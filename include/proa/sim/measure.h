/*
 * What can be measured of simulated runs, by name: a scenario's bounds refer to these.
 *
 * Pure. Runs of several seeds are measured together: ratios and quantiles over all their requests,
 * counts per run on average, times of recovery by the worst.
 */
#ifndef PROA_SIM_MEASURE_H
#define PROA_SIM_MEASURE_H

#include "proa/sim/sim.h"

/* What is measured. Borrowed. */
struct proa_measured {
    const struct proa_sim *sim;
    const struct proa_record *records;
    size_t n_records;
};

enum proa_measure_unit { PROA_MEASURE_RATIO = 0, PROA_MEASURE_SECONDS, PROA_MEASURE_COUNT };

struct proa_measure {
    const char *name; /* NULL ends the table */
    enum proa_measure_unit unit;
    bool of_provider; /* asked for as "name.provider" */
    const char *about;
    double (*compute)(const struct proa_measured *m, size_t provider);
};

extern const struct proa_measure proa_measures[];

/* "success", "share.a": the measure, and what stands behind the dot in *of. NULL when there is none
 * of that name, or the dot is missing or too much. */
const struct proa_measure *proa_measure_find(struct proa_slice name, struct proa_slice *of);
/* A name that is close; or NULL. */
const char *proa_measure_near(struct proa_slice name);
/* NaN when there is nothing to measure. `name` is known to be one. */
double proa_measure_value(const struct proa_measured *m, struct proa_slice name);
/* Does the value lie within? Not a number never does. */
bool proa_measure_holds(const struct proa_scenario_bound *bound, double value);

#endif
