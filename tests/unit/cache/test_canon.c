#include "proa/cache/canon.h"

#include "proa_test.h"
#include "shapes.h"

static struct proa_slice form_of(struct proa_canon *c, const char *body, char *out)
{
    assert_ok(proa_canon_read(c, proa_slice_cstr(body)));
    proa_canon_copy(c, out);
    const struct proa_slice form = proa_slice_make(out, c->total_bytes);
    assert_true(proa_canon_equals(c, form));
    return form;
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *form;
    } rows[] = {
        {"{}", "{}"},
        {" {\n} ", "{}"},
        {"{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"},
        {"{\"a\":2,\"b\":1}", "{\"b\":1,\"a\":2}"},
        {"{ \"b\" : 1 , \"a\" : 2 }", "{\"b\":1,\"a\":2}"},
        {"{ \"a\" : 2 , \"b\" : 1 }", "{\"b\":1,\"a\":2}"},
        /* shorter keys first, the greater of two that are as long */
        {"{\"type\":\"text\",\"text\":\"t\"}", "{\"type\":\"text\",\"text\":\"t\"}"},
        {"{\"content\":\"c\",\"role\":\"user\"}", "{\"role\":\"user\",\"content\":\"c\"}"},
        {"{\"aaa\":1,\"c\":2,\"bb\":3}", "{\"c\":2,\"bb\":3,\"aaa\":1}"},
        {"{\"c\":2,\"aaa\":1,\"bb\":[1, 2]}", "{\"c\":2,\"bb\":[1,2],\"aaa\":1}"},
        {"{\"a\":[1,2,3]}", "{\"a\":[1,2,3]}"},
        {"{\"a\":[ 1 , 2 ,\n3 ]}", "{\"a\":[1,2,3]}"},
        {"{\"a\":[]}", "{\"a\":[]}"},
        {"{\"a\":[ ]}", "{\"a\":[]}"},
        {"{\"a\":{}}", "{\"a\":{}}"},
        {"{\"a\":[[],{},[{}]]}", "{\"a\":[[],{},[{}]]}"},
        {"{\"a\":{\"z\":{\"y\":1,\"x\":2},\"b\":3}}", "{\"a\":{\"z\":{\"y\":1,\"x\":2},\"b\":3}}"},
        {"{\"a\":[{\"c\":2,\"d\":1},{\"e\":4,\"f\":3}]}",
         "{\"a\":[{\"d\":1,\"c\":2},{\"f\":3,\"e\":4}]}"},
        {"{\"a\":{\"b\":3,\"z\":{\"x\":2,\"y\":1}},\"b\":{\"d\":0,\"e\":{}}}",
         "{\"b\":{\"e\":{},\"d\":0},\"a\":{\"z\":{\"y\":1,\"x\":2},\"b\":3}}"},
        {"{\"a\":1.0,\"b\":1,\"c\":1e0}", "{\"c\":1e0,\"b\":1,\"a\":1.0}"},
        {"{\"a\":12345678901234567890123}", "{\"a\":12345678901234567890123}"},
        {"{\"a\":true,\"b\":false,\"c\":null}", "{\"c\":null,\"b\":false,\"a\":true}"},
        {"{\"a\":\"\\u0041\"}", "{\"a\":\"A\"}"},
        {"{\"a\":\"\\n\\t\\\"\\\\\"}", "{\"a\":\"\\n\\t\\\"\\\\\"}"},
        {"{\"a\":\"\\u000a\\u000B\"}", "{\"a\":\"\\n\\u000b\"}"},
        {"{\"a\":\"\\u001f\\u0000\"}", "{\"a\":\"\\u001f\\u0000\"}"},
        {"{\"a\":\"\\u0008\"}", "{\"a\":\"\\b\"}"},
        {"{\"a\":\"\\/\"}", "{\"a\":\"/\"}"},
        {"{\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"\xF0\x9F\x98\x80\"}"},
        {"{\"a\":\"\xEF\xBF\xBD\"}", "{\"a\":\"\xEF\xBF\xBD\"}"},
        {"{\"\\u0062\":1,\"a\":2}", "{\"b\":1,\"a\":2}"},
        {"{\"a\":1,\"\\u0062\":2,\"c\":\"\\u0063\"}", "{\"c\":\"c\",\"b\":2,\"a\":1}"},
        {"{\"a\":1,\"ab\":2,\"aa\":3,\"\":4}", "{\"\":4,\"a\":1,\"ab\":2,\"aa\":3}"},
        /* left out at the top, and only there */
        {"{\"user\":\"u\",\"model\":\"m\"}", "{\"model\":\"m\"}"},
        {"{\"us\\u0065r\":\"u\",\"model\":\"m\"}", "{\"model\":\"m\"}"},
        {"{\"a\":{\"user\":\"u\"}}", "{\"a\":{\"user\":\"u\"}}"},
        {"{\"metadata\":{\"a\":[1,{}]},\"b\":1}", "{\"b\":1}"},
        {"{\"b\":1,\"user\":\"u\"}", "{\"b\":1}"},
        {"{\"b\":1,\"user\":\"u\",\"a\":2}", "{\"b\":1,\"a\":2}"},
        {"{\"a\":1 , \"user\" : \"\\u0041\" , \"b\":\"\\u0041\" }", "{\"b\":\"A\",\"a\":1}"},
        {"{\"user\":1,\"user\":2}", "{}"},
        {"{\"b\":{\"c\":1,\"d\":2},\"metadata\":{\"x\":1,\"x\":2},\"a\":3}",
         "{\"b\":{\"d\":2,\"c\":1},\"a\":3}"},
        {"{\"store\":true,\"stream\":false,\"stream_options\":null,\"service_tier\":\"auto\","
         "\"prompt_cache_key\":\"k\",\"safety_identifier\":\"s\"}",
         "{}"},
        /* Whom the gateway books it to. */
        {"{\"providerOptions\":{\"gateway\":{\"user\":\"u\",\"tags\":[\"a\"],\"order\":[\"x\"]}}}",
         "{\"providerOptions\":{\"gateway\":{\"order\":[\"x\"]}}}"},
        {"{\"providerOptions\" : {\"gat\\u0065way\" : { \"t\\u0061gs\" : [ ] , \"a\":1, "
         "\"user\":{}}}}",
         "{\"providerOptions\":{\"gateway\":{\"a\":1}}}"},
        {"{\"providerOptions\":{\"gateway\":{\"tags\":[1]}},\"a\":1}",
         "{\"a\":1,\"providerOptions\":{\"gateway\":{}}}"},
        {"{\"providerOptions\":{\"gateway\":[{\"user\":1}]}}",
         "{\"providerOptions\":{\"gateway\":[{\"user\":1}]}}"},
        {"{\"providerOptions\":{\"openai\":{\"user\":\"u\"}}}",
         "{\"providerOptions\":{\"openai\":{\"user\":\"u\"}}}"},
        {"{\"providerOptions\":{\"x\":1,\"gateway\":{\"user\":{\"user\":1},\"b\":{\"user\":1}}}}",
         "{\"providerOptions\":{\"x\":1,\"gateway\":{\"b\":{\"user\":1}}}}"},
        {"{\"messages\":[{\"user\":1,\"tags\":2}]}", "{\"messages\":[{\"user\":1,\"tags\":2}]}"},
        {"{\"other\":{\"gateway\":{\"user\":1}}}", "{\"other\":{\"gateway\":{\"user\":1}}}"},
        {"{\"users\":1,\"Store\":2}", "{\"users\":1,\"Store\":2}"},
    };
    char out[256];
    struct proa_canon c;
    proa_canon_init(&c);
    PROA_TEST_ROWS(row, rows)
    {
        assert_slice_str(form_of(&c, row->body, out), row->form);
    }
    proa_canon_deinit(&c);
}

