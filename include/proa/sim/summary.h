/*
 * What came of simulated runs, as text for people and as JSON.
 *
 * Pure; appends to a bounded buffer.
 */
#ifndef PROA_SIM_SUMMARY_H
#define PROA_SIM_SUMMARY_H

#include "proa/core/buf.h"
#include "proa/json/writer.h"
#include "proa/sim/measure.h"

/* A block of lines about one scenario under one strategy, which `who` names. */
void proa_summary_text(const struct proa_measured *m, const char *who, struct proa_buf *out);
/* The head of a table of strategies over so many runs each, and one row of it. */
void proa_summary_table_head(const struct proa_scenario *s, size_t n_runs, struct proa_buf *out);
void proa_summary_table_row(const struct proa_measured *m, const char *who, struct proa_buf *out);
/* One line for each bound of the scenario, "PASS label measure: 0.9997 >= 0.999"; returns how many
 * do not hold. */
size_t proa_summary_bounds(const struct proa_measured *m, struct proa_buf *out);
/* One object: label, strategy, seeds, trace, every measure, every bound. */
void proa_summary_json(const struct proa_measured *m, const char *who, struct proa_json_writer *w);

#endif
