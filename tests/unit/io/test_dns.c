#include "loop_priv.h"

#include "proa/io/dns.h"

#include <stdlib.h>

#include "io_test.h"

/* Names under .invalid never exist (RFC 6761); nothing here needs a network. */

struct asker {
    struct proa_dns_query query;
    struct proa_dns *dns;
    struct proa_dns_answer now; /* what the call itself answered */
    struct proa_dns_answer answer;
    enum proa_err err;
    int n;
    bool in_call;
    struct asker *cancels;
    struct asker *asks;
    bool destroys;
};

static bool ask(struct asker *a, const char *name, uint16_t port);

static void on_answer(void *ctx, enum proa_err err, const struct proa_dns_answer *answer)
{
    struct asker *a = ctx;
    assert_false(a->in_call);
    a->n++;
    a->err = err;
    if (err == PROA_OK) {
        a->answer = *answer;
    } else {
        assert_null(answer);
    }
    if (a->cancels) {
        proa_dns_cancel(a->dns, &a->cancels->query);
    }
    if (a->asks) {
        (void)ask(a->asks, "again.invalid", 1);
    }
    if (a->destroys) {
        proa_dns_destroy(a->dns);
    }
}

static bool ask_slice(struct asker *a, struct proa_slice name, uint16_t port)
{
    a->query = (struct proa_dns_query){.on_answer = on_answer, .ctx = a};
    a->in_call = true;
    bool answered = proa_dns_ask(a->dns, name, port, &a->query, &a->now);
    a->in_call = false;
    return answered;
}

static bool ask(struct asker *a, const char *name, uint16_t port)
{
    return ask_slice(a, proa_slice_cstr(name), port);
}

struct fixture {
    struct proa_loop *loop;
    struct proa_dns *dns;
};

enum { TTL_MS = 60, STALE_MS = 3000 };

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->loop = proa_loop_create();
    f->dns = proa_dns_create(f->loop, TTL_MS * PROA_NS_PER_MS, STALE_MS * PROA_NS_PER_MS);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_dns_destroy(f->dns);
    proa_loop_destroy(f->loop);
    free(f);
    return 0;
}

static void assert_addr(const struct proa_addr *addr, const char *text)
{
    char actual[128];
    proa_addr_format(addr, actual, sizeof(actual));
    assert_string_equal(actual, text);
}

static void test_literals_and_localhost(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *host;
        const char *first;
        const char *second;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:80", NULL},
        {"192.0.2.1", "192.0.2.1:80", NULL},
        {"::1", "[::1]:80", NULL},
        {"[2001:db8::1]", "[2001:db8::1]:80", NULL},
        {"localhost", "127.0.0.1:80", "[::1]:80"},
        {"LocalHost", "127.0.0.1:80", "[::1]:80"},
        {"api.localhost", "127.0.0.1:80", "[::1]:80"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct asker a = {.dns = f->dns};
        assert_true(ask(&a, row->host, 80));
        assert_int_equal(a.now.n, row->second ? 2 : 1);
        assert_addr(&a.now.addrs[0], row->first);
        if (row->second) {
            assert_addr(&a.now.addrs[1], row->second);
        }
        io_test_for_ms(f->loop, 1);
        assert_int_equal(a.n, 0);
    }
}

/* What is no name is refused without asking anybody; old spellings of addresses are such. */
static void test_bad_names(void **state)
{
    struct fixture *f = *state;
    char longest[254];
    char too_long[255];
    memset(longest, 'a', sizeof(longest));
    memset(too_long, 'a', sizeof(too_long));
    const struct proa_slice rows[] = {
        PROA_SLICE_INIT(""),
        PROA_SLICE_INIT("a b"),
        PROA_SLICE_INIT("a/b"),
        PROA_SLICE_INIT("a:80"),
        PROA_SLICE_INIT("a\0b"),
        PROA_SLICE_INIT("a%00"),
        PROA_SLICE_INIT("127.1"),
        PROA_SLICE_INIT("2130706433"),
        PROA_SLICE_INIT("0x7f000001"),
        PROA_SLICE_INIT("0177.0.0.01"),
        PROA_SLICE_INIT("x.127.1."),
        PROA_SLICE_INIT("."),
        PROA_SLICE_INIT(".."),
        PROA_SLICE_INIT("m\xc3\xbcller.example"),
        {too_long, 254},
        {too_long, 255},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct asker a = {.dns = f->dns};
        assert_false(ask_slice(&a, *row, 80));
        assert_int_equal(a.n, 0);
        (void)proa_loop_turn(f->loop);
        PROA_TEST_CHECK(a.n == 1, "\"%.*s\"", (int)row->len, row->ptr);
        assert_err(a.err, PROA_ERR_DNS);
        assert_int_equal(f->loop->n_jobs, 0);
    }
}

