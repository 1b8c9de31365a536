#include "proa/resilience/breaker.h"

#include "fixed_priv.h"

#include "proa/core/check.h"
#include "proa/core/clock.h"
#include "proa/resilience/backoff.h"

#include <stddef.h>

/* A longer wait is not believed. */
#define HINT_MAX_NS (300 * PROA_NS_PER_S)

enum {
    RAMP_MIN_SAMPLES = 5, /* rates count sooner while little traffic comes */
    SLOW_MIN_SAMPLES = 5
};

static const char *const STATE_TEXT[PROA_BREAKER_STATES] = {
    [PROA_BREAKER_CLOSED] = "closed",       [PROA_BREAKER_RAMP] = "ramp",
    [PROA_BREAKER_DEGRADED] = "degraded",   [PROA_BREAKER_OPEN] = "open",
    [PROA_BREAKER_HALF_OPEN] = "half_open",
};

const char *proa_breaker_state_text(enum proa_breaker_state state)
{
    return (size_t)state < PROA_ARRAY_LEN(STATE_TEXT) ? STATE_TEXT[state] : "unknown";
}

static const char *const CAUSE_TEXT[PROA_BREAKER_CAUSES] = {
    [PROA_BREAKER_CAUSE_NONE] = "none",
    [PROA_BREAKER_CAUSE_SCORE] = "score",
    [PROA_BREAKER_CAUSE_RATE] = "rate",
    [PROA_BREAKER_CAUSE_FAST_RATE] = "fast_rate",
    [PROA_BREAKER_CAUSE_SLOW] = "slow",
    [PROA_BREAKER_CAUSE_STALL] = "stall",
    [PROA_BREAKER_CAUSE_PROBE_DUE] = "probe_due",
    [PROA_BREAKER_CAUSE_PROBE_OK] = "probe_ok",
    [PROA_BREAKER_CAUSE_PROBE_FAILED] = "probe_failed",
    [PROA_BREAKER_CAUSE_GOOD] = "good",
    [PROA_BREAKER_CAUSE_PARENT] = "parent",
    [PROA_BREAKER_CAUSE_RAMPED] = "ramped",
    [PROA_BREAKER_CAUSE_OPERATOR] = "operator",
};

const char *proa_breaker_cause_text(enum proa_breaker_cause cause)
{
    return (size_t)cause < PROA_ARRAY_LEN(CAUSE_TEXT) ? CAUSE_TEXT[cause] : "unknown";
}

/* ---- states ---------------------------------------------------------------------------------- */

static void forget_fingerprints(struct proa_breaker *b)
{
    for (unsigned i = 0; i < PROA_BREAKER_FINGERPRINTS; i++) {
        b->fingerprint[i] = 0;
    }
}

/* The one writer of the state. */
static void enter(struct proa_breaker *b, enum proa_breaker_state to, uint64_t now_ns)
{
    /* One that was degraded was never out: its failures weigh no more than before. */
    b->wary = to == PROA_BREAKER_RAMP && b->state != PROA_BREAKER_DEGRADED;
    b->state = (uint8_t)to;
    b->entered_ns = now_ns;
    b->successes = 0;
    switch (to) {
    case PROA_BREAKER_OPEN:
        b->opened_ns = now_ns;
        b->probing = false;
        break;
    case PROA_BREAKER_RAMP: /* a new life: nothing of the last one counts */
        b->score = 0;
        b->probing = false;
        b->until_ns = 0;
        b->stable_ns = now_ns;
        forget_fingerprints(b);
        proa_window_init(&b->window);
        break;
    case PROA_BREAKER_CLOSED:
    case PROA_BREAKER_DEGRADED:
    case PROA_BREAKER_HALF_OPEN:
        break;
    }
}

static uint64_t latest(const struct proa_breaker *b, uint64_t now_ns)
{
    return max_u64(now_ns, b->seen_ns);
}

static bool ramped(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                   uint64_t now_ns)
{
    return b->state == PROA_BREAKER_RAMP && proa_clock_since(now_ns, b->entered_ns) >= cfg->ramp_ns;
}

