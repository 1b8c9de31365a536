/*
 * From top to bottom: title, faults, one band of states for each target, what became of requests,
 * where calls went, seconds, legend. Numbers are rounded to a tenth of a unit; equal runs give
 * equal bytes.
 */
#include "proa/sim/timeline.h"

#include "proa/core/alloc.h"

#include <stdio.h>

enum {
    WIDTH = 1000,
    LEFT = 110,
    PLOT = 860,
    BAND = 15,   /* of a target or a fault */
    GAP = 3,     /* between two of them */
    CHART = 120, /* of requests, of calls */
    SPACE = 34,  /* between parts, with room for a heading */
    BINS = 172,
    PARTS_MAX = 16 /* of a stack */
};

static const char *const state_colors[PROA_SIM_STATES] = {
    [PROA_SIM_CLOSED] = "#bfe3cc",    [PROA_SIM_RAMP] = "#6fbf8b",
    [PROA_SIM_DEGRADED] = "#f2c14e",  [PROA_SIM_OPEN] = "#c8453b",
    [PROA_SIM_HALF_OPEN] = "#ee8f4f", [PROA_SIM_OUT] = "#7d5ba6",
    [PROA_SIM_LIMITED] = "#5b8fd0",   [PROA_SIM_CUT_OFF] = "#9aa0aa",
};
static const char *const provider_colors[PARTS_MAX] = {
    "#3b6fb5", "#e0a030", "#4f9d69", "#b5536b", "#7a6ab8", "#4aa3a2", "#a0723c", "#8a8f98",
    "#6b8fd0", "#c9b458", "#7fb894", "#d08a9b", "#a79bd6", "#86c5c4", "#c49f75", "#b4b8be",
};
enum { OUTCOMES = 4 };
static const char *const outcome_names[OUTCOMES] = {"answered", "after a failure", "error", "left"};
static const char *const outcome_colors[OUTCOMES] = {"#7cc096", "#f2c14e", "#c8453b", "#b4b8be"};

struct drawing {
    const struct proa_sim *sim;
    const struct proa_scenario *scenario;
    const struct proa_record *record;
    struct proa_buf *out;
    double y;
    double counts[BINS][PARTS_MAX];
};

static double x_of(const struct drawing *d, uint64_t at_ns)
{
    const double part = (double)at_ns / (double)d->scenario->duration_ns;
    return LEFT + PLOT * (part < 1 ? part : 1);
}

static void rect(struct drawing *d, double x, double y, double w, double h, const char *fill)
{
    (void)proa_buf_append_printf(
        d->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y,
        w, h, fill);
}

/* Text is escaped: it may come from a file. */
static void text(struct drawing *d, double x, double y, const char *class, struct proa_slice s)
{
    (void)proa_buf_append_printf(d->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '<':
            PROA_BUF_LIT(d->out, "&lt;");
            break;
        case '&':
            PROA_BUF_LIT(d->out, "&amp;");
            break;
        default:
            if ((unsigned char)s.ptr[i] >= 0x20) {
                (void)proa_buf_append_byte(d->out, s.ptr[i]);
            }
        }
    }
    PROA_BUF_LIT(d->out, "</text>\n");
}

static void label(struct drawing *d, struct proa_slice s)
{
    text(d, LEFT - 8, d->y + BAND - 4, "label", s);
}

static void heading(struct drawing *d, const char *s)
{
    d->y += SPACE;
    text(d, LEFT, d->y - 8, "head", proa_slice_cstr(s));
}

/* ---- bands ----------------------------------------------------------------------------------- */

