/*
 * Scenarios: a real run of the engine, upstreams that follow a script, a clock that moves only from
 * one event to the next, and the decisions that must come out, as text. See README.md beside this
 * file for the language.
 *
 * Mistakes in a scenario end the program with the line they are in.
 */
#ifndef PROA_SIM_SCENARIO_H
#define PROA_SIM_SCENARIO_H

#include <stdarg.h>

#include "witness.h"

enum {
    SIM_TARGETS_MAX = FIXTURE_PARTS,
    SIM_REQUESTS_MAX = 8,
    SIM_TRIES_MAX = 4,  /* scripts of a target for its first, second ... attempt */
    SIM_STEPS_MAX = 64, /* of one script */
    SIM_TRACE_MAX = 8192,
    SIM_COMMANDS_MAX = 1000 /* an exchange that goes on longer has lost its way */
};

struct sim_step {
    uint64_t after_ns; /* the step before, or the start of the attempt */
    struct proa_event event;
};

struct sim_script {
    struct sim_step steps[SIM_STEPS_MAX];
    size_t n;
};

struct sim_cursors {
    size_t attempt[PROA_RUN_ATTEMPTS_MAX];
    uint8_t attempt_try[PROA_RUN_ATTEMPTS_MAX]; /* which script it follows */
    uint64_t attempt_ns[PROA_RUN_ATTEMPTS_MAX]; /* time of its last step */
    size_t world;
    uint8_t n_told; /* attempts that have a script */
};

struct sim_scenario {
    char name[96];
    struct fixture fx;
    struct sim_world all;
    struct proa_run_options options;
    struct sim_witness w[SIM_REQUESTS_MAX];
    struct sim_cursors cursors[SIM_REQUESTS_MAX];
    uint32_t n_requests;
    uint64_t apart_ns;                 /* from one request's arrival to the next one's */
    uint32_t n_tries[SIM_TARGETS_MAX]; /* attempts on it so far, of all requests */
    bool resumable;                    /* what the client has can be gone on with */
    struct sim_script scripts[SIM_TARGETS_MAX][SIM_TRIES_MAX]; /* by candidate and try */
    struct sim_script world; /* what is no attempt's; after_ns from arrival of the first request */
    bool show_arm;
    char expected[SIM_TRACE_MAX];
    char actual[SIM_TRACE_MAX];
    int line; /* of the file, for messages */
};