static void test_unknown_name(void **state)
{
    struct fixture *f = *state;
    struct asker a = {.dns = f->dns};
    assert_false(ask(&a, "unknown.invalid", 80));
    assert_int_equal(a.n, 0);
    IO_TEST_UNTIL(f->loop, a.n);
    assert_err(a.err, PROA_ERR_DNS);
    io_test_for_ms(f->loop, 2);
    assert_int_equal(a.n, 1);
}

static void test_own_host_name(void **state)
{
    struct fixture *f = *state;
    struct asker a = {.dns = f->dns};
    char name[256] = "";
    assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
    if (ask(&a, name, 4600)) {
        return; /* it is a literal or localhost */
    }
    IO_TEST_UNTIL(f->loop, a.n);
    if (a.err == PROA_ERR_DNS) {
        skip(); /* not in /etc/hosts here */
    }
    assert_ok(a.err);
    assert_true(a.answer.n >= 1 && a.answer.n <= PROA_DNS_MAX_ADDRS);
    assert_int_equal(proa_addr_port(&a.answer.addrs[0]), 4600);
    /* Now it is known, whatever the case and with any port. */
    struct asker b = {.dns = f->dns};
    name[0] = (char)(name[0] >= 'a' && name[0] <= 'z' ? name[0] - ('a' - 'A') : name[0]);
    assert_true(ask(&b, name, 1));
    assert_int_equal(b.now.n, a.answer.n);
    assert_int_equal(proa_addr_port(&b.now.addrs[0]), 1);
}

/* One job for all who ask for the same name, each with its own port and answer. */
static void test_coalescing(void **state)
{
    struct fixture *f = *state;
    struct asker a[10];
    for (size_t i = 0; i < PROA_ARRAY_LEN(a); i++) {
        a[i] = (struct asker){.dns = f->dns};
        assert_false(ask(&a[i], i % 2 ? "Same.invalid" : "same.INVALID", (uint16_t)i));
    }
    assert_int_equal(f->loop->n_jobs, 1);
    IO_TEST_UNTIL(f->loop, a[9].n);
    for (size_t i = 0; i < PROA_ARRAY_LEN(a); i++) {
        assert_int_equal(a[i].n, 1);
        assert_err(a[i].err, PROA_ERR_DNS);
    }
}

static void test_at_most_three_at_once(void **state)
{
    struct fixture *f = *state;
    struct asker a[12];
    for (size_t i = 0; i < PROA_ARRAY_LEN(a); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "name%zu.invalid", i);
        a[i] = (struct asker){.dns = f->dns};
        assert_false(ask(&a[i], name, 1));
        assert_true(f->loop->n_jobs <= PROA_DNS_MAX_QUERIES);
    }
    assert_int_equal(f->loop->n_jobs, PROA_DNS_MAX_QUERIES);
    for (size_t i = 0; i < PROA_ARRAY_LEN(a); i++) {
        IO_TEST_UNTIL(f->loop, a[i].n || f->loop->n_jobs > PROA_DNS_MAX_QUERIES);
        assert_true(f->loop->n_jobs <= PROA_DNS_MAX_QUERIES);
    }
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    struct asker a = {.dns = f->dns};
    struct asker b = {.dns = f->dns};
    struct asker c = {.dns = f->dns};
    assert_false(ask(&a, "one.invalid", 1));
    assert_false(ask(&b, "one.invalid", 1));
    assert_false(ask(&c, "not a name", 1));
    proa_dns_cancel(f->dns, &a.query);
    proa_dns_cancel(f->dns, &a.query);
    proa_dns_cancel(f->dns, &c.query);
    IO_TEST_UNTIL(f->loop, b.n);
    io_test_for_ms(f->loop, 2);
    assert_int_equal(a.n, 0);
    assert_int_equal(c.n, 0);
}

/* Callbacks may cancel their neighbours and ask again, the same name included. */
static void test_changes_inside_on_answer(void **state)
{
    struct fixture *f = *state;
    struct asker a = {.dns = f->dns};
    struct asker b = {.dns = f->dns};
    struct asker c = {.dns = f->dns};
    struct asker d = {.dns = f->dns};
    a.cancels = &b;
    a.asks = &d;
    assert_false(ask(&a, "again.invalid", 1));
    assert_false(ask(&b, "again.invalid", 1));
    assert_false(ask(&c, "again.invalid", 1));
    IO_TEST_UNTIL(f->loop, d.n);
    assert_int_equal(a.n, 1);
    assert_int_equal(b.n, 0);
    assert_int_equal(c.n, 1);
    assert_int_equal(d.n, 1);
}

