#include "proa/sim/scenario.h"

#include "scenario_priv.h"

#include "proa/core/clock.h"

#define ROW(T, member, text, kind, ...)                                                            \
    {                                                                                              \
        .name = (text), .type = PROA_OPTION_##kind, .offset = offsetof(T, member), __VA_ARGS__     \
    }
#define ROWS_END                                                                                   \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#define MILLION  UINT64_C(1000000)
#define HOURS(n) ((uint64_t)(n)*3600 * PROA_NS_PER_S)

/* ---- providers ------------------------------------------------------------------------------- */

#define LIMIT(member, text, kind, ...)                                                             \
    ROW(struct proa_scenario_limit, member, text, kind, __VA_ARGS__)

static const struct proa_option limit_rows[] = {
    LIMIT(rate_ppm, "rate", PPM, .preset = "0", .unit = "requests a second",
          .help = "What one quota group takes, from all sidecars together. 0 is no limit."),
    LIMIT(burst, "burst", U32, .preset = "1", .min = 1, .unit = "requests",
          .help = "How many it takes at once."),
    LIMIT(headers, "headers", BOOL, .preset = "false",
          .help = "Answers tell the limit and what is left of it."),
    LIMIT(retry_after_ns, "retry_after", DURATION, .preset = "0",
          .help = "What a 429 asks for. 0 asks for nothing."),
    ROWS_END,
};

static const struct proa_option_table limit_table = {
    .title = "limit",
    .rows = limit_rows,
    .size = sizeof(struct proa_scenario_limit),
    .where_at = SIZE_MAX,
};

#define PROVIDER(member, text, kind, ...)                                                          \
    ROW(struct proa_scenario_provider, member, text, kind, __VA_ARGS__)

static const struct proa_option provider_rows[] = {
    PROVIDER(keys, "keys", U32, .preset = "2", .min = 1, .max = PROA_SCENARIO_KEYS_MAX,
             .help = "How many credentials there are for it."),
    PROVIDER(quota_groups, "quota_groups", U32, .preset = "0", .max = PROA_SCENARIO_KEYS_MAX,
             .help = "How many organisations they are dealt out over. 0 is one for each."),
    PROVIDER(tier, "tier", U32, .preset = "0", .max = 7, .help = "Its tier in the route."),
    PROVIDER(weight, "weight", U32, .preset = "1", .max = 1000, .help = "Its weight in the tier."),
    PROVIDER(substitute, "substitute", BOOL, .preset = "false",
             .help = "It serves another model than the one asked for."),
    PROVIDER(first_content_ns, "first_content", DURATION, .preset = "600ms", .max = HOURS(1),
             .help = "Median time to the first content; lognormal."),
    PROVIDER(sigma_ppm, "sigma", PPM, .preset = "0.5", .max = 3 * MILLION,
             .help = "Standard deviation of its logarithm."),
    PROVIDER(generation_ns, "generation", DURATION, .preset = "4s", .max = HOURS(1),
             .help = "Mean time from the first content to the end; exponential."),
    PROVIDER(tokens_per_second, "tokens_per_second", U32, .preset = "50", .min = 1, .max = 100000,
             .help = "How fast content comes."),
    PROVIDER(connect_ns, "connect", DURATION, .preset = "2ms",
             .help = "Until the request is on its way."),
    PROVIDER(refuse_ns, "refuse", DURATION, .preset = "20ms",
             .help = "Until a refused connection is known."),
    PROVIDER(error_ns, "error", DURATION, .preset = "300ms", .help = "Until an error is answered."),
    PROVIDER(error_ppm, "errors", PPM, .preset = "0.002", .max = MILLION,
             .help = "Share of calls that are answered with 500 on a good day."),
    PROVIDER(input_price_ppm, "input_price", PPM, .preset = "2.5", .unit = "dollars",
             .help = "Of a million prompt tokens."),
    PROVIDER(output_price_ppm, "output_price", PPM, .preset = "10", .unit = "dollars",
             .help = "Of a million tokens of answers."),
    PROVIDER(limit, "limit", OBJECT, .table = &limit_table, .help = "How much it takes."),
    ROWS_END,
};

static const struct proa_option_table provider_table = {
    .title = "provider",
    .rows = provider_rows,
    .size = sizeof(struct proa_scenario_provider),
    .name_at = offsetof(struct proa_scenario_provider, name),
    .where_at = offsetof(struct proa_scenario_provider, where),
};

/* ---- arrivals -------------------------------------------------------------------------------- */

#define ARRIVALS(member, text, kind, ...)                                                          \
    ROW(struct proa_scenario_arrivals, member, text, kind, __VA_ARGS__)

static const char *const processes[] = {"poisson", "constant", NULL};

