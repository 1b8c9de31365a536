/*
 * Redaction: no canary survives, innocent text does, nothing is copied when nothing matches, and a
 * naive search agrees on thousands of random texts.
 */
#include "proa/auth/redact.h"
#include "proa/core/alloc.h"
#include "proa/core/prng.h"

#include "proa_test.h"

enum { SCRATCH_MAX = 1U << 22 };

static const char openai[] = "sk-proj-CANARYcanary0123456789abcdefghijklmnop";
static const char anthropic[] = "sk-ant-api03-CANARYzzzzzzzzzzzzzzzzzzzzzz-AA";
static const char local[] = "local-pw"; /* the shortest there may be */

static void add(struct proa_redactor *r, struct proa_slice bytes)
{
    struct proa_secret *s = NULL;
    assert_ok(proa_secret_create(bytes, &s));
    assert_ok(proa_redactor_add(r, s));
    proa_secret_unref(s); /* the redactor has its own reference */
}

struct fixture {
    struct proa_redactor *r;
    struct proa_buf scratch;
};

static int setup(void **state)
{
    static struct fixture f;
    f.r = proa_redactor_create();
    add(f.r, proa_slice_cstr(openai));
    add(f.r, proa_slice_cstr(anthropic));
    add(f.r, proa_slice_cstr(local));
    proa_buf_init(&f.scratch, SCRATCH_MAX);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_redactor_destroy(f->r);
    proa_buf_deinit(&f->scratch);
    return 0;
}

static void test_canaries(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *before; /* %s is the secret */
        const char *after;
    } rows[] = {
        {"%s", "[redacted]"},
        {"%s.", "[redacted]."},
        {"x%s", "x[redacted]"},
        {"%s%s", "[redacted][redacted]"},
        {"authorization: Bearer %s\r\n", "authorization: Bearer [redacted]\r\n"},
        {"{\"error\":\"Incorrect API key provided: %s. You can\"}",
         "{\"error\":\"Incorrect API key provided: [redacted]. You can\"}"},
        {"a %s b %s c", "a [redacted] b [redacted] c"},
    };
    static const char *const secrets[] = {openai, anthropic, local};
    PROA_TEST_ROWS(row, rows)
    {
        for (size_t i = 0; i < PROA_ARRAY_LEN(secrets); i++) {
            struct proa_buf text;
            proa_buf_init(&text, 4096);
            const char *at = row->before;
            for (const char *hole = strstr(at, "%s"); hole; hole = strstr(at, "%s")) {
                (void)proa_buf_append(&text, proa_slice_make(at, (size_t)(hole - at)));
                (void)proa_buf_append_cstr(&text, secrets[i]);
                at = hole + 2;
            }
            (void)proa_buf_append_cstr(&text, at);
            assert_slice_str(proa_redact(f->r, proa_buf_slice(&text), &f->scratch), row->after);
            proa_buf_deinit(&text);
        }
    }
}

static void test_innocent_text_is_not_copied(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[] = {
        "",
        "a",
        "local-p",
        "local-pX local-p w",
        "sk-proj-CANARYcanary0123456789abcdefghijklmno",
        "{\"level\":\"info\",\"msg\":\"exchange done\",\"trail\":\"openai/k1:200/12ms\"}",
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_slice in = proa_slice_cstr(*row);
        struct proa_slice out = proa_redact(f->r, in, &f->scratch);
        assert_ptr_equal(out.ptr, in.ptr);
        assert_int_equal(out.len, in.len);
    }
    assert_int_equal(f->scratch.cap, 0);
}

/* The secret at every offset of a text, the text's very ends included. */
static void test_every_offset(void **state)
{
    struct fixture *f = *state;
    struct proa_slice secret = proa_slice_cstr(openai);
    for (size_t at = 0; at <= 300; at++) {
        char *text = proa_alloc(300 + secret.len); /* exact: over-reads are seen */
        memset(text, 's', 300 + secret.len);
        memcpy(text + at, secret.ptr, secret.len);
        struct proa_slice out =
            proa_redact(f->r, proa_slice_make(text, 300 + secret.len), &f->scratch);
        assert_int_equal(out.len, 310);
        assert_memory_equal(out.ptr + at, "[redacted]", 10);
        for (size_t i = 0; i < out.len; i++) {
            assert_true((i >= at && i < at + 10) || out.ptr[i] == 's');
        }
        proa_free(text);
    }
}

