/*
 * The seam between two answers: what counts as the text that the client has, and that what follows
 * it makes one answer, however both were cut into events and bytes.
 */
#include "proa/provider/dialect.h"
#include "proa/provider/seam.h"

#include "proa_test.h"

#define ROLE                                                                                       \
    "data: "                                                                                       \
    "{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}" \
    "]}\n\n"
#define TEXT(t)                                                                                    \
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define FINISH                                                                                     \
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

struct seam_test {
    struct proa_seam seam;
    struct proa_buf out;
    enum proa_seam_result result;
};

static void setup(struct seam_test *t, const char *had)
{
    proa_seam_init(&t->seam, proa_dialect_find(PROA_SLICE("openai"))->read_delta, 1024);
    proa_buf_init(&t->out, 1 << 20);
    t->result = PROA_SEAM_OK;
    proa_seam_note(&t->seam, proa_slice_cstr(had));
}

static void teardown(struct seam_test *t)
{
    proa_seam_deinit(&t->seam);
    proa_buf_deinit(&t->out);
}

static void take(struct seam_test *t, struct proa_slice events)
{
    if (t->result == PROA_SEAM_OK) {
        t->result = proa_seam_take(&t->seam, events, &t->out);
    }
}

static void begin(struct seam_test *t, enum proa_seam_way way)
{
    proa_seam_begin(&t->seam, way);
}

/* All the text in a stream, by a seam of its own. */
static const char *text_of(struct proa_slice stream, char out[1024])
{
    struct proa_seam reader;
    proa_seam_init(&reader, proa_dialect_find(PROA_SLICE("openai"))->read_delta, 1023);
    proa_seam_note(&reader, stream);
    memcpy(out, reader.text.len > 0 ? reader.text.ptr : "", reader.text.len);
    out[reader.text.len] = '\0';
    proa_seam_deinit(&reader);
    return out;
}

/* ---- what the client has --------------------------------------------------------------------- */

static void only_the_text_of_one_choice_can_be_gone_on_with(void **state)
{
    (void)state;
    static const struct {
        const char *stream;
        const char *text;
        bool holds;
    } cases[] = {
        {"", "", false},
        {ROLE, "", false},
        {ROLE TEXT("One ") TEXT("two "), "One two ", true},
        {ROLE TEXT("a\\u00e4\\n\\\"b"), "a\xc3\xa4\n\"b", true},
        {": ping\n\n" TEXT("x"), "x", true},
        {TEXT("x") FINISH, "x", false},
        {TEXT("x") "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n", "x", true},
        {TEXT("x") "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"y\"}}]}\n\n", NULL,
         false},
        {TEXT("x") "data: "
                   "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}\n\n",
         NULL, false},
        {TEXT("x") "data: "
                   "{\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
         NULL, false},
        {TEXT("x") "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":null}}]}\n\n", "x",
         true},
        {"data: {\"choices\":[{\"index\":0,\"text\":\"plain\"}]}\n\n", "plain", true},
        {TEXT("x") "data: "
                   "{\"choices\":[{\"index\":0,\"text\":\"a\",\"logprobs\":{\"tokens\":[1]}}]}\n\n",
         NULL, false},
    };
    PROA_TEST_ROWS(row, cases)
    {
        /* However the bytes are cut. */
        for (size_t step = 1; step <= strlen(row->stream) + 1; step += 13) {
            struct seam_test t;
            setup(&t, "");
            for (size_t at = 0; at < strlen(row->stream); at += step) {
                proa_seam_note(
                    &t.seam,
                    proa_slice_head(proa_slice_from(proa_slice_cstr(row->stream), at), step));
            }
            assert_int_equal(proa_seam_holds(&t.seam), row->holds);
            if (row->text) {
                assert_int_equal(t.seam.text.len, strlen(row->text));
                assert_memory_equal(t.seam.text.ptr ? t.seam.text.ptr : "", row->text,
                                    strlen(row->text));
            }
            teardown(&t);
        }
    }
}