static void draw_faults(struct drawing *d)
{
    for (size_t i = 0; i < d->scenario->faults.n; i++) {
        const struct proa_scenario_fault *f = proa_scenario_fault(d->scenario, i);
        const uint64_t end_ns = f->to_ns > 0 ? f->to_ns : d->scenario->duration_ns;
        const uint64_t period_ns = f->up_ns > 0 ? f->up_ns + f->down_ns : end_ns - f->from_ns;
        const uint64_t down_ns = f->up_ns > 0 ? f->down_ns : period_ns;
        label(d, f->name);
        for (uint64_t at_ns = f->from_ns; at_ns < end_ns; at_ns += period_ns) {
            const uint64_t to_ns = at_ns + down_ns < end_ns ? at_ns + down_ns : end_ns;
            rect(d, x_of(d, at_ns), d->y, x_of(d, to_ns) - x_of(d, at_ns), BAND, "#555b66");
        }
        d->y += BAND + GAP;
    }
}

static void draw_states(struct drawing *d, uint16_t target)
{
    enum proa_sim_state state = PROA_SIM_CLOSED;
    uint64_t since_ns = 0;
    label(d, proa_sim_route(d->sim)->candidates[target].target->label);
    for (size_t i = 0; i <= d->record->changes.n; i++) {
        const bool last = i == d->record->changes.n;
        const struct proa_sim_change *c = last ? NULL : proa_record_change(d->record, i);
        if (c && (c->target != target || c->sidecar != 0)) {
            continue;
        }
        const uint64_t at_ns = c ? c->at_ns : d->scenario->duration_ns;
        const double from = x_of(d, since_ns);
        const double width = x_of(d, at_ns) - from;
        if (width > 0) { /* a probe of a moment is shown as a line all the same */
            rect(d, from, d->y, width < 0.6 ? 0.6 : width, BAND, state_colors[state]);
        }
        since_ns = at_ns;
        state = c ? (enum proa_sim_state)c->to : state;
    }
    d->y += BAND + GAP;
}

/* ---- charts ---------------------------------------------------------------------------------- */

static size_t bin_of(const struct drawing *d, uint64_t at_ns)
{
    const size_t bin = (size_t)((double)at_ns / (double)d->scenario->duration_ns * BINS);
    return bin < BINS ? bin : BINS - 1;
}

static void count_requests(struct drawing *d)
{
    memset(d->counts, 0, sizeof(d->counts));
    for (size_t i = 0; i < d->record->requests.n; i++) {
        const struct proa_sim_request *r = proa_record_request(d->record, i);
        size_t part = 2;
        if (r->outcome == PROA_OUTCOME_OK || r->outcome == PROA_OUTCOME_DEGRADED) {
            part = r->outcome;
        } else if (r->outcome == PROA_OUTCOME_CANCELLED) {
            part = 3;
        }
        d->counts[bin_of(d, r->arrived_ns)][part]++;
    }
}

static void count_calls(struct drawing *d)
{
    memset(d->counts, 0, sizeof(d->counts));
    for (size_t i = 0; i < d->record->calls.n; i++) {
        const struct proa_sim_call *c = proa_record_call(d->record, i);
        d->counts[bin_of(d, c->started_ns)][proa_sim_provider_of(d->sim, c->target)]++;
    }
}

static double highest(const struct drawing *d)
{
    double most = 1;
    for (size_t b = 0; b < BINS; b++) {
        double sum = 0;
        for (size_t p = 0; p < PARTS_MAX; p++) {
            sum += d->counts[b][p];
        }
        most = sum > most ? sum : most;
    }
    return most;
}

/* Stacks the counts; with `whole` each stack is as high as the chart. */
static void draw_chart(struct drawing *d, const char *const *colors, bool whole)
{
    const double width = (double)PLOT / BINS;
    const double top = highest(d);
    rect(d, LEFT, d->y, PLOT, CHART, "#f4f5f7");
    for (size_t b = 0; b < BINS; b++) {
        double sum = 0;
        for (size_t p = 0; p < PARTS_MAX; p++) {
            sum += d->counts[b][p];
        }
        double y = d->y + CHART;
        for (size_t p = 0; p < PARTS_MAX && sum > 0; p++) {
            const double h = CHART * d->counts[b][p] / (whole ? sum : top);
            y -= h;
            if (h > 0) {
                rect(d, LEFT + (double)b * width, y, width, h, colors[p]);
            }
        }
    }
    const double seconds = (double)d->scenario->duration_ns * 1e-9 / BINS;
    char most[32];
    (void)snprintf(most, sizeof(most), whole ? "100 %%" : "%.3g/s", top / seconds);
    text(d, LEFT - 8, d->y + 10, "label", proa_slice_cstr(most));
    text(d, LEFT - 8, d->y + CHART, "label", PROA_SLICE("0"));
    d->y += CHART;
}