static const struct proa_option arrivals_rows[] = {
    ARRIVALS(rate_ppm, "rate", PPM, .required = true, .min = 1, .unit = "requests a second",
             .help = "Over all sidecars together."),
    ARRIVALS(process, "process", ENUM, .preset = "poisson", .names = processes,
             .help = "How they are spread over time."),
    ARRIVALS(from_ns, "from", DURATION, .preset = "0", .help = "When they begin."),
    ARRIVALS(to_ns, "to", DURATION, .preset = "0", .help = "When they end. 0 is never."),
    ARRIVALS(stream, "stream", BOOL, .preset = "true", .help = "The answer is streamed."),
    ARRIVALS(prompt_tokens, "prompt_tokens", U32, .preset = "500", .help = "Length of the prompt."),
    ARRIVALS(max_tokens, "max_tokens", U32, .preset = "0",
             .help = "What the request allows for its answer. 0 does not say."),
    ARRIVALS(timeout_ns, "timeout", DURATION, .preset = "0",
             .help = "How long the client waits. 0 leaves it to the policy."),
    ARRIVALS(sdk_retries, "sdk_retries", U32, .preset = "0", .max = 10,
             .help = "How often the client's SDK tries again by itself."),
    ARRIVALS(leave_ppm, "leave", PPM, .preset = "0", .max = MILLION,
             .help = "Share of clients that go away before the end."),
    ARRIVALS(prefixes, "prefixes", U32, .preset = "0", .max = 100000,
             .help = "How many distinct beginnings the prompts have. 0 ties them to nothing."),
    ARRIVALS(hot_ppm, "hot", PPM, .preset = "0", .max = MILLION,
             .help = "Share of the requests that have the first of these beginnings."),
    ARRIVALS(identical, "identical", BOOL, .preset = "false",
             .help = "They all ask for the same, so that a policy with a cache answers them from "
                     "memory, and those at the same time by one call. Not with stream."),
    ARRIVALS(first_leaves_ns, "first_leaves", DURATION, .preset = "0",
             .help = "The client of the first request of the run goes away after so long. 0 is "
                     "never."),
    ARRIVALS(poison, "poison", BOOL, .preset = "false",
             .help = "The prompt makes every provider answer with 500. Not counted as success or "
                     "failure."),
    ROWS_END,
};

static const struct proa_option_table arrivals_table = {
    .title = "arrivals",
    .rows = arrivals_rows,
    .size = sizeof(struct proa_scenario_arrivals),
    .name_at = offsetof(struct proa_scenario_arrivals, name),
    .where_at = offsetof(struct proa_scenario_arrivals, where),
};

/* ---- faults ---------------------------------------------------------------------------------- */

#define FAULT(member, text, kind, ...)                                                             \
    ROW(struct proa_scenario_fault, member, text, kind, __VA_ARGS__)

static const char *const fault_kinds[] = {"refuse",       "error", "overloaded", "reset",  "hang",
                                          "slow",         "rate",  "quota",      "auth",   "cut",
                                          "stream_error", "empty", "unfinished", "uplink", NULL};

static const struct proa_option fault_rows[] = {
    FAULT(on, "on", STRINGS, .help = "Which providers. None is all."),
    FAULT(kind, "kind", ENUM, .required = true, .names = fault_kinds,
          .help = "What happens: connections are refused; errors (500) or overload (503) are "
                  "answered; connections are reset; calls hang; all is slow; 429; the quota is "
                  "spent; the key is refused; streams are cut after some tokens, begin with an "
                  "error, are empty or end unfinished; the network of all sidecars is gone."),
    FAULT(key, "key", U32, .preset = "0", .max = PROA_SCENARIO_KEYS_MAX,
          .help = "Which key of the provider, from 1. 0 is all."),
    FAULT(from_ns, "from", DURATION, .preset = "0", .help = "When it begins."),
    FAULT(to_ns, "to", DURATION, .preset = "0", .help = "When it ends. 0 is never."),
    FAULT(share_ppm, "share", PPM, .preset = "1", .max = MILLION,
          .help = "Share of the calls that it hits."),
    FAULT(down_ns, "down", DURATION, .preset = "0",
          .help = "With up: it comes and goes, and is there for so long each time."),
    FAULT(up_ns, "up", DURATION, .preset = "0", .help = "With down: for so long it is not there."),
    FAULT(factor_ppm, "factor", PPM, .preset = "5", .help = "slow: how many times slower."),
    FAULT(tokens, "tokens", U32, .preset = "20", .min = 1, .help = "cut: after how many tokens."),
    FAULT(retry_after_ns, "retry_after", DURATION, .preset = "0",
          .help = "overloaded, rate: what the answer asks for. 0 asks for nothing."),
    ROWS_END,
};

static const struct proa_option_table fault_table = {
    .title = "fault",
    .rows = fault_rows,
    .size = sizeof(struct proa_scenario_fault),
    .name_at = offsetof(struct proa_scenario_fault, name),
    .where_at = offsetof(struct proa_scenario_fault, where),
};

/* ---- what must come of it -------------------------------------------------------------------- */