static void more_text_than_may_be_kept_is_no_use(void **state)
{
    (void)state;
    struct seam_test t;
    setup(&t, ROLE);
    for (int i = 0; i < 103; i++) {
        assert_int_equal(proa_seam_holds(&t.seam), i > 0);
        proa_seam_note(&t.seam, PROA_SLICE(TEXT("0123456789")));
    }
    assert_false(proa_seam_holds(&t.seam));
    teardown(&t);
}

/* ---- once more from the beginning ------------------------------------------------------------ */

struct splice_case {
    const char *name;
    const char *had;
    const char *again;
    const char *rest; /* text that goes to the client; NULL = it diverges */
};

static const struct splice_case SPLICES[] = {
    {"the same pieces", ROLE TEXT("One ") TEXT("two "),
     ROLE TEXT("One ") TEXT("two ") TEXT("three") FINISH DONE, "three"},
    {"one that crosses", ROLE TEXT("One ") TEXT("two "), ROLE TEXT("One two th") TEXT("ree") FINISH,
     "three"},
    {"smaller ones", TEXT("One "), TEXT("O") TEXT("n") TEXT("e") TEXT(" ") TEXT("t") FINISH, "t"},
    {"escapes written otherwise", TEXT("\\u00e4\\/x"), TEXT("\xc3\xa4/x\\n\\\"y") FINISH, "\n\"y"},
    {"nothing is left to say", TEXT("One."), TEXT("One.") FINISH DONE, ""},
    {"another word", TEXT("One "), TEXT("Two "), NULL},
    {"another word later", TEXT("One two "), TEXT("One ") TEXT("tree"), NULL},
    {"it ends before", TEXT("One two "), TEXT("One ") FINISH, NULL},
    {"it ends before, without a reason", TEXT("One two "), TEXT("One ") DONE, NULL},
    {"it calls a tool", TEXT("One "),
     "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{}]}}]}\n\n", NULL},
};

static void a_splice_says_the_same_once_more(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, SPLICES)
    {
        const struct proa_slice again = proa_slice_cstr(row->again);
        for (size_t step = 1; step <= again.len; step += 11) {
            struct seam_test t;
            char text[1024];
            setup(&t, row->had);
            begin(&t, PROA_SEAM_SPLICE);
            for (size_t at = 0; at < again.len; at += step) {
                take(&t, proa_slice_head(proa_slice_from(again, at), step));
            }
            PROA_TEST_CHECK((t.result == PROA_SEAM_OK) == (row->rest != NULL), "%s, by %zu",
                            row->name, step);
            if (row->rest) {
                PROA_TEST_CHECK(strcmp(text_of(proa_buf_slice(&t.out), text), row->rest) == 0,
                                "%s, by %zu: %s", row->name, step, text);
                assert_true(t.seam.through);
            }
            teardown(&t);
        }
    }
}

static void an_event_is_written_anew_with_another_text(void **state)
{
    (void)state;
    struct seam_test t;
    setup(&t, TEXT("One "));
    begin(&t, PROA_SEAM_SPLICE);
    take(&t,
         PROA_SLICE("data: {\"id\":\"9\", \"choices\":[{\"delta\":{\"content\":\"One t\\u0022\"},"
                    "\"x\":1}],\ndata: \"model\":\"m\"}\n\n"));
    const char *want =
        "data: {\"id\":\"1\", \"choices\":[{\"delta\":{\"content\":\"t\\\"\"},\"x\":1}],"
        "\"model\":\"m\"}\n\n";
    assert_int_equal(t.out.len, strlen(want));
    assert_memory_equal(t.out.ptr, want, t.out.len);
    teardown(&t);
}

/* ---- from where it ended --------------------------------------------------------------------- */

#define LONG "and then there was quite a lot more to say about all of that here"

#define VERSE "The outrigger keeps a narrow hull level while wind and current change, "

