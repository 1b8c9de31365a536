/*
 * One run: clients arrive, exchanges are driven, calls go by their plans, until all is over.
 *
 * Whatever happens is one event of the virtual clock. Feeding a decider only sets further events,
 * so nothing here calls back into itself; runs that one exchange has woken are fed after it.
 */
#include "sim_priv.h"

#include "proa/chat/usage.h"
#include "proa/core/alloc.h"
#include "proa/core/hash.h"

/* Content flows all the time; deciders are told this often. */
static const uint64_t PROGRESS_NS = 5 * PROA_NS_PER_S;
/* Clients that leave do so within this. */
static const uint64_t PATIENCE_NS = 10 * PROA_NS_PER_S;
/* What the SDKs of the vendors wait before they try again, doubled each time. */
static const uint64_t SDK_BASE_NS = 500 * PROA_NS_PER_MS;
static const uint64_t SDK_CAP_NS = 8 * PROA_NS_PER_S;
/* States also change by time alone; they are looked at this often. */
static const uint64_t LOOK_NS = 1 * PROA_NS_PER_S;
/* More events than this at one instant are a loop. */
enum { EVENTS_AT_ONCE_MAX = 1000000 };

/* ---- notes ----------------------------------------------------------------------------------- */

static void note_command(struct sim_world *w, const struct sim_exchange *x,
                         const struct proa_command *c)
{
    const uint64_t words[] = {
        w->clock.now_ns,
        x->request,
        (uint64_t)c->kind << 32 | (uint64_t)c->reason << 16 | c->attempt,
        c->kind == PROA_CMD_START ? (uint64_t)c->candidate->target->id : (uint64_t)c->outcome,
        c->deadline_ns,
    };
    w->record->trace = proa_hash64(proa_slice_make(words, sizeof(words)), w->record->trace);
}

/* Which targets look different to this sidecar now? */
static void note_states(struct sim_world *w, struct sim_sidecar *s)
{
    enum proa_sim_state states[PROA_ROUTE_TARGETS_MAX];
    const bool news = w->kind->has_news(s->decider);
    if (!news && w->clock.now_ns - s->looked_ns < LOOK_NS) {
        return;
    }
    s->looked_ns = w->clock.now_ns;
    w->kind->states(s->decider, w->clock.now_ns, states);
    for (uint16_t t = 0; t < w->sim->route->n_candidates; t++) {
        if (states[t] != s->state[t]) {
            *proa_record_add_change(w->record) = (struct proa_sim_change){
                .at_ns = w->clock.now_ns,
                .sidecar = (uint16_t)(s - w->sidecars),
                .target = t,
                .from = s->state[t],
                .to = (uint8_t)states[t],
            };
            s->state[t] = (uint8_t)states[t];
        }
    }
}

