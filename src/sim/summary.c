#include "proa/sim/summary.h"

#include <math.h>
#include <stdio.h>

/* Four digits that matter, or a dash. */
static void number(double value, const char *unit, char out[32])
{
    if (isnan(value)) {
        (void)snprintf(out, 32, "-");
    } else if (isinf(value)) {
        (void)snprintf(out, 32, "never");
    } else {
        (void)snprintf(out, 32, "%.4g%s", value, unit);
    }
}

static void percent(double value, char out[32])
{
    number(value * 100, " %", out);
}

static const char *unit_of(enum proa_measure_unit unit)
{
    return unit == PROA_MEASURE_SECONDS ? " s" : "";
}

static void line(struct proa_buf *out, const char *label, double value,
                 const struct proa_measure *measure)
{
    char text[32];
    number(value, unit_of(measure->unit), text);
    (void)proa_buf_append_printf(out, "  %-20s %10s   %s\n", label, text, measure->about);
}

static void shares(const struct proa_measured *m, const struct proa_measure *measure,
                   struct proa_buf *out)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    for (size_t p = 0; p < s->providers.n; p++) {
        char label[64];
        (void)snprintf(label, sizeof(label), "%s.%" PROA_SLICE_FMT, measure->name,
                       PROA_SLICE_ARG(proa_scenario_provider(s, p)->name));
        line(out, label, measure->compute(m, p), measure);
    }
}

static size_t n_requests(const struct proa_measured *m)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_records; k++) {
        n += m->records[k].requests.n;
    }
    return n;
}

void proa_summary_text(const struct proa_measured *m, const char *who, struct proa_buf *out)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    (void)proa_buf_append_printf(
        out, "%" PROA_SLICE_FMT ": %s, %zu requests in %zu %s, trace %016llx\n",
        PROA_SLICE_ARG(s->label), who, n_requests(m), m->n_records,
        m->n_records == 1 ? "run" : "runs", (unsigned long long)m->records[0].trace);
    for (const struct proa_measure *measure = proa_measures; measure->name; measure++) {
        if (measure->of_provider) {
            shares(m, measure, out);
            continue;
        }
        const double value = measure->compute(m, 0);
        if (!isnan(value)) {
            line(out, measure->name, value, measure);
        }
    }
    for (size_t k = 0; k < m->n_records; k++) {
        if (m->records[k].violations > 0) {
            (void)proa_buf_append_printf(out, "  seed %llu: %s\n",
                                         (unsigned long long)m->records[k].seed,
                                         m->records[k].violation);
        }
    }
}

/* ---- a table of strategies ------------------------------------------------------------------- */

static const struct {
    const char *measure;
    const char *head;
    bool percent;
} columns[] = {
    {"success", "success", true},
    {"amplification", "calls/req", false},
    {"ttft_p50", "p50 s", false},
    {"ttft_p99", "p99 s", false},
    {"answer_p99", "answer p99", false},
    {"fault_share", "in fault", true},
    {"fault_first_minute", "1st minute", false},
    {"fault_per_minute", "then/min", false},
    {"recovery", "recovery s", false},
    {"opens", "opens", false},
    {"cost", "dollars", false},
};

void proa_summary_table_head(const struct proa_scenario *s, size_t n_runs, struct proa_buf *out)
{
    (void)proa_buf_append_printf(out, "%" PROA_SLICE_FMT ", %zu %s\n  %-14s",
                                 PROA_SLICE_ARG(s->label), n_runs, n_runs == 1 ? "run" : "runs",
                                 "");
    for (size_t i = 0; i < PROA_ARRAY_LEN(columns); i++) {
        (void)proa_buf_append_printf(out, " %10s", columns[i].head);
    }
    PROA_BUF_LIT(out, "\n");
}

void proa_summary_table_row(const struct proa_measured *m, const char *who, struct proa_buf *out)
{
    (void)proa_buf_append_printf(out, "  %-14s", who);
    for (size_t i = 0; i < PROA_ARRAY_LEN(columns); i++) {
        char text[32];
        const double value = proa_measure_value(m, proa_slice_cstr(columns[i].measure));
        if (columns[i].percent) {
            percent(value, text);
        } else {
            number(value, "", text);
        }
        (void)proa_buf_append_printf(out, " %10s", text);
    }
    PROA_BUF_LIT(out, "\n");
}

