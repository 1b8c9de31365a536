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

struct sim_scenario {
    char name[96];
    struct fixture fx;
    struct proa_run_options options;
    struct sim_script scripts[SIM_TARGETS_MAX]; /* by candidate */
    struct sim_script world;                    /* what is no attempt's; after_ns from arrival */
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
        default:
            sim_bad(s, "a part of a target is one of p e k m t w g");
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
    } else if (sim_is(word, "attempts")) {
        s->fx.policy.retry.max_attempts = (uint32_t)sim_next_number(s, &at);
    } else if (sim_is(word, "timer")) {
        sim_read_timer(s, at);
    } else if (sim_is(word, "target")) {
        sim_read_target(s, at);
    } else if (sim_is(word, "at")) {
        sim_read_script(s, at, &s->world);
    } else if (word[1] == '\0' && (size_t)(word[0] - 'a') < s->fx.route.n_candidates) {
        struct sim_script *script = &s->scripts[word[0] - 'a'];
        if (!sim_word(&at, word) || word[0] != ':') {
            sim_bad(s, "a script is 'a: ...'");
        }
        sim_read_script(s, at, script);
    } else {
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
    static const char *const fails[] = {"none",     "upstream",    "all_failed", "no_target",
                                        "deadline", "interrupted", "draining"};
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
        sim_say(s, "wait");
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

/* What happens next: an attempt's step, the world's, or the timer. Of those at one time, in this
 * order. */
struct sim_next {
    uint64_t at_ns;
    const struct sim_step *step; /* NULL: the timer */
    size_t *cursor;              /* moves on with the step */
    uint8_t attempt;
};

struct sim_cursors {
    size_t attempt[PROA_RUN_ATTEMPTS_MAX];
    uint64_t attempt_ns[PROA_RUN_ATTEMPTS_MAX]; /* time of its last step */
    size_t world;
};

static inline struct sim_next sim_find_next(const struct sim_scenario *s,
                                            const struct sim_witness *w, struct sim_cursors *c,
                                            uint64_t start_ns)
{
    struct sim_next next = {.at_ns = PROA_NEVER};
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_script *script = &s->scripts[w->attempts[i].candidate];
        if (!sim_is_active(&w->attempts[i]) || c->attempt[i] == script->n) {
            continue;
        }
        const struct sim_step *step = &script->steps[c->attempt[i]];
        const uint64_t from = c->attempt[i] == 0 ? w->attempts[i].started_ns : c->attempt_ns[i];
        if (from + step->after_ns < next.at_ns) {
            next = (struct sim_next){from + step->after_ns, step, &c->attempt[i], i};
        }
    }
    if (c->world < s->world.n) {
        const struct sim_step *step = &s->world.steps[c->world];
        if (start_ns + step->after_ns < next.at_ns) {
            next = (struct sim_next){start_ns + step->after_ns, step, &c->world, 0};
        }
    }
    if (w->armed_ns < next.at_ns) {
        next = (struct sim_next){.at_ns = w->armed_ns};
    }
    return next;
}

/* Plays the exchange to its end and writes the trace. */
static inline void sim_run_scenario(struct sim_scenario *s)
{
    const uint64_t start_ns = 1000 * PROA_NS_PER_S;
    struct sim_witness w;
    struct sim_cursors cursors = {{0}, {0}, 0};
    struct sim_next next = {.at_ns = start_ns};
    struct proa_event event = {.kind = PROA_EV_ADMITTED};
    sim_begin(&w, &s->fx, &s->options, start_ns);
    for (int i = 0; i < SIM_COMMANDS_MAX; i++) {
        sim_feed(&w, next.at_ns, &event);
        for (size_t c = 0; c < w.last.n; c++) {
            sim_say_command(s, &w, &w.last.items[c], start_ns);
        }
        if (w.finished) {
            return;
        }
        next = sim_find_next(s, &w, &cursors, start_ns);
        event = (struct proa_event){.kind = PROA_EV_DEADLINE};
        if (next.step) {
            event = next.step->event;
            event.attempt = next.attempt;
            (*next.cursor)++;
            cursors.attempt_ns[next.attempt] =
                next.cursor == &cursors.world ? cursors.attempt_ns[next.attempt] : next.at_ns;
        }
    }
    sim_bad(s, "the exchange does not end");
}

#endif
