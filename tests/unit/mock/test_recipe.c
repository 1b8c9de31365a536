/*
 * The grammar of recipes in tables: what is read, and what is refused with which words.
 */
#include "proa/mock/recipe.h"

#include "proa_test.h"

#define MS(n) ((n)*PROA_NS_PER_MS)

struct expected_step {
    enum proa_mock_setting setting;
    uint64_t value;
    uint32_t ppm; /* 0 = always */
    bool is_joined;
};

static const struct {
    const char *text;
    struct expected_step steps[4];
    uint32_t n;
} READ[] = {
    {"", {{0}}, 0},
    {"   ", {{0}}, 0},
    {"status=503", {{PROA_MOCK_STATUS, 503, 0, false}}, 1},
    {"503", {{PROA_MOCK_STATUS, 503, 0, false}}, 1},
    {"status=200", {{PROA_MOCK_STATUS, 200, 0, false}}, 1},
    {"status=599", {{PROA_MOCK_STATUS, 599, 0, false}}, 1},
    {"status=429:retry-after=2",
     {{PROA_MOCK_STATUS, 429, 0, false}, {PROA_MOCK_RETRY_AFTER, 2, 0, true}},
     2},
    {"status=429:retry-after-ms=1500:should-retry=no",
     {{PROA_MOCK_STATUS, 429, 0, false},
      {PROA_MOCK_RETRY_AFTER_MS, 1500, 0, true},
      {PROA_MOCK_SHOULD_RETRY, 0, 0, true}},
     3},
    {"429:http-date=3", {{PROA_MOCK_STATUS, 429, 0, false}, {PROA_MOCK_HTTP_DATE, 3, 0, true}}, 2},
    {"429:reset=6m0s",
     {{PROA_MOCK_STATUS, 429, 0, false}, {PROA_MOCK_RESET, 360 * PROA_NS_PER_S, 0, true}},
     2},
    {"delay=200ms", {{PROA_MOCK_DELAY, MS(200), 0, false}}, 1},
    {"first=1.5s,gap=20ms;delay=0",
     {{PROA_MOCK_FIRST, MS(1500), 0, false},
      {PROA_MOCK_GAP, MS(20), 0, false},
      {PROA_MOCK_DELAY, 0, 0, false}},
     3},
    {" stall , empty ", {{PROA_MOCK_STALL, 0, 0, false}, {PROA_MOCK_EMPTY, 1, 0, false}}, 2},
    {"stall=head", {{PROA_MOCK_STALL, 0, 0, false}}, 1},
    {"stall=first", {{PROA_MOCK_STALL, 1, 0, false}}, 1},
    {"stall=3", {{PROA_MOCK_STALL, 4, 0, false}}, 1},
    {"cut=123", {{PROA_MOCK_CUT, 123, 0, false}}, 1},
    {"cut=0:rst", {{PROA_MOCK_CUT, 0, 0, false}, {PROA_MOCK_RST, 1, 0, true}}, 2},
    {"cut", {{PROA_MOCK_CUT, PROA_MOCK_CUT_MIDDLE, 0, false}}, 1},
    {"cut=head", {{PROA_MOCK_CUT, PROA_MOCK_CUT_HEAD, 0, false}}, 1},
    {"cut_stream", {{PROA_MOCK_CUT_STREAM, 1, 0, false}}, 1},
    {"drip", {{PROA_MOCK_DRIP, PROA_NS_PER_S, 0, false}}, 1},
    {"drip=10ms", {{PROA_MOCK_DRIP, MS(10), 0, false}}, 1},
    {"malformed", {{PROA_MOCK_MALFORMED, 1, 0, false}}, 1},
    {"malformed=2,error-after=3,error_first",
     {{PROA_MOCK_MALFORMED, 2, 0, false},
      {PROA_MOCK_ERROR_AFTER, 3, 0, false},
      {PROA_MOCK_ERROR_FIRST, 1, 0, false}},
     3},
    {"usage=no,usage=yes,usage=true,usage=false",
     {{PROA_MOCK_USAGE, 0, 0, false},
      {PROA_MOCK_USAGE, 1, 0, false},
      {PROA_MOCK_USAGE, 1, 0, false},
      {PROA_MOCK_USAGE, 0, 0, false}},
     4},
    {"200-error", {{PROA_MOCK_OK_ERROR, 1, 0, false}}, 1},
    {"fail-first", {{PROA_MOCK_FAIL_FIRST, 1, 0, false}}, 1},
    {"words=5,size=64KiB,limit=3",
     {{PROA_MOCK_WORDS, 5, 0, false},
      {PROA_MOCK_SIZE, 65536, 0, false},
      {PROA_MOCK_LIMIT, 3, 0, false}},
     3},
    {"p=20%:status=503", {{PROA_MOCK_STATUS, 503, 200000, false}}, 1},
    {"p=20:status=503", {{PROA_MOCK_STATUS, 503, 200000, false}}, 1},
    {"p=0.5%:cut=9:rst", {{PROA_MOCK_CUT, 9, 5000, false}, {PROA_MOCK_RST, 1, 5000, true}}, 2},
    {"p=2.0001:stall", {{PROA_MOCK_STALL, 0, 20001, false}}, 1},
    {"p=100%:stall", {{PROA_MOCK_STALL, 0, PROA_MOCK_ALWAYS, false}}, 1},
    {"429:20%,stall:5%,cut_stream:2%",
     {{PROA_MOCK_STATUS, 429, 200000, false},
      {PROA_MOCK_STALL, 0, 50000, false},
      {PROA_MOCK_CUT_STREAM, 1, 20000, false}},
     3},
    {"status=429:retry-after=1:10%",
     {{PROA_MOCK_STATUS, 429, 100000, false}, {PROA_MOCK_RETRY_AFTER, 1, 100000, true}},
     2},
};

