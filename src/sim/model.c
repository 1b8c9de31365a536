/*
 * What providers do. Each call draws the same numbers from its streams whatever becomes of it, so
 * that two policies under one seed meet the same weather for as long as they make the same calls.
 */
#include "sim_priv.h"

static const uint64_t ROLE_NS = 20 * PROA_NS_PER_MS; /* from the head to an event without content */

void proa_model_init(struct proa_model *m, const struct proa_sim *sim, uint64_t seed)
{
    *m = (struct proa_model){.sim = sim};
    proa_dist_stream(&m->latency, seed, PROA_SLICE("latency"), 0);
    proa_dist_stream(&m->faults, seed, PROA_SLICE("faults"), 0);
    for (size_t t = 0; t < sim->route->n_candidates; t++) {
        m->limits[t].level = proa_scenario_provider(sim->scenario, sim->provider[t])->limit.burst;
    }
}

/* ---- what can happen ------------------------------------------------------------------------- */

/* Answered with an error status. */
static void plan_error(struct proa_plan *plan, const struct proa_scenario_provider *p,
                       enum proa_class class, uint16_t status)
{
    plan->class = class;
    plan->status = status;
    plan->end_ns = plan->connected_ns + p->error_ns;
    plan->head_ns = PROA_NEVER; /* an error is told whole, as one failure */
    plan->content_ns = PROA_NEVER;
}

/* 200, and then an end before any content. */
static void plan_barren(struct proa_plan *plan, enum proa_class class)
{
    plan->class = class;
    plan->end_ns = plan->head_ns + ROLE_NS;
    plan->content_ns = PROA_NEVER;
}

static void plan_silence(struct proa_plan *plan)
{
    plan->head_ns = PROA_NEVER;
    plan->content_ns = PROA_NEVER;
    plan->end_ns = PROA_NEVER;
}

/* Never connected: turned away over there, or no way there. */
static void plan_unconnected(struct proa_plan *plan, const struct proa_scenario_provider *p,
                             enum proa_err err, uint64_t now_ns)
{
    plan_silence(plan);
    plan->connected_ns = PROA_NEVER;
    plan->class = PROA_CLASS_CONNECT;
    plan->err = err;
    plan->end_ns = now_ns + p->refuse_ns;
}

static uint64_t scaled(uint64_t from_ns, uint64_t at_ns, uint32_t factor_ppm)
{
    return at_ns == PROA_NEVER
               ? at_ns
               : from_ns + (uint64_t)((double)(at_ns - from_ns) * factor_ppm * 1e-6);
}

static void plan_slow(struct proa_plan *plan, uint32_t factor_ppm)
{
    const uint64_t from_ns = plan->connected_ns;
    plan->head_ns = scaled(from_ns, plan->head_ns, factor_ppm);
    plan->content_ns = scaled(from_ns, plan->content_ns, factor_ppm);
    plan->end_ns = scaled(from_ns, plan->end_ns, factor_ppm);
}

static void plan_cut(struct proa_plan *plan, const struct proa_scenario_provider *p,
                     uint32_t tokens)
{
    const uint64_t at_ns = plan->content_ns == PROA_NEVER
                               ? plan->head_ns
                               : plan->content_ns + tokens * PROA_NS_PER_S / p->tokens_per_second;
    if (at_ns < plan->end_ns) {
        plan->class = plan->content_ns == PROA_NEVER ? PROA_CLASS_RESET : PROA_CLASS_STREAM_BROKEN;
        plan->end_ns = at_ns;
    }
}