static void test_overlaps_and_prefixes(void **state)
{
    struct fixture *f = *state;
    struct proa_redactor *r = proa_redactor_create();
    add(r, PROA_SLICE("abcdefgh"));
    add(r, PROA_SLICE("abcdefghijkl"));
    add(r, PROA_SLICE("ghijklmnopqr"));
    add(r, PROA_SLICE("aaaaaaaa"));
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"<abcdefgh>", "<[redacted]>"},
        {"<abcdefghijkl>", "<[redacted]>"},       /* the longer one wins */
        {"<abcdefghijklmnopqr>", "<[redacted]>"}, /* and an overlapping one widens the hole */
        {"<abcdefghXghijklmnopqr>", "<[redacted]X[redacted]>"},
        {"<aaaaaaaaaaaaaaaa>", "<[redacted]>"},
        {"<aaaaaaa>", "<aaaaaaa>"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_slice_str(proa_redact(r, proa_slice_cstr(row->in), &f->scratch), row->out);
    }
    proa_redactor_destroy(r);
}

static void test_adding_and_removing(void **state)
{
    struct fixture *f = *state;
    struct proa_redactor *r = proa_redactor_create();
    struct proa_secret *a = NULL;
    struct proa_secret *again = NULL;
    struct proa_secret *tiny = NULL;
    struct proa_slice text = PROA_SLICE("key=first-secret!");
    assert_ok(proa_secret_create(PROA_SLICE("first-secret"), &a));
    assert_ok(proa_secret_create(PROA_SLICE("first-secret"), &again));
    assert_ok(proa_secret_create(PROA_SLICE("1234567"), &tiny));
    assert_slice_lit(proa_redact(r, text, &f->scratch), "key=first-secret!");
    assert_slice_lit(proa_redact(NULL, text, &f->scratch), "key=first-secret!");
    assert_err(proa_redactor_add(r, tiny), PROA_ERR_RANGE);
    assert_ok(proa_redactor_add(r, a));
    assert_ok(proa_redactor_add(r, again)); /* a reload that kept the key */
    proa_redactor_remove(r, tiny);
    proa_redactor_remove(r, a);
    proa_secret_unref(a);
    assert_slice_lit(proa_redact(r, text, &f->scratch), "key=[redacted]!");
    proa_redactor_remove(r, again);
    assert_slice_lit(proa_redact(r, text, &f->scratch), "key=first-secret!");
    proa_secret_unref(again);
    proa_secret_unref(tiny);
    proa_redactor_destroy(r);
    proa_redactor_destroy(NULL);
}

static void test_too_small_a_scratch_fails_closed(void **state)
{
    struct fixture *f = *state;
    struct proa_buf small;
    char text[512];
    proa_buf_init(&small, 100);
    memset(text, '.', sizeof(text));
    memcpy(text + 400, local, sizeof(local) - 1);
    assert_slice_lit(proa_redact(f->r, proa_slice_make(text, sizeof(text)), &small), "[redacted]");
    assert_slice_lit(proa_redact(f->r, proa_slice_cstr(local), &small), "[redacted]");
    assert_true(proa_buf_ok(&small));
    proa_buf_deinit(&small);
}

/* ---- against a search too simple to be wrong ---- */

static void naive(const struct proa_slice *secrets, size_t n, struct proa_slice text,
                  struct proa_buf *out)
{
    bool *hit = proa_alloc_zero(text.len + 1, sizeof(bool));
    size_t hole_end = 0;
    for (size_t at = 0; at < text.len; at++) {
        size_t longest = 0;
        for (size_t i = 0; i < n; i++) {
            if (secrets[i].len > longest &&
                proa_slice_starts(proa_slice_from(text, at), secrets[i])) {
                longest = secrets[i].len;
            }
        }
        if (longest > 0 && at >= hole_end) {
            (void)proa_buf_append_cstr(out, "[redacted]");
        }
        hole_end = at + longest > hole_end && longest ? at + longest : hole_end;
        if (at >= hole_end) {
            (void)proa_buf_append_byte(out, text.ptr[at]);
        }
    }
    proa_free(hit);
}