static inline void sim_bad(const struct sim_scenario *s, const char *what)
{
    (void)fprintf(stderr, "scenario '%s', line %d: %s\n", s->name, s->line, what);
    abort();
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Takes the next word, or the next mark ':' ',' '*'; false at the end of the line. */
static inline bool sim_word(const char **at, char out[32])
{
    static const char marks[] = ":,*";
    *at += strspn(*at, " \t");
    size_t n = **at != '\0' && strchr(marks, **at) ? 1 : strcspn(*at, " \t:,*");
    n = n < 31 ? n : 31;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    return n > 0;
}

static inline bool sim_is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static inline uint64_t sim_number(const struct sim_scenario *s, const char *word)
{
    char *end = NULL;
    const unsigned long long n = strtoull(word, &end, 10);
    if (end == word || *end != '\0') {
        sim_bad(s, "a number was expected");
    }
    return n;
}

static inline uint64_t sim_next_number(const struct sim_scenario *s, const char **at)
{
    char word[32];
    (void)sim_word(at, word);
    return sim_number(s, word);
}

static inline enum proa_class sim_class(const struct sim_scenario *s, const char *word)
{
    for (int c = PROA_CLASS_OK + 1; c < PROA_CLASS_COUNT; c++) {
        if (sim_is(proa_class_text((enum proa_class)c), word)) {
            return (enum proa_class)c;
        }
    }
    sim_bad(s, "no such class");
    return PROA_CLASS_NONE;
}

/* "connected", "head 200", "failed http_5xx 503 1500", ... ; returns the mark after it, or 0. */
static inline char sim_read_event(const struct sim_scenario *s, const char **at,
                                  struct proa_event *e)
{
    static const struct {
        const char *word;
        struct proa_event event;
    } kinds[] = {
        {"connected", {.kind = PROA_EV_CONNECTED}},
        {"head", {.kind = PROA_EV_HEAD, .status = 200}},
        {"first", {.kind = PROA_EV_FIRST_CONTENT}},
        {"content", {.kind = PROA_EV_PROGRESS, .content = true}},
        {"bytes", {.kind = PROA_EV_PROGRESS}},
        {"ended", {.kind = PROA_EV_ENDED}},
        {"failed", {.kind = PROA_EV_FAILED}},
        {"client_gone", {.kind = PROA_EV_CLIENT_GONE}},
        {"drain", {.kind = PROA_EV_DRAIN}},
        {"woken", {.kind = PROA_EV_WOKEN}},
    };
    char word[32];
    if (!sim_word(at, word)) {
        sim_bad(s, "an event was expected");
    }
    size_t i = 0;
    while (i < PROA_ARRAY_LEN(kinds) && !sim_is(kinds[i].word, word)) {
        i++;
    }
    if (i == PROA_ARRAY_LEN(kinds)) {
        sim_bad(s, "no such event");
    }
    *e = kinds[i].event;
    int n_args = 0;
    while (sim_word(at, word) && !strchr(",*", word[0])) {
        if (e->kind == PROA_EV_FAILED && n_args == 0) {
            e->class = sim_class(s, word);
        } else if (n_args <= 1) {
            e->status = (uint16_t)sim_number(s, word);
        } else {
            e->retry_after_ns = sim_number(s, word) * PROA_NS_PER_MS;
        }
        n_args++;
    }
    return word[0];
}

/* "5 connected, 30 head 200, 10 content *20, 5 ended": each number is ms after the step before. */
static inline void sim_read_script(const struct sim_scenario *s, const char *at,
                                   struct sim_script *script)
{
    char mark;
    do {
        struct sim_step step = {.after_ns = sim_next_number(s, &at) * PROA_NS_PER_MS};
        mark = sim_read_event(s, &at, &step.event);
        uint64_t times = 1;
        if (mark == '*') {
            char word[32];
            times = sim_next_number(s, &at);
            mark = '\0';
            if (sim_word(&at, word)) {
                mark = word[0];
            }
        }
        for (uint64_t i = 0; i < times; i++) {
            if (script->n == SIM_STEPS_MAX) {
                sim_bad(s, "the script is too long");
            }
            script->steps[script->n++] = step;
        }
    } while (mark == ',');
}

/* "target a p1 e1 k0 m0 t1 w3 g1": parts that are not named are apart from all other targets. */
static inline void sim_read_target(struct sim_scenario *s, const char *at)
{
    static const char *const groups[] = {"g0", "g1", "g2"};
    char word[32];
    const uint8_t n = (uint8_t)s->fx.route.n_candidates;
    if (!sim_word(&at, word) || word[0] != 'a' + n || n >= FIXTURE_PARTS) {
        sim_bad(s, "targets are named a, b, c ... h in their order");
    }
    struct fixture_target t = {.endpoint = n, .provider = n};
    bool own_endpoint = true;
    while (sim_word(&at, word)) {
        const uint8_t value = (uint8_t)sim_number(s, word + 1);
        switch (word[0]) {
        case 'p':
            t.provider = value;
            t.endpoint = own_endpoint ? value : t.endpoint;
            break;
        case 'e':
            t.endpoint = value;
            own_endpoint = false;
            break;
        case 'k':
            t.key = value;
            break;
        case 'm':
            t.model = value;
            break;
        case 't':
            t.tier = value;
            break;
        case 'w':
            t.weight = value;
            t.off = value == 0;
            break;
        case 'g':
            t.group = groups[value % PROA_ARRAY_LEN(groups)];
            break;
        case 's':
            t.substitute = value != 0;
            break;
        case 'f':
            t.prefill = value;
            break;
        default:
            sim_bad(s, "a part of a target is one of p e k m t w g s f");
        }
    }
    (void)fixture_add(&s->fx, t);
}

static inline void sim_read_timer(struct sim_scenario *s, const char *at)
{
    struct proa_timeout_cfg *t = &s->fx.policy.timeouts;
    const struct {
        const char *word;
        uint64_t *value;
    } rows[] = {
        {"connect", &t->connect_ns},
        {"tls", &t->tls_ns},
        {"first_byte", &t->first_byte_ns},
        {"first_content", &t->first_content_ns},
        {"idle", &t->idle_ns},
        {"idle_bytes", &t->idle_bytes_ns},
        {"total", &t->total_ns},
        {"total_stream", &t->total_stream_ns},
        {"client", &s->options.timeout_ns},
    };
    char word[32];
    (void)sim_word(&at, word);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (sim_is(rows[i].word, word)) {
            *rows[i].value = sim_next_number(s, &at) * PROA_NS_PER_MS;
            return;
        }
    }
    sim_bad(s, "no such timer");
}