static void test_reads(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, READ)
    {
        struct proa_mock_recipe recipe;
        struct proa_mock_recipe_fault fault = {.at = 0};
        enum proa_err err = proa_mock_recipe_parse(proa_slice_cstr(row->text), &recipe, &fault);
        PROA_TEST_CHECK(err == PROA_OK, "%s: %zu: %s", row->text, fault.at, fault.message);
        PROA_TEST_CHECK(recipe.n == row->n, "%s: %u steps", row->text, recipe.n);
        for (uint32_t i = 0; i < row->n; i++) {
            const struct proa_mock_step *step = &recipe.steps[i];
            const struct expected_step *want = &row->steps[i];
            const uint32_t ppm = want->ppm ? want->ppm : PROA_MOCK_ALWAYS;
            PROA_TEST_CHECK(step->setting == want->setting, "%s: step %u", row->text, i);
            PROA_TEST_CHECK(step->value == want->value, "%s: step %u: %llu", row->text, i,
                            (unsigned long long)step->value);
            PROA_TEST_CHECK(step->chance_ppm == ppm, "%s: step %u: %u", row->text, i,
                            step->chance_ppm);
            PROA_TEST_CHECK(step->is_joined == want->is_joined, "%s: step %u", row->text, i);
        }
    }
}

static const struct {
    const char *text;
    enum proa_err err;
    size_t at;
    const char *message;
} REFUSED[] = {
    {"statsu=503", PROA_ERR_SYNTAX, 0, "unknown setting \"statsu\": did you mean \"status\"?"},
    {"delay=1s,stal", PROA_ERR_SYNTAX, 9, "unknown setting \"stal\": did you mean \"stall\"?"},
    {"qwertyuiop", PROA_ERR_SYNTAX, 0,
     "unknown setting \"qwertyuiop\": see `proa mock --help` for all names"},
    {"a-name-that-is-longer-than-any-setting-and-than-what-is-shown", PROA_ERR_SYNTAX, 0,
     "unknown setting \"a-name-that-is-longer-than-any-setting-a\": see `proa mock --help` for all "
     "names"},
    {"status", PROA_ERR_SYNTAX, 0, "\"status\" takes a status from 200 to 599"},
    {"status=", PROA_ERR_SYNTAX, 7, "\"status\" takes a status from 200 to 599"},
    {"status=abc", PROA_ERR_SYNTAX, 7, "\"status\" takes a status from 200 to 599"},
    {"status=99", PROA_ERR_RANGE, 7, "\"status\" takes a status from 200 to 599"},
    {"199", PROA_ERR_RANGE, 0, "\"status\" takes a status from 200 to 599"},
    {"600", PROA_ERR_RANGE, 0, "\"status\" takes a status from 200 to 599"},
    {"status=503:retry-after", PROA_ERR_SYNTAX, 11,
     "\"retry-after\" takes a whole number up to 1000000000"},
    {"retry-after=-1", PROA_ERR_SYNTAX, 12,
     "\"retry-after\" takes a whole number up to 1000000000"},
    {"words=1000000001", PROA_ERR_RANGE, 6, "\"words\" takes a whole number up to 1000000000"},
    {"words=99999999999999999999999", PROA_ERR_RANGE, 6,
     "\"words\" takes a whole number up to 1000000000"},
    {"delay=200", PROA_ERR_SYNTAX, 6, "\"delay\" takes a time such as 250ms or 2s"},
    {"delay=25h", PROA_ERR_RANGE, 6, "\"delay\" takes a time such as 250ms or 2s"},
    {"size=2GiB", PROA_ERR_RANGE, 5, "\"size\" takes a size such as 500 or 64KiB"},
    {"usage=maybe", PROA_ERR_SYNTAX, 6, "\"usage\" takes yes or no"},
    {"usage", PROA_ERR_SYNTAX, 0, "\"usage\" takes yes or no"},
    {"stall=later", PROA_ERR_SYNTAX, 6, "\"stall\" takes head, first or a number of events"},
    {"cut=tail", PROA_ERR_SYNTAX, 4, "\"cut\" takes head, middle or a number of bytes"},
    {"empty=1", PROA_ERR_SYNTAX, 6, "\"empty\" takes no value"},
    {"code=nonsense", PROA_ERR_SYNTAX, 5,
     "\"code\" takes an error code such as insufficient_quota or context_length_exceeded"},
    {"status=503,", PROA_ERR_SYNTAX, 11, "a setting is missing here"},
    {",status=503", PROA_ERR_SYNTAX, 0, "a setting is missing here"},
    {"stall,,empty", PROA_ERR_SYNTAX, 6, "a setting is missing here"},
    {"cut=1::rst", PROA_ERR_SYNTAX, 6, "a setting is missing here"},
    {"cut=1:", PROA_ERR_SYNTAX, 6, "a setting is missing here"},
    {"p=20%", PROA_ERR_SYNTAX, 5, "a setting is missing here"},
    {"20%", PROA_ERR_SYNTAX, 0, "a setting is missing here"},
    {"p=101%:stall", PROA_ERR_RANGE, 2,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"p=x:stall", PROA_ERR_SYNTAX, 2,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"p=1.:stall", PROA_ERR_SYNTAX, 2,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"p=1.00001:stall", PROA_ERR_SYNTAX, 2,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"p=1.0a:stall", PROA_ERR_SYNTAX, 2,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"stall:5x%", PROA_ERR_SYNTAX, 6,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"stall:200%", PROA_ERR_RANGE, 6,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
    {"p=99999999999999999999:stall", PROA_ERR_RANGE, 2,
     "a probability is a percentage from 0 to 100 with at most four decimals"},
};

static void test_refuses(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, REFUSED)
    {
        struct proa_mock_recipe recipe = {.n = 77};
        struct proa_mock_recipe_fault fault = {.at = SIZE_MAX};
        enum proa_err err = proa_mock_recipe_parse(proa_slice_cstr(row->text), &recipe, &fault);
        PROA_TEST_CHECK(err == row->err, "%s: %s", row->text, proa_err_name(err));
        PROA_TEST_CHECK(strcmp(fault.message, row->message) == 0, "%s: %s", row->text,
                        fault.message);
        PROA_TEST_CHECK(fault.at == row->at, "%s: at %zu", row->text, fault.at);
        assert_int_equal(recipe.n, 77);
        assert_int_equal(proa_mock_recipe_parse(proa_slice_cstr(row->text), &recipe, NULL), err);
    }
}