static void test_agrees_with_a_naive_search(void **state)
{
    struct fixture *f = *state;
    struct proa_prng prng;
    size_t n_found = 0;
    proa_prng_seed(&prng, 17);
    for (int run = 0; run < 4000; run++) {
        char pool[6][300];
        struct proa_slice secrets[6];
        struct proa_redactor *r = proa_redactor_create();
        size_t n = 1 + proa_prng_below(&prng, 6);
        uint64_t letters = 1 + proa_prng_below(&prng, 3);
        for (size_t i = 0; i < n; i++) {
            size_t len = 8 + proa_prng_below(&prng, run % 50 == 0 ? 290 : 6);
            for (size_t j = 0; j < len; j++) {
                pool[i][j] = (char)('a' + proa_prng_below(&prng, letters));
            }
            secrets[i] = proa_slice_make(pool[i], len);
            add(r, secrets[i]);
        }
        char text[700];
        size_t len = proa_prng_below(&prng, sizeof(text));
        for (size_t j = 0; j < len; j++) {
            text[j] = (char)('a' + proa_prng_below(&prng, letters + 1));
        }
        if (len > 320) {
            struct proa_slice one = secrets[proa_prng_below(&prng, n)];
            memcpy(text + proa_prng_below(&prng, len - one.len), one.ptr, one.len);
        }
        struct proa_buf wanted;
        proa_buf_init(&wanted, SCRATCH_MAX);
        naive(secrets, n, proa_slice_make(text, len), &wanted);
        struct proa_slice out = proa_redact(r, proa_slice_make(text, len), &f->scratch);
        assert_slice_equal(out, proa_buf_slice(&wanted));
        n_found += out.ptr != text;
        proa_buf_deinit(&wanted);
        proa_redactor_destroy(r);
    }
    assert_true(n_found > 1000);
}

/* ---- keys of somebody else ---- */

enum { COMERS = 12 };

/* What the table knows is never less than what the secrets are, whoever has come and gone. */
static void test_secrets_that_come_and_go(void **state)
{
    struct fixture *f = *state;
    struct proa_prng prng;
    struct proa_redactor *r = proa_redactor_create();
    struct proa_secret *known[COMERS] = {NULL};
    size_t n = 0;
    size_t n_found = 0;
    proa_prng_seed(&prng, 23);
    for (int step = 0; step < 6000; step++) {
        if (n > 0 && (n == COMERS || proa_prng_below(&prng, 2) == 0)) {
            const size_t gone = proa_prng_below(&prng, n--);
            proa_redactor_remove(r, known[gone]);
            proa_secret_unref(known[gone]);
            known[gone] = known[n];
        } else {
            char bytes[64];
            const size_t len = 8 + proa_prng_below(&prng, step % 40 == 0 ? 56 : 12);
            for (size_t j = 0; j < len; j++) {
                bytes[j] = (char)('a' + proa_prng_below(&prng, 2));
            }
            assert_ok(proa_secret_create(proa_slice_make(bytes, len), &known[n]));
            assert_ok(proa_redactor_add(r, known[n++]));
        }
        struct proa_slice secrets[COMERS];
        for (size_t i = 0; i < n; i++) {
            secrets[i] = proa_secret_bytes(known[i]);
        }
        char text[200];
        for (size_t j = 0; j < sizeof text; j++) {
            text[j] = (char)('a' + proa_prng_below(&prng, 2));
        }
        struct proa_buf wanted;
        proa_buf_init(&wanted, SCRATCH_MAX);
        naive(secrets, n, proa_slice_make(text, sizeof text), &wanted);
        const struct proa_slice out =
            proa_redact(r, proa_slice_make(text, sizeof text), &f->scratch);
        assert_slice_equal(out, proa_buf_slice(&wanted));
        n_found += out.ptr != text;
        proa_buf_deinit(&wanted);
    }
    assert_true(n_found > 1000);
    for (size_t i = 0; i < n; i++) {
        proa_secret_unref(known[i]);
    }
    proa_redactor_destroy(r);
}

