#include "proa/resilience/latency.h"

#include "proa/core/check.h"
#include "proa/core/clock.h"

#include <stddef.h>
#include <string.h>

#define PPM UINT32_C(1000000)

/* ---- histograms ------------------------------------------------------------------------------ *
 *
 * Slots are quarters of powers of two of a unit of 4.2 ms, up to nine minutes. The first four are
 * whole units. */

enum { UNIT_BITS = 22, SAMPLE = 16, HALF_LIFE_S = 600 };

static unsigned log2_floor(uint64_t v)
{
    return 63U - (unsigned)__builtin_clzll(v);
}

static size_t slot_of(uint64_t span_ns)
{
    const uint64_t v = span_ns >> UNIT_BITS;
    if (v < 4) {
        return (size_t)v;
    }
    const unsigned e = log2_floor(v);
    const size_t slot = 4 * ((size_t)e - 1) + (size_t)(v >> (e - 2) & 3U);
    return slot < PROA_LATENCY_SLOTS ? slot : PROA_LATENCY_SLOTS - 1;
}

/* Where the slot begins. */
static uint64_t floor_of(size_t slot)
{
    if (slot < 4) {
        return (uint64_t)slot << UNIT_BITS;
    }
    return (uint64_t)(4 + slot % 4) << (UNIT_BITS + slot / 4 - 1);
}

static uint64_t width_of(size_t slot)
{
    return UINT64_C(1) << (slot < 8 ? UNIT_BITS : UNIT_BITS + slot / 4 - 1);
}

static uint64_t quantile(const struct proa_histogram *h, uint32_t quantile_ppm)
{
    if (h->total < PROA_LATENCY_KNOWN * SAMPLE) {
        return 0;
    }
    const uint64_t rank = (uint64_t)h->total * quantile_ppm / PPM;
    uint64_t below = 0;
    for (size_t i = h->lowest; i < PROA_LATENCY_SLOTS; i++) {
        if (h->count[i] > 0 && below + h->count[i] > rank) {
            return floor_of(i) + width_of(i) * (rank - below) / h->count[i];
        }
        below += h->count[i];
    }
    return floor_of(PROA_LATENCY_SLOTS);
}

static void halve(struct proa_histogram *h)
{
    h->total = 0;
    for (size_t i = 0; i < PROA_LATENCY_SLOTS; i++) {
        h->count[i] /= 2;
        h->total += h->count[i];
    }
}

static void age(struct proa_latency *l, uint64_t now_ns)
{
    const uint64_t half_life = HALF_LIFE_S * PROA_NS_PER_S;
    uint64_t n = proa_clock_since(now_ns, l->aged_ns) / half_life;
    if (n == 0) {
        return;
    }
    l->aged_ns += n * half_life;
    n = n < 16 ? n : 16; /* nothing is left of uint16_t after so many */
    for (; n > 0; n--) {
        for (size_t row = 0; row < PROA_LATENCY_ROWS; row++) {
            halve(&l->row[row]);
        }
    }
    for (size_t row = 0; row < PROA_LATENCY_ROWS; row++) {
        l->row[row].median_ns = quantile(&l->row[row], PPM / 2);
    }
}

void proa_latency_init(struct proa_latency *l, uint64_t now_ns)
{
    memset(l, 0, sizeof(*l));
    l->aged_ns = now_ns;
}

enum proa_latency_row proa_latency_row_of(uint32_t input_tokens)
{
    if (input_tokens <= 1024) {
        return PROA_LATENCY_1K;
    }
    if (input_tokens <= 4096) {
        return PROA_LATENCY_4K;
    }
    if (input_tokens <= 16384) {
        return PROA_LATENCY_16K;
    }
    return input_tokens <= 65536 ? PROA_LATENCY_64K : PROA_LATENCY_MORE;
}

void proa_latency_add(struct proa_latency *l, enum proa_latency_row row, uint64_t span_ns,
                      uint64_t now_ns)
{
    PROA_DASSERT((size_t)row < PROA_LATENCY_ROWS);
    struct proa_histogram *h = &l->row[row];
    const size_t slot = slot_of(span_ns);
    age(l, now_ns);
    if (h->count[slot] > UINT16_MAX - SAMPLE) {
        halve(h); /* the shape is what counts */
    }
    if (h->total == 0 || slot < h->lowest) {
        h->lowest = (uint32_t)slot;
    }
    h->count[slot] = (uint16_t)(h->count[slot] + SAMPLE);
    h->total += SAMPLE;
    h->median_ns = quantile(h, PPM / 2);
}

uint64_t proa_latency_quantile(const struct proa_latency *l, enum proa_latency_row row,
                               uint32_t quantile_ppm)
{
    return quantile(&l->row[row], quantile_ppm < PPM ? quantile_ppm : PPM - 1);
}

uint64_t proa_latency_median(const struct proa_latency *l, enum proa_latency_row row)
{
    return l->row[row].median_ns;
}

