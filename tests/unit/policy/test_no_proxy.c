/* NO_PROXY, pattern by pattern: names, ports, addresses, networks. */
#include "no_proxy_priv.h"

#include "proa_test.h"

/* From copies of exact length, so that reading beyond them is seen. */
static bool covers(const char *list, const char *host, uint16_t port)
{
    char *a = proa_alloc(strlen(list));
    char *b = proa_alloc(strlen(host));
    memcpy(a, list, strlen(list));
    memcpy(b, host, strlen(host));
    const bool result = proa_no_proxy_covers(proa_slice_make(a, strlen(list)),
                                             proa_slice_make(b, strlen(host)), port);
    proa_free(a);
    proa_free(b);
    return result;
}

static const struct {
    const char *list;
    const char *host;
    uint16_t port;
    bool covered;
} rows[] = {
    /* lists */
    {"", "example.com", 443, false},
    {"*", "example.com", 443, true},
    {"*", "10.0.0.1", 443, true},
    {"a.example,example.com", "example.com", 443, true},
    {"a.example, example.com ", "example.com", 443, true},
    {"a.example example.com", "example.com", 443, true},
    {",, ,\t,", "example.com", 443, false},
    {"a.example,*", "example.com", 443, true},
    /* names */
    {"example.com", "example.com", 443, true},
    {"Example.COM", "example.com", 443, true},
    {"example.com", "api.example.com", 443, true},
    {"example.com", "a.b.example.com", 443, true},
    {".example.com", "api.example.com", 443, true},
    {".example.com", "example.com", 443, true},
    {"*.example.com", "api.example.com", 443, true},
    {"example.com", "badexample.com", 443, false},
    {"example.com", "example.com.evil", 443, false},
    {"api.example.com", "example.com", 443, false},
    {"com", "example.com", 443, true},
    {"example", "example.com", 443, false},
    {".", "example.com", 443, false},
    {"*.", "example.com", 443, false},
    {"localhost", "localhost", 80, true},
    /* ports */
    {"example.com:443", "example.com", 443, true},
    {"example.com:443", "api.example.com", 443, true},
    {"example.com:8080", "example.com", 443, false},
    {"example.com:", "example.com", 443, false},
    {"example.com:x", "example.com", 443, false},
    {"example.com:65979", "example.com", 443, false}, /* 443 + 65536 */
    {":443", "example.com", 443, false},
    {"10.0.0.1:443", "10.0.0.1", 443, true},
    {"10.0.0.1:80", "10.0.0.1", 443, false},
    {"[2001:db8::1]:443", "2001:db8::1", 443, true},
    {"[2001:db8::1]:80", "2001:db8::1", 443, false},
    {"[2001:db8::1]", "2001:db8::1", 443, true},
    {"[2001:db8::1]x", "2001:db8::1", 443, false},
    {"[2001:db8::1", "2001:db8::1", 443, false},
    {"[", "2001:db8::1", 443, false},
    {"[]", "2001:db8::1", 443, false},
    /* addresses */
    {"10.0.0.1", "10.0.0.1", 443, true},
    {"10.0.0.1", "10.0.0.11", 443, false},
    {"0.0.1", "10.0.0.1", 443, false}, /* no suffix of an address */
    {"10.0.0.1", "x.10.0.0.1", 443, false},
    {"::1", "::1", 443, true},
    {"0:0:0:0:0:0:0:1", "::1", 443, true},
    {"2001:DB8:0:0::1", "2001:db8::1", 443, true},
    {"2001:db8::2", "2001:db8::1", 443, false},
    {"::ffff:10.0.0.1", "::ffff:a00:1", 443, true},
    {"10.0.0.1", "::ffff:10.0.0.1", 443, false}, /* another family */
    /* networks */
    {"10.0.0.0/8", "10.255.3.4", 443, true},
    {"10.0.0.0/8", "11.0.0.1", 443, false},
    {"10.0.0.0/8", "example.com", 443, false},
    {"192.168.4.0/22", "192.168.7.255", 443, true},
    {"192.168.4.0/22", "192.168.8.0", 443, false},
    {"10.1.2.3/32", "10.1.2.3", 443, true},
    {"10.1.2.3/32", "10.1.2.2", 443, false},
    {"0.0.0.0/0", "8.8.8.8", 443, true},
    {"0.0.0.0/0", "2001:db8::1", 443, false},
    {"10.0.0.0/33", "10.0.0.0", 443, false},
    {"10.0.0.0/", "10.0.0.0", 443, false},
    {"10.0.0.0/x", "10.0.0.0", 443, false},
    {"10.0.0.0/-1", "10.0.0.0", 443, false},
    {"fd00::/8", "fd12:3456::1", 443, true},
    {"fd00::/8", "fe80::1", 443, false},
    {"2001:db8::/33", "2001:db8:7fff::1", 443, true},
    {"2001:db8::/33", "2001:db8:8000::1", 443, false},
    {"::/0", "2001:db8::1", 443, true},
    {"::/129", "::", 443, false},
    /* what is no address is a name, and matches none */
    {"256.0.0.1", "256.0.0.1", 443, true},
    {"1.2.3", "1.2.3", 443, true},
    {"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8", 443, false},
    {"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8", 443, false},
    {"1::2::3", "1::3", 443, false},
    {"1:2:3:4:5:6:7::8", "1:2:3:4:5:6:7:8", 443, false},
    {"12345::", "2345::", 443, false},
    {"1:", "1::", 443, false},
};

static void test_patterns(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(covers(row->list, row->host, row->port) == row->covered, "\"%s\" and %s:%u",
                        row->list, row->host, (unsigned)row->port);
    }
}

/* Whatever stands in the list, a name outside of it stays outside. */
static void test_odd_lists_are_harmless(void **state)
{
    (void)state;
    static const char bytes[] = ":./[]*,% 1af";
    char list[7];
    for (uint32_t n = 0; n < 200000; n++) {
        uint32_t rest = n * 2654435761U;
        for (size_t i = 0; i < sizeof list - 1; i++) {
            list[i] = bytes[rest % (sizeof bytes - 1)];
            rest /= 11;
        }
        list[sizeof list - 1] = '\0';
        const bool all = strchr(list, '*') != NULL;
        PROA_TEST_CHECK(
            all || !proa_no_proxy_covers(proa_slice_cstr(list), PROA_SLICE("api.example.org"), 443),
            "\"%s\"", list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_odd_lists_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