/* Every event begins with it: notes the time and ends a RAMP that is over. */
static struct proa_breaker_change begin(struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                                        uint64_t *now_ns)
{
    struct proa_breaker_change change = {.from = (enum proa_breaker_state)b->state};
    *now_ns = b->seen_ns = latest(b, *now_ns);
    if (ramped(b, cfg, *now_ns)) {
        enter(b, PROA_BREAKER_CLOSED, b->entered_ns + cfg->ramp_ns);
        change.cause = PROA_BREAKER_CAUSE_RAMPED;
    }
    change.to = (enum proa_breaker_state)b->state;
    return change;
}

static void note(struct proa_breaker_change *change, const struct proa_breaker *b,
                 enum proa_breaker_cause cause)
{
    change->to = (enum proa_breaker_state)b->state;
    change->cause = cause;
}

void proa_breaker_init(struct proa_breaker *b, uint64_t now_ns)
{
    *b = (struct proa_breaker){.seen_ns = now_ns, .entered_ns = now_ns, .stable_ns = now_ns};
}

enum proa_breaker_state proa_breaker_state(const struct proa_breaker *b,
                                           const struct proa_breaker_cfg *cfg, uint64_t now_ns)
{
    now_ns = latest(b, now_ns);
    if (ramped(b, cfg, now_ns)) {
        return PROA_BREAKER_CLOSED;
    }
    if (b->state == PROA_BREAKER_OPEN && now_ns >= b->until_ns) {
        return PROA_BREAKER_HALF_OPEN;
    }
    return (enum proa_breaker_state)b->state;
}

uint32_t proa_breaker_share_ppm(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                                uint64_t now_ns)
{
    now_ns = latest(b, now_ns);
    if (b->state != PROA_BREAKER_RAMP || ramped(b, cfg, now_ns)) {
        return PPM_ONE;
    }
    uint64_t share = mul_div(proa_clock_since(now_ns, b->entered_ns), PPM_ONE, cfg->ramp_ns);
    return (uint32_t)max_u64(share, min_u64(cfg->ramp_min_ppm, PPM_ONE));
}

/* ---- probes and trickle ---------------------------------------------------------------------- */

/* No probe before now + span. */
static void hold(struct proa_breaker *b, uint64_t span_ns, uint64_t now_ns)
{
    b->until_ns = max_u64(b->until_ns, proa_clock_after(now_ns, span_ns));
}

uint64_t proa_breaker_eta(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                          uint64_t now_ns)
{
    if (!proa_breaker_is_out(b)) {
        return 0;
    }
    uint64_t at_ns = b->until_ns;
    if (b->probing) {
        at_ns = max_u64(at_ns, proa_clock_after(b->probe_ns, cfg->lease_ns));
    }
    return proa_clock_since(at_ns, latest(b, now_ns));
}

bool proa_breaker_probe_due(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                            uint64_t now_ns)
{
    return proa_breaker_is_out(b) && proa_breaker_eta(b, cfg, now_ns) == 0;
}

bool proa_breaker_probe_take(struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                             uint64_t now_ns, struct proa_breaker_change *change)
{
    *change = begin(b, cfg, &now_ns);
    if (!proa_breaker_probe_due(b, cfg, now_ns)) {
        return false;
    }
    if (b->state == PROA_BREAKER_OPEN) {
        enter(b, PROA_BREAKER_HALF_OPEN, now_ns);
        note(change, b, PROA_BREAKER_CAUSE_PROBE_DUE);
    }
    b->probing = true;
    b->probe_ns = now_ns;
    return true;
}

/* Does the place belong to the attempt that began then? Not when its lease ran out and another took
 * it. */
static bool holds_place(const struct proa_breaker *b, uint64_t started_ns)
{
    return b->probing && started_ns >= b->probe_ns;
}

void proa_breaker_probe_release(struct proa_breaker *b, uint64_t started_ns, uint64_t wait_ns,
                                uint64_t now_ns)
{
    b->seen_ns = latest(b, now_ns);
    if (holds_place(b, started_ns)) {
        b->probing = false;
        hold(b, wait_ns, b->seen_ns);
    }
}

