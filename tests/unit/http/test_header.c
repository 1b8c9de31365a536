#include "header_slots_priv.h"

#include "proa/http/header.h"

#include <ctype.h>

#include "proa_test.h"

static const struct name_row {
    const char *name;
    enum proa_http_header_id id;
    unsigned slot;
} names[] = {
#define ROW(row_id, text) {text, PROA_HTTP_HEADER_##row_id, 0},
    PROA_HTTP_HEADER_TABLE(ROW)
#undef ROW
};

static void every_name_is_found_in_any_case(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, names)
    {
        char other[64] = {0};
        struct proa_slice name = proa_slice_cstr(row->name);
        for (size_t i = 0; i < name.len; i++) {
            other[i] = (char)(i % 2 ? toupper(name.ptr[i]) : name.ptr[i]);
        }
        PROA_TEST_CHECK(proa_http_header_lookup(name) == row->id, "%s", row->name);
        PROA_TEST_CHECK(proa_http_header_lookup(proa_slice_make(other, name.len)) == row->id, "%s",
                        other);
        assert_slice_equal(proa_http_header_name(row->id), name);
    }
}

static void names_are_sorted_by_length_and_unlike(void **state)
{
    (void)state;
    for (size_t i = 1; i < PROA_ARRAY_LEN(names); i++) {
        size_t before = strlen(names[i - 1].name);
        size_t here = strlen(names[i].name);
        PROA_TEST_CHECK(before < here ||
                            (before == here && strcmp(names[i - 1].name, names[i].name) < 0),
                        "%s behind %s", names[i].name, names[i - 1].name);
    }
}

/* When a name was added: the rows to put into header_slots_priv.h are what this prints. */
static void slots_are_those_of_their_names(void **state)
{
    (void)state;
    static const struct {
        unsigned slot;
        enum proa_http_header_id id;
    } slots[] = {
#define SLOT(slot, id) {slot, PROA_HTTP_HEADER_##id},
        PROA_HTTP_HEADER_SLOTS(SLOT)
#undef SLOT
    };
    bool seen[1U << PROA_HTTP_SLOT_BITS] = {false};
    size_t n_short = 0;
    size_t n_wrong = 0;
    PROA_TEST_ROWS(row, names)
    {
        struct proa_slice name = proa_slice_cstr(row->name);
        if (name.len < 4) {
            n_short++;
            continue;
        }
        unsigned slot = proa_http_header_slot(name);
        bool listed = false;
        for (size_t i = 0; i < PROA_ARRAY_LEN(slots); i++) {
            listed = listed || (slots[i].slot == slot && slots[i].id == row->id);
        }
        if (!listed || seen[slot]) {
            print_error("X(0x%03x, %s)%s\n", slot, row->name, seen[slot] ? " is taken" : "");
            n_wrong++;
        }
        seen[slot] = true;
    }
    assert_int_equal(n_wrong, 0);
    assert_int_equal(PROA_ARRAY_LEN(slots) + n_short, PROA_ARRAY_LEN(names));
}

static void other_names_have_no_id(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",      "h",          "hos",          "hostt",          "hosu",
        "x-foo", "xhost",      "content-typ",  "content_type",   "content-lengtg",
        "\x0d",  "api\x0dkey", "x-api\x4dkey", "conten\x14-type"};
    PROA_TEST_ROWS(row, others)
    {
        PROA_TEST_CHECK(proa_http_header_lookup(proa_slice_cstr(*row)) == PROA_HTTP_HEADER_OTHER,
                        "%s", *row);
    }
    char longest[400];
    memset(longest, 'a', sizeof longest);
    for (size_t len = 0; len <= sizeof longest; len++) {
        assert_int_equal(proa_http_header_lookup(proa_slice_make(longest, len)), 0);
    }
    assert_slice_lit(proa_http_header_name(PROA_HTTP_HEADER_OTHER), "");
    assert_slice_lit(proa_http_header_name(PROA_HTTP_HEADER_COUNT), "");
}