static void apply_fault(struct proa_plan *plan, const struct proa_scenario_provider *p,
                        const struct proa_scenario_fault *f, uint64_t now_ns)
{
    switch ((enum proa_scenario_fault_kind)f->kind) {
    case PROA_FAULT_REFUSE:
        plan_unconnected(plan, p, PROA_ERR_REFUSED, now_ns);
        break;
    case PROA_FAULT_UPLINK:
        plan_unconnected(plan, p, PROA_ERR_UNREACHABLE, now_ns);
        break;
    case PROA_FAULT_ERROR:
        plan_error(plan, p, PROA_CLASS_SERVER, 500);
        break;
    case PROA_FAULT_OVERLOADED:
        plan_error(plan, p, PROA_CLASS_OVERLOADED, 503);
        plan->retry_after_ns = f->retry_after_ns;
        break;
    case PROA_FAULT_RESET:
        plan_error(plan, p, PROA_CLASS_RESET, 0);
        break;
    case PROA_FAULT_HANG:
        plan_silence(plan);
        break;
    case PROA_FAULT_SLOW:
        plan_slow(plan, f->factor_ppm);
        break;
    case PROA_FAULT_RATE:
        plan_error(plan, p, PROA_CLASS_RATE, 429);
        plan->retry_after_ns = f->retry_after_ns;
        break;
    case PROA_FAULT_QUOTA:
        plan_error(plan, p, PROA_CLASS_QUOTA, 429);
        break;
    case PROA_FAULT_AUTH:
        plan_error(plan, p, PROA_CLASS_AUTH, 401);
        break;
    case PROA_FAULT_CUT:
        plan_cut(plan, p, f->tokens);
        break;
    case PROA_FAULT_STREAM_ERROR:
        plan_barren(plan, PROA_CLASS_SERVER);
        break;
    case PROA_FAULT_EMPTY:
    case PROA_FAULT_UNFINISHED:
        plan_barren(plan, PROA_CLASS_EMPTY);
        break;
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Takes one request out of the group's bucket; refused when there is none. A refused request costs
 * nothing. */
static void apply_limit(struct proa_model *m, size_t target, const struct proa_scenario_provider *p,
                        struct proa_plan *plan)
{
    struct proa_bucket *b = &m->limits[m->sim->group[target]];
    if (p->limit.rate_ppm == 0 || plan->connected_ns == PROA_NEVER) {
        return;
    }
    const double rate = p->limit.rate_ppm * 1e-6;
    const double burst = p->limit.burst;
    const uint64_t at_ns = plan->connected_ns > b->at_ns ? plan->connected_ns : b->at_ns;
    const double level = b->level + (double)(at_ns - b->at_ns) * 1e-9 * rate;
    b->level = level < burst ? level : burst;
    b->at_ns = at_ns;
    if (b->level >= 1.0) {
        b->level -= 1.0;
    } else {
        plan_error(plan, p, PROA_CLASS_RATE, 429);
        plan->retry_after_ns = p->limit.retry_after_ns;
    }
    plan->told = p->limit.headers;
    plan->rate = (struct proa_rate_signal){
        .kind = PROA_RATE_REQUESTS,
        .limit = p->limit.burst,
        .remaining = (uint64_t)b->level,
        .reset_ns = (uint64_t)((burst - b->level) / rate * 1e9),
    };
}

/* ---- one call -------------------------------------------------------------------------------- */

static void plan_good(struct proa_model *m, const struct proa_scenario_provider *p, bool stream,
                      uint64_t now_ns, struct proa_plan *plan)
{
    const uint64_t first_ns = proa_dist_lognormal(&m->latency, p->first_content_ns, p->sigma_ppm);
    const uint64_t rest_ns = proa_dist_exponential(&m->latency, p->generation_ns);
    *plan = (struct proa_plan){
        .connected_ns = now_ns + p->connect_ns,
        .class = PROA_CLASS_OK,
        .status = 200,
        .tokens = 1 + (uint32_t)(rest_ns / PROA_NS_PER_MS * p->tokens_per_second / 1000),
    };
    const uint64_t content_ns = plan->connected_ns + first_ns;
    plan->end_ns = content_ns + rest_ns;
    plan->content_ns = stream ? content_ns : PROA_NEVER; /* a plain answer comes as a whole */
    plan->head_ns = stream ? plan->connected_ns + first_ns / 2 : plan->end_ns;
}

void proa_model_plan(struct proa_model *m, size_t target, const struct proa_scenario_arrivals *of,
                     uint64_t now_ns, struct proa_plan *out)
{
    const struct proa_scenario *s = m->sim->scenario;
    const struct proa_scenario_provider *p = proa_scenario_provider(s, m->sim->provider[target]);
    const uint32_t key = proa_sim_key_of(m->sim, target);
    plan_good(m, p, of->stream, now_ns, out);
    const bool unlucky = proa_dist_chance(&m->faults, p->error_ppm);
    bool hit = false;
    for (size_t i = 0; i < s->faults.n; i++) {
        const struct proa_scenario_fault *f = proa_scenario_fault(s, i);
        const bool chosen = proa_dist_chance(&m->faults, f->share_ppm);
        const bool active =
            proa_scenario_fault_is_active(f, now_ns) && proa_scenario_fault_is_on(f, p->name, key);
        out->faulty = out->faulty || active;
        if (active && chosen && !hit) {
            apply_fault(out, p, f, now_ns);
            hit = true;
        }
    }
    if (!hit && (of->poison || unlucky)) {
        plan_error(out, p, PROA_CLASS_SERVER, 500);
    }
    apply_limit(m, target, p, out);
}