static void test_has_a_maximum(void **state)
{
    (void)state;
    char text[PROA_MOCK_RECIPE_MAX * 4 + 8] = "rst";
    struct proa_mock_recipe recipe;
    struct proa_mock_recipe_fault fault;
    for (size_t i = 1; i < PROA_MOCK_RECIPE_MAX; i++) {
        (void)snprintf(text + 4 * i - 1, 5, i % 2 ? ",rst" : ":rst");
    }
    assert_ok(proa_mock_recipe_parse(proa_slice_cstr(text), &recipe, &fault));
    assert_int_equal(recipe.n, PROA_MOCK_RECIPE_MAX);
    (void)snprintf(text + strlen(text), 5, ",rst");
    assert_err(proa_mock_recipe_parse(proa_slice_cstr(text), &recipe, &fault), PROA_ERR_LIMIT);
    assert_int_equal(fault.at, 4 * PROA_MOCK_RECIPE_MAX);
}

/* No cut or garbled recipe does more than fail. */
static void test_any_bytes(void **state)
{
    (void)state;
    struct proa_prng prng;
    static const char bytes[] = "p=20%:,;status-_cutrs=.503 \xff\x00";
    proa_prng_seed(&prng, 3);
    for (int i = 0; i < 20000; i++) {
        char *text = proa_alloc(24);
        const size_t n = (size_t)proa_prng_below(&prng, 25);
        struct proa_mock_recipe recipe = {.n = 0};
        for (size_t k = 0; k < n; k++) {
            text[k] = bytes[proa_prng_below(&prng, sizeof bytes)];
        }
        struct proa_mock_recipe_fault fault = {.at = 0};
        if (proa_mock_recipe_parse(proa_slice_make(text, n), &recipe, &fault)) {
            assert_true(fault.at <= n && fault.message[0] != '\0');
        }
        proa_free(text);
    }
}