static void test_has_no_form(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum proa_err err;
    } rows[] = {
        {"{\"a\":1,\"a\":1}", PROA_ERR_DUPLICATE},
        {"{\"a\":1,\"\\u0061\":1}", PROA_ERR_DUPLICATE},
        {"{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", PROA_ERR_DUPLICATE},
        {"{\"a\":[{\"b\":1,\"b\":1}]}", PROA_ERR_DUPLICATE},
        {"{\"a\":\"\\ud800\"}", PROA_ERR_UNSUPPORTED},
        {"{\"a\":\"\\n\\udc00 \"}", PROA_ERR_UNSUPPORTED},
        {"{\"\\uDBFF\":1}", PROA_ERR_UNSUPPORTED},
        {"[]", PROA_ERR_TYPE},
        {"1", PROA_ERR_TYPE},
        {"", PROA_ERR_TYPE},
        {"{\"a\":1", PROA_ERR_TRUNCATED},
        {"{\"a\":01}", PROA_ERR_SYNTAX},
        {"{\"user\":01}", PROA_ERR_SYNTAX},
        {"{\"a\":1}x", PROA_ERR_TRAILING},
        {"{\"a\":[1}", PROA_ERR_SYNTAX},
        {"{\"a\":{\"b\":1]}", PROA_ERR_SYNTAX},
    };
    struct proa_canon c;
    proa_canon_init(&c);
    PROA_TEST_ROWS(row, rows)
    {
        const enum proa_err err = proa_canon_read(&c, proa_slice_cstr(row->body));
        PROA_TEST_CHECK(err == row->err, "%s: %s", row->body, proa_err_name(err));
        assert_int_equal(c.total_bytes, 0);
    }
    proa_canon_deinit(&c);
}

