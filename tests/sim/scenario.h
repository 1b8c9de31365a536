/*
 * Scenarios: real runs of the engine, upstreams that follow a script, a clock that moves only from
 * one event to the next, and the decisions that must come out, as text.
 */
#ifndef PROA_SIM_SCENARIO_H
#define PROA_SIM_SCENARIO_H

#include <stdarg.h>

#include "scene.h"

/* ---- running --------------------------------------------------------------------------------- */

static inline void PROA_PRINTF(2, 3) sim_say(struct sim_scenario *s, const char *fmt, ...)
{
    const size_t len = strlen(s->actual);
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(s->actual + len, sizeof(s->actual) - len, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(s->actual) - len) {
        sim_bad(s, "the trace is too long");
    }
}

static inline char sim_letter(const struct sim_witness *w, uint8_t attempt)
{
    return (char)('a' + w->attempts[attempt].candidate);
}

static inline void sim_say_terminal(struct sim_scenario *s, const struct sim_witness *w)
{
    static const char *const fails[] = {"none", "upstream", "all_failed",  "no_target", "limited",
                                        "shed", "deadline", "interrupted", "draining"};
    const struct proa_terminal *t = &w->terminal;
    sim_say(s, "error %s", fails[t->fail]);
    if (w->n_attempts > 0) {
        sim_say(s, " %c %s", sim_letter(w, t->attempt), proa_class_text(t->class));
    }
    if (t->should_retry) {
        sim_say(s, " should_retry");
    }
    if (t->retry_after_ns > 0) {
        sim_say(s, " after %llu", (unsigned long long)(t->retry_after_ns / PROA_NS_PER_MS));
    }
}

static inline void sim_say_command(struct sim_scenario *s, const struct sim_witness *w,
                                   const struct proa_command *c, uint64_t start_ns)
{
    if (c->kind == PROA_CMD_ARM && (!s->show_arm || c->deadline_ns == PROA_NEVER)) {
        return;
    }
    sim_say(s, "%llu ", (unsigned long long)((w->now_ns - start_ns) / PROA_NS_PER_MS));
    if (s->n_requests > 1) {
        sim_say(s, "#%u ", (unsigned)(w - s->w) + 1);
    }
    switch (c->kind) {
    case PROA_CMD_START:
        sim_say(s, "start %c", sim_letter(w, c->attempt));
        break;
    case PROA_CMD_CANCEL:
        sim_say(s, "cancel %c", sim_letter(w, c->attempt));
        break;
    case PROA_CMD_COMMIT:
        sim_say(s, "commit %c", sim_letter(w, c->attempt));
        break;
    case PROA_CMD_REPLY_ERROR:
        sim_say_terminal(s, w);
        break;
    case PROA_CMD_WAIT:
        sim_say(s, "wait %llu", (unsigned long long)((c->deadline_ns - start_ns) / PROA_NS_PER_MS));
        break;
    case PROA_CMD_ARM:
        sim_say(s, "arm %llu\n",
                (unsigned long long)((c->deadline_ns - start_ns) / PROA_NS_PER_MS));
        return;
    case PROA_CMD_FINISH:
        sim_say(s, "finish %s", proa_outcome_text(c->outcome));
        break;
    }
    sim_say(s, " %s\n", proa_reason_text(c->reason));
}

/* What happens next: an arrival, an attempt's step, the world's, or a timer. Of those at one time,
 * in this order, and the requests in theirs. */
struct sim_next {
    uint64_t at_ns;
    uint32_t request;
    const struct sim_step *step; /* NULL: the timer, or an arrival */
    size_t *cursor;              /* moves on with the step */
    uint8_t attempt;
    bool arrives;
};

static inline const struct sim_script *sim_script_of(const struct sim_scenario *s, uint32_t r,
                                                     uint8_t attempt)
{
    const struct sim_script *all = s->scripts[s->w[r].attempts[attempt].candidate];
    uint8_t n = s->cursors[r].attempt_try[attempt];
    n = n < SIM_TRIES_MAX ? n : SIM_TRIES_MAX - 1;
    return all[n].n > 0 ? &all[n] : &all[0];
}

static inline void sim_find_step(struct sim_scenario *s, uint32_t r, struct sim_next *next)
{
    const struct sim_witness *w = &s->w[r];
    struct sim_cursors *c = &s->cursors[r];
    for (; c->n_told < w->n_attempts; c->n_told++) {
        c->attempt_try[c->n_told] = (uint8_t)s->n_tries[w->attempts[c->n_told].candidate]++;
    }
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_script *script = sim_script_of(s, r, i);
        if (!sim_is_active(&w->attempts[i]) || c->attempt[i] == script->n) {
            continue;
        }
        const struct sim_step *step = &script->steps[c->attempt[i]];
        const uint64_t from = c->attempt[i] == 0 ? w->attempts[i].started_ns : c->attempt_ns[i];
        if (from + step->after_ns < next->at_ns) {
            *next = (struct sim_next){.at_ns = from + step->after_ns,
                                      .request = r,
                                      .step = step,
                                      .cursor = &c->attempt[i],
                                      .attempt = i};
        }
    }
}