/* "set NAME VALUE": a number, or milliseconds where the name says so. */
static inline void sim_read_set(struct sim_scenario *s, const char *at)
{
    struct proa_policy_cfg *p = &s->fx.policy;
    const struct {
        const char *word;
        uint32_t *number;
        uint64_t *ms;
    } rows[] = {
        {"attempts", &p->retry.max_attempts, NULL},
        {"per_pool", &p->retry.per_pool, NULL},
        {"same_target", &p->retry.same_target, NULL},
        {"budget", &p->retry.budget.start, NULL},
        {"backoff_ms", NULL, &p->retry.backoff_base_ns},
        {"throttle_ms", NULL, &p->retry.throttle_base_ns},
        {"jitter_ms", NULL, &p->retry.move_jitter_ns},
        {"retry_after_max_ms", NULL, &p->retry.retry_after_max_ns},
        {"score", &p->breaker.score, NULL},
        {"pool_score", &p->breaker.pool_score, NULL},
        {"stall_ms", NULL, &p->stall.stall_cold_ns},
        {"hedge_samples", &p->hedge.min_samples, NULL},
        {"hedge_ms", NULL, &p->hedge.min_ns},
        {"hedge_budget", &p->hedge.budget.start, NULL},
        {"places", &p->concurrency.route, NULL},
        {"queue_wait_ms", NULL, &p->concurrency.queue_wait_ns},
        {"priority", &p->priority, NULL},
    };
    char word[32];
    (void)sim_word(&at, word);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (sim_is(rows[i].word, word) && rows[i].number) {
            *rows[i].number = (uint32_t)sim_next_number(s, &at);
            return;
        }
        if (sim_is(rows[i].word, word)) {
            *rows[i].ms = sim_next_number(s, &at) * PROA_NS_PER_MS;
            return;
        }
    }
    sim_bad(s, "no such setting");
}

/* "a: ..." for every attempt on it, "a2: ..." for its second one. */
static inline bool sim_read_target_script(struct sim_scenario *s, const char *word, const char *at)
{
    const size_t target = (size_t)(word[0] - 'a');
    const bool numbered = word[1] >= '1' && word[1] < '1' + SIM_TRIES_MAX;
    if (target >= s->fx.route.n_candidates || word[numbered ? 2 : 1] != '\0') {
        return false;
    }
    char mark[32];
    if (!sim_word(&at, mark) || mark[0] != ':') {
        sim_bad(s, "a script is 'a: ...' or 'a2: ...'");
    }
    sim_read_script(s, at, &s->scripts[target][numbered ? word[1] - '1' : 0]);
    return true;
}

static inline void sim_read_line(struct sim_scenario *s, const char *line)
{
    const char *at = line;
    char word[32];
    if (!sim_word(&at, word) || word[0] == '#') {
        return;
    }
    if (sim_is(word, "stream")) {
        s->options.stream = true;
    } else if (sim_is(word, "no_fallback")) {
        s->options.no_fallback = true;
    } else if (sim_is(word, "drain_on_disconnect")) {
        s->fx.policy.on_disconnect = PROA_ON_DISCONNECT_DRAIN;
    } else if (sim_is(word, "show_arm")) {
        s->show_arm = true;
    } else if (sim_is(word, "set")) {
        sim_read_set(s, at);
    } else if (sim_is(word, "requests")) {
        s->n_requests = (uint32_t)sim_next_number(s, &at);
        s->apart_ns = sim_next_number(s, &at) * PROA_NS_PER_MS;
    } else if (sim_is(word, "effects")) {
        s->options.effects = true;
    } else if (sim_is(word, "stall")) {
        s->fx.policy.stall.enabled = true;
    } else if (sim_is(word, "hedge")) {
        s->fx.policy.hedge.enabled = true;
    } else if (sim_is(word, "resume")) {
        s->fx.policy.midstream = PROA_MIDSTREAM_RESUME;
        s->resumable = true;
    } else if (sim_is(word, "timer")) {
        sim_read_timer(s, at);
    } else if (sim_is(word, "target")) {
        sim_read_target(s, at);
    } else if (sim_is(word, "at")) {
        sim_read_script(s, at, &s->world);
    } else if (!sim_read_target_script(s, word, at)) {
        sim_bad(s, "no such line");
    }
}

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

/* Plays all exchanges to their end and writes the trace. */
static inline void sim_run_scenario(struct sim_scenario *s)
{
    const uint64_t start_ns = 1000 * PROA_NS_PER_S;
    uint32_t n_begun = 0;
    s->n_requests = s->n_requests > 0 ? s->n_requests : 1;
    if (s->n_requests > SIM_REQUESTS_MAX) {
        sim_bad(s, "so many requests are not played");
    }
    sim_open(&s->all, &s->fx, start_ns);
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