/* `n` times `open`, then `close` as often. */
static void nest(struct proa_buf *out, const char *open, const char *close, size_t n)
{
    proa_buf_clear(out);
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_cstr(out, open);
    }
    PROA_BUF_LIT(out, "1");
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_cstr(out, close);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    struct proa_canon c;
    struct proa_buf body;
    proa_canon_init(&c);
    proa_buf_init(&body, (size_t)2 * PROA_CANON_BODY_MAX);
    nest(&body, "{\"a\":", "}", PROA_CANON_DEPTH_MAX);
    assert_ok(proa_canon_read(&c, proa_buf_slice(&body)));
    nest(&body, "{\"a\":", "}", PROA_CANON_DEPTH_MAX + 1);
    assert_err(proa_canon_read(&c, proa_buf_slice(&body)), PROA_ERR_DEPTH);

    /* As long as may be, and one byte more. */
    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "{\"a\":\"");
    while (body.len < PROA_CANON_BODY_MAX - 2) {
        PROA_BUF_LIT(&body, "x");
    }
    PROA_BUF_LIT(&body, "\"}");
    assert_ok(proa_canon_read(&c, proa_buf_slice(&body)));
    assert_int_equal(c.total_bytes, PROA_CANON_BODY_MAX);
    PROA_BUF_LIT(&body, " ");
    assert_err(proa_canon_read(&c, proa_buf_slice(&body)), PROA_ERR_LIMIT);

    /* As many gaps as fit. */
    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "{\"a\":[0");
    while (body.len < PROA_CANON_BODY_MAX - 6) {
        PROA_BUF_LIT(&body, " , 1");
    }
    PROA_BUF_LIT(&body, "]}");
    assert_ok(proa_canon_read(&c, proa_buf_slice(&body)));
    assert_int_equal(c.total_bytes, 9 + (body.len + 1 - 9) / 2);

    /* Too many members. */
    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "{\"a\":{\"x\":0");
    for (size_t i = 0; i <= PROA_CANON_MEMBERS_MAX; i++) {
        (void)proa_buf_append_printf(&body, ",\"%zu\":1", i);
    }
    PROA_BUF_LIT(&body, "}}");
    assert_err(proa_canon_read(&c, proa_buf_slice(&body)), PROA_ERR_LIMIT);

    /* It is as good as new, and gives back what it took. */
    assert_ok(proa_canon_read(&c, PROA_SLICE("{\"b\":1,\"a\":2}")));
    assert_int_equal(c.total_bytes, 13);
    proa_canon_trim(&c);
    assert_true(c.text.cap + c.pieces.cap + c.members.cap + c.scratch.cap <= (size_t)64 * 1024);
    proa_buf_deinit(&body);
    proa_canon_deinit(&c);
}