/* One bit flipped in a known name makes it unknown, unless the bit is that of a letter's case. */
static void a_flipped_bit_is_another_name(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, names)
    {
        size_t len = strlen(row->name);
        for (size_t bit = 0; bit < len * 8; bit++) {
            char name[64] = {0};
            memcpy(name, row->name, len);
            name[bit / 8] = (char)((unsigned char)name[bit / 8] ^ (1U << bit % 8));
            bool same =
                proa_slice_eq_nocase(proa_slice_make(name, len), proa_slice_make(row->name, len));
            enum proa_http_header_id id = proa_http_header_lookup(proa_slice_make(name, len));
            PROA_TEST_CHECK(same == (id == row->id), "%s, bit %zu", row->name, bit);
        }
    }
}

static void fields_are_found_by_id_and_name(void **state)
{
    (void)state;
    static const struct proa_http_header items[] = {
        {PROA_HTTP_HEADER_HOST, PROA_SLICE_INIT("Host"), PROA_SLICE_INIT("a")},
        {PROA_HTTP_HEADER_OTHER, PROA_SLICE_INIT("X-Mine"), PROA_SLICE_INIT("b")},
        {PROA_HTTP_HEADER_ACCEPT, PROA_SLICE_INIT("accept"), PROA_SLICE_INIT("c")},
        {PROA_HTTP_HEADER_ACCEPT, PROA_SLICE_INIT("accept"), PROA_SLICE_INIT("d")},
    };
    struct proa_http_headers h = {items, PROA_ARRAY_LEN(items), {0}};
    assert_ptr_equal(proa_http_header_find(&h, PROA_HTTP_HEADER_ACCEPT), &items[2]);
    assert_null(proa_http_header_find(&h, PROA_HTTP_HEADER_ORIGIN));
    assert_slice_lit(proa_http_header_value(&h, PROA_HTTP_HEADER_HOST), "a");
    assert_slice_lit(proa_http_header_value(&h, PROA_HTTP_HEADER_ORIGIN), "");
    assert_ptr_equal(proa_http_header_find_name(&h, PROA_SLICE("x-mine")), &items[1]);
    assert_ptr_equal(proa_http_header_find_name(&h, PROA_SLICE("HOST")), &items[0]);
    assert_null(proa_http_header_find_name(&h, PROA_SLICE("x-min")));
    assert_int_equal(proa_http_header_count(&h, PROA_HTTP_HEADER_ACCEPT), 2);
    assert_int_equal(proa_http_header_count(&h, PROA_HTTP_HEADER_ORIGIN), 0);
    /* What is known to be absent is not searched for. */
    h.absent[PROA_HTTP_HEADER_ACCEPT / 64] |= UINT64_C(1) << PROA_HTTP_HEADER_ACCEPT % 64;
    assert_null(proa_http_header_find(&h, PROA_HTTP_HEADER_ACCEPT));
    assert_ptr_equal(proa_http_header_find(&h, PROA_HTTP_HEADER_HOST), &items[0]);
}

/* Each byte value at each place of a word and behind it. */
static void validators_judge_every_byte_at_every_place(void **state)
{
    (void)state;
    static const char tchar[] = "!#$%&'*+-.^_`|~";
    for (unsigned c = 0; c < 256; c++) {
        bool value = (c >= 0x20 && c != 0x7f) || c == '\t';
        bool target = c > 0x20 && c < 0x7f && c != '#';
        bool token = isalnum((int)c) || (c != 0 && c < 0x80 && strchr(tchar, (int)c));
        for (size_t at = 0; at < 19; at++) {
            char text[19];
            memset(text, 'a', sizeof text);
            text[at] = (char)c;
            struct proa_slice s = proa_slice_make(text, sizeof text);
            PROA_TEST_CHECK(proa_http_is_value(s) == value, "value %u at %zu", c, at);
            PROA_TEST_CHECK(proa_http_is_target(s) == target, "target %u at %zu", c, at);
            PROA_TEST_CHECK(proa_http_is_token(s) == token, "token %u at %zu", c, at);
        }
    }
    assert_true(proa_http_is_value(PROA_SLICE_NONE));
    assert_false(proa_http_is_token(PROA_SLICE_NONE));
    assert_false(proa_http_is_target(PROA_SLICE_NONE));
    assert_true(proa_http_is_value(PROA_SLICE("tab\tin the middle of words\x80\xff")));
    assert_false(proa_http_is_value(PROA_SLICE("tab\tand then\r\nan injected: header")));
}