static const struct splice_case PREFILLS[] = {
    {"it begins anew instead", TEXT(VERSE "and so"), ROLE TEXT(VERSE) TEXT("and so on") FINISH,
     " on"},
    {"anew, word by word", TEXT(VERSE LONG),
     TEXT("The outrigger keeps a narrow hull level while ") TEXT("wind and current change, ")
         TEXT(LONG) TEXT(" it goes on") FINISH DONE,
     " it goes on"},
    {"anew, all in one", TEXT(VERSE), TEXT(VERSE LONG) FINISH, LONG},
    {"it goes on", TEXT("One two "), ROLE TEXT("three ") TEXT("four") FINISH DONE, "three four"},
    {"at length", TEXT("One two "), ROLE TEXT("three ") TEXT(LONG) TEXT("!") FINISH DONE,
     "three " LONG "!"},
    {"it repeats a little", TEXT("One two three "), TEXT("two three ") TEXT("four") FINISH, "four"},
    {"it repeats all", TEXT("One two three "), TEXT("One two three four") FINISH, "four"},
    {"it repeats and goes on at length", TEXT("One two three "),
     TEXT("two three ") TEXT(LONG) FINISH, LONG},
    {"a few letters are chance", TEXT("hel"), TEXT("lo") FINISH, "lo"},
    {"seven are, too", TEXT("1234567"), TEXT("1234567") FINISH, "1234567"},
    {"eight are not", TEXT("12345678"), TEXT("12345678") FINISH, ""},
    {"nothing more", TEXT("One."), FINISH DONE, ""},
    {"text and the end in one", TEXT("One "),
     "data: "
     "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\n",
     "two"},
};

static void a_prefill_goes_on_from_where_it_ended(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, PREFILLS)
    {
        struct seam_test t;
        char text[1024];
        setup(&t, row->had);
        begin(&t, PROA_SEAM_PREFILL);
        take(&t, proa_slice_cstr(row->again));
        assert_int_equal(t.result, PROA_SEAM_OK);
        PROA_TEST_CHECK(strcmp(text_of(proa_buf_slice(&t.out), text), row->rest) == 0, "%s: %s",
                        row->name, text);
        assert_true(t.seam.through);
        teardown(&t);
    }
}

static void what_begins_anew_must_say_the_same(void **state)
{
    (void)state;
    static const char *const answers[] = {
        TEXT(VERSE "but not so") FINISH, /* another end */
        TEXT(VERSE) FINISH,              /* less than the client has */
        TEXT(VERSE) TEXT("and") DONE,
    };
    PROA_TEST_ROWS(answer, answers)
    {
        struct seam_test t;
        setup(&t, TEXT(VERSE "and so"));
        begin(&t, PROA_SEAM_PREFILL);
        take(&t, proa_slice_cstr(*answer));
        assert_int_equal(t.result, PROA_SEAM_DIVERGED);
        assert_int_equal(proa_slice_search(proa_buf_slice(&t.out), PROA_SLICE("outrigger")),
                         t.out.len);
        teardown(&t);
    }
}

static void the_end_of_the_answer_is_told_once(void **state)
{
    (void)state;
    for (int way = PROA_SEAM_PREFILL; way <= PROA_SEAM_SPLICE; way++) {
        struct seam_test t;
        setup(&t, TEXT("One "));
        begin(&t, (enum proa_seam_way)way);
        take(&t, way == PROA_SEAM_SPLICE ? PROA_SLICE(TEXT("One ") TEXT("two") FINISH DONE)
                                         : PROA_SLICE(TEXT("two") FINISH DONE));
        proa_seam_note(&t.seam, proa_buf_slice(&t.out));
        assert_true(t.seam.finished);
        const struct proa_slice out = proa_buf_slice(&t.out);
        const size_t at = proa_slice_search(out, PROA_SLICE("finish_reason"));
        assert_true(at < out.len);
        assert_int_equal(
            proa_slice_search(proa_slice_from(out, at + 1), PROA_SLICE("finish_reason")),
            out.len - at - 1);
        assert_true(proa_slice_search(out, PROA_SLICE("[DONE]")) < out.len);
        teardown(&t);
    }
}

