/*
 * What the tests of policy share: a fixture per test, messages against YAML, routes as one line.
 */
#ifndef PROA_TESTS_POLICY_EXPECT_H
#define PROA_TESTS_POLICY_EXPECT_H

#include "../policy_fixture.h"
#include "proa_test.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

static inline int policy_setup(void **state)
{
    *state = proa_alloc_zero(1, sizeof(struct policy_fixture));
    return 0;
}

static inline int policy_teardown(void **state)
{
    policy_fixture_deinit(*state);
    proa_free(*state);
    return 0;
}

/* Builds, and fails the test with the first message when that does not succeed. */
static inline const struct proa_snapshot *policy_build(struct policy_fixture *f, const char *yaml)
{
    policy_fixture_build(f, yaml, NULL);
    PROA_TEST_CHECK(f->err == PROA_OK, "%s\n%s", policy_fixture_message(f, 0), yaml ? yaml : "");
    return f->snapshot;
}

/* The n-th message is exactly this. */
static inline void policy_message(struct policy_fixture *f, uint32_t i, const char *expected)
{
    const char *actual = policy_fixture_message(f, i);
    PROA_TEST_CHECK(strcmp(actual, expected) == 0, "message %u\n  is       %s\n  expected %s",
                    (unsigned)i, actual, expected);
}

/* Exactly one message comes of it, and it is this; without "warning: " in front nothing is built.
 */
static inline void policy_expect(struct policy_fixture *f, const char *yaml, const char *message)
{
    policy_fixture_build(f, yaml, NULL);
    PROA_TEST_CHECK(f->diags.n > 0, "no message from\n%s", yaml ? yaml : "");
    policy_message(f, 0, message);
    PROA_TEST_CHECK(f->diags.n == 1, "%u messages, the second: %s", (unsigned)f->diags.n,
                    policy_fixture_message(f, 1));
    const bool warning = strncmp(message, "warning: ", 9) == 0;
    PROA_TEST_CHECK((f->err == PROA_OK) == warning, "built: %d", f->err == PROA_OK);
    PROA_TEST_CHECK((f->snapshot != NULL) == warning, "%s", message);
}

/* The candidates of a route as "0:openai/k1/gpt-5.5*2 1:groq/k1/x~*1": tier, identity, weight; ~
 * marks a substitute. */
static inline const char *policy_shown(const struct proa_route *route, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; route && i < route->n_candidates; i++) {
        const struct proa_candidate *c = &route->candidates[i];
        at += (size_t)snprintf(out + at, cap - at, "%s%u:%" PROA_SLICE_FMT "%s*%u", i ? " " : "",
                               (unsigned)c->tier, PROA_SLICE_ARG(c->target->identity),
                               c->substitute ? "~" : "", (unsigned)c->weight);
    }
    return out;
}

static inline void policy_route(const struct policy_fixture *f, const char *model,
                                const char *candidates)
{
    char text[4096];
    const struct proa_route *route = policy_fixture_route(f, model);
    PROA_TEST_CHECK(route, "%s leads nowhere", model);
    policy_shown(route, text, sizeof(text));
    PROA_TEST_CHECK(strcmp(text, candidates) == 0, "%s\n  leads to %s\n  expected %s", model, text,
                    candidates);
}

#endif