bool proa_breaker_trickle(struct proa_breaker *b, const struct proa_degraded_cfg *cfg,
                          uint64_t now_ns, struct proa_prng *prng)
{
    b->seen_ns = latest(b, now_ns);
    if (b->state != PROA_BREAKER_DEGRADED ||
        (b->trickled_ns != 0 &&
         proa_clock_since(b->seen_ns, b->trickled_ns) < cfg->trickle_every_ns) ||
        proa_prng_below(prng, PPM_ONE) >= cfg->trickle_ppm) {
        return false;
    }
    b->trickled_ns = b->seen_ns;
    return true;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static bool rate_reached(const struct proa_counts *counts, enum proa_sample sample,
                         uint32_t min_samples, uint32_t rate_ppm)
{
    uint64_t verdicts = (uint64_t)counts->of[PROA_SAMPLE_OK] + counts->of[PROA_SAMPLE_FAIL];
    return verdicts >= min_samples && counts->of[sample] * PPM_ONE >= verdicts * rate_ppm;
}

/* Each whole span of peace takes one step of the exponent back; then a new one begins. */
static void end_peace(struct proa_breaker *b, const struct proa_breaker_cfg *cfg, uint64_t now_ns)
{
    uint64_t steps = cfg->stable_ns ? proa_clock_since(now_ns, b->stable_ns) / cfg->stable_ns : 0;
    b->exponent = (uint8_t)(b->exponent - min_u64(b->exponent, steps));
    b->stable_ns = now_ns;
}

/* Full jitter above the floor, so that neither keys nor sidecars probe in step. Steps that would
 * not lengthen it are not made: they would only take longer to take back. */
static void open_for(struct proa_breaker *b, const struct proa_breaker_cfg *cfg, uint64_t hint_ns,
                     uint64_t now_ns, struct proa_prng *prng)
{
    uint64_t longest_ns = proa_backoff_max_ns(cfg->open_base_ns, cfg->open_cap_ns, b->exponent);
    uint64_t spread_ns = longest_ns - min_u64(longest_ns, cfg->open_floor_ns);
    uint64_t span_ns = cfg->open_floor_ns + proa_prng_below(prng, spread_ns + 1);
    hold(b, max_u64(span_ns, hint_ns), now_ns);
    if (longest_ns < cfg->open_cap_ns && b->exponent < UINT8_MAX) {
        b->exponent++;
    }
    enter(b, PROA_BREAKER_OPEN, now_ns);
}

static enum proa_breaker_cause cause_to_open(const struct proa_breaker *b,
                                             const struct proa_breaker_cfg *cfg,
                                             uint32_t trip_score, uint64_t now_ns)
{
    if (b->score >= trip_score) {
        return PROA_BREAKER_CAUSE_SCORE;
    }
    uint32_t min_samples = cfg->min_samples;
    if (b->wary && min_samples > RAMP_MIN_SAMPLES) {
        min_samples = RAMP_MIN_SAMPLES;
    }
    struct proa_counts fast = proa_window_sum(&b->window, now_ns, PROA_WINDOW_FAST_SLOTS);
    if (rate_reached(&fast, PROA_SAMPLE_FAIL, min_samples, cfg->trip_ppm)) {
        return PROA_BREAKER_CAUSE_FAST_RATE;
    }
    struct proa_counts slow = proa_window_sum(&b->window, now_ns, PROA_WINDOW_SLOTS);
    if (rate_reached(&slow, PROA_SAMPLE_FAIL, min_samples, cfg->trip_ppm)) {
        return PROA_BREAKER_CAUSE_RATE;
    }
    return PROA_BREAKER_CAUSE_NONE;
}

static enum proa_breaker_cause cause_to_degrade(const struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_degraded_cfg *degraded,
                                                uint64_t now_ns)
{
    struct proa_counts slow = proa_window_sum(&b->window, now_ns, PROA_WINDOW_SLOTS);
    if (rate_reached(&slow, PROA_SAMPLE_FAIL, cfg->min_samples, degraded->enter_ppm)) {
        return PROA_BREAKER_CAUSE_RATE;
    }
    struct proa_counts fast = proa_window_sum(&b->window, now_ns, PROA_WINDOW_FAST_SLOTS);
    if (rate_reached(&fast, PROA_SAMPLE_FAIL, cfg->min_samples, degraded->enter_fast_ppm)) {
        return PROA_BREAKER_CAUSE_FAST_RATE;
    }
    if (rate_reached(&fast, PROA_SAMPLE_SLOW, SLOW_MIN_SAMPLES, degraded->slow_ppm) ||
        rate_reached(&slow, PROA_SAMPLE_SLOW, SLOW_MIN_SAMPLES, degraded->slow_ppm)) {
        return PROA_BREAKER_CAUSE_SLOW;
    }
    return PROA_BREAKER_CAUSE_NONE;
}

/* It failed or lagged without opening: no good answer, if it is degraded; else it may become so. */
static void worsen(struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                   const struct proa_degraded_cfg *degraded, struct proa_breaker_change *change,
                   uint64_t now_ns)
{
    if (b->state == PROA_BREAKER_DEGRADED) {
        b->successes = 0;
        end_peace(b, cfg, now_ns);
        return;
    }
    enum proa_breaker_cause cause =
        degraded->enabled ? cause_to_degrade(b, cfg, degraded, now_ns) : PROA_BREAKER_CAUSE_NONE;
    if (cause != PROA_BREAKER_CAUSE_NONE) {
        end_peace(b, cfg, now_ns);
        enter(b, PROA_BREAKER_DEGRADED, now_ns);
        note(change, b, cause);
    }
}

static bool is_known(struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                     uint32_t fingerprint, uint64_t now_ns)
{
    if (proa_clock_since(now_ns, b->fingerprint_ns) >= cfg->window_ns) {
        forget_fingerprints(b);
    }
    for (unsigned i = 0; i < PROA_BREAKER_FINGERPRINTS; i++) {
        if (fingerprint != 0 && b->fingerprint[i] == fingerprint) {
            return true;
        }
    }
    return false;
}

static void keep_fingerprint(struct proa_breaker *b, uint32_t fingerprint, uint64_t now_ns)
{
    if (fingerprint != 0) {
        b->fingerprint[b->next_fingerprint] = fingerprint;
        b->next_fingerprint = (uint16_t)((b->next_fingerprint + 1U) % PROA_BREAKER_FINGERPRINTS);
        b->fingerprint_ns = now_ns;
    }
}

void proa_breaker_clear_request(struct proa_breaker *b, uint32_t fingerprint)
{
    for (unsigned i = 0; i < PROA_BREAKER_FINGERPRINTS; i++) {
        if (b->fingerprint[i] == fingerprint) {
            b->fingerprint[i] = 0;
        }
    }
}

/* Of what a failure says about a breaker that takes traffic, only this counts. */
static bool is_news(struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                    const struct proa_breaker_report *report, uint64_t now_ns)
{
    return report->started_ns >= b->opened_ns && !is_known(b, cfg, report->fingerprint, now_ns);
}

static void add_score(struct proa_breaker *b, const struct proa_breaker_cfg *cfg, uint32_t weight)
{
    uint64_t factor = b->wary ? cfg->ramp_failure_factor : 1;
    b->score = (uint16_t)min_u64(b->score + weight * factor, UINT16_MAX);
}

void proa_breaker_well(struct proa_breaker *b, const struct proa_breaker_cfg *cfg, uint64_t now_ns)
{
    PROA_DASSERT(b->state == PROA_BREAKER_CLOSED);
    b->seen_ns = latest(b, now_ns);
    b->score = 0;
    proa_window_add(&b->window, cfg->window_ns, b->seen_ns, PROA_SAMPLE_OK);
}

struct proa_breaker_change proa_breaker_success(struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_degraded_cfg *degraded,
                                                const struct proa_breaker_report *report,
                                                uint64_t now_ns)
{
    struct proa_breaker_change change = begin(b, cfg, &now_ns);
    if (proa_breaker_is_out(b)) {
        if (!report->probe || !holds_place(b, report->started_ns)) {
            b->until_ns = min_u64(b->until_ns, now_ns);
            return change;
        }
        b->probing = false;
        b->successes++;
        if (b->successes >= cfg->half_open_successes) {
            enter(b, PROA_BREAKER_RAMP, now_ns);
            note(&change, b, PROA_BREAKER_CAUSE_PROBE_OK);
        }
        return change;
    }
    b->score = 0;
    proa_window_add(&b->window, cfg->window_ns, now_ns, PROA_SAMPLE_OK);
    if (b->state == PROA_BREAKER_DEGRADED && report->started_ns >= b->stable_ns) {
        b->successes = (uint8_t)min_u64(b->successes + 1U, UINT8_MAX);
        uint32_t needed = degraded->exit_good;
        if (!report->trickle && needed < cfg->min_samples) {
            needed = cfg->min_samples;
        }
        if (b->successes >= min_u64(needed, UINT8_MAX)) {
            enter(b, PROA_BREAKER_RAMP, now_ns);
            note(&change, b, PROA_BREAKER_CAUSE_GOOD);
        }
    }
    return change;
}

struct proa_breaker_change proa_breaker_failure(struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_degraded_cfg *degraded,
                                                const struct proa_breaker_report *report,
                                                uint64_t now_ns, struct proa_prng *prng)
{
    struct proa_breaker_change change = begin(b, cfg, &now_ns);
    uint64_t hint_ns = min_u64(report->hint_ns, HINT_MAX_NS);
    if (proa_breaker_is_out(b)) {
        if (report->probe && holds_place(b, report->started_ns)) {
            open_for(b, cfg, hint_ns, now_ns, prng);
            note(&change, b, PROA_BREAKER_CAUSE_PROBE_FAILED);
        } else {
            hold(b, hint_ns, now_ns);
        }
        return change;
    }
    if (!is_news(b, cfg, report, now_ns)) {
        return change;
    }
    keep_fingerprint(b, report->fingerprint, now_ns);
    proa_window_add(&b->window, cfg->window_ns, now_ns, PROA_SAMPLE_FAIL);
    add_score(b, cfg, report->weight);
    enum proa_breaker_cause cause = cause_to_open(b, cfg, report->trip_score, now_ns);
    if (cause == PROA_BREAKER_CAUSE_NONE) {
        worsen(b, cfg, degraded, &change, now_ns);
        return change;
    }
    end_peace(b, cfg, now_ns);
    open_for(b, cfg, hint_ns, now_ns, prng);
    note(&change, b, cause);
    return change;
}

struct proa_breaker_change proa_breaker_slow(struct proa_breaker *b,
                                             const struct proa_breaker_cfg *cfg,
                                             const struct proa_degraded_cfg *degraded,
                                             uint64_t now_ns)
{
    struct proa_breaker_change change = begin(b, cfg, &now_ns);
    if (!proa_breaker_is_out(b)) {
        proa_window_add(&b->window, cfg->window_ns, now_ns, PROA_SAMPLE_SLOW);
        worsen(b, cfg, degraded, &change, now_ns);
    }
    return change;
}

struct proa_breaker_change proa_breaker_stalled(struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_breaker_report *report,
                                                uint64_t now_ns, struct proa_prng *prng)
{
    struct proa_breaker_change change = begin(b, cfg, &now_ns);
    if (proa_breaker_is_out(b) || !is_news(b, cfg, report, now_ns)) {
        return change;
    }
    add_score(b, cfg, report->weight);
    if (b->score >= report->trip_score) {
        end_peace(b, cfg, now_ns);
        open_for(b, cfg, 0, now_ns, prng);
        note(&change, b, PROA_BREAKER_CAUSE_STALL);
    }
    return change;
}

/* ---- from outside ---------------------------------------------------------------------------- */

struct proa_breaker_change proa_breaker_recover(struct proa_breaker *b,
                                                enum proa_breaker_cause cause, uint64_t now_ns)
{
    struct proa_breaker_change change = {.from = (enum proa_breaker_state)b->state,
                                         .to = (enum proa_breaker_state)b->state};
    b->seen_ns = latest(b, now_ns);
    if (b->state != PROA_BREAKER_CLOSED && b->state != PROA_BREAKER_RAMP) {
        enter(b, PROA_BREAKER_RAMP, b->seen_ns);
        note(&change, b, cause);
    }
    return change;
}

struct proa_breaker_change proa_breaker_eject(struct proa_breaker *b, uint64_t span_ns,
                                              uint64_t now_ns)
{
    struct proa_breaker_change change = {.from = (enum proa_breaker_state)b->state,
                                         .to = (enum proa_breaker_state)b->state};
    b->seen_ns = latest(b, now_ns);
    hold(b, span_ns, b->seen_ns);
    if (b->state != PROA_BREAKER_OPEN) {
        enter(b, PROA_BREAKER_OPEN, b->seen_ns);
        note(&change, b, PROA_BREAKER_CAUSE_OPERATOR);
    }
    return change;
}