static const struct proa_option window_rows[] = {
    ROW(struct proa_scenario_window, from_ns, "from", DURATION, .preset = "0",
        .help = "When measuring begins."),
    ROW(struct proa_scenario_window, to_ns, "to", DURATION, .preset = "0",
        .help = "When it ends. 0 is the end of the simulation."),
    ROWS_END,
};

static const struct proa_option_table window_table = {
    .title = "window",
    .rows = window_rows,
    .size = sizeof(struct proa_scenario_window),
    .where_at = offsetof(struct proa_scenario_window, where),
};

static const struct proa_option bound_rows[] = {
    ROW(struct proa_scenario_bound, min_ppm, "min", PPM, .preset = "0",
        .help = "The measured value must not be less."),
    ROW(struct proa_scenario_bound, max_ppm, "max", PPM, .preset = "4294.967295",
        .help = "The measured value must not be more."),
    ROWS_END,
};

static const struct proa_option_table bound_table = {
    .title = "bound",
    .rows = bound_rows,
    .size = sizeof(struct proa_scenario_bound),
    .name_at = offsetof(struct proa_scenario_bound, measure),
    .where_at = offsetof(struct proa_scenario_bound, where),
};

/* ---- the file -------------------------------------------------------------------------------- */

#define ROOT(member, text, kind, ...) ROW(struct proa_scenario, member, text, kind, __VA_ARGS__)

static const struct proa_option root_rows[] = {
    ROOT(api_version, "apiVersion", STRING, .help = "proa/v1"),
    ROOT(kind, "kind", STRING, .required = true, .help = "Scenario"),
    ROOT(about, "about", STRING, .help = "What happens, for people."),
    ROOT(pending, "pending", STRING, .help = "Why it cannot be played yet."),
    ROOT(duration_ns, "duration", DURATION, .preset = "900s", .min = PROA_NS_PER_S,
         .max = HOURS(24), .help = "How long requests arrive. The last ones are played out."),
    ROOT(seed, "seed", U64, .preset = "1", .help = "Of the first run."),
    ROOT(seeds, "seeds", U32, .preset = "4", .min = 1, .max = 10000,
         .help = "How many runs, each with the next seed. They are measured together."),
    ROOT(sidecars, "sidecars", U32, .preset = "1", .min = 1, .max = PROA_SCENARIO_SIDECARS_MAX,
         .help = "How many call the same providers, knowing nothing of each other."),
    ROOT(window, "window", OBJECT, .table = &window_table, .help = "The time that is measured."),
    ROOT(policy, "policy", OBJECT, .table = &proa_policy_table,
         .help = "What differs from the default policy."),
    ROOT(providers, "providers", MAP, .table = &provider_table, .required = true,
         .help = "Those that can be called, by name."),
    ROOT(arrivals, "arrivals", MAP, .table = &arrivals_table, .required = true,
         .help = "Streams of requests, by name."),
    ROOT(faults, "faults", MAP, .table = &fault_table,
         .help = "What breaks, by name. Where several hit a call, the first does."),
    ROOT(bounds, "bounds", MAP, .table = &bound_table,
         .help = "What is measured and must lie within bounds, by the measure's name."),
    ROWS_END,
};

const struct proa_option_table proa_scenario_table = {
    .title = "scenario",
    .rows = root_rows,
    .size = sizeof(struct proa_scenario),
    .where_at = offsetof(struct proa_scenario, where),
};

/* ---- reading faults -------------------------------------------------------------------------- */

bool proa_scenario_fault_is_on(const struct proa_scenario_fault *fault, struct proa_slice provider,
                               uint32_t key)
{
    const struct proa_slice *names = fault->on.items;
    bool named = fault->on.n == 0;
    for (size_t i = 0; i < fault->on.n; i++) {
        named = named || proa_slice_eq(names[i], provider);
    }
    return named && (fault->key == 0 || fault->key == key);
}

bool proa_scenario_fault_is_active(const struct proa_scenario_fault *fault, uint64_t now_ns)
{
    if (now_ns < fault->from_ns || (fault->to_ns > 0 && now_ns >= fault->to_ns)) {
        return false;
    }
    const uint64_t period = fault->down_ns + fault->up_ns;
    return fault->up_ns == 0 || (now_ns - fault->from_ns) % period < fault->down_ns;
}

bool proa_scenario_fault_span(const struct proa_scenario *s, uint64_t *from_ns, uint64_t *to_ns)
{
    *from_ns = PROA_NEVER;
    *to_ns = 0;
    for (size_t i = 0; i < s->faults.n; i++) {
        const struct proa_scenario_fault *f = proa_scenario_fault(s, i);
        const uint64_t end = f->to_ns > 0 ? f->to_ns : s->duration_ns;
        *from_ns = f->from_ns < *from_ns ? f->from_ns : *from_ns;
        *to_ns = end > *to_ns ? end : *to_ns;
    }
    return s->faults.n > 0;
}

uint64_t proa_scenario_window_end(const struct proa_scenario *s)
{
    return s->window.to_ns > 0 ? s->window.to_ns : s->duration_ns;
}
