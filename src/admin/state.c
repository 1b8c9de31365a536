/*
 * The state as JSON. The object of each kind is written by one function, in the order in which a
 * person reads: what it is called, how it is, why, and the numbers behind.
 */
#include "proa/admin/state.h"

#include "admin_priv.h"

#include "proa/core/clock.h"
#include "proa/core/version.h"
#include "proa/engine/status.h"
#include "proa/resilience/attempt.h"

static void string(struct proa_json_writer *w, const char *key, const char *text)
{
    proa_json_writer_member_string(w, key, proa_slice_cstr(text));
}

static void ms(struct proa_json_writer *w, const char *key, uint64_t ns)
{
    proa_json_writer_member_u64(w, key, ns / PROA_NS_PER_MS);
}

static void ratio(struct proa_json_writer *w, const char *key, uint32_t ppm)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_micro(w, ppm);
}

static void milli(struct proa_json_writer *w, const char *key, uint64_t thousandths)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_micro(w, (int64_t)(thousandths * 1000));
}

/* ---- breakers -------------------------------------------------------------------------------- */

static void counts(struct proa_json_writer *w, const char *key, const struct proa_counts *c)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "ok", c->of[PROA_SAMPLE_OK]);
    proa_json_writer_member_u64(w, "fail", c->of[PROA_SAMPLE_FAIL]);
    proa_json_writer_member_u64(w, "slow", c->of[PROA_SAMPLE_SLOW]);
    proa_json_writer_end_object(w);
}

