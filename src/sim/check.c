#include "scenario_priv.h"

#include "proa/sim/measure.h"

static void error(struct proa_diags *diags, struct proa_option_where at, const char *what)
{
    proa_diags_add(diags, PROA_DIAG_ERROR, at.file, at.line, at.col, "%s", what);
}

static bool is_name(struct proa_slice s)
{
    bool good = s.len > 0 && s.len <= 32;
    for (size_t i = 0; good && i < s.len; i++) {
        good = (s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= '0' && s.ptr[i] <= '9') ||
               (s.ptr[i] == '-' && i > 0);
    }
    return good;
}

static void check_providers(const struct proa_scenario *s, struct proa_diags *diags)
{
    size_t n_targets = 0;
    uint32_t weights = 0;
    for (size_t i = 0; i < s->providers.n; i++) {
        const struct proa_scenario_provider *p = proa_scenario_provider(s, i);
        n_targets += p->keys;
        weights += p->weight;
        if (!is_name(p->name)) {
            error(diags, p->where,
                  "the name of a provider is made of a-z, 0-9 and '-', at most 32");
        }
        if (p->quota_groups > p->keys) {
            error(diags, p->where, "there are more quota_groups than keys");
        }
    }
    const struct proa_option_where at =
        s->providers.n > 0 ? proa_scenario_provider(s, 0)->where : (struct proa_option_where){0};
    if (s->providers.n > PROA_SCENARIO_PROVIDERS_MAX || n_targets > PROA_ROUTE_TARGETS_MAX) {
        error(diags, at, "at most 16 providers and 64 keys together");
    }
    if (weights == 0) {
        error(diags, at, "no provider has any weight");
    }
}

static bool has_provider(const struct proa_scenario *s, struct proa_slice name, uint32_t key)
{
    for (size_t i = 0; i < s->providers.n; i++) {
        const struct proa_scenario_provider *p = proa_scenario_provider(s, i);
        if (proa_slice_eq(p->name, name)) {
            return key <= p->keys;
        }
    }
    return false;
}

static void check_fault(const struct proa_scenario *s, const struct proa_scenario_fault *f,
                        struct proa_diags *diags)
{
    const struct proa_slice *names = f->on.items;
    for (size_t i = 0; i < f->on.n; i++) {
        if (!has_provider(s, names[i], f->key)) {
            proa_diags_add(diags, PROA_DIAG_ERROR, f->where.file, f->where.line, f->where.col,
                           "faults.%" PROA_SLICE_FMT ".on: there is no provider \"%" PROA_SLICE_FMT
                           "\"%s",
                           PROA_SLICE_ARG(f->name), PROA_SLICE_ARG(names[i]),
                           f->key > 0 ? " with so many keys" : "");
        }
    }
    if (f->to_ns > 0 && f->to_ns <= f->from_ns) {
        error(diags, f->where, "a fault ends after it began: to must be later than from");
    }
    if ((f->up_ns > 0) != (f->down_ns > 0)) {
        error(diags, f->where, "up and down belong together");
    }
}

static void check_bound(const struct proa_scenario *s, const struct proa_scenario_bound *b,
                        struct proa_diags *diags)
{
    struct proa_slice of = PROA_SLICE_NONE;
    const struct proa_measure *measure = proa_measure_find(b->measure, &of);
    const char *near = measure ? NULL : proa_measure_near(b->measure);
    if (near && proa_slice_eq(b->measure, proa_slice_cstr(near))) {
        error(diags, b->where, "write the name of a provider behind it: share.PROVIDER");
    } else if (!measure) {
        proa_diags_add(diags, PROA_DIAG_ERROR, b->where.file, b->where.line, b->where.col,
                       "there is no measure \"%" PROA_SLICE_FMT "\"%s%s%s",
                       PROA_SLICE_ARG(b->measure), near ? "; did you mean \"" : "",
                       near ? near : "", near ? "\"?" : "");
    } else if (of.len > 0 && !has_provider(s, of, 0)) {
        error(diags, b->where, "behind the dot stands the name of a provider");
    }
    if (b->min_ppm > b->max_ppm) {
        error(diags, b->where, "min is more than max");
    }
}

void proa_scenario_check(const struct proa_scenario *s, struct proa_diags *diags)
{
    if (!proa_slice_eq(s->kind, PROA_SLICE("Scenario"))) {
        error(diags, s->where, "kind: must be Scenario");
    }
    check_providers(s, diags);
    if (s->arrivals.n == 0) {
        error(diags, s->where, "arrivals: nobody calls");
    }
    for (size_t i = 0; i < s->arrivals.n; i++) {
        const struct proa_scenario_arrivals *a = proa_scenario_arrivals(s, i);
        if (a->to_ns > 0 && a->to_ns <= a->from_ns) {
            error(diags, a->where, "arrivals end after they began: to must be later than from");
        }
    }
    for (size_t i = 0; i < s->faults.n; i++) {
        check_fault(s, proa_scenario_fault(s, i), diags);
    }
    for (size_t i = 0; i < s->bounds.n; i++) {
        check_bound(s, proa_scenario_bound(s, i), diags);
    }
    if (s->window.from_ns >= proa_scenario_window_end(s) ||
        proa_scenario_window_end(s) > s->duration_ns) {
        error(diags, s->window.where.file ? s->window.where : s->where,
              "window: must lie within the duration and not be empty");
    }
}