static void test_foreign_keys(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"Incorrect API key provided: sk-abcde*****wxyz. You can find",
         "Incorrect API key provided: [redacted]. You can find"},
        {"Incorrect API key provided: hunter2", "Incorrect API key provided: [redacted]"},
        {"Incorrect API key provided: \"\"", "Incorrect API key provided: \"\""},
        {"{\"k\":\"sk-ant-api03-0123456789\"}", "{\"k\":\"[redacted]\"}"},
        {"API key AIzaSyA1234567890abcdefghijklmnopqrstuv not valid",
         "API key [redacted] not valid"},
        {"Authorization: Bearer abcdefgh12345678, x", "Authorization: Bearer [redacted], x"},
        {"token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc_def-ghi", "token [redacted]"},
        {"gsk_0123456789abcdef0123 xai-0123456789abcdef0123", "[redacted] [redacted]"},
        {"AKIAIOSFODNN7EXAMPLE", "[redacted]"},
        {"(sk-0123456789)", "([redacted])"},
        {"sk-0123456789-sk-0123456789", "[redacted]"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_slice_str(proa_redact_foreign(NULL, proa_slice_cstr(row->in), &f->scratch),
                         row->out);
        assert_slice_str(proa_redact_foreign(f->r, proa_slice_cstr(row->in), &f->scratch),
                         row->out);
    }
}

static void test_foreign_leaves_prose_alone(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[] = {
        "",
        "sk-",
        "the task-force-managers ask risk-management-people",
        "a Bearer token is missing", /* too short to be one */
        "sk-1234567",
        "model `gpt-5.5` does not exist",
        "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\",\"code\":null}}",
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_slice in = proa_slice_cstr(*row);
        assert_ptr_equal(proa_redact_foreign(f->r, in, &f->scratch).ptr, in.ptr);
    }
}

static void test_known_and_foreign_together(void **state)
{
    struct fixture *f = *state;
    struct proa_buf text;
    proa_buf_init(&text, 4096);
    (void)proa_buf_append_printf(&text, "user:%s@host, Bearer %s, sk-other-0123456789", local,
                                 openai);
    assert_slice_lit(proa_redact_foreign(f->r, proa_buf_slice(&text), &f->scratch),
                     "user:[redacted]@host, Bearer [redacted], [redacted]");
    /* A known secret inside what looks like a longer key. */
    proa_buf_clear(&text);
    (void)proa_buf_append_printf(&text, "<sk-0123456789%s0123>", local);
    assert_slice_lit(proa_redact_foreign(f->r, proa_buf_slice(&text), &f->scratch), "<[redacted]>");
    proa_buf_deinit(&text);
}

/* A body made to hurt: matches everywhere. Quadratic work would take minutes. */
static void test_hostile_bodies_take_linear_time(void **state)
{
    struct fixture *f = *state;
    static const char *const pieces[] = {"sk-", "sk-aaaaaaaa ", "local-pw", "Bearer ", "eyJ"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(pieces); i++) {
        struct proa_buf text;
        proa_buf_init(&text, SCRATCH_MAX);
        while (text.len < 1000000) {
            (void)proa_buf_append_cstr(&text, pieces[i]);
        }
        struct proa_slice out = proa_redact_foreign(f->r, proa_buf_slice(&text), &f->scratch);
        assert_true(out.len > 0);
        proa_buf_deinit(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_canaries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_innocent_text_is_not_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_offset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overlaps_and_prefixes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_adding_and_removing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_small_a_scratch_fails_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_agrees_with_a_naive_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secrets_that_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_leaves_prose_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_known_and_foreign_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_bodies_take_linear_time, setup, teardown),
    };
    return cmocka_run_group_tests_name("auth redact", tests, NULL, NULL);
}