/* Many members are sorted otherwise than few. */
static void test_sorts_any_number(void **state)
{
    (void)state;
    struct proa_canon c;
    struct proa_buf bodies[2];
    char *forms[2];
    proa_canon_init(&c);
    for (size_t n = 1; n < 400; n = n * 3 / 2 + 1) {
        for (size_t b = 0; b < 2; b++) {
            proa_buf_init(&bodies[b], (size_t)64 * 1024);
            PROA_BUF_LIT(&bodies[b], "{");
            for (size_t i = 0; i < n; i++) {
                const size_t key = b == 0 ? i : (i * 7919 + 13) % n; /* 7919 is prime */
                (void)proa_buf_append_printf(&bodies[b], "%s\"k%zu\":{\"v\":%zu,\"u\":[%zu]}",
                                             i > 0 ? "," : "", key, key, key);
            }
            PROA_BUF_LIT(&bodies[b], "}");
            assert_ok(proa_canon_read(&c, proa_buf_slice(&bodies[b])));
            forms[b] = proa_alloc(c.total_bytes);
            proa_canon_copy(&c, forms[b]);
        }
        assert_memory_equal(forms[0], forms[1], c.total_bytes);
        for (size_t b = 0; b < 2; b++) {
            proa_buf_deinit(&bodies[b]);
            proa_free(forms[b]);
        }
    }
    proa_canon_deinit(&c);
}

static void test_notices_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool remote;
    } rows[] = {
        {"{\"messages\":[{\"content\":\"see https://example.com\"}]}", false},
        {"{\"m\":[{\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}", true},
        {"{\"m\":[{\"image_url\":\"http://example.com/a.png\"}]}", true},
        {"{\"m\":[{\"file_url\":\"HTTPS://example.com/a.pdf\"}]}", true},
        {"{\"m\":[{\"u\\u0072l\":\"\\u0068ttps://example.com\"}]}", true},
        {"{\"m\":[{\"url\":\"data:image/png;base64,AAAA\"}]}", false},
        {"{\"m\":[{\"url\":17}]}", false},
        {"{\"url\":[\"http://example.com\"]}", false},
    };
    struct proa_canon c;
    proa_canon_init(&c);
    PROA_TEST_ROWS(row, rows)
    {
        assert_ok(proa_canon_read(&c, proa_slice_cstr(row->body)));
        PROA_TEST_CHECK(c.remote == row->remote, "%s", row->body);
    }
    proa_canon_deinit(&c);
}

static struct proa_hash128 hash_of(const struct proa_canon *c)
{
    static const unsigned char secret[PROA_HASH_SECRET_BYTES] = {1, 2, 3};
    return proa_canon_hash(c, secret);
}

