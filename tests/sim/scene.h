/*
 * The scene of a scenario, read from its text: what there is, and what each upstream does. See
 * README.md beside this file for the language.
 *
 * Mistakes in a scenario end the program with the line they are in.
 */
#ifndef PROA_SIM_SCENE_H
#define PROA_SIM_SCENE_H

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
    uint32_t n_warm;                   /* exchanges per target before, that nobody looks at, */
    uint64_t warm_ns;                  /* and the time to their first content */
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
        {"hedge_ratio_ppm", &p->hedge.budget.ratio_ppm, NULL},
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
    } else if (sim_is(word, "warm")) {
        s->n_warm = (uint32_t)sim_next_number(s, &at);
        s->warm_ns = sim_next_number(s, &at) * PROA_NS_PER_MS;
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

#endif