static void an_answer_has_one_id_and_one_time(void **state)
{
    (void)state;
    static const struct {
        enum proa_seam_way way;
        const char *had;
        const char *again;
        const char *out;
    } cases[] = {
        /* Wherever they stand, and whatever else is called so. */
        {PROA_SEAM_SPLICE,
         "data: {\"id\":\"a\",\"created\":7,\"choices\":[{\"delta\":{\"content\":\"One \"}}]}\n\n",
         "data: {\"choices\":[{\"delta\":{\"content\":\"One two\"},\"id\":5}],\"created\" : 1234 ,"
         "\"model\":\"n\",\"id\":\"bcd\"}\n\n"
         "data: {\"id\":\"bcd\",\"usage\":{\"created\":8,\"id\":\"x\"}}\n\n" DONE,
         "data: {\"choices\":[{\"delta\":{\"content\":\"two\"},\"id\":5}],\"created\" : 7 ,"
         "\"model\":\"n\",\"id\":\"a\"}\n\n"
         "data: {\"id\":\"a\",\"usage\":{\"created\":8,\"id\":\"x\"}}\n\n" DONE},
        {PROA_SEAM_PREFILL,
         "data: {\"id\":\"\\u0061\",\"choices\":[{\"delta\":{\"content\":\"One \"}}]}\n\n",
         "data: "
         "{\"id\":\"b\",\"created\":9,\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n" FINISH,
         "data: "
         "{\"id\":\"\\u0061\",\"created\":9,\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n"
         "data: "
         "{\"id\":\"\\u0061\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}"
         "\n\n"},
        /* Without any in the first, the second says its own. */
        {PROA_SEAM_SPLICE, "data: {\"id\":3,\"choices\":[{\"delta\":{\"content\":\"One \"}}]}\n\n",
         TEXT("One ") TEXT("two") FINISH, TEXT("two") FINISH},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct seam_test t;
        setup(&t, row->had);
        begin(&t, row->way);
        take(&t, proa_slice_cstr(row->again));
        assert_int_equal(t.result, PROA_SEAM_OK);
        assert_slice_str(proa_buf_slice(&t.out), row->out);
        assert_int_equal(proa_seam_passes(&t.seam), row == &cases[2]);
        teardown(&t);
    }
}

static void what_is_through_goes_on_whatever_it_is(void **state)
{
    (void)state;
    struct seam_test t;
    setup(&t, TEXT("One "));
    begin(&t, PROA_SEAM_SPLICE);
    take(&t, PROA_SLICE(
                 TEXT("One two") "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}\n\n"));
    assert_int_equal(t.result, PROA_SEAM_OK);
    assert_true(proa_slice_search(proa_buf_slice(&t.out), PROA_SLICE("hm")) < t.out.len);
    teardown(&t);
}

static void a_second_rescue_begins_anew(void **state)
{
    (void)state;
    struct seam_test t;
    char text[1024];
    setup(&t, TEXT("One "));
    begin(&t, PROA_SEAM_SPLICE);
    take(&t, PROA_SLICE(TEXT("One two ")));
    proa_seam_note(&t.seam, proa_buf_slice(&t.out));
    proa_buf_clear(&t.out);
    begin(&t, PROA_SEAM_SPLICE);
    take(&t, PROA_SLICE(TEXT("One two three") FINISH));
    assert_int_equal(t.result, PROA_SEAM_OK);
    assert_string_equal(text_of(proa_buf_slice(&t.out), text), "three");
    teardown(&t);
}

static void a_full_buffer_is_said(void **state)
{
    (void)state;
    struct seam_test t;
    setup(&t, TEXT("One "));
    proa_buf_deinit(&t.out);
    proa_buf_init(&t.out, 16);
    begin(&t, PROA_SEAM_SPLICE);
    take(&t, PROA_SLICE(TEXT("One two")));
    assert_int_equal(t.result, PROA_SEAM_LIMIT);
    teardown(&t);
}

static void what_is_given_up_is_kept_no_more(void **state)
{
    (void)state;
    struct seam_test t;
    setup(&t, ROLE TEXT("Hello"));
    assert_true(proa_seam_holds(&t.seam));
    assert_true(proa_seam_bytes(&t.seam) >= 5);
    proa_seam_give_up(&t.seam);
    assert_false(proa_seam_holds(&t.seam));
    assert_int_equal(proa_seam_bytes(&t.seam), 0);
    proa_seam_note(&t.seam, PROA_SLICE(TEXT(" there")));
    assert_int_equal(proa_seam_bytes(&t.seam), 0);
    assert_false(proa_seam_holds(&t.seam));
    teardown(&t);
}

/* ---- of a stream whose events have names ----------------------------------------------------- */