static inline struct sim_next sim_find_next(struct sim_scenario *s, uint32_t n_begun,
                                            uint64_t start_ns)
{
    struct sim_next next = {.at_ns = PROA_NEVER};
    if (n_begun < s->n_requests) {
        next = (struct sim_next){
            .at_ns = start_ns + n_begun * s->apart_ns, .request = n_begun, .arrives = true};
    }
    for (uint32_t r = 0; r < n_begun; r++) {
        if (!s->w[r].finished) {
            sim_find_step(s, r, &next);
        }
    }
    struct sim_cursors *first = &s->cursors[0];
    if (n_begun > 0 && !s->w[0].finished && first->world < s->world.n) {
        const struct sim_step *step = &s->world.steps[first->world];
        if (start_ns + step->after_ns < next.at_ns) {
            next = (struct sim_next){
                .at_ns = start_ns + step->after_ns, .step = step, .cursor = &first->world};
        }
    }
    for (uint32_t r = 0; r < n_begun; r++) {
        if (!s->w[r].finished && s->w[r].armed_ns < next.at_ns) {
            next = (struct sim_next){.at_ns = s->w[r].armed_ns, .request = r};
        }
    }
    return next;
}

/* Everything that came out, the request at hand first. */
static inline void sim_say_all(struct sim_scenario *s, uint32_t request, uint32_t n_begun,
                               uint64_t start_ns)
{
    for (uint32_t k = 0; k < n_begun; k++) {
        struct sim_witness *w = &s->w[k == 0 ? request : k <= request ? k - 1 : k];
        for (size_t c = 0; c < w->last.n; c++) {
            sim_say_command(s, w, &w->last.items[c], start_ns);
        }
        w->last.n = 0;
    }
}

static inline bool sim_all_over(const struct sim_scenario *s, uint32_t n_begun)
{
    bool over = n_begun == s->n_requests;
    for (uint32_t r = 0; r < n_begun; r++) {
        over = over && s->w[r].finished;
    }
    return over;
}

static inline struct proa_event sim_event_of(struct sim_scenario *s, const struct sim_next *next)
{
    if (next->arrives) {
        return (struct proa_event){.kind = PROA_EV_ADMITTED};
    }
    if (!next->step) {
        return (struct proa_event){.kind = PROA_EV_DEADLINE};
    }
    struct sim_cursors *c = &s->cursors[next->request];
    struct proa_event event = next->step->event;
    event.attempt = next->attempt;
    event.resumable = s->resumable;
    (*next->cursor)++;
    if (next->cursor != &c->world) {
        c->attempt_ns[next->attempt] = next->at_ns;
    }
    return event;
}

/* What was before: exchanges that all went well, so that spans are known. */
static inline void sim_warm_up(struct sim_scenario *s, uint64_t from_ns)
{
    const struct proa_run_options options = {.stream = s->options.stream};
    const struct proa_event events[] = {{.kind = PROA_EV_ADMITTED},
                                        {.kind = PROA_EV_CONNECTED},
                                        {.kind = PROA_EV_HEAD, .status = 200},
                                        {.kind = PROA_EV_FIRST_CONTENT},
                                        {.kind = PROA_EV_ENDED}};
    const size_t n = s->n_warm * s->fx.route.n_candidates;
    for (size_t i = 0; i < n; i++) {
        const uint64_t began_ns = from_ns + i * PROA_NS_PER_S;
        sim_begin(&s->w[0], &s->all, &options, began_ns);
        for (size_t k = 0; k < PROA_ARRAY_LEN(events); k++) {
            sim_feed(&s->w[0], began_ns + (k < 3 ? 0 : s->warm_ns), &events[k]);
        }
    }
}

/* Plays all exchanges to their end and writes the trace. */
static inline void sim_run_scenario(struct sim_scenario *s)
{
    const uint64_t start_ns = 1000 * PROA_NS_PER_S;
    uint32_t n_begun = 0;
    s->n_requests = s->n_requests > 0 ? s->n_requests : 1;
    if (s->n_requests > SIM_REQUESTS_MAX) {
        sim_bad(s, "so many requests are not played");
    }
    sim_open(&s->all, &s->fx, start_ns - 600 * PROA_NS_PER_S);
    sim_warm_up(s, start_ns - 600 * PROA_NS_PER_S);
    for (int i = 0; i < SIM_COMMANDS_MAX; i++) {
        const struct sim_next next = sim_find_next(s, n_begun, start_ns);
        struct sim_witness *w = &s->w[next.request];
        if (next.arrives) {
            sim_begin(w, &s->all, &s->options, next.at_ns);
            n_begun++;
        }
        const struct proa_event event = sim_event_of(s, &next);
        sim_feed(w, next.at_ns, &event);
        sim_say_all(s, next.request, n_begun, start_ns);
        if (sim_all_over(s, n_begun)) {
            return;
        }
    }
    sim_bad(s, "the exchanges do not end");
}

#endif