static struct proa_mock_plan draw(const char *text, struct proa_prng *prng)
{
    struct proa_mock_recipe recipe;
    struct proa_mock_plan plan = {.set = 0};
    assert_ok(proa_mock_recipe_parse(proa_slice_cstr(text), &recipe, NULL));
    proa_mock_plan_add(&plan, &recipe, prng);
    return plan;
}

static void test_chances(void **state)
{
    (void)state;
    struct proa_prng prng;
    int n_cut = 0;
    int n_stall = 0;
    proa_prng_seed(&prng, 11);
    for (int i = 0; i < 10000; i++) {
        struct proa_mock_plan plan = draw("p=20%:cut=9:rst,stall:5%,p=0:empty,words=2", &prng);
        n_cut += proa_mock_plan_has(&plan, PROA_MOCK_CUT);
        n_stall += proa_mock_plan_has(&plan, PROA_MOCK_STALL);
        assert_int_equal(proa_mock_plan_has(&plan, PROA_MOCK_CUT),
                         proa_mock_plan_has(&plan, PROA_MOCK_RST));
        assert_false(proa_mock_plan_has(&plan, PROA_MOCK_EMPTY));
        assert_int_equal(proa_mock_plan_get(&plan, PROA_MOCK_WORDS, 0), 2);
    }
    assert_in_range(n_cut, 1850, 2150);
    assert_in_range(n_stall, 430, 570);
}

static void test_same_seed_same_draws(void **state)
{
    (void)state;
    struct proa_prng a;
    struct proa_prng b;
    proa_prng_seed(&a, 5);
    proa_prng_seed(&b, 5);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(draw("p=50:503", &a).set, draw("p=50:503", &b).set);
    }
}

static void test_later_replaces_earlier(void **state)
{
    (void)state;
    struct proa_prng prng;
    struct proa_mock_recipe recipe;
    proa_prng_seed(&prng, 1);
    struct proa_mock_plan plan = draw("status=500,delay=1s,status=503", &prng);
    assert_int_equal(proa_mock_plan_get(&plan, PROA_MOCK_STATUS, 0), 503);
    assert_ok(proa_mock_recipe_parse(PROA_SLICE("status=429"), &recipe, NULL));
    proa_mock_plan_add(&plan, &recipe, &prng);
    assert_int_equal(proa_mock_plan_get(&plan, PROA_MOCK_STATUS, 0), 429);
    assert_int_equal(proa_mock_plan_get(&plan, PROA_MOCK_DELAY, 0), PROA_NS_PER_S);
    assert_int_equal(proa_mock_plan_get(&plan, PROA_MOCK_GAP, 42), 42);
}

static void test_every_setting_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROA_MOCK_SETTINGS; i++) {
        const struct proa_slice name = proa_mock_setting_name((enum proa_mock_setting)i);
        assert_true(name.len > 0 && name.len <= 24);
        assert_true(proa_mock_setting_help((enum proa_mock_setting)i).len > 8);
    }
    assert_int_equal(proa_mock_setting_name(PROA_MOCK_SETTINGS).len, 0);
    assert_int_equal(proa_mock_setting_help(PROA_MOCK_SETTINGS).len, 0);
    assert_slice_lit(proa_mock_code_text(0), "rate_limit_exceeded");
    assert_int_equal(proa_mock_code_text(1000).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_has_a_maximum),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_chances),
        cmocka_unit_test(test_same_seed_same_draws),
        cmocka_unit_test(test_later_replaces_earlier),
        cmocka_unit_test(test_every_setting_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