uint32_t proa_latency_samples(const struct proa_latency *l, enum proa_latency_row row)
{
    return l->row[row].total / SAMPLE;
}

/* ---- bearing --------------------------------------------------------------------------------- */

enum { RATIO_MAX = 100 * 1000000 };

uint32_t proa_latency_decay_ppm(uint64_t span_ns, uint64_t tau_ns)
{
    if (span_ns == 0) {
        return PPM;
    }
    const uint64_t half_life = tau_ns / PPM * 693147 + tau_ns % PPM * 693147 / PPM;
    const uint64_t halvings = half_life > 0 ? span_ns / half_life : 20;
    if (halvings >= 20) {
        return 0;
    }
    /* 2^-f on [0, 1] by the parabola through 0, 1/2 and 1: 1 - 0.67157 f + 0.17157 f^2. */
    const uint64_t rest = span_ns % half_life;
    const uint64_t f =
        half_life > UINT64_MAX / PPM ? rest / (half_life / PPM) : rest * PPM / half_life;
    const uint64_t part = PPM - f * 671573 / PPM + f * f / PPM * 171573 / PPM;
    return (uint32_t)(part >> halvings);
}

/* The value at `at`, drifted towards `neutral` until now. */
static uint32_t drifted(uint32_t value, uint32_t neutral, uint32_t decay_ppm)
{
    if (value == neutral) {
        return neutral;
    }
    const int64_t off = (int64_t)value - neutral;
    return (uint32_t)(neutral + off * decay_ppm / PPM);
}

static void drift(struct proa_bearing *b, uint64_t tau_ns, uint64_t now_ns)
{
    if (now_ns <= b->at_ns) {
        return;
    }
    const uint32_t decay = proa_latency_decay_ppm(now_ns - b->at_ns, tau_ns);
    b->first_ppm = drifted(b->first_ppm, PPM, decay);
    b->pace_ppm = drifted(b->pace_ppm, PPM, decay);
    b->failure_ppm = drifted(b->failure_ppm, 0, decay);
    b->at_ns = now_ns;
}

static uint32_t moved(uint32_t ratio, uint64_t span_ns, uint64_t usual_ns)
{
    /* Coarser units where the product would not fit: an hour is 3.6e12. */
    const uint64_t usual = usual_ns / 1024 + 1;
    uint64_t sample = span_ns / 1024 < UINT64_MAX / PPM ? span_ns / 1024 * PPM / usual : RATIO_MAX;
    sample = sample < RATIO_MAX ? sample : RATIO_MAX;
    return (uint32_t)(sample > ratio ? (ratio + sample) / 2
                                     : ((uint64_t)ratio * 7 + sample * 3) / 10);
}

void proa_bearing_init(struct proa_bearing *b, uint64_t now_ns)
{
    *b = (struct proa_bearing){.first_ppm = PPM, .pace_ppm = PPM, .at_ns = now_ns};
}

void proa_bearing_first(struct proa_bearing *b, uint64_t span_ns, uint64_t usual_ns,
                        uint64_t tau_ns, uint64_t now_ns)
{
    if (span_ns > 0 && usual_ns > 0) {
        drift(b, tau_ns, now_ns);
        b->first_ppm = moved(b->first_ppm, span_ns, usual_ns);
    }
}

void proa_bearing_pace(struct proa_bearing *b, uint64_t span_ns, uint64_t usual_ns, uint64_t tau_ns,
                       uint64_t now_ns)
{
    if (span_ns > 0 && usual_ns > 0) {
        drift(b, tau_ns, now_ns);
        b->pace_ppm = moved(b->pace_ppm, span_ns, usual_ns);
    }
}

void proa_bearing_verdict(struct proa_bearing *b, bool failed, uint64_t tau_ns, uint64_t now_ns)
{
    drift(b, tau_ns, now_ns);
    b->failure_ppm =
        failed ? b->failure_ppm + (PPM - b->failure_ppm) / 5 : b->failure_ppm - b->failure_ppm / 5;
}

uint32_t proa_bearing_latency_ppm(const struct proa_bearing *b, uint64_t tau_ns, uint64_t now_ns)
{
    const uint64_t both = ((uint64_t)b->first_ppm * 7 + (uint64_t)b->pace_ppm * 3) / 10;
    if (both == PPM) {
        return PPM;
    }
    return drifted((uint32_t)both, PPM,
                   proa_latency_decay_ppm(proa_clock_since(now_ns, b->at_ns), tau_ns));
}

uint32_t proa_bearing_failure_ppm(const struct proa_bearing *b, uint64_t tau_ns, uint64_t now_ns)
{
    return b->failure_ppm == 0
               ? 0
               : drifted(b->failure_ppm, 0,
                         proa_latency_decay_ppm(proa_clock_since(now_ns, b->at_ns), tau_ns));
}