/* ---- bounds ---------------------------------------------------------------------------------- */

size_t proa_summary_bounds(const struct proa_measured *m, struct proa_buf *out)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    size_t n_broken = 0;
    for (size_t i = 0; i < s->bounds.n; i++) {
        const struct proa_scenario_bound *b = proa_scenario_bound(s, i);
        const double value = proa_measure_value(m, b->measure);
        const bool holds = proa_measure_holds(b, value);
        char text[32];
        number(value, "", text);
        n_broken += !holds;
        (void)proa_buf_append_printf(out, "%s %" PROA_SLICE_FMT "%s %" PROA_SLICE_FMT ": %s",
                                     holds ? "PASS" : "FAIL", PROA_SLICE_ARG(s->label),
                                     s->ablation ? " (ablation)" : "", PROA_SLICE_ARG(b->measure),
                                     text);
        if (b->min_ppm > 0) {
            (void)proa_buf_append_printf(out, " >= %.6g", b->min_ppm * 1e-6);
        }
        if (b->max_ppm < UINT32_MAX) {
            (void)proa_buf_append_printf(out, " <= %.6g", b->max_ppm * 1e-6);
        }
        PROA_BUF_LIT(out, "\n");
    }
    return n_broken;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Millionths are the finest that bounds know; what is not a number is null. */
static void json_number(struct proa_json_writer *w, double value)
{
    if (isfinite(value) && fabs(value) < 9e12) {
        proa_json_writer_micro(w, (int64_t)(value * 1e6 + (value < 0 ? -0.5 : 0.5)));
    } else {
        proa_json_writer_null(w);
    }
}

static void json_measures(const struct proa_measured *m, struct proa_json_writer *w)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    for (const struct proa_measure *measure = proa_measures; measure->name; measure++) {
        const size_t n = measure->of_provider ? s->providers.n : 1;
        proa_json_writer_key(w, proa_slice_cstr(measure->name));
        if (measure->of_provider) {
            proa_json_writer_begin_object(w);
        }
        for (size_t p = 0; p < n; p++) {
            if (measure->of_provider) {
                proa_json_writer_key(w, proa_scenario_provider(s, p)->name);
            }
            json_number(w, measure->compute(m, p));
        }
        if (measure->of_provider) {
            proa_json_writer_end_object(w);
        }
    }
}

static void json_bound(const struct proa_measured *m, const struct proa_scenario_bound *b,
                       struct proa_json_writer *w)
{
    const double value = proa_measure_value(m, b->measure);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "measure", b->measure);
    proa_json_writer_key(w, PROA_SLICE("value"));
    json_number(w, value);
    if (b->min_ppm > 0) {
        proa_json_writer_key(w, PROA_SLICE("min"));
        json_number(w, b->min_ppm * 1e-6);
    }
    if (b->max_ppm < UINT32_MAX) {
        proa_json_writer_key(w, PROA_SLICE("max"));
        json_number(w, b->max_ppm * 1e-6);
    }
    proa_json_writer_member_bool(w, "holds", proa_measure_holds(b, value));
    proa_json_writer_end_object(w);
}

void proa_summary_json(const struct proa_measured *m, const char *who, struct proa_json_writer *w)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    char trace[17];
    (void)snprintf(trace, sizeof(trace), "%016llx", (unsigned long long)m->records[0].trace);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "scenario", s->label);
    proa_json_writer_member_string(w, "strategy", proa_slice_cstr(who));
    proa_json_writer_member_bool(w, "ablation", s->ablation);
    proa_json_writer_member_u64(w, "seed", m->records[0].seed);
    proa_json_writer_member_u64(w, "runs", m->n_records);
    proa_json_writer_member_u64(w, "requests", n_requests(m));
    proa_json_writer_member_string(w, "trace", proa_slice_cstr(trace));
    proa_json_writer_key(w, PROA_SLICE("measures"));
    proa_json_writer_begin_object(w);
    json_measures(m, w);
    proa_json_writer_end_object(w);
    proa_json_writer_key(w, PROA_SLICE("bounds"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < s->bounds.n; i++) {
        json_bound(m, proa_scenario_bound(s, i), w);
    }
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
}
