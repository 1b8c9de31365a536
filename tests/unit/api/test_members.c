/*
 * What the readers of several surfaces have alike.
 */
#include "openai_read_priv.h"

#include "proa_test.h"

struct fixture {
    struct proa_arena arena;
    struct proa_buf text;
    struct proa_api_error error;
    struct reading r;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    proa_arena_init(&f->arena, NULL);
    proa_buf_init(&f->text, 1024);
    f->r = (struct reading){.arena = &f->arena, .text = &f->text, .error = &f->error};
}

static void end(struct fixture *f)
{
    proa_buf_deinit(&f->text);
    proa_arena_reset(&f->arena);
}

static struct proa_json_item item_of(const char *json)
{
    const struct proa_slice value = proa_slice_cstr(json);
    return (struct proa_json_item){.value = value, .kind = proa_json_kind_of(value)};
}

static void members_by_a_table(void **state)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("a"), PROA_SLICE_INIT("b"),
                                             PROA_SLICE_INIT("c")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct fixture f;
    (void)state;
    begin(&f);
    const struct proa_json_item object = item_of("{\"b\":[1],\"other\":2,\"\\u0061\":\"x\"}");
    assert_ok(proa_read_members(&f.r, NULL, &object, keys, PROA_ARRAY_LEN(keys), said));
    assert_slice_str(said[0].value, "\"x\"");
    assert_slice_str(said[1].value, "[1]");
    assert_int_equal(said[2].kind, PROA_JSON_ABSENT);
    const struct proa_json_item text = item_of("\"a\"");
    assert_err(
        proa_read_members(&f.r, PLACE_KEY(NULL, "at"), &text, keys, PROA_ARRAY_LEN(keys), said),
        PROA_ERR_TYPE);
    assert_slice_str(f.error.message, "\"at\" must be an object, not a string.");
    assert_int_equal(said[0].kind, PROA_JSON_ABSENT);
    end(&f);
}

static void values_by_their_kind(void **state)
{
    static const struct {
        enum read_kind kind;
        const char *json;
        const char *slice; /* what the slice is; NULL = `number` counts */
        uint64_t number;
        const char *message; /* refused */
    } rows[] = {
        {READ_SKIP, "[]", "", 0, NULL},
        {READ_CALL, "[]", "", 0, NULL},
        {READ_TEXT, "\"a\\n\"", "a\\n", 0, NULL},
        {READ_TEXT, "null", "", 0, NULL},
        {READ_TEXT, "1", NULL, 0, "\"m\" must be a string, not a number."},
        {READ_NUMBER, "1.50", "1.50", 0, NULL},
        {READ_NUMBER, "\"1\"", NULL, 0, "\"m\" must be a number, not a string."},
        {READ_COUNT, "12", NULL, 12, NULL},
        {READ_COUNT, "1.5", NULL, 0, "\"m\" must be a whole number that is not negative."},
        {READ_FLAG, "true", NULL, PROA_CHAT_YES, NULL},
        {READ_FLAG, "0", NULL, 0, "\"m\" must be true or false, not a number."},
        {READ_OBJECT, "{\"a\":1}", "{\"a\":1}", 0, NULL},
        {READ_OBJECT, "[]", NULL, 0, "\"m\" must be an object, not an array."},
    };
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        struct fixture f;
        union {
            struct proa_slice slice;
            uint64_t number;
            enum proa_chat_flag flag;
        } to;
        begin(&f);
        memset(&to, 0, sizeof to);
        const struct proa_json_item item = item_of(row->json);
        const enum proa_err err =
            proa_read_value(&f.r, PLACE_KEY(NULL, "m"), row->kind, &item, &to);
        if (row->message) {
            assert_err(err, PROA_ERR_TYPE);
            assert_slice_str(f.error.message, row->message);
        } else if (row->slice) {
            assert_ok(err);
            assert_slice_str(to.slice, row->slice);
        } else {
            assert_ok(err);
            assert_int_equal(row->kind == READ_FLAG ? (uint64_t)to.flag : to.number, row->number);
        }
        end(&f);
    }
}