static void test_ttl_and_stale_answers(void **state)
{
    struct fixture *f = *state;
    struct proa_dns_answer known = {.n = 2};
    struct asker a = {.dns = f->dns};
    known.addrs[0] = io_test_addr("[2001:db8::1]:9");
    known.addrs[1] = io_test_addr("192.0.2.1:9");
    assert_ok(proa_dns_put(f->dns, PROA_SLICE("Known.invalid"), &known));
    assert_true(ask(&a, "known.INVALID", 443));
    assert_int_equal(a.now.n, 2);
    assert_addr(&a.now.addrs[0], "[2001:db8::1]:443");
    assert_addr(&a.now.addrs[1], "192.0.2.1:443");
    io_test_for_ms(f->loop, TTL_MS + 5);
    /* Too old to be given at once; the refresh fails, so the old answer serves. */
    assert_false(ask(&a, "known.invalid", 80));
    IO_TEST_UNTIL(f->loop, a.n);
    assert_ok(a.err);
    assert_addr(&a.answer.addrs[1], "192.0.2.1:80");
    io_test_for_ms(f->loop, STALE_MS + 100);
    assert_false(ask(&a, "known.invalid", 80));
    IO_TEST_UNTIL(f->loop, a.n == 2);
    assert_err(a.err, PROA_ERR_DNS);
}

static void test_put_checks(void **state)
{
    struct fixture *f = *state;
    struct proa_dns_answer none = {0};
    struct proa_dns_answer one = {.n = 1};
    one.addrs[0] = io_test_addr("192.0.2.1:9");
    assert_err(proa_dns_put(f->dns, PROA_SLICE("a.invalid"), &none), PROA_ERR_ARG);
    assert_err(proa_dns_put(f->dns, PROA_SLICE("no name"), &one), PROA_ERR_ARG);
}

/* The table does not grow without end: the oldest answers make room. */
static void test_names_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct proa_dns_answer one = {.n = 1};
    one.addrs[0] = io_test_addr("192.0.2.1:9");
    for (int i = 0; i < 3 * PROA_DNS_MAX_NAMES; i++) {
        char name[32];
        struct asker a = {.dns = f->dns};
        (void)snprintf(name, sizeof(name), "name%d.invalid", i);
        assert_ok(proa_dns_put(f->dns, proa_slice_cstr(name), &one));
        assert_true(ask(&a, name, 1));
    }
}

static void test_destroy_while_running(void **state)
{
    struct fixture *f = *state;
    struct asker a[5];
    for (size_t i = 0; i < PROA_ARRAY_LEN(a); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "gone%zu.invalid", i);
        a[i] = (struct asker){.dns = f->dns};
        assert_false(ask(&a[i], name, 1));
    }
    struct asker refused = {.dns = f->dns};
    assert_false(ask(&refused, "no name", 1));
    proa_dns_destroy(f->dns);
    f->dns = NULL;
    io_test_for_ms(f->loop, 5);
    for (size_t i = 0; i < PROA_ARRAY_LEN(a); i++) {
        assert_int_equal(a[i].n, 0);
    }
    assert_int_equal(refused.n, 0);
}

static void test_destroy_in_on_answer(void **state)
{
    struct fixture *f = *state;
    for (int by_refusal = 0; by_refusal < 2; by_refusal++) {
        const char *name = by_refusal ? "no name" : "unknown.invalid";
        struct asker a = {.dns = f->dns, .destroys = true};
        struct asker b = {.dns = f->dns};
        assert_false(ask(&a, name, 1));
        assert_false(ask(&b, name, 1));
        IO_TEST_UNTIL(f->loop, a.n);
        assert_int_equal(b.n, 0);
        f->dns = by_refusal ? NULL : proa_dns_create(f->loop, 1, 1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_literals_and_localhost),
        TEST(test_bad_names),
        TEST(test_unknown_name),
        TEST(test_own_host_name),
        TEST(test_coalescing),
        TEST(test_at_most_three_at_once),
        TEST(test_cancel),
        TEST(test_changes_inside_on_answer),
        TEST(test_ttl_and_stale_answers),
        TEST(test_put_checks),
        TEST(test_names_are_bounded),
        TEST(test_destroy_while_running),
        TEST(test_destroy_in_on_answer),
    };
    /* Where nobody answers, failing must not take the resolver's usual half minute. */
    (void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