static void lists_and_media_types(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool has;
    } lists[] = {
        {"close", true},   {"Close", true},    {"keep-alive, close", true},
        {"a,close", true}, {"close ,b", true}, {"\tclose\t", true},
        {"", false},       {"closed", false},  {"xclose", false},
        {"clo,se", false}, {",,close,", true}, {"close;x", false},
    };
    PROA_TEST_ROWS(row, lists)
    {
        PROA_TEST_CHECK(proa_http_list_has(proa_slice_cstr(row->list), PROA_SLICE("close")) ==
                            row->has,
                        "%s", row->list);
    }
    static const struct {
        const char *type;
        bool is;
    } types[] = {
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json;charset=utf-8", true},
        {"application/json ; charset=utf-8", true},
        {" application/json", true},
        {"application/jsonp", false},
        {"application/json+x", false},
        {"application/json, text/plain", false},
        {"text/plain; application/json", false},
        {"", false},
        {"application/jso", false},
    };
    PROA_TEST_ROWS(row, types)
    {
        PROA_TEST_CHECK(proa_http_media_type_is(proa_slice_cstr(row->type),
                                                PROA_SLICE("application/json")) == row->is,
                        "%s", row->type);
    }
}

static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name; /* NULL = malformed */
        unsigned port;
        bool ipv6;
    } rows[] = {
        {"localhost", "localhost", 0, false},
        {"LocalHost:4600", "LocalHost", 4600, false},
        {"127.0.0.1:1", "127.0.0.1", 1, false},
        {"a_b-c.example.:65535", "a_b-c.example.", 65535, false},
        {"[::1]", "::1", 0, true},
        {"[::1]:80", "::1", 80, true},
        {"[2001:db8::ffff:1.2.3.4]:443", "2001:db8::ffff:1.2.3.4", 443, true},
        {"", NULL, 0, false},
        {":80", NULL, 0, false},
        {"a:", NULL, 0, false},
        {"a:0", NULL, 0, false},
        {"a:65536", NULL, 0, false},
        {"a:000080", NULL, 0, false},
        {"a:+80", NULL, 0, false},
        {"a:8 0", NULL, 0, false},
        {"a:80:80", NULL, 0, false},
        {"user@a", NULL, 0, false},
        {"user:pw@a", NULL, 0, false},
        {"a/b", NULL, 0, false},
        {"a,b", NULL, 0, false},
        {"a b", NULL, 0, false},
        {"a?b", NULL, 0, false},
        {"a#b", NULL, 0, false},
        {"a\\b", NULL, 0, false},
        {"%61", NULL, 0, false},
        {"\xc3\xa4", NULL, 0, false},
        {"::1", NULL, 0, false},
        {"[::1", NULL, 0, false},
        {"[]", NULL, 0, false},
        {"[:]", NULL, 0, false},
        {"[a]", NULL, 0, false},
        {"[::1]x", NULL, 0, false},
        {"[::1]80", NULL, 0, false},
        {"[::1%25eth0]", NULL, 0, false},
        {"[::g]", NULL, 0, false},
        {"x[::1]", NULL, 0, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_http_host host = {.port = 7};
        enum proa_err err = proa_http_host_parse(proa_slice_cstr(row->text), &host);
        if (!row->name) {
            PROA_TEST_CHECK(err == PROA_ERR_SYNTAX && host.port == 7, "%s", row->text);
            continue;
        }
        PROA_TEST_CHECK(err == PROA_OK, "%s", row->text);
        assert_slice_str(host.name, row->name);
        assert_slice_str(host.text, row->text);
        assert_int_equal(host.port, row->port);
        assert_int_equal(host.is_ipv6, row->ipv6);
    }
    char longest[256];
    struct proa_http_host host;
    memset(longest, 'a', sizeof longest);
    assert_ok(proa_http_host_parse(proa_slice_make(longest, 255), &host));
    assert_err(proa_http_host_parse(proa_slice_make(longest, 256), &host), PROA_ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_found_in_any_case),
        cmocka_unit_test(names_are_sorted_by_length_and_unlike),
        cmocka_unit_test(slots_are_those_of_their_names),
        cmocka_unit_test(other_names_have_no_id),
        cmocka_unit_test(a_flipped_bit_is_another_name),
        cmocka_unit_test(fields_are_found_by_id_and_name),
        cmocka_unit_test(validators_judge_every_byte_at_every_place),
        cmocka_unit_test(lists_and_media_types),
        cmocka_unit_test(hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