#define NAMED(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"
#define BEGUN(id)                                                                                  \
    NAMED("message_start", ",\"message\":{\"id\":\"" id "\"}")                                     \
    NAMED("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":"     \
                                 "\"\"}")
#define SAID(t)                                                                                    \
    NAMED("content_block_delta",                                                                   \
          ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" t "\"}")
#define ENDED                                                                                      \
    NAMED("content_block_stop", ",\"index\":0")                                                    \
    NAMED("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\"}") NAMED("message_stop", "")

/* The second beginning is not told again, the rest is, each event by its name. */
static void named_events_keep_their_names(void **state)
{
    (void)state;
    static const struct {
        enum proa_seam_way way;
        const char *second;
        const char *told;
        enum proa_seam_result result;
    } rows[] = {
        {PROA_SEAM_SPLICE, BEGUN("b") SAID("One ") SAID("two three") ENDED, SAID(" three") ENDED,
         PROA_SEAM_OK},
        {PROA_SEAM_SPLICE, BEGUN("b") SAID("One two") SAID(" three") ENDED, SAID(" three") ENDED,
         PROA_SEAM_OK},
        {PROA_SEAM_SPLICE, BEGUN("b") SAID("One two") ENDED, ENDED, PROA_SEAM_OK},
        {PROA_SEAM_SPLICE, BEGUN("b") SAID("Other") ENDED, "", PROA_SEAM_DIVERGED},
        {PROA_SEAM_PREFILL, BEGUN("b") SAID(" three") SAID(".") ENDED, SAID(" three.") ENDED,
         PROA_SEAM_OK},
        {PROA_SEAM_SPLICE,
         NAMED("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"thinking\"}"), "",
         PROA_SEAM_DIVERGED},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct proa_dialect *anthropic = proa_dialect_find(PROA_SLICE("anthropic"));
        struct seam_test t = {.result = PROA_SEAM_OK};
        proa_seam_init(&t.seam, anthropic->read_delta, 1024);
        proa_buf_init(&t.out, 1 << 20);
        proa_seam_note(&t.seam, PROA_SLICE(BEGUN("a") SAID("One ") SAID("two")));
        assert_true(proa_seam_holds(&t.seam));
        proa_seam_begin(&t.seam, rows[i].way);
        take(&t, proa_slice_cstr(rows[i].second));
        PROA_TEST_CHECK(t.result == rows[i].result, "%zu: %d", i, t.result);
        assert_slice_str(proa_buf_slice(&t.out), rows[i].told);
        teardown(&t);
    }
}

/* What has been ended cannot be gone on with. */
static void a_block_that_has_ended_is_the_end(void **state)
{
    (void)state;
    struct proa_seam seam;
    proa_seam_init(&seam, proa_dialect_find(PROA_SLICE("anthropic"))->read_delta, 1024);
    proa_seam_note(&seam, PROA_SLICE(BEGUN("a") SAID("One")));
    assert_true(proa_seam_holds(&seam));
    proa_seam_note(&seam, PROA_SLICE(NAMED("content_block_stop", ",\"index\":0")));
    assert_false(proa_seam_holds(&seam));
    proa_seam_deinit(&seam);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_events_keep_their_names),
        cmocka_unit_test(a_block_that_has_ended_is_the_end),
        cmocka_unit_test(only_the_text_of_one_choice_can_be_gone_on_with),
        cmocka_unit_test(more_text_than_may_be_kept_is_no_use),
        cmocka_unit_test(a_splice_says_the_same_once_more),
        cmocka_unit_test(an_event_is_written_anew_with_another_text),
        cmocka_unit_test(what_begins_anew_must_say_the_same),
        cmocka_unit_test(a_prefill_goes_on_from_where_it_ended),
        cmocka_unit_test(the_end_of_the_answer_is_told_once),
        cmocka_unit_test(an_answer_has_one_id_and_one_time),
        cmocka_unit_test(what_is_through_goes_on_whatever_it_is),
        cmocka_unit_test(a_second_rescue_begins_anew),
        cmocka_unit_test(a_full_buffer_is_said),
        cmocka_unit_test(what_is_given_up_is_kept_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
