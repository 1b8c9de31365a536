/*
 * The way back from JSON to the engine. What is not there counts as zero, so that states of other
 * versions can be read; the names are those that state.c writes.
 */
#include "proa/engine/saved.h"

#include "proa/admin/state.h"
#include "proa/core/clock.h"
#include "proa/json/lenient.h"
#include "proa/resilience/attempt.h"

static uint64_t ns(const struct proa_json_node *node, const char *key)
{
    const uint64_t value = proa_json_lenient_u64(node, key);
    return value > PROA_NEVER / PROA_NS_PER_MS ? PROA_NEVER : value * PROA_NS_PER_MS;
}

static uint32_t narrow(uint64_t value)
{
    return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static uint32_t ppm(const struct proa_json_node *node, const char *key)
{
    return narrow(proa_json_lenient_micro(node, key));
}

static uint32_t count(const struct proa_json_node *node, const char *key)
{
    return narrow(proa_json_lenient_u64(node, key));
}

/* ---- breakers -------------------------------------------------------------------------------- */

static enum proa_breaker_state breaker_state(struct proa_slice name)
{
    for (int i = 0; i < PROA_BREAKER_STATES; i++) {
        const char *known = proa_breaker_state_text((enum proa_breaker_state)i);
        if (proa_slice_eq(name, proa_slice_cstr(known))) {
            return (enum proa_breaker_state)i;
        }
    }
    return PROA_BREAKER_CLOSED;
}

static enum proa_breaker_cause breaker_cause(struct proa_slice name)
{
    for (int i = 0; i < PROA_BREAKER_CAUSES; i++) {
        const char *known = proa_breaker_cause_text((enum proa_breaker_cause)i);
        if (proa_slice_eq(name, proa_slice_cstr(known))) {
            return (enum proa_breaker_cause)i;
        }
    }
    return PROA_BREAKER_CAUSE_NONE;
}

static struct proa_status_failure failure(const struct proa_json_node *node)
{
    const struct proa_slice name = proa_json_lenient_string(node, "class");
    struct proa_status_failure out = {.at_ns = ns(node, "ago_ms"),
                                      .status = (uint16_t)(count(node, "status") & UINT16_MAX)};
    for (int i = 0; name.len > 0 && i < PROA_CLASS_COUNT; i++) {
        if (proa_slice_eq(name, proa_slice_cstr(proa_class_text((enum proa_class)i)))) {
            out.class = (uint8_t)i;
        }
    }
    return out;
}

static struct proa_counts counts(const struct proa_json_node *node, const char *key)
{
    const struct proa_json_node *c = proa_json_lenient_get(node, key);
    struct proa_counts out = {{0}};
    out.of[PROA_SAMPLE_OK] = count(c, "ok");
    out.of[PROA_SAMPLE_FAIL] = count(c, "fail");
    out.of[PROA_SAMPLE_SLOW] = count(c, "slow");
    return out;
}

static void breaker(const struct proa_json_node *node, struct proa_status_breaker *out)
{
    out->state = breaker_state(proa_json_lenient_string(node, "state"));
    out->score = count(node, "score");
    out->exponent = count(node, "exponent");
    out->share_ppm = ppm(node, "share");
    out->eta_ns = ns(node, "probe_in_ms");
    out->probing = proa_json_lenient_bool(node, "probing");
    out->slow = counts(node, "window");
    out->fast = counts(node, "newest");
    out->failed = failure(proa_json_lenient_get(node, "last_failure"));
    const struct proa_json_node *past = proa_json_lenient_get(node, "transitions");
    for (const struct proa_json_node *t = proa_json_node_first(past);
         t && out->n_past < PROA_STATUS_TRANSITIONS; t = proa_json_node_next(t)) {
        out->past[out->n_past++] = (struct proa_status_transition){
            .at_ns = ns(t, "ago_ms"),
            .from = (uint8_t)breaker_state(proa_json_lenient_string(t, "from")),
            .to = (uint8_t)breaker_state(proa_json_lenient_string(t, "to")),
            .cause = (uint8_t)breaker_cause(proa_json_lenient_string(t, "cause")),
        };
    }
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static bool load_endpoint(struct proa_roster *roster, const struct proa_json_node *node,
                          uint64_t now_ns)
{
    struct proa_status_endpoint s = {.identity = proa_json_lenient_string(node, "id")};
    breaker(node, &s.breaker);
    return proa_saved_endpoint(roster, &s, now_ns);
}

static bool load_pool(struct proa_roster *roster, const struct proa_json_node *node,
                      uint64_t now_ns)
{
    struct proa_status_pool s = {.identity = proa_json_lenient_string(node, "id"),
                                 .missing_ns = ns(node, "missing_ms")};
    breaker(node, &s.breaker);
    return proa_saved_pool(roster, &s, now_ns);
}

static bool load_target(struct proa_roster *roster, const struct proa_json_node *node,
                        uint64_t now_ns)
{
    struct proa_status_target s = {
        .identity = proa_json_lenient_string(node, "id"),
        .latency_ppm = ppm(node, "latency"),
        .failure_ppm = ppm(node, "failures"),
        .inflight = count(node, "inflight"),
        .cap = count(node, "cap"),
        .denied_ns = ns(node, "denied_ms"),
    };
    breaker(node, &s.breaker);
    return proa_saved_target(roster, &s, now_ns);
}

static bool load_access(struct proa_roster *roster, enum proa_status_kind kind,
                        const struct proa_json_node *node, uint64_t now_ns)
{
    struct proa_status_access s = {
        .identity = proa_json_lenient_string(node, "id"),
        .state = PROA_CREDENTIAL_ACTIVE,
        .out_ns = ns(node, "out_ms"),
        .times = count(node, "times"),
    };
    for (int i = 0; i <= PROA_CREDENTIAL_EXHAUSTED; i++) {
        const char *known = proa_credential_state_text((enum proa_credential_state)i);
        if (proa_slice_eq(proa_json_lenient_string(node, "state"), proa_slice_cstr(known))) {
            s.state = (enum proa_credential_state)i;
        }
    }
    return proa_saved_access(roster, kind, &s, now_ns);
}

static bool load_key(struct proa_roster *roster, const struct proa_json_node *node, uint64_t now_ns)
{
    return load_access(roster, PROA_STATUS_KEY, node, now_ns);
}

static bool load_group(struct proa_roster *roster, const struct proa_json_node *node,
                       uint64_t now_ns)
{
    return load_access(roster, PROA_STATUS_GROUP, node, now_ns);
}

static bool load_limit(struct proa_roster *roster, const struct proa_json_node *node,
                       uint64_t now_ns)
{
    static const char *const names[PROA_LIMIT_DIMENSIONS] = {"requests", "tokens", "input",
                                                             "output"};
    struct proa_status_limit s = {
        .identity = proa_json_lenient_string(node, "id"),
        .blocked_ns = ns(node, "blocked_ms"),
        .headroom_ppm = ppm(node, "headroom"),
        .pace_milli = proa_json_lenient_micro(node, "pace_per_s") / 1000,
    };
    for (size_t d = 0; d < PROA_LIMIT_DIMENSIONS; d++) {
        const struct proa_json_node *b = proa_json_lenient_get(node, names[d]);
        s.bucket[d] = (struct proa_limit_bucket){
            .limit = b ? proa_json_lenient_u64(b, "limit") : PROA_RATE_UNKNOWN,
            .remaining_milli = proa_json_lenient_micro(b, "remaining") / 1000,
            .refill_ppm = proa_json_lenient_micro(b, "refill_per_s"),
            .at_ns = ns(b, "age_ms"),
        };
    }
    return proa_saved_limit(roster, &s, now_ns);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Routes keep nothing that a saved state could bring back: their budgets fill by themselves. */
static const struct {
    const char *name;
    bool (*load)(struct proa_roster *roster, const struct proa_json_node *node, uint64_t now_ns);
} SECTIONS[] = {
    {"endpoints", load_endpoint}, {"pools", load_pool},   {"targets", load_target},
    {"keys", load_key},           {"groups", load_group}, {"limits", load_limit},
};

enum proa_err proa_admin_load_state(struct proa_roster *roster, const struct proa_json_node *state,
                                    uint64_t now_ns, size_t *n_loaded)
{
    if (!proa_json_lenient_get(state, "targets")) {
        return PROA_ERR_SYNTAX;
    }
    size_t n = 0;
    for (size_t s = 0; s < PROA_ARRAY_LEN(SECTIONS); s++) {
        const struct proa_json_node *list = proa_json_lenient_get(state, SECTIONS[s].name);
        for (const struct proa_json_node *item = proa_json_node_first(list); item;
             item = proa_json_node_next(item)) {
            n += SECTIONS[s].load(roster, item, now_ns);
        }
    }
    *n_loaded = n;
    return PROA_OK;
}
