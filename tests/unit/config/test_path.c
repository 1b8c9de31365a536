#include "path_priv.h"

#include "proa_test.h"

static void steps_are_joined(void **state)
{
    char out[64];
    struct proa_path routes = {.key = PROA_SLICE("routes")};
    struct proa_path second = {.up = &routes, .index = 2, .is_index = true};
    struct proa_path retry = {.up = &second, .key = PROA_SLICE("retry")};
    struct proa_path odd = {.up = &retry, .key = PROA_SLICE("a.b \"c")};
    struct proa_path deeper = {.up = &odd, .key = PROA_SLICE("x")};
    struct proa_path empty = {.up = &routes, .key = PROA_SLICE("")};
    (void)state;
    proa_path_text(NULL, out, sizeof(out));
    assert_string_equal(out, "");
    proa_path_text(&routes, out, sizeof(out));
    assert_string_equal(out, "routes");
    proa_path_text(&second, out, sizeof(out));
    assert_string_equal(out, "routes[2]");
    proa_path_text(&retry, out, sizeof(out));
    assert_string_equal(out, "routes[2].retry");
    proa_path_text(&deeper, out, sizeof(out));
    assert_string_equal(out, "routes[2].retry[\"a.b \"c\"].x");
    proa_path_text(&empty, out, sizeof(out));
    assert_string_equal(out, "routes[\"\"]");
}

static void small_buffers_cut(void **state)
{
    char out[32];
    struct proa_path a = {.key = PROA_SLICE("abcdef")};
    struct proa_path b = {.up = &a, .index = 123456, .is_index = true};
    struct proa_path c = {.up = &b, .key = PROA_SLICE("ghi")};
    (void)state;
    for (size_t cap = 1; cap < sizeof(out); cap++) {
        memset(out, '#', sizeof(out));
        proa_path_text(&c, out, cap);
        assert_true(strlen(out) < cap);
        assert_int_equal(strncmp(out, "abcdef[123456].ghi", strlen(out)), 0);
        assert_int_equal(out[cap], '#');
    }
}

/* Deeper than any document: cut, not overrun. */
static void endless_paths_end(void **state)
{
    struct proa_path steps[200];
    char out[1024];
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(steps); i++) {
        steps[i] = (struct proa_path){.up = i ? &steps[i - 1] : NULL, .key = PROA_SLICE("s")};
    }
    proa_path_text(&steps[199], out, sizeof(out));
    assert_int_equal(strlen(out), 64 * 2 - 1);
}

static void errors_begin_with_the_path(void **state)
{
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    struct proa_path a = {.key = PROA_SLICE("a")};
    struct proa_option_where where = {"f", 3, 4};
    char many[600];
    (void)state;
    memset(many, 'm', sizeof(many));
    many[599] = '\0';
    proa_path_error(diags, &a, where, "%d is wrong", 5);
    proa_path_error(diags, NULL, where, "all of it");
    proa_path_error(diags, &a, where, "%s", many);
    assert_string_equal(diags->items[0].message, "a: 5 is wrong");
    assert_int_equal(diags->items[0].line, 3);
    assert_int_equal(diags->items[0].col, 4);
    assert_string_equal(diags->items[0].file, "f");
    assert_string_equal(diags->items[1].message, "all of it");
    assert_int_equal(diags->n_errors, 3);
    assert_true(strlen(diags->items[2].message) < sizeof(diags->items[2].message));
    proa_free(diags);
}

static void places(void **state)
{
    char out[32];
    (void)state;
    proa_path_place((struct proa_option_where){"p.yaml", 4, 9}, out, sizeof(out));
    assert_string_equal(out, "p.yaml:4:9");
    proa_path_place((struct proa_option_where){"$PROA_X", 0, 0}, out, sizeof(out));
    assert_string_equal(out, "$PROA_X");
    proa_path_place((struct proa_option_where){NULL, 0, 0}, out, sizeof(out));
    assert_string_equal(out, "?");
    proa_path_place((struct proa_option_where){"p.yaml", 4, 9}, out, 5);
    assert_string_equal(out, "p.ya");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_joined),
        cmocka_unit_test(small_buffers_cut),
        cmocka_unit_test(endless_paths_end),
        cmocka_unit_test(errors_begin_with_the_path),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