/* How far above its share of a sidecar's calls a quota group is, the new one included. */
static uint32_t excess_of(const struct sim_world *w, const struct sim_sidecar *s, uint16_t target)
{
    const struct proa_sim *sim = w->sim;
    uint32_t total = 0;
    uint32_t own = 0;
    uint32_t groups = 0;
    for (size_t t = 0; t < sim->route->n_candidates; t++) {
        total += s->inflight[t];
        own += sim->group[t] == sim->group[target] ? s->inflight[t] : 0;
        groups += sim->group[t] == t;
    }
    const uint32_t most = groups > 0 ? (5 * total + 4 * groups - 1) / (4 * groups) : own;
    return own > most ? own - most : 0;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void feed(struct sim_exchange *x, const struct proa_event *event);

static uint64_t next_step(const struct sim_flight *f, uint64_t now_ns)
{
    const struct proa_plan *p = &f->plan;
    uint64_t at_ns = p->end_ns;
    if (f->stage == PROA_STAGE_CONNECTING) {
        at_ns = p->connected_ns;
    } else if (f->stage == PROA_STAGE_SENT) {
        at_ns = p->head_ns;
    } else if (f->stage == PROA_STAGE_HEAD) {
        at_ns = p->content_ns;
    } else if (p->end_ns != PROA_NEVER && now_ns + PROGRESS_NS < p->end_ns) {
        at_ns = now_ns + PROGRESS_NS;
    }
    return at_ns < p->end_ns ? at_ns : p->end_ns;
}

/* What it costs, as far as it has come: a prompt that was taken, content that was made. */
static uint64_t cost_of(const struct sim_flight *f, uint64_t now_ns)
{
    const struct sim_world *w = f->x->world;
    const struct proa_scenario_provider *p =
        proa_scenario_provider(w->sim->scenario, w->sim->provider[f->target]);
    const bool whole = f->plan.class == PROA_CLASS_OK && now_ns >= f->plan.end_ns;
    const bool content = f->plan.content_ns != PROA_NEVER && now_ns >= f->plan.content_ns;
    uint64_t tokens = whole ? f->plan.tokens : 0;
    if (!whole && content) {
        tokens = (now_ns - f->plan.content_ns) / PROA_NS_PER_MS * p->tokens_per_second / 1000;
    }
    const bool taken =
        whole || content || (f->plan.class == PROA_CLASS_OK && f->plan.status == 200);
    return (taken ? (uint64_t)f->x->of->prompt_tokens * p->input_price_ppm : 0) +
           tokens * p->output_price_ppm;
}

static void end_flight(struct sim_flight *f, enum proa_class class)
{
    struct sim_world *w = f->x->world;
    struct proa_sim_call *call = proa_record_call(w->record, f->call);
    proa_vclock_clear(&w->clock, &f->event);
    f->stage = PROA_STAGE_OVER;
    call->ended_ns = w->clock.now_ns;
    call->class = (uint8_t) class;
    call->picodollars = cost_of(f, w->clock.now_ns);
    if (class != PROA_CLASS_CANCELLED) {
        proa_witness_verdict(f->x, f, class);
    }
    proa_witness_over(f->x, f);
}

/* Requests differ, so their fingerprints do; a poisonous prompt is the same each time. */
static uint64_t fingerprint_of(const struct sim_exchange *x)
{
    const uint64_t id = x->request;
    return x->of->poison ? proa_hash64(x->of->name, 1)
                         : proa_hash64(proa_slice_make(&id, sizeof(id)), 2);
}

static void end_of_plan(struct sim_flight *f)
{
    const struct proa_plan *p = &f->plan;
    struct sim_exchange *x = f->x;
    const bool ok = p->class == PROA_CLASS_OK;
    struct proa_usage usage = {0};
    proa_usage_set(&usage, PROA_USAGE_INPUT, x->of->prompt_tokens);
    proa_usage_set(&usage, PROA_USAGE_OUTPUT, p->tokens);
    const struct proa_event event = {
        .kind = ok ? PROA_EV_ENDED : PROA_EV_FAILED,
        .attempt = f->index,
        .class = p->class,
        .err = p->err,
        .status = p->class == PROA_CLASS_CONNECT ? 0 : p->status,
        .retry_after_ns = p->retry_after_ns,
        .fingerprint = ok ? 0 : fingerprint_of(x),
        .resumable = f->stage == PROA_STAGE_CONTENT,
        .usage = ok ? &usage : NULL,
        .rates = &p->rate,
        .n_rates = p->told && !ok,
    };
    if (ok && f->stage < PROA_STAGE_CONTENT) {
        proa_record_call(x->world->record, f->call)->content_ns = x->world->clock.now_ns;
    }
    end_flight(f, p->class);
    feed(x, &event);
}

static void on_step(void *ctx, uint64_t now_ns)
{
    struct sim_flight *f = ctx;
    struct sim_world *w = f->x->world;
    struct proa_event event = {.attempt = f->index, .status = f->plan.status, .content = true};
    if (now_ns >= f->plan.end_ns) {
        end_of_plan(f);
        return;
    }
    if (f->stage == PROA_STAGE_CONNECTING) {
        f->stage = PROA_STAGE_SENT;
        event.kind = PROA_EV_CONNECTED;
    } else if (f->stage == PROA_STAGE_SENT) {
        f->stage = PROA_STAGE_HEAD;
        event.kind = PROA_EV_HEAD;
        event.rates = &f->plan.rate;
        event.n_rates = f->plan.told;
    } else if (f->stage == PROA_STAGE_HEAD) {
        f->stage = PROA_STAGE_CONTENT;
        event.kind = PROA_EV_FIRST_CONTENT;
        proa_record_call(w->record, f->call)->content_ns = now_ns;
        proa_witness_verdict(f->x, f, PROA_CLASS_OK);
    } else {
        event.kind = PROA_EV_PROGRESS;
    }
    proa_vclock_set(&w->clock, &f->event, next_step(f, now_ns));
    feed(f->x, &event);
}

static void start(struct sim_exchange *x, const struct proa_command *c)
{
    struct sim_world *w = x->world;
    PROA_ASSERT(c->attempt == x->n_flights && x->n_flights < PROA_RUN_ATTEMPTS_MAX);
    struct sim_flight *f = &x->flights[x->n_flights++];
    *f = (struct sim_flight){
        .x = x,
        .stage = PROA_STAGE_CONNECTING,
        .index = c->attempt,
        .target = (uint16_t)(c->candidate - w->sim->route->candidates),
        .started_ns = w->clock.now_ns,
        .call = w->record->calls.n,
    };
    proa_vclock_event_init(&f->event, on_step, f);
    proa_model_plan(&w->model, f->target, x->of, w->clock.now_ns, &f->plan);
    proa_witness_start(x, f, c);
    *proa_record_add_call(w->record) = (struct proa_sim_call){
        .started_ns = f->started_ns,
        .request = (uint32_t)x->request,
        .excess = excess_of(w, x->sidecar, f->target),
        .sidecar = (uint16_t)(x->sidecar - w->sidecars),
        .target = f->target,
        .purpose = (uint8_t)c->purpose,
        .faulty = f->plan.faulty,
    };
    sim_request(x)->n_calls++;
    proa_vclock_set(&w->clock, &f->event, next_step(f, w->clock.now_ns));
}

/* ---- exchanges ------------------------------------------------------------------------------- */

static void begin(struct sim_world *w, const struct proa_scenario_arrivals *of,
                  struct sim_sidecar *sidecar, uint32_t prefix, uint8_t sdk_retry);

/* A client whose SDK tries again after a while. */
struct again {
    struct proa_list waiting;
    struct proa_vclock_event event;
    struct sim_world *world;
    const struct proa_scenario_arrivals *of;
    struct sim_sidecar *sidecar;
    uint32_t prefix;
    uint8_t sdk_retry;
};

static void on_again(void *ctx, uint64_t now_ns)
{
    struct again *a = ctx;
    (void)now_ns;
    proa_list_unlink(&a->waiting);
    begin(a->world, a->of, a->sidecar, a->prefix, a->sdk_retry);
    proa_free(a);
}

static void try_again(const struct sim_exchange *x)
{
    struct sim_world *w = x->world;
    const struct proa_sim_request *request = sim_request(x);
    struct again *a = PROA_NEW(struct again);
    *a = (struct again){.world = w,
                        .of = x->of,
                        .sidecar = x->sidecar,
                        .prefix = request->prefix,
                        .sdk_retry = (uint8_t)(request->sdk_retry + 1)};
    uint64_t wait_ns = SDK_BASE_NS << request->sdk_retry;
    wait_ns = wait_ns < SDK_CAP_NS ? wait_ns : SDK_CAP_NS;
    wait_ns -= proa_prng_below(&w->clients, wait_ns / 4 + 1);
    proa_list_init(&a->waiting);
    proa_list_push_back(&w->waiting, &a->waiting);
    proa_vclock_event_init(&a->event, on_again, a);
    proa_vclock_set(&w->clock, &a->event, w->clock.now_ns + wait_ns);
}

static void carry_out(struct sim_exchange *x, const struct proa_command *c)
{
    struct sim_world *w = x->world;
    switch (c->kind) {
    case PROA_CMD_START:
        start(x, c);
        break;
    case PROA_CMD_CANCEL:
        PROA_ASSERT(c->attempt < x->n_flights);
        end_flight(&x->flights[c->attempt], PROA_CLASS_CANCELLED);
        break;
    case PROA_CMD_COMMIT:
        x->committed = c->attempt;
        if (sim_request(x)->first_ns == 0) { /* else it goes on with what another began */
            sim_request(x)->first_ns = w->clock.now_ns;
        }
        break;
    case PROA_CMD_REPLY_ERROR:
        sim_request(x)->fail = (uint8_t)c->terminal.fail;
        x->again = c->terminal.should_retry && x->committed == PROA_RUN_ATTEMPTS_MAX;
        break;
    case PROA_CMD_ARM:
        proa_vclock_set(&w->clock, &x->timer, c->deadline_ns);
        break;
    case PROA_CMD_FINISH:
        x->finished = true;
        sim_request(x)->outcome = (uint8_t)c->outcome;
        sim_request(x)->ended_ns = w->clock.now_ns;
        proa_witness_finish(x);
        proa_memory_end(x, c->outcome);
        break;
    case PROA_CMD_WAIT:
        break;
    }
}

void proa_sim_release(struct sim_exchange *x)
{
    struct sim_world *w = x->world;
    if (x->again && sim_request(x)->sdk_retry < x->of->sdk_retries) {
        try_again(x);
    }
    (void)proa_flight_leave(&x->seat);
    proa_memory_end(x, PROA_OUTCOME_CANCELLED);
    for (uint8_t i = 0; i < x->n_flights; i++) {
        proa_vclock_clear(&w->clock, &x->flights[i].event);
    }
    proa_vclock_clear(&w->clock, &x->timer);
    proa_vclock_clear(&w->clock, &x->leave);
    proa_list_unlink(&x->live);
    w->n_live--;
    proa_freelist_give(&w->exchanges, x);
}

static void feed_one(struct sim_exchange *x, const struct proa_event *event)
{
    struct sim_world *w = x->world;
    struct proa_commands commands;
    commands.n = 0;
    w->record->events++;
    w->kind->feed(x->run, w->clock.now_ns, event, &commands);
    for (size_t i = 0; i < commands.n; i++) {
        note_command(w, x, &commands.items[i]);
        carry_out(x, &commands.items[i]);
    }
    if (x->finished) {
        proa_sim_release(x);
    }
}

static void feed(struct sim_exchange *x, const struct proa_event *event)
{
    static const struct proa_event woken = {.kind = PROA_EV_WOKEN};
    struct sim_world *w = x->world;
    struct sim_sidecar *sidecar = x->sidecar;
    feed_one(x, event);
    void *run = w->kind->next_woken(sidecar->decider);
    while (run) {
        feed_one(PROA_CONTAINER_OF(run, struct sim_exchange, run), &woken);
        run = w->kind->next_woken(sidecar->decider);
    }
    note_states(w, sidecar);
}

static void on_timer(void *ctx, uint64_t now_ns)
{
    const struct proa_event event = {.kind = PROA_EV_DEADLINE};
    (void)now_ns;
    if (!proa_memory_timer(ctx)) {
        feed(ctx, &event);
    }
}

void proa_sim_client_gone(struct sim_exchange *x)
{
    const struct proa_event event = {.kind = PROA_EV_CLIENT_GONE};
    feed(x, &event);
}

static void on_leave(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    if (!proa_memory_client_gone(ctx)) {
        proa_sim_client_gone(ctx);
    }
}

/* When its client leaves, if it does before the end. */
static uint64_t leave_of(struct sim_world *w, const struct sim_exchange *x)
{
    const struct proa_scenario_arrivals *of = x->of;
    const bool leaves = proa_dist_chance(&w->clients, of->leave_ppm);
    const uint64_t after_ns = proa_prng_below(&w->clients, PATIENCE_NS);
    if (of->first_leaves_ns > 0 && w->record->requests.n == 1) {
        return w->clock.now_ns + of->first_leaves_ns;
    }
    return leaves ? w->clock.now_ns + after_ns : PROA_NEVER;
}

static uint64_t deadline_of(const struct sim_world *w, const struct proa_scenario_arrivals *of)
{
    const struct proa_timeout_cfg *t = &w->sim->route->policy->timeouts;
    const uint64_t total_ns = of->stream ? t->total_stream_ns : t->total_ns;
    const bool own = of->timeout_ns > 0 && of->timeout_ns < total_ns;
    return proa_clock_after(w->clock.now_ns, own ? of->timeout_ns : total_ns);
}

static void begin(struct sim_world *w, const struct proa_scenario_arrivals *of,
                  struct sim_sidecar *sidecar, uint32_t prefix, uint8_t sdk_retry)
{
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    struct sim_exchange *x = proa_freelist_take_head(&w->exchanges, 0);
    *x = (struct sim_exchange){
        .world = w,
        .sidecar = sidecar,
        .of = of,
        .request = w->record->requests.n,
        .deadline_ns = deadline_of(w, of),
        .committed = PROA_RUN_ATTEMPTS_MAX,
        .options = {.stream = of->stream,
                    .timeout_ns = of->timeout_ns,
                    .sdk_retry = sdk_retry,
                    .input_tokens = of->prompt_tokens,
                    .max_output = of->max_tokens},
    };
    if (of->prefixes > 0) {
        x->options.affinity = proa_hash64(proa_slice_make(&prefix, sizeof(prefix)), 3) | 1;
    }
    *proa_record_add_request(w->record) = (struct proa_sim_request){
        .arrived_ns = w->clock.now_ns,
        .arrivals = (uint32_t)(of - proa_scenario_arrivals(w->sim->scenario, 0)),
        .prefix = prefix,
        .sidecar = (uint16_t)(sidecar - w->sidecars),
        .sdk_retry = sdk_retry,
    };
    sidecar->n_requests += sdk_retry == 0;
    proa_list_init(&x->live);
    proa_list_push_back(&w->live, &x->live);
    w->n_live++;
    proa_vclock_event_init(&x->timer, on_timer, x);
    proa_vclock_event_init(&x->leave, on_leave, x);
    proa_vclock_set(&w->clock, &x->leave, leave_of(w, x));
    if (proa_memory_begin(x)) {
        return;
    }
    w->kind->begin(sidecar->decider, x->run, &x->options, w->clock.now_ns);
    feed(x, &admitted);
}

/* ---- the world ------------------------------------------------------------------------------- */

/* One stream of arrivals. */
struct source {
    struct proa_vclock_event event;
    struct sim_world *world;
    const struct proa_scenario_arrivals *of;
    struct proa_prng prng;
};

static uint64_t gap_of(struct source *s)
{
    const uint64_t mean_ns = PROA_NS_PER_S * 1000000 / s->of->rate_ppm;
    const uint64_t drawn_ns = proa_dist_exponential(&s->prng, mean_ns);
    return s->of->process == PROA_SCENARIO_CONSTANT ? mean_ns : drawn_ns;
}

static void set_next(struct source *s, uint64_t now_ns)
{
    const uint64_t duration_ns = s->world->sim->scenario->duration_ns;
    const bool ends = s->of->to_ns > 0 && s->of->to_ns < duration_ns;
    const uint64_t at_ns = now_ns + gap_of(s);
    proa_vclock_set(&s->world->clock, &s->event,
                    at_ns < (ends ? s->of->to_ns : duration_ns) ? at_ns : PROA_NEVER);
}

static void on_arrival(void *ctx, uint64_t now_ns)
{
    struct source *s = ctx;
    struct sim_world *w = s->world;
    const size_t sidecar = proa_prng_below(&s->prng, w->sim->scenario->sidecars);
    const bool hot = proa_dist_chance(&s->prng, s->of->hot_ppm);
    const uint32_t prefix = (uint32_t)proa_prng_below(&s->prng, s->of->prefixes);
    set_next(s, now_ns);
    begin(w, s->of, &w->sidecars[sidecar], hot ? 0 : prefix, 0);
}

/* The network goes: what is under way is cut. */
struct loss {
    struct proa_vclock_event event;
    struct sim_world *world;
};

static void on_loss(void *ctx, uint64_t now_ns)
{
    struct loss *loss = ctx;
    struct sim_world *w = loss->world;
    for (struct proa_list *l = w->live.next; l != &w->live; l = l->next) {
        struct sim_exchange *x = PROA_CONTAINER_OF(l, struct sim_exchange, live);
        for (uint8_t i = 0; i < x->n_flights; i++) {
            struct sim_flight *f = &x->flights[i];
            if (f->stage != PROA_STAGE_OVER && f->plan.end_ns > now_ns) {
                f->plan.class =
                    f->stage == PROA_STAGE_CONTENT ? PROA_CLASS_STREAM_BROKEN : PROA_CLASS_RESET;
                f->plan.status = 0;
                f->plan.end_ns = now_ns;
                proa_vclock_set(&w->clock, &f->event, now_ns);
            }
        }
    }
}

static void run_out(struct sim_world *w)
{
    uint64_t at_ns = 0;
    uint64_t n = 0;
    while (proa_vclock_step(&w->clock)) {
        n = w->clock.now_ns == at_ns ? n + 1 : 0;
        at_ns = w->clock.now_ns;
        if (n > EVENTS_AT_ONCE_MAX) {
            proa_record_violation(w->record, "at %.3f s: it goes round in circles",
                                  (double)at_ns * 1e-9);
            return;
        }
    }
}

static void open_world(struct sim_world *w, struct proa_sim *sim,
                       const struct proa_decider_kind *kind, struct proa_record *record)
{
    *w = (struct sim_world){.sim = sim, .kind = kind, .record = record};
    proa_vclock_init(&w->clock, 0);
    proa_model_init(&w->model, sim, record->seed);
    proa_dist_stream(&w->clients, record->seed, PROA_SLICE("jitter"), 0);
    proa_freelist_init(&w->exchanges, sizeof(struct sim_exchange) + kind->run_bytes, 4096);
    proa_list_init(&w->live);
    proa_list_init(&w->waiting);
    w->sidecars = proa_alloc_zero(sim->scenario->sidecars, sizeof(*w->sidecars));
    for (size_t i = 0; i < sim->scenario->sidecars; i++) {
        struct proa_prng pick;
        proa_dist_stream(&pick, record->seed, PROA_SLICE("pick"), i);
        w->sidecars[i].decider =
            kind->create(sim->snapshot, sim->route, proa_prng_next(&pick), w->clock.now_ns);
        proa_memory_open(&w->sidecars[i], proa_prng_next(&pick));
    }
}

static void close_world(struct sim_world *w)
{
    while (!proa_list_empty(&w->live)) {
        proa_sim_release(PROA_CONTAINER_OF(w->live.next, struct sim_exchange, live));
    }
    while (!proa_list_empty(&w->waiting)) {
        proa_free(PROA_CONTAINER_OF(proa_list_pop_front(&w->waiting), struct again, waiting));
    }
    for (size_t i = 0; i < w->sim->scenario->sidecars; i++) {
        w->kind->destroy(w->sidecars[i].decider);
        proa_memory_close(&w->sidecars[i]);
    }
    proa_free(w->sidecars);
    proa_freelist_deinit(&w->exchanges);
    proa_vclock_deinit(&w->clock);
}

void proa_sim_play(struct proa_sim *sim, const struct proa_decider_kind *kind, uint64_t seed,
                   struct proa_record *out)
{
    const struct proa_scenario *s = sim->scenario;
    struct sim_world w;
    struct source *sources = proa_alloc_zero(s->arrivals.n, sizeof(*sources));
    struct loss *losses = proa_alloc_zero(s->faults.n, sizeof(*losses));
    proa_record_init(out, seed);
    open_world(&w, sim, kind, out);
    for (size_t i = 0; i < s->arrivals.n; i++) {
        sources[i].world = &w;
        sources[i].of = proa_scenario_arrivals(s, i);
        proa_dist_stream(&sources[i].prng, seed, PROA_SLICE("arrivals"), i);
        proa_vclock_event_init(&sources[i].event, on_arrival, &sources[i]);
        set_next(&sources[i], sources[i].of->from_ns);
    }
    for (size_t i = 0; i < s->faults.n; i++) {
        const struct proa_scenario_fault *f = proa_scenario_fault(s, i);
        losses[i].world = &w;
        proa_vclock_event_init(&losses[i].event, on_loss, &losses[i]);
        proa_vclock_set(&w.clock, &losses[i].event,
                        f->kind == PROA_FAULT_UPLINK ? f->from_ns : PROA_NEVER);
    }
    run_out(&w);
    out->ended_ns = w.clock.now_ns;
    proa_witness_end(&w);
    close_world(&w);
    proa_free(sources);
    proa_free(losses);
}