static void draw_axis(struct drawing *d)
{
    static const double steps[] = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200};
    const double seconds = (double)d->scenario->duration_ns * 1e-9;
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(steps) && seconds / steps[i] > 16) {
        i++;
    }
    for (unsigned n = 0; n * steps[i] <= seconds; n++) {
        const double at = n * steps[i];
        char number[32];
        (void)snprintf(number, sizeof(number), "%.0f s", at);
        const double x = LEFT + PLOT * at / seconds;
        rect(d, x, d->y, 1, 5, "#555b66");
        text(d, x, d->y + 18, "tick", proa_slice_cstr(number));
    }
    d->y += 24;
}

/* ---- legend ---------------------------------------------------------------------------------- */

static double key(struct drawing *d, double x, const char *color, struct proa_slice name)
{
    rect(d, x, d->y, 11, 11, color);
    text(d, x + 16, d->y + 10, "key", name);
    return x + 30 + 6.6 * (double)name.len;
}

static void draw_legend(struct drawing *d)
{
    double x = LEFT;
    d->y += 14;
    for (size_t i = 0; i < PROA_SIM_STATES; i++) {
        x = key(d, x, state_colors[i],
                proa_slice_cstr(proa_sim_state_text((enum proa_sim_state)i)));
    }
    x = LEFT;
    d->y += 18;
    for (size_t i = 0; i < OUTCOMES; i++) {
        x = key(d, x, outcome_colors[i], proa_slice_cstr(outcome_names[i]));
    }
    x = LEFT;
    d->y += 18;
    for (size_t i = 0; i < d->scenario->providers.n; i++) {
        x = key(d, x, provider_colors[i], proa_scenario_provider(d->scenario, i)->name);
    }
    d->y += 24;
}

static double height_of(const struct drawing *d)
{
    const size_t bands = d->scenario->faults.n + proa_sim_route(d->sim)->n_candidates;
    return 24 + 4 * SPACE + (double)bands * (BAND + GAP) + 2 * CHART + 24 + 74;
}

void proa_timeline_svg(const struct proa_sim *sim, const struct proa_record *record,
                       const char *who, struct proa_buf *out)
{
    struct drawing *d = PROA_NEW(struct drawing);
    d->sim = sim;
    d->scenario = proa_sim_scenario(sim);
    d->record = record;
    d->out = out;
    const double height = height_of(d);
    (void)proa_buf_append_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
        "viewBox=\"0 0 %d %.0f\">\n<style>text{font:12px sans-serif;fill:#22262e}"
        ".title{font-size:16px;font-weight:bold}.head{font-weight:bold}.label{text-anchor:end}"
        ".tick{text-anchor:middle}</style>\n",
        WIDTH, height, WIDTH, height);
    rect(d, 0, 0, WIDTH, height, "#ffffff");
    char title[192];
    (void)snprintf(title, sizeof(title), "%" PROA_SLICE_FMT " under %s, seed %llu",
                   PROA_SLICE_ARG(d->scenario->label), who, (unsigned long long)record->seed);
    text(d, LEFT, 24, "title", proa_slice_cstr(title));
    d->y = 24;
    heading(d, "faults");
    draw_faults(d);
    heading(d, "targets");
    for (uint16_t t = 0; t < proa_sim_route(sim)->n_candidates; t++) {
        draw_states(d, t);
    }
    heading(d, "requests");
    count_requests(d);
    draw_chart(d, outcome_colors, false);
    heading(d, "share of calls");
    count_calls(d);
    draw_chart(d, provider_colors, true);
    draw_axis(d);
    draw_legend(d);
    PROA_BUF_LIT(out, "</svg>\n");
    proa_free(d);
}