static void transitions(struct proa_json_writer *w, const struct proa_status_breaker *b)
{
    proa_json_writer_key(w, PROA_SLICE("transitions"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < b->n_past; i++) {
        const struct proa_status_transition *t = &b->past[i];
        proa_json_writer_begin_object(w);
        ms(w, "ago_ms", t->at_ns);
        string(w, "from", proa_breaker_state_text(t->from));
        string(w, "to", proa_breaker_state_text(t->to));
        string(w, "cause", proa_breaker_cause_text(t->cause));
        proa_json_writer_end_object(w);
    }
    proa_json_writer_end_array(w);
}

void proa_admin_put_failure(struct proa_json_writer *w, const struct proa_status_failure *f)
{
    if (f->class != PROA_CLASS_NONE) {
        proa_json_writer_key(w, PROA_SLICE("last_failure"));
        proa_json_writer_begin_object(w);
        string(w, "class", proa_class_text((enum proa_class)f->class));
        proa_json_writer_member_u64(w, "status", f->status);
        ms(w, "ago_ms", f->at_ns);
        proa_json_writer_end_object(w);
    }
}

static void breaker(struct proa_json_writer *w, const struct proa_status_breaker *b)
{
    string(w, "state", proa_breaker_state_text(b->state));
    proa_json_writer_member_u64(w, "score", b->score);
    proa_json_writer_member_u64(w, "exponent", b->exponent);
    ratio(w, "share", b->share_ppm);
    ms(w, "probe_in_ms", b->eta_ns);
    proa_json_writer_member_bool(w, "probing", b->probing);
    counts(w, "window", &b->slow);
    counts(w, "newest", &b->fast);
    transitions(w, b);
    proa_admin_put_failure(w, &b->failed);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void write_endpoint(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                           struct proa_json_writer *w)
{
    struct proa_status_endpoint s;
    proa_status_endpoint(roster, i, now_ns, &s);
    proa_json_writer_member_string(w, "id", s.identity);
    breaker(w, &s.breaker);
}

static void latency_row(struct proa_json_writer *w, const struct proa_status_pool *s, size_t i)
{
    static const char *const names[PROA_LATENCY_ROWS] = {"1k",   "4k",   "16k",  "64k",
                                                         "more", "pace", "plain"};
    if (s->latency[i].samples == 0) {
        return;
    }
    proa_json_writer_key(w, proa_slice_cstr(names[i]));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "samples", s->latency[i].samples);
    ms(w, "p50_ms", s->latency[i].p50_ns);
    ms(w, "p95_ms", s->latency[i].p95_ns);
    ms(w, "p99_ms", s->latency[i].p99_ns);
    proa_json_writer_end_object(w);
}

static void write_pool(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_json_writer *w)
{
    struct proa_status_pool s;
    proa_status_pool(roster, i, now_ns, &s);
    proa_json_writer_member_string(w, "id", s.identity);
    breaker(w, &s.breaker);
    ms(w, "missing_ms", s.missing_ns);
    proa_json_writer_key(w, PROA_SLICE("latency"));
    proa_json_writer_begin_object(w);
    for (size_t row = 0; row < PROA_LATENCY_ROWS; row++) {
        latency_row(w, &s, row);
    }
    proa_json_writer_end_object(w);
}

static void write_target(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                         struct proa_json_writer *w)
{
    struct proa_status_target s;
    proa_status_target(roster, i, now_ns, &s);
    proa_json_writer_member_string(w, "id", s.identity);
    proa_json_writer_member_string(w, "label", s.label);
    breaker(w, &s.breaker);
    ratio(w, "latency", s.latency_ppm);
    ratio(w, "failures", s.failure_ppm);
    proa_json_writer_member_u64(w, "inflight", s.inflight);
    proa_json_writer_member_u64(w, "cap", s.cap);
    ms(w, "denied_ms", s.denied_ns);
}

static void access(struct proa_json_writer *w, const struct proa_status_access *s)
{
    proa_json_writer_member_string(w, "id", s->identity);
    string(w, "state", proa_credential_state_text(s->state));
    ms(w, "out_ms", s->out_ns);
    proa_json_writer_member_u64(w, "times", s->times);
}

static void write_key(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                      struct proa_json_writer *w)
{
    struct proa_status_access s;
    proa_status_key(roster, i, now_ns, &s);
    access(w, &s);
}

static void write_group(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                        struct proa_json_writer *w)
{
    struct proa_status_access s;
    proa_status_group(roster, i, now_ns, &s);
    access(w, &s);
}

static const char *const DIMENSIONS[PROA_LIMIT_DIMENSIONS] = {"requests", "tokens", "input",
                                                              "output"};

static void write_limit(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                        struct proa_json_writer *w)
{
    struct proa_status_limit s;
    proa_status_limit(roster, i, now_ns, &s);
    proa_json_writer_member_string(w, "id", s.identity);
    ms(w, "blocked_ms", s.blocked_ns);
    ratio(w, "headroom", s.headroom_ppm);
    milli(w, "pace_per_s", s.pace_milli);
    for (size_t d = 0; d < PROA_LIMIT_DIMENSIONS; d++) {
        if (s.bucket[d].limit != PROA_RATE_UNKNOWN) {
            proa_json_writer_key(w, proa_slice_cstr(DIMENSIONS[d]));
            proa_json_writer_begin_object(w);
            proa_json_writer_member_u64(w, "limit", s.bucket[d].limit);
            milli(w, "remaining", s.bucket[d].remaining_milli);
            proa_json_writer_key(w, PROA_SLICE("refill_per_s"));
            proa_json_writer_micro(w, (int64_t)s.bucket[d].refill_ppm);
            ms(w, "age_ms", s.bucket[d].at_ns);
            proa_json_writer_end_object(w);
        }
    }
}

static void write_route(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                        struct proa_json_writer *w)
{
    struct proa_status_route s;
    proa_status_route(roster, i, now_ns, &s);
    proa_json_writer_member_string(w, "id", s.identity);
    proa_json_writer_member_u64(w, "active", s.active);
    proa_json_writer_member_u64(w, "waiting", s.waiting);
    milli(w, "retries_left", s.retries_milli);
    milli(w, "hedges_left", s.hedges_milli);
}

/* ---- the whole ------------------------------------------------------------------------------- */

struct section {
    const char *name;
    enum proa_status_kind kind;
    void (*write)(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                  struct proa_json_writer *w);
};

static const struct section SECTIONS[] = {
    {"routes", PROA_STATUS_ROUTE, write_route}, {"targets", PROA_STATUS_TARGET, write_target},
    {"pools", PROA_STATUS_POOL, write_pool},    {"endpoints", PROA_STATUS_ENDPOINT, write_endpoint},
    {"keys", PROA_STATUS_KEY, write_key},       {"groups", PROA_STATUS_GROUP, write_group},
    {"limits", PROA_STATUS_LIMIT, write_limit},
};

void proa_admin_write_state(struct proa_roster *roster, const struct proa_snapshot *snapshot,
                            const struct proa_admin_state_facts *facts, struct proa_json_writer *w)
{
    proa_json_writer_begin_object(w);
    string(w, "proa", proa_version_text());
    string(w, "revision", snapshot->revision);
    proa_json_writer_member_u64(w, "unix_ms", facts->unix_ms);
    ms(w, "uptime_ms", facts->uptime_ns);
    proa_json_writer_member_bool(w, "uplink_down",
                                 proa_status_uplink_down(proa_roster_engine(roster)));
    for (size_t s = 0; s < PROA_ARRAY_LEN(SECTIONS); s++) {
        proa_json_writer_key(w, proa_slice_cstr(SECTIONS[s].name));
        proa_json_writer_begin_array(w);
        const size_t n = proa_status_n(roster, SECTIONS[s].kind);
        for (size_t i = 0; i < n; i++) {
            proa_json_writer_begin_object(w);
            SECTIONS[s].write(roster, i, facts->now_ns, w);
            proa_json_writer_end_object(w);
        }
        proa_json_writer_end_array(w);
    }
    proa_json_writer_end_object(w);
}