static bool same_hash(struct proa_hash128 a, struct proa_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

/* T-G: reordered, reformatted, spelled otherwise: one form. Anything else changed: another one. */
static void test_g_same_form_just_when_same_meaning(void **state)
{
    (void)state;
    struct shape_source chance = {0};
    struct proa_canon first;
    struct proa_canon second;
    struct proa_buf texts[4];
    static char form[128 * 1024];
    size_t same = 0;
    size_t other = 0;
    proa_prng_seed(&chance.prng, 7);
    proa_canon_init(&first);
    proa_canon_init(&second);
    for (size_t i = 0; i < 4; i++) {
        proa_buf_init(&texts[i], sizeof form);
    }
    for (size_t round = 0; round < 20000; round++) {
        struct shape a;
        struct shape b;
        const struct shape_style odd = {&chance};
        const struct shape_style plain = {NULL};
        shape_make(&a, &chance, shape_pick(&chance, 40));
        b = a;
        for (size_t n = shape_pick(&chance, 3); n > 0; n--) {
            shape_change(&b, &chance);
        }
        for (size_t i = 0; i < 4; i++) {
            proa_buf_clear(&texts[i]);
            shape_write(i % 2 == 0 ? &a : &b, i < 2 ? &odd : &plain, &texts[i]);
        }
        const bool means_same = proa_slice_eq(proa_buf_slice(&texts[2]), proa_buf_slice(&texts[3]));
        assert_ok(proa_canon_read(&first, proa_buf_slice(&texts[0])));
        assert_ok(proa_canon_read(&second, proa_buf_slice(&texts[1])));
        proa_canon_copy(&second, form);
        const bool equal = proa_canon_equals(&first, proa_slice_make(form, second.total_bytes));
        PROA_TEST_CHECK(equal == means_same, "%.*s <> %.*s", (int)texts[0].len, texts[0].ptr,
                        (int)texts[1].len, texts[1].ptr);
        assert_true(same_hash(hash_of(&first), hash_of(&second)) == means_same);
        same += means_same;
        other += !means_same;
    }
    assert_true(same > 2000 && other > 2000); /* both were seen often */
    for (size_t i = 0; i < 4; i++) {
        proa_buf_deinit(&texts[i]);
    }
    proa_canon_deinit(&first);
    proa_canon_deinit(&second);
}

/* T-G: every single field of a request that can change its answer is in the form. */
static void test_g_each_field_counts(void **state)
{
    (void)state;
    static const char *const fields[][2] = {
        {"\"model\":\"m\"", "\"model\":\"n\""},
        {"\"temperature\":0", "\"temperature\":1"},
        {"\"temperature\":0", "\"temperature\":null"},
        {"\"top_p\":1", "\"top_p\":0.9"},
        {"\"n\":1", "\"n\":2"},
        {"\"seed\":1", "\"seed\":2"},
        {"\"max_tokens\":10", "\"max_tokens\":11"},
        {"\"max_completion_tokens\":10", "\"max_completion_tokens\":11"},
        {"\"stop\":\"a\"", "\"stop\":[\"a\"]"},
        {"\"logit_bias\":{\"50256\":-100}", "\"logit_bias\":{\"50256\":100}"},
        {"\"logprobs\":true", "\"logprobs\":false"},
        {"\"top_logprobs\":1", "\"top_logprobs\":2"},
        {"\"presence_penalty\":0", "\"presence_penalty\":1"},
        {"\"frequency_penalty\":0", "\"frequency_penalty\":1"},
        {"\"response_format\":{\"type\":\"text\"}",
         "\"response_format\":{\"type\":\"json_object\"}"},
        {"\"tools\":[]", "\"tools\":[{}]"},
        {"\"tool_choice\":\"auto\"", "\"tool_choice\":\"none\""},
        {"\"parallel_tool_calls\":true", "\"parallel_tool_calls\":false"},
        {"\"reasoning_effort\":\"low\"", "\"reasoning_effort\":\"high\""},
        {"\"verbosity\":\"low\"", "\"verbosity\":\"high\""},
        {"\"dimensions\":256", "\"dimensions\":512"},
        {"\"encoding_format\":\"float\"", "\"encoding_format\":\"base64\""},
        {"\"input\":\"a\"", "\"input\":\"b\""},
        {"\"modalities\":[\"text\"]", "\"modalities\":[\"text\",\"audio\"]"},
        {"\"prediction\":{\"content\":\"a\"}", "\"prediction\":{\"content\":\"b\"}"},
        {"\"providerOptions\":{\"gateway\":{}}", "\"providerOptions\":{\"openai\":{}}"},
        {"\"something_new\":1", "\"something_new\":2"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "\"messages\":[{\"role\":\"user\",\"content\":\"a \"}]"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "\"messages\":[{\"role\":\"system\",\"content\":\"a\"}]"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"a\"}"
         "]"},
        {"\"messages\":[\"a\",\"b\"]", "\"messages\":[\"b\",\"a\"]"},
    };
    struct proa_canon c;
    char body[512];
    char forms[3][512];
    size_t lens[3];
    proa_canon_init(&c);
    PROA_TEST_ROWS(row, fields)
    {
        static const char *const templates[] = {"{\"a\":1,%s}", "{ %s , \"a\" : 1 }"};
        for (size_t i = 0; i < 3; i++) {
            /* the field as it is, the field changed, the field gone */
            const char *field = i == 2 ? "\"a\":1" : (*row)[i];
            (void)snprintf(body, sizeof body, i == 2 ? "{%s}" : templates[i], field);
            assert_ok(proa_canon_read(&c, proa_slice_cstr(body)));
            proa_canon_copy(&c, forms[i]);
            lens[i] = c.total_bytes;
        }
        for (size_t i = 0; i < 3; i++) {
            const size_t j = (i + 1) % 3;
            PROA_TEST_CHECK(!proa_slice_eq(proa_slice_make(forms[i], lens[i]),
                                           proa_slice_make(forms[j], lens[j])),
                            "%s", (*row)[0]);
        }
    }
    proa_canon_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_has_no_form),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_sorts_any_number),
        cmocka_unit_test(test_notices_addresses),
        cmocka_unit_test(test_g_same_form_just_when_same_meaning),
        cmocka_unit_test(test_g_each_field_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