static void stop_texts(void **state)
{
    static const struct {
        const char *json;
        size_t n;
        const char *last;
        const char *message;
    } rows[] = {
        {"null", 0, NULL, NULL},
        {"\"\"", 0, NULL, NULL},
        {"\"end\"", 1, "end", NULL},
        {"[]", 0, NULL, NULL},
        {"[\"a\",\"b\\n\"]", 2, "b\\n", NULL},
        {"1", 0, NULL, "\"stop\" must be a string or an array of strings, not a number."},
        {"[\"a\",1]", 0, NULL, "\"stop[1]\" must be a string, not a number."},
    };
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        struct fixture f;
        struct proa_chat_request chat = {.n_stop = 0};
        begin(&f);
        const struct proa_json_item item = item_of(row->json);
        const enum proa_err err = proa_read_stops(&f.r, PLACE_KEY(NULL, "stop"), &item, &chat);
        if (row->message) {
            assert_err(err, PROA_ERR_TYPE);
            assert_slice_str(f.error.message, row->message);
        } else {
            assert_ok(err);
            assert_int_equal(chat.n_stop, row->n);
            if (row->last) {
                assert_slice_str(chat.stop[row->n - 1], row->last);
            }
        }
        end(&f);
    }
}

static void stop_texts_have_a_maximum(void **state)
{
    struct fixture f;
    struct proa_buf json;
    (void)state;
    for (size_t n = 64; n <= 65; n++) {
        struct proa_chat_request chat = {.n_stop = 0};
        begin(&f);
        proa_buf_init(&json, 4096);
        PROA_BUF_LIT(&json, "[\"x\"");
        for (size_t i = 1; i < n; i++) {
            PROA_BUF_LIT(&json, ",\"x\"");
        }
        PROA_BUF_LIT(&json, "]");
        const struct proa_json_item item = {.value = proa_buf_slice(&json),
                                            .kind = PROA_JSON_ARRAY};
        const enum proa_err err = proa_read_stops(&f.r, PLACE_KEY(NULL, "stop"), &item, &chat);
        assert_int_equal(err, n == 64 ? PROA_OK : PROA_ERR_TYPE);
        assert_int_equal(chat.n_stop, 64);
        proa_buf_deinit(&json);
        end(&f);
    }
}

static void efforts(void **state)
{
    static const struct {
        const char *json;
        enum proa_chat_effort effort;
    } rows[] = {
        {"null", PROA_CHAT_EFFORT_MAX}, /* as it was */
        {"\"\"", PROA_CHAT_EFFORT_MAX},
        {"\"default\"", PROA_CHAT_EFFORT_UNSAID},
        {"\"provider-default\"", PROA_CHAT_EFFORT_UNSAID},
        {"\"none\"", PROA_CHAT_EFFORT_NONE},
        {"\"minimal\"", PROA_CHAT_EFFORT_MINIMAL},
        {"\"low\"", PROA_CHAT_EFFORT_LOW},
        {"\"m\\u0065dium\"", PROA_CHAT_EFFORT_MEDIUM},
        {"\"high\"", PROA_CHAT_EFFORT_HIGH},
        {"\"xhigh\"", PROA_CHAT_EFFORT_XHIGH},
        {"\"max\"", PROA_CHAT_EFFORT_MAX},
    };
    struct fixture f;
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_chat_request chat = {.effort = PROA_CHAT_EFFORT_MAX};
        const struct proa_json_item item = item_of(row->json);
        begin(&f);
        assert_ok(proa_read_effort(&f.r, PLACE_KEY(NULL, "effort"), &item, &chat));
        assert_int_equal(chat.effort, row->effort);
        end(&f);
    }
    struct proa_chat_request chat = {.effort = PROA_CHAT_EFFORT_UNSAID};
    const struct proa_json_item item = item_of("\"deep\"");
    begin(&f);
    assert_err(proa_read_effort(&f.r, PLACE_KEY(NULL, "effort"), &item, &chat), PROA_ERR_TYPE);
    assert_slice_str(f.error.message,
                     "\"effort\" is \"deep\", which is none of \"none\", \"minimal\", \"low\", "
                     "\"medium\", \"high\", \"xhigh\", \"max\".");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_by_a_table),
        cmocka_unit_test(values_by_their_kind),
        cmocka_unit_test(stop_texts),
        cmocka_unit_test(stop_texts_have_a_maximum),
        cmocka_unit_test(efforts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
